"""Compares our simulator with the vendor's functional model on random networks, bit for bit.

    TPU_CMODEL_LIB=<vendor library> python bench/vendor.py --count 250
    TPU_CMODEL_LIB=<vendor library> python bench/vendor.py --count 500 --record
    python bench/vendor.py --repeat                        without the vendor's library

A network is its seed, grown as those of random_models.py, and is compiled in every
precision. It runs on its sample inputs, and on the same with infinities, NaN,
denormal and huge numbers among them (randomnets/specials.py). Needs the simulator's
library (`ninja TpucSimulatorC`). Exit code 1 when an output differs or the vendor's
model dies.

--record writes hashes of the outputs on which both simulators agree. --repeat runs
the recorded networks on our simulator alone: a hash that differs although commands
and inputs are those recorded is an error. Where the compiler emits other commands
since, and they give other bits, nothing is proven; such rows are counted, to be
recorded anew.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable
from functools import partial

from randomnets.on_vendor import (
    EQUAL,
    FAILED,
    LIBRARY,
    OUTCOMES,
    REFUSED,
    VendorReport,
    run_seed,
)
from randomnets.pool import run_seeds
from randomnets.records import RECORDS, read_records, state_of, write_records
from randomnets.trial import PASS
from tpuc.compiler import QUANTIZATIONS
from tpuc.console import print_table


def main() -> int:
    """Command line entry."""
    args = parse()
    precisions = args.precisions.split(",")
    if args.repeat:
        return repeat(args)
    if "TPU_CMODEL_LIB" not in os.environ:
        print("error: set TPU_CMODEL_LIB to the vendor's library", file=sys.stderr)
        return 1
    if not LIBRARY.exists():
        print(
            "error: build our simulator's library: ninja -C build TpucSimulatorC", file=sys.stderr
        )
        return 1
    wanted = range(args.seed, args.seed + args.count)
    reports = []
    for report in run_seeds(wanted, partial(run_seed, precisions=precisions), args.jobs, 300):
        reports.append(report)
        show_faults(report, args.verbose)
    counts = show(reports)
    if args.record:
        write_records(RECORDS, reports)
    return int(any(counts[kind] for kind in counts if kind not in (EQUAL, REFUSED)))


def parse() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=100, help="how many networks (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="of the first one (default 0)")
    parser.add_argument("--precisions", default=",".join(QUANTIZATIONS), help="default: all")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--record", action="store_true", help="write the hashes of the outputs")
    parser.add_argument("--repeat", action="store_true", help="compare with recorded hashes")
    parser.add_argument("--verbose", action="store_true", help="show refusals too")
    return parser.parse_args()


def show_faults(report: VendorReport, verbose: bool) -> None:
    """A line for each precision that is not as it should be."""
    if report.kind != PASS:
        print(f"{report.seed}: {report.kind}: {report.text}", flush=True)
        return
    for row in report.rows:
        if row.outcome != EQUAL and (verbose or row.outcome != REFUSED):
            print(f"{report.seed} {row.precision}: {row.outcome}: {row.text}", flush=True)


def show(reports: Iterable[VendorReport]) -> Counter[str]:
    """Prints a line a precision; returns how many networks came to which outcome."""
    table: dict[str, Counter[str]] = {}
    total: Counter[str] = Counter()
    families = set()
    for report in reports:
        families.update(report.families)
        if report.kind != PASS:
            total[FAILED] += 1
        for row in report.rows if report.kind == PASS else ():
            table.setdefault(row.precision, Counter())[row.outcome] += 1
            total[row.outcome] += 1
    lines = [
        (name, *(str(counts[outcome] or "") for outcome in OUTCOMES))
        for name, counts in [*table.items(), ("all", total)]
    ]
    print_table(f"networks of {len(families)} families", lines, ("precision", *OUTCOMES))
    return total


def repeat(args: argparse.Namespace) -> int:
    """Runs recorded networks; 1 when one gives other bits than recorded."""
    records = read_records(RECORDS)
    seeds = [seed for seed in records if seed >= args.seed][: args.count]
    counts: Counter[str] = Counter()
    ours = partial(run_seed, precisions=args.precisions.split(","), vendor=False)
    for report in run_seeds(seeds, ours, args.jobs, 300):
        show_faults(report, args.verbose)
        for precision, state in state_of(report, records[report.seed]).items():
            counts[state] += 1
            if state != "equal":
                print(f"{report.seed} {precision}: {state}", flush=True)
    print(", ".join(f"{count} {state}" for state, count in sorted(counts.items())))
    return int(bool(counts["different"]))


if __name__ == "__main__":
    sys.exit(main())
