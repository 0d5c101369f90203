"""run_calibration: finds the value ranges that INT8 needs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tpuc.cli.common import Parser, add_debug, run_command
from tpuc.cli.preprocessing import add_preprocessing, parse_preprocessing
from tpuc.errors import UserError

METHODS_HELP = "how to choose thresholds: max, percentile, kl, mse or search"


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser("run_calibration", description=__doc__)
    parser.add_argument("mlir", help="the module that model_transform wrote")
    parser.add_argument(
        "--dataset", help="a folder of pictures, .npy or .npz files, or one such file"
    )
    parser.add_argument("--data_list", help="a file that lists such files, one a line")
    parser.add_argument("--input_num", type=int, help="how many inputs to use, by default all")
    parser.add_argument(
        "--method", "--cali_method", default=None, help=f"{METHODS_HELP}; default mse"
    )
    parser.add_argument(
        "--equalize", metavar="MODULE",
        help="scale channels to like sizes, in the weights around them: the module to write, to "
        "which the table belongs",
    )  # fmt: skip
    parser.add_argument("--ray", metavar="ADDRESS", help="share the work on a Ray cluster")
    parser.add_argument("-o", "--calibration_table", required=True, help="the table to write")
    add_preprocessing(parser)
    add_debug(parser)
    return parser


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    args = build_parser().parse_args(argv)
    if bool(args.dataset) == bool(args.data_list):
        raise UserError("give the inputs either with --dataset or with --data_list")
    if args.input_num is not None and args.input_num < 1:
        raise UserError(f"--input_num {args.input_num} is not positive")
    from tpuc.calibration import DEFAULT_METHOD, Dataset, calibrate_module
    from tpuc.calibration.dataset import read_list
    from tpuc.calibration.methods import check_method
    from tpuc.cli.report import report_module
    from tpuc.compiler import read_module
    from tpuc.console import counted_steps
    from tpuc.outputs import check_writable, note_inputs
    from tpuc.tuning.equalise import with_equalised_channels

    method = check_method(args.method or DEFAULT_METHOD)
    preprocess = parse_preprocessing(args)
    note_inputs(args.mlir, args.dataset, args.data_list)
    outputs = [path for path in (args.calibration_table, args.equalize) if path]
    for path in outputs:
        check_writable(path)
    module = read_module(args.mlir)
    source = args.dataset or read_list(args.data_list)
    dataset = Dataset(source, module, args.input_num, preprocess)
    for path in outputs:
        check_writable(path)
    if args.equalize:
        module = with_equalised_channels(module, dataset)
    with counted_steps("calibrating", len(dataset)) as advance:
        table = calibrate_module(module, dataset, method, advance, args.ray)
    if args.equalize:
        module.write(args.equalize)
        report_module(args.equalize, module)
    table.save(args.calibration_table)
    print(f"{args.calibration_table}: {len(table.ranges)} tensors, {table.comments[-1]}")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
