"""Measures calibration, and the whole way to INT8, as a user would run them.

    python bench/calibration.py --readme        # all rows, into bench/README.md
    python bench/calibration.py yolo_s          # one network

Each row is a process of its own: wall seconds, CPU seconds of all threads, peak memory.
The inputs are random: how long it takes does not depend on what they show.
"""

from __future__ import annotations

import argparse
import resource
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from run import ROOT, SKELETONS, markdown, run_process, write_part
from tpuc.console import print_table
from tpuc.inflate import inflate_to

SHAPES = {"swin_t": (3, 224, 224), "yolo_s": (3, 640, 640)}
COUNTS = (8, 64)
# Seconds and megabytes of the vendor's tools (tpu-mlir 1.30.2) for 8 inputs, on 2 cores.
PEER = {"swin_t": (153, 1800), "yolo_s": (331, 2000)}
COMPILED = ("swin_t", 32)
HEADER = ("command", "network", "inputs", "seconds (CPU)", "peak MB", "peer s", "peer MB")


@dataclass
class Row:
    """One command on one network."""

    command: str
    network: str
    inputs: int
    seconds: float
    cpu_seconds: float
    megabytes: float

    def cells(self) -> tuple[str, ...]:
        """A line of the table."""
        known = PEER.get(self.network) if self.command.startswith("run_") else None
        peer = [f"{n}" for n in known] if known and self.inputs == COUNTS[0] else ["-", "-"]
        return (self.command, self.network, str(self.inputs),
                f"{self.seconds:.1f} ({self.cpu_seconds:.1f})", f"{self.megabytes:.0f}",
                *peer)  # fmt: skip


def run_command(*command: str | Path) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak resident megabytes of one of our commands."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds, megabytes = run_process(*command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, spent, megabytes


def make_inputs(work: Path, network: str, count: int) -> Path:
    """A file of random inputs, one at a time: a process counts this one's memory as its own."""
    path = work / f"{network}_{count}.npy"
    rng = np.random.default_rng(1)
    shape = SHAPES[network]
    header = {"descr": "<f4", "fortran_order": False, "shape": (count, *shape)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for _ in range(count):
            file.write(rng.standard_normal(shape, dtype=np.float32).tobytes())
    return path


def measure(network: str, work: Path) -> list[Row]:
    """All rows of a network."""
    model = inflate_to(SKELETONS / f"{network}.skeleton.onnx.gz", work / f"{network}.onnx")
    mlir = work / f"{network}.mlir"
    run_process("model_transform", "--model_name", network, "--model_def", model, "--mlir", mlir)
    rows = []
    for count in COUNTS:
        data = make_inputs(work, network, count)
        found = run_command(
            "run_calibration", mlir, "--dataset", data, "-o", work / f"{network}_cali_table"
        )
        rows.append(Row("run_calibration", network, count, *found))
        data.unlink()
    if network == COMPILED[0]:
        data = make_inputs(work, *COMPILED)
        # As in the yardstick: from ONNX and inputs to a file, without looking at its accuracy.
        found = run_command(
            "compile", model, "--quantize", "INT8", "--calibration", data, "--test_num", "0",
            "-o", work / f"{network}_int8.bmodel",
        )  # fmt: skip
        rows.append(Row("tpuc compile --quantize INT8", network, COMPILED[1], *found))
        data.unlink()
    return rows


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("networks", nargs="*", default=list(SHAPES), help="swin_t, yolo_s")
    parser.add_argument("--work", type=Path, default=ROOT / "build/bench", help="for files")
    parser.add_argument("--readme", action="store_true", help="write the table to bench/README.md")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    if unknown := set(args.networks) - SHAPES.keys():
        parser.error(f"{', '.join(unknown)}: choose {' or '.join(SHAPES)}")
    rows = [row for network in args.networks for row in measure(network, args.work)]
    if args.readme:
        write_part("calibration", markdown(HEADER, [row.cells() for row in rows]))
    print_table("calibration", [row.cells() for row in rows], HEADER)


if __name__ == "__main__":
    main()
