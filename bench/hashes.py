"""Hashes of the benchmark networks' .bmodels, to prove that a change changes none.

    python bench/hashes.py --write before.json              with the compiler as it was
    python bench/hashes.py --against before.json            with the compiler as it is
    python bench/hashes.py swin_t --through plan --against before.json

With --through a compilation stops after that phase, is written as text and resumed
from there. Seconds are CPU time of the compilation, without import and calibration.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path

import tpuc
from tpuc.compiler import deploy, read_module, transform
from tpuc.console import print_table
from tpuc.inflate import inflate_to

sys.path.insert(0, str(Path(__file__).resolve().parent))
from run import BENCH, PRECISIONS, ROOT, SKELETONS, calibrate

HEADER = ("network", "precision", "ms", "before", "sha256", "before", "compile s", "before")


def calibration_of(path: Path) -> Path:
    """The file of a network's ranges, which is written once."""
    table = path.with_suffix(".cali_table")
    if not table.exists():
        calibrate(path).save(table)
    return table


def measure(path: Path, precision: str, through: str) -> dict:
    """The hash, the milliseconds and the seconds of one compilation."""
    table = calibration_of(path) if precision == "INT8" else None
    module = transform(path, path.stem)
    start = time.process_time()
    if through:
        deploy(module, precision, stop_after=through, calibration_table=table)
        text = path.with_suffix(f".{through}.mlir")
        module.write(str(text), text=True)
        module = read_module(text)
    core = deploy(module, precision, calibration_table=table)
    elapsed = time.process_time() - start
    model = tpuc.Model(core, path.stem)
    output = path.with_suffix(".bmodel")
    model.save(output)
    digest = hashlib.sha256(output.read_bytes()).hexdigest()
    return {"sha256": digest, "ms": model.profile().ms, "seconds": elapsed}


def cells(name: str, precision: str, row: dict, before: dict | None) -> tuple[str, ...]:
    """A line of the table."""
    was = before or {"sha256": "", "ms": float("nan"), "seconds": float("nan")}
    return (
        name, precision, f"{row['ms']:.4f}", f"{was['ms']:.4f}", row["sha256"][:12],
        was["sha256"][:12], f"{row['seconds']:.1f}", f"{was['seconds']:.1f}",
    )  # fmt: skip


def main() -> int:
    """Entry point; 1 when a hash differs."""
    names = list(json.loads((BENCH / "peer.json").read_text())["milliseconds"])
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(names)}")
    parser.add_argument("--precisions", default=",".join(PRECISIONS), help="default: %(default)s")
    parser.add_argument("--write", type=Path, help="keep hashes here, network by network")
    parser.add_argument("--against", type=Path, help="compare with hashes that were kept")
    parser.add_argument("--through", default="", metavar="PHASE", help="stop there and resume")
    parser.add_argument("--work", type=Path, default=ROOT / "build/bench", help="for the networks")
    args = parser.parse_args()

    known = json.loads(args.against.read_text()) if args.against else {}
    rows: dict[str, dict] = {}
    lines, differing = [], []
    for name in args.models or names:
        path = inflate_to(SKELETONS / f"{name}.skeleton.onnx.gz", args.work / f"{name}.onnx")
        for precision in args.precisions.split(","):
            key = f"{name} {precision}"
            row = rows[key] = measure(path, precision, args.through)
            before = known.get(key)
            if before and before["sha256"] != row["sha256"]:
                differing.append(key)
            lines.append(cells(name, precision, row, before))
            print(*lines[-1], file=sys.stderr, flush=True)
            if args.write:
                args.write.write_text(json.dumps(rows, indent=1))
    print_table("Compiled networks", lines, HEADER)
    compared = [key for key in rows if key in known]
    total = sum(rows[key]["seconds"] for key in compared)
    was = sum(known[key]["seconds"] for key in compared)
    if compared:
        equal = len(compared) - len(differing)
        print(f"{equal} of {len(compared)} equal; compile time x {total / was:.3f}")
    return int(bool(differing))


if __name__ == "__main__":
    from tpuc.cli.common import run_command

    sys.exit(run_command(lambda _: main(), []))
