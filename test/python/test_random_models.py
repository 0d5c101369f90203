"""Random networks agree with onnxruntime, and the judge sees what is wrong."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))

from randomnets import bounds, pool, trial  # noqa: E402
from randomnets.bounds import Bounds, all_values  # noqa: E402
from randomnets.expansion import expanded  # noqa: E402
from randomnets.families import FAMILIES  # noqa: E402
from randomnets.trial import GOOD, judge_seed, make_network, samples  # noqa: E402

COUNT = int(os.environ.get("TPUC_RANDOM_MODELS", "90"))


@pytest.mark.parametrize(
    "precision, count",
    [("F32", COUNT), ("F16", COUNT), ("INT8", COUNT), ("BF16", COUNT // 4)],
)
def test_random_networks_agree_with_onnxruntime(precision, count):
    reports = list(pool.judge_seeds(range(count), precision, jobs=2, seconds=60))
    assert len(reports) == count
    bad = [f"{r.seed}: {r.kind}: {r.text}" for r in reports if r.kind not in GOOD]
    assert not bad, "\n".join(bad)
    refused = [f"{r.seed}: {r.text}" for r in reports if r.kind != "pass"]
    assert len(refused) < max(2, 0.1 * count), "\n".join(refused)


def test_networks_follow_from_their_seed():
    for seed in range(5):
        assert make_network(seed).model() == make_network(seed).model()
    assert make_network(0).model() != make_network(1).model()


def test_all_families_take_part():
    assert len(FAMILIES) >= 130
    for number, name in enumerate(sorted(FAMILIES)):
        # Each takes some of the values that a network begins with.
        nets = (trial.start_network(np.random.default_rng((number, i))) for i in range(150))
        assert any(net.grow(FAMILIES[name], name) for net in nets), name


@pytest.mark.parametrize("precision", ["F32", "F16", "BF16", "INT8"])
def test_bounds_admit_rounding_and_nothing_else(precision, monkeypatch):
    # What is wrong by so much is found by few draws.
    monkeypatch.setattr(bounds, "_DRAWS", (4, 12))
    looked_at = 0
    for seed in range(12):
        net = make_network(seed)
        allowed = Bounds(net.model(), samples(net), precision)
        assert not allowed.differences(allowed.expected)
        for name, expected in allowed.expected.items():
            if expected.dtype.kind != "f" or np.ptp(expected) == 0:
                continue
            wrong = {key: np.array(value) for key, value in allowed.expected.items()}
            # One element is off by half of the range.
            wrong[name][np.unravel_index(0, expected.shape)] += np.ptp(expected) / 2
            looked_at += bool(allowed.differences(wrong))
    assert looked_at >= 12


def test_definitions_compute_what_their_operators_do():
    for seed in range(60):
        net = make_network(seed)
        model, inputs = net.model(), samples(net)
        values = all_values(model, inputs)
        inner = all_values(expanded(model, values), inputs)
        for output in model.graph.output:
            expected = values[output.name].astype(np.float64)
            assert inner[output.name].shape == expected.shape
            np.testing.assert_allclose(inner[output.name], expected, rtol=1e-3, atol=1e-4)


def test_crash_hang_and_fault_are_reported(monkeypatch):
    def judge(seed, precision):
        if seed == 1:
            os.kill(os.getpid(), signal.SIGSEGV)
        if seed == 2:
            signal.pause()
        if seed == 3:
            raise ValueError("three")
        return trial.Report(seed, trial.PASS)

    monkeypatch.setattr(pool, "judge_seed", judge)
    reports = {r.seed: r for r in pool.judge_seeds(range(6), "F32", jobs=2, seconds=1)}
    kinds = [reports[seed].kind for seed in range(6)]
    assert kinds == ["pass", "crash", "hang", "internal error", "pass", "pass"]
    assert "SIGSEGV" in reports[1].text and "three" in reports[3].text


def test_refusal_without_a_node_is_a_fault():
    net = make_network(0)
    node = net.nodes[0].name
    kind = trial.kind_of_error
    assert kind(f"main: node '{node}': has the step 0", net.model()) == trial.REFUSED
    assert kind("main: something is wrong", net.model()) == trial.INTERNAL
    assert kind(f"internal error at '{node}'", net.model()) == trial.INTERNAL


def test_command_resumes_and_keeps_what_fails(tmp_path):
    results = tmp_path / "results.jsonl"
    command = [
        sys.executable, str(BENCH / "random_models.py"), "--precision", "F32", "--jobs", "1",
        "--results", str(results),
    ]  # fmt: skip
    for count in (2, 3):
        done = subprocess.run([*command, "--count", str(count)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(results.read_text().splitlines()) == count
    assert "families" not in done.stderr
    report = judge_seed(0, "F32")
    assert report.kind in GOOD
