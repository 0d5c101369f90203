"""run_qtable: finds the layers that lose too much accuracy in INT8; tpuc quantize for a module."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tpuc.cli.common import (
    CHIPS,
    Parser,
    add_chip,
    add_debug,
    add_version,
    choice,
    program,
    run_command,
)
from tpuc.cli.ported import add_ported
from tpuc.cli.run_calibration import add_inputs, dataset_of


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser(
        program("run_qtable"),
        description="Finds the layers that have to compute in F16, and writes a quantize table.",
    )
    parser.add_argument("mlir", metavar="MODULE", help="the module that model_transform wrote")
    parser.add_argument(
        "-o", "--quantize_table", required=True, metavar="FILE", help="the table to write"
    )
    parser.add_argument(
        "--calibration_table", metavar="FILE",
        help="the ranges to use (default: found on the inputs, written beside the table)",
    )  # fmt: skip
    add_inputs(parser)
    add_chip(parser)
    parser.add_argument(
        "--expected_cos", type=float, default=0.99, metavar="X",
        help="the cosine that the network's results must have",
    )  # fmt: skip
    parser.add_argument(
        "--max_drop", type=float, default=100.0, metavar="X",
        help="points of top-1 that may be lost",
    )  # fmt: skip
    parser.add_argument("--report", metavar="FILE", help="a .html of all layers to write")
    add_version(parser)
    add_debug(parser)
    add_ported(parser, "run_qtable")
    return parser


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    args = build_parser().parse_args(argv)
    choice(args.chip, CHIPS, "--chip")
    from tpuc.calibration import DEFAULT_METHOD, read_table
    from tpuc.cli.quantize import check_found, print_tuning
    from tpuc.compiler import check_calibration, read_module
    from tpuc.console import Progress
    from tpuc.outputs import check_writable, write_text
    from tpuc.tuning.constants import save_table
    from tpuc.tuning.report import report_html
    from tpuc.tuning.search import Target
    from tpuc.tuning.tune import tune

    for path in (args.quantize_table, args.report):
        if path:
            check_writable(path)
    check_calibration(args.calibration_table)
    ranges = read_table(args.calibration_table) if args.calibration_table else None
    module = read_module(args.mlir)
    inputs = dataset_of(args, module)
    progress = Progress()
    with progress.measure("choosing layers"):
        tuning = tune(
            module, inputs, DEFAULT_METHOD, Target(args.max_drop, args.expected_cos), ranges=ranges
        )
    if args.report:
        write_text(args.report, report_html(args.mlir, tuning))
    check_found(args.mlir, tuning)
    write_text(args.quantize_table, tuning.table())
    if ranges is None:
        save_table(tuning.ranges, tuning.constants, f"{args.quantize_table}_cali_table")
    print_tuning(args.quantize_table, tuning, progress)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
