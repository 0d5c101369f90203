"""run_calibration: finds the value ranges that INT8 needs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tpuc.cli.common import Parser, add_debug, run_command
from tpuc.errors import UserError


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser("run_calibration", description=__doc__)
    parser.add_argument("mlir", help="the module that model_transform wrote")
    parser.add_argument("--dataset", help="a folder of inputs")
    parser.add_argument("--data_list", help="a file that lists inputs")
    parser.add_argument("--input_num", type=int, help="how many inputs to use")
    parser.add_argument("-o", "--calibration_table", help="the table to write")
    add_debug(parser)
    return parser


def command(argv: Sequence[str]) -> None:
    """Refuses: there is nothing yet that a calibration would serve."""
    build_parser().parse_args(argv)
    raise UserError("INT8 is not available, compile with --quantize F16, BF16 or F32")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
