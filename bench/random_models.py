"""Compiles random small networks, runs them in the simulator and judges every element.

A result is wrong where it differs from onnxruntime by more than rounding every
tensor to the precision explains (bench/randomnets/bounds.py). A network is its
seed: the same seed always gives the same network.

    python bench/random_models.py --count 500 --precision F16 --seed 0 --jobs 2
    python bench/random_models.py --count 500 --precision INT8 --results int8.jsonl
    python bench/random_models.py --seed 1234 --count 1 --precision F16 --save failing/ --reduce
    python bench/random_models.py --file failing/1234_F16.onnx --precision F16
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
from randomnets.families import FAMILIES
from randomnets.pool import judge_seeds
from randomnets.trial import GOOD, KINDS, Report, judge, make_network, samples
from tpuc.compiler import QUANTIZATIONS
from tpuc.console import print_table


def main() -> int:
    """Command line entry."""
    args = parse()
    if args.list:
        print("\n".join(sorted(FAMILIES)))
        return 0
    if args.file:
        return judge_file(args.file, args.precision)
    known = read_results(args.results, args.precision) if args.results else {}
    wanted = range(args.seed, args.seed + args.count)
    reports = [known[seed] for seed in wanted if seed in known]
    left = [seed for seed in wanted if seed not in known]
    for report in judge_seeds(left, args.precision, args.jobs, args.seconds):
        if report.kind in ("crash", "hang"):
            # The process that knew them has ended.
            report.families = make_network(report.seed).families
        reports.append(report)
        if args.results:
            write_result(args.results, args.precision, report)
        if report.kind not in GOOD:
            print(f"{report.seed}: {report.kind}: {report.text}", flush=True)
            if args.save or args.reduce:
                keep(report, args.precision, args.save or Path("."), args.reduce)
        elif args.verbose and report.kind != "pass":
            print(f"{report.seed}: {report.kind}: {report.text}", flush=True)
    show(reports, args.precision)
    return 0 if all(report.kind in GOOD for report in reports) else 1


def parse() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=100, help="how many networks (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="of the first one (default 0)")
    parser.add_argument("--precision", default="F16", choices=QUANTIZATIONS)
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--seconds", type=float, default=60, help="a network may take (default 60)")
    parser.add_argument(
        "--results", type=Path, help="a file of one report a line; what it has is not run again"
    )
    parser.add_argument("--save", type=Path, help="a folder for the networks that fail")
    parser.add_argument(
        "--reduce", action="store_true", help="make the networks that fail small, beside them"
    )
    parser.add_argument(
        "--file", type=Path, help="judge this .onnx on inputs.npz, or NAME.npz, beside it"
    )
    parser.add_argument("--verbose", action="store_true", help="show refusals too")
    parser.add_argument("--list", action="store_true", help="list the families of operators")
    return parser.parse_args()


def judge_file(path: Path, precision: str) -> int:
    """Judges one model; the exit code is 1 when it fails."""
    own, shared = path.with_suffix(".npz"), path.with_name("inputs.npz")
    inputs = dict(np.load(own if own.exists() else shared))
    report = judge(onnx.load(str(path)), inputs, precision)
    print(f"{report.kind}: {report.text}")
    return 0 if report.kind in GOOD else 1


def keep(report: Report, precision: str, folder: Path, reduce: bool) -> None:
    """Writes a network and its inputs, and the smallest part of it that fails."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report.seed}_{precision}.onnx"
    net = make_network(report.seed)
    onnx.save(net.model(), str(path))
    np.savez(path.with_suffix(".npz"), **samples(net))
    if reduce:
        check = [sys.executable, __file__, "--precision", precision, "--file"]
        command = ["debug", "reduce", str(path), "--input", str(path.with_suffix(".npz"))]
        line = f"{shlex.join(check)} {{}}"
        subprocess.run([sys.executable, "-m", "tpuc.cli", *command, "--check", line], check=False)


def read_results(path: Path, precision: str) -> dict[int, Report]:
    """What a file knows of a precision, by seed."""
    if not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return {
        row["seed"]: Report(**{key: value for key, value in row.items() if key != "precision"})
        for row in rows
        if row["precision"] == precision
    }


def write_result(path: Path, precision: str, report: Report) -> None:
    """Adds a line."""
    with path.open("a") as file:
        file.write(json.dumps({"precision": precision, **asdict(report)}) + "\n")


def show(reports: list[Report], precision: str) -> None:
    """A line a family, one for all, and the seeds that failed."""
    rows: dict[str, Counter[str]] = {}
    for report in reports:
        for name in set(report.families):
            rows.setdefault(name, Counter())[report.kind] += 1
    total = Counter(report.kind for report in reports)
    table = [
        (name, str(counts.total()), *(str(counts[kind] or "") for kind in KINDS))
        for name, counts in [*sorted(rows.items()), ("all", total)]
    ]
    print_table(f"random networks in {precision}", table, ("family", "networks", *KINDS))
    for kind in KINDS:
        if kind not in GOOD and total[kind]:
            seeds = sorted(report.seed for report in reports if report.kind == kind)
            print(f"{kind}: seeds {' '.join(map(str, seeds))}")


if __name__ == "__main__":
    sys.exit(main())
