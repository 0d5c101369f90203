"""model_deploy: from a module of the top dialect to a .bmodel."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tpuc.cli.common import CHIPS, Parser, add_debug, choice, refuse_dynamic, run_command


def add_ports(parser: argparse.ArgumentParser) -> None:
    """Adds what inputs and outputs are to the compiled network."""
    group = parser.add_argument_group("inputs and outputs", "f32 (indices i32) by default")
    group.add_argument(
        "--fuse_preprocess",
        action="store_true",
        help="take pictures as bytes; scale them in the network, as model_transform was told",
    )
    group.add_argument(
        "--customization_format",
        help="with it: how pixels lie, e.g. RGB_PACKED or BGR_PLANAR; default the network's way",
    )
    group.add_argument(
        "--quant_input", action="store_true", help="take inputs in the type that reads them"
    )
    group.add_argument(
        "--quant_output", action="store_true", help="give outputs in the type that makes them"
    )


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser("model_deploy", description=__doc__)
    parser.add_argument("--mlir", required=True, help="the module that model_transform wrote")
    parser.add_argument("--quantize", required=True, help="F32, F16, BF16 or INT8")
    parser.add_argument("--quantize_table", help="lines of an operation's name and its precision")
    parser.add_argument("--calibration_table", help="the ranges of tensors, for INT8")
    parser.add_argument(
        "--asymmetric", action=argparse.BooleanOptionalAction, default=True,
        help="let bytes of lopsided tensors have a zero other than 0",
    )  # fmt: skip
    parser.add_argument("--chip", "--processor", default="bm1684x", help="bm1684x")
    parser.add_argument("--model", required=True, help="the .bmodel to write")
    add_ports(parser)
    parser.add_argument("--test_input", help="an .npz of inputs to run the result on")
    parser.add_argument("--test_reference", help="an .npz of results to compare with")
    parser.add_argument("--test_result", help="where to write the results on the test input")
    parser.add_argument("--tolerance", default="0.8,0.5", help="least cosine, euclidean")
    parser.add_argument(
        "--compare_all", action="store_true", help="compare after every stage, not only the last"
    )
    parser.add_argument(
        "--opt", type=int, default=2,
        help="1: one operation after the other, 2: the usual, 3: compares many schedules",
    )  # fmt: skip
    parser.add_argument("--explain", help="a .json to write the compiler's choices and reasons to")
    parser.add_argument("--dynamic", action="store_true", help=argparse.SUPPRESS)
    add_debug(parser)
    return parser


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    args = build_parser().parse_args(argv)
    refuse_dynamic(args)
    choice(args.chip, CHIPS, "--chip")
    from tpuc import _core
    from tpuc.compiler import (
        check_calibration,
        check_opt,
        check_quantize,
        fuse_preprocess,
        read_module,
    )
    from tpuc.errors import UserError
    from tpuc.outputs import check_writable, note_inputs

    quantize = check_quantize(args.quantize)
    check_opt(args.opt)
    check_calibration(args.calibration_table)
    if args.test_reference and not args.test_input:
        raise UserError("--test_reference needs --test_input, the inputs it was made from")
    from tpuc.cli.stages import compile_module
    from tpuc.compare import parse_tolerance

    tolerance = parse_tolerance(args.tolerance)
    note_inputs(
        args.mlir, args.quantize_table, args.calibration_table, args.test_input, args.test_reference
    )
    for path in (args.model, args.explain, args.test_result):
        if path:
            check_writable(path)
    if args.quantize_table:
        _core.check_quantize_table(args.quantize_table)
    module = read_module(args.mlir)
    if args.fuse_preprocess:
        fuse_preprocess(module, args.customization_format)
    elif args.customization_format:
        raise UserError("--customization_format needs --fuse_preprocess")
    compile_module(module, quantize, args, tolerance)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
