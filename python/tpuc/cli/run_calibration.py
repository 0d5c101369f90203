"""run_calibration: finds the value ranges that INT8 needs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

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
from tpuc.cli.preprocessing import add_preprocessing, parse_preprocessing
from tpuc.errors import UserError

if TYPE_CHECKING:
    from tpuc import _core
    from tpuc.calibration import Dataset
    from tpuc.preprocess import Preprocess


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Adds where sample inputs come from."""
    parser.add_argument(
        "--dataset", metavar="FILE",
        help="a folder of pictures, .npy or .npz files, or one such file",
    )  # fmt: skip
    parser.add_argument("--data_list", metavar="FILE", help="a file that lists such files")
    parser.add_argument(
        "--input_num", type=int, metavar="N", help="how many inputs to use at most (default: all)"
    )


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser(
        program("run_calibration"),
        description="Finds the ranges of a network's tensors, and the constants that suit INT8, on "
        "sample inputs.",
    )
    parser.add_argument("mlir", metavar="MODULE", help="the module that model_transform wrote")
    parser.add_argument(
        "-o", "--calibration_table", required=True, metavar="FILE", help="the table to write"
    )
    add_inputs(parser)
    add_chip(parser)
    parser.add_argument("--ray", metavar="ADDRESS", help="share the work on a Ray cluster")
    ranges = parser.add_argument_group("ranges")
    ranges.add_argument(
        "--method", "--cali_method", metavar="NAME",
        help="how thresholds are chosen: max, percentile, kl, mse or search (default: mse)",
    )  # fmt: skip
    for name in ("max", "percentile9999", "kl", "mse"):
        ranges.add_argument(
            f"--use_{name}", action="store_const", const=name, dest="method",
            help=argparse.SUPPRESS,
        )  # fmt: skip
    ranges.add_argument(
        "--histogram_bin_num", type=int, default=2048, metavar="N",
        help="bins that --method kl compares",
    )  # fmt: skip
    constants = parser.add_argument_group("constants that suit INT8")
    constants.add_argument(
        "--equalize", "--we", action="store_true",
        help="channel equalisation: similar ranges by factors in the weights",
    )  # fmt: skip
    constants.add_argument(
        "--round_weights", action=argparse.BooleanOptionalAction, default=True,
        help="round weights for the least error of results",
    )  # fmt: skip
    constants.add_argument(
        "--correct_bias", "--bc", action=argparse.BooleanOptionalAction, default=True,
        help="bias correction: subtract the mean INT8 error of each channel",
    )  # fmt: skip
    constants.add_argument(
        "--asymmetric", action=argparse.BooleanOptionalAction, default=True,
        help="for zero points other than 0; as in model_deploy",
    )  # fmt: skip
    constants.add_argument(
        "--tune_num", "--bc_inference_num", type=int, default=8, metavar="N",
        help="inputs for rounding and correcting",
    )  # fmt: skip
    constants.add_argument(
        "--tune_list", metavar="FILE", help="a list of other inputs for rounding and correcting"
    )
    add_preprocessing(parser)
    add_version(parser)
    add_debug(parser)
    add_ported(parser, "run_calibration")
    return parser


def dataset_of(
    args: argparse.Namespace, module: _core.Module, preprocess: Preprocess | None = None
) -> Dataset:
    """The inputs that the arguments name.

    Raises:
        UserError: none or two sources, or what cannot be read.
    """
    from tpuc.calibration import Dataset
    from tpuc.calibration.dataset import read_list

    if bool(args.dataset) == bool(args.data_list):
        raise UserError("give the inputs either with --dataset or with --data_list")
    source = args.dataset or read_list(args.data_list)
    return Dataset(source, module, args.input_num, preprocess)


def _positive(value: int | None, flag: str) -> None:
    if value is not None and value < 1:
        raise UserError(f"{flag} {value} is not positive")


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    args = build_parser().parse_args(argv)
    choice(args.chip, CHIPS, "--chip")
    if bool(args.dataset) == bool(args.data_list):
        raise UserError("give the inputs either with --dataset or with --data_list")
    _positive(args.input_num, "--input_num")
    _positive(args.tune_num, "--tune_num")
    from tpuc.calibration import DEFAULT_METHOD, Dataset
    from tpuc.calibration.dataset import read_list
    from tpuc.calibration.methods import check_method, use_bins
    from tpuc.cli.report import warn_of
    from tpuc.compiler import read_module
    from tpuc.console import counted_steps
    from tpuc.outputs import check_writable, note_inputs
    from tpuc.tuning.calibrate import calibrate_all
    from tpuc.tuning.constants import save_table

    method = check_method(args.method or DEFAULT_METHOD)
    use_bins(args.histogram_bin_num)
    preprocess = parse_preprocessing(args)
    note_inputs(args.mlir, args.dataset, args.data_list, args.tune_list)
    check_writable(args.calibration_table)
    module = read_module(args.mlir)
    dataset = dataset_of(args, module, preprocess)
    check_writable(args.calibration_table)
    tuning = (
        Dataset(read_list(args.tune_list), module, None, preprocess) if args.tune_list else None
    )
    table, constants = calibrate_all(
        module, dataset, method, asymmetric=args.asymmetric, equalize=args.equalize,
        round_weights=args.round_weights, correct_bias=args.correct_bias, ray=args.ray,
        tuning_inputs=tuning, tuning_count=args.tune_num, steps=counted_steps,
    )  # fmt: skip
    save_table(table, constants, args.calibration_table)
    warn_of(table)
    print(f"{args.calibration_table}: {len(table.ranges)} tensors, {table.comments[-1]}")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
