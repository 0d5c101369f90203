"""Outputs on which the vendor's simulator agreed, and damage to commands."""

import os
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
from randomnets import specials  # noqa: E402
from randomnets.on_vendor import EQUAL, LIBRARY, Row, VendorReport, run_seed  # noqa: E402
from randomnets.records import RECORDS, read_records, state_of, write_records  # noqa: E402
from randomnets.trial import PASS  # noqa: E402

PRECISIONS = ["F32", "F16", "BF16", "INT8"]
QUICK = 3


def test_special_values_stand_among_floats_only():
    rng = np.random.default_rng(0)
    inputs = {"x": np.ones((3, 400), np.float32), "i": np.arange(9)}
    result = specials.with_specials(inputs, rng)
    changed = result["x"] != 1
    assert 0 < changed.sum() <= 0.11 * inputs["x"].size
    assert (inputs["x"] == 1).all()
    np.testing.assert_array_equal(result["i"], inputs["i"])


def test_recorded_networks_give_recorded_bits():
    """The same commands on the same inputs; other commands may give other bits."""
    counts = Counter()
    for seed, record in list(read_records(RECORDS).items())[:QUICK]:
        report = run_seed(seed, PRECISIONS, vendor=False)
        states = state_of(report, record)
        assert "different" not in states.values(), (seed, states)
        counts.update(states.values())
    # Else it is time to record anew: bench/vendor.py --record.
    assert counts["equal"] >= counts["unproven"]


def test_records_are_written_and_compared(tmp_path):
    rows = [Row("F16", EQUAL, "", "aa", "bb"), Row("F32", "different", "", "cc", "dd")]
    report = VendorReport(7, PASS, rows=rows)
    write_records(tmp_path / "records", [report])
    record = read_records(tmp_path / "records")[7]
    assert record == {"F16": ("aa", "bb")}
    assert state_of(report, record) == {"F16": "equal"}
    rows[0].outputs = "ee"
    assert state_of(report, record) == {"F16": "different"}
    rows[0].commands = "ff"
    assert state_of(report, record) == {"F16": "unproven"}


@pytest.mark.skipif("TPU_CMODEL_LIB" not in os.environ, reason="the vendor's model is not there")
def test_the_vendor_agrees():
    for seed in range(2):
        report = run_seed(seed, ["F16"])
        assert [row.outcome for row in report.rows] == [EQUAL]


@pytest.mark.skipif(not LIBRARY.exists(), reason="the simulator's library is not built")
def test_damage_is_noticed():
    from mutations import MISSED, SIMULATOR, Subject, damages, judge
    from randomnets.on_vendor import load_network

    subject = Subject(load_network(0, "F16"))
    counts = Counter()
    for _, engine, at, command in damages(subject, np.random.default_rng(0), 12):
        stream = subject.streams[engine]
        whole = bytes(stream)
        stream[at : at + len(command)] = command
        counts[judge(subject)] += 1
        stream[:] = whole
    assert not counts[MISSED]
    assert counts[SIMULATOR]
