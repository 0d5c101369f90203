"""Hashes of outputs on which both simulators agreed, in a file.

A line a network: its seed, and for each precision PRECISION=COMMANDS/OUTPUTS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from randomnets.on_vendor import EQUAL, VendorReport
from randomnets.trial import PASS

RECORDS = Path(__file__).resolve().parent / "outputs.txt"
Record = dict[str, tuple[str, str]]


def read_records(path: Path) -> dict[int, Record]:
    """Hashes of commands and outputs by precision, by seed."""
    records = {}
    for line in path.read_text().splitlines():
        seed, *fields = line.split()
        record = {}
        for field in fields:
            precision, _, hashes = field.partition("=")
            commands, _, outputs = hashes.partition("/")
            record[precision] = (commands, outputs)
        records[int(seed)] = record
    return records


def write_records(path: Path, reports: Iterable[VendorReport]) -> None:
    """Writes a line for each network that has an equal row."""
    lines = []
    for report in sorted(reports, key=lambda report: report.seed):
        rows = [row for row in report.rows if row.outcome == EQUAL]
        if report.kind == PASS and rows:
            fields = [f"{row.precision}={row.commands}/{row.outputs}" for row in rows]
            lines.append(" ".join([str(report.seed), *fields]))
    path.write_text("\n".join(lines) + "\n")


def state_of(report: VendorReport, record: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """What has become of recorded outputs, by precision.

    Returns:
        "equal"; "different", where the same commands on the same inputs give other bits;
        "unproven", where other commands or inputs do, or a network does not compile any more.
    """
    rows = {row.precision: row for row in report.rows}
    states = {}
    for precision, (commands, outputs) in record.items():
        row = rows.get(precision)
        if row is None:
            continue
        if row.outputs == outputs:
            states[precision] = "equal"
        else:
            states[precision] = "different" if row.commands == commands else "unproven"
    return states
