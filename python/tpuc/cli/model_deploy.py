"""model_deploy: from a module of the top dialect to a .bmodel."""

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
    name_list,
    program,
    run_command,
)
from tpuc.cli.ported import add_ported
from tpuc.errors import UserError


def _add_ports(parser: argparse.ArgumentParser) -> None:
    """Adds what inputs and outputs are to the compiled network."""
    group = parser.add_argument_group("inputs and outputs", "f32 (indices i32) by default")
    group.add_argument(
        "--fuse_preprocess", action="store_true",
        help="take pixels of 8 bits; the network scales them as model_transform was told",
    )  # fmt: skip
    group.add_argument(
        "--customization_format", metavar="FORMAT",
        help="with --fuse_preprocess: order of the pixels, e.g. RGB_PACKED or BGR_PLANAR (default: "
        "the network's)",
    )  # fmt: skip
    group.add_argument(
        "--quant_input", action="store_true",
        help="take inputs in the type of the layer that reads them",
    )  # fmt: skip
    group.add_argument(
        "--quant_output", action="store_true",
        help="give outputs in the type of the layer that makes them",
    )  # fmt: skip
    group.add_argument(
        "--quant_input_list", metavar="N,N", help="inputs that --quant_input is for, from 1"
    )
    group.add_argument(
        "--quant_output_list", metavar="N,N", help="outputs that --quant_output is for, from 1"
    )


def _add_comparison(parser: argparse.ArgumentParser) -> None:
    """Adds what the result is compared with."""
    group = parser.add_argument_group("comparison in the simulator")
    group.add_argument(
        "--test_input", metavar="FILE",
        help="inputs to run: an .npz, or an .npy or a picture for each input, with commas between "
        "them",
    )  # fmt: skip
    group.add_argument(
        "--gen_test_input", action="store_true", help="run random inputs where none are given"
    )
    group.add_argument(
        "--gen_test_seed", type=int, default=0, metavar="N", help="seed of random inputs"
    )
    group.add_argument("--test_reference", metavar="FILE", help="an .npz of results to expect")
    group.add_argument("--test_result", metavar="FILE", help="an .npz for inputs and results")
    group.add_argument(
        "--tolerance", default="0.8,0.5", metavar="X,X",
        help="least cosine and euclidean similarity",
    )  # fmt: skip
    group.add_argument("--excepts", metavar="NAMES", help="outputs that are not compared")
    group.add_argument(
        "--compare_all", action="store_true", help="compare after every stage, not only the last"
    )
    group.add_argument(
        "--skip_validation", action="store_true", help="do not run and compare, whatever is given"
    )


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser(
        program("model_deploy"), description="Compiles a module of model_transform to a .bmodel."
    )
    parser.add_argument("--mlir", required=True, metavar="FILE", help="model_transform's module")
    parser.add_argument("--model", required=True, metavar="FILE", help="the .bmodel to write")
    parser.add_argument(
        "--quantize", required=True, metavar="TYPE", help="precision: F32, F16, BF16 or INT8"
    )
    parser.add_argument(
        "--calibration_table", metavar="FILE", help="for INT8: what run_calibration wrote"
    )
    parser.add_argument(
        "--quantize_table", metavar="FILE", help="precisions of single operators: NAME TYPE a line"
    )
    parser.add_argument(
        "--asymmetric", action=argparse.BooleanOptionalAction, default=True,
        help="asymmetric quantisation: zero points where ranges are not symmetric",
    )  # fmt: skip
    add_chip(parser)
    parser.add_argument(
        "--opt", type=int, default=2, metavar="1|2|3",
        help="1: one operator after the other, 2: the usual, 3: compare many schedules (slow)",
    )  # fmt: skip
    parser.add_argument("--disable_layer_group", action="store_true", help="as --opt 1")
    parser.add_argument(
        "--ignore_f16_overflow", action="store_true",
        help="compute normalisations and average pools in F32",
    )  # fmt: skip
    parser.add_argument(
        "--high_precision", action="store_true",
        help="compute these, softmax, exponentials and powers in F32",
    )  # fmt: skip
    parser.add_argument(
        "--explain", metavar="FILE", help="a .json for the compiler's choices and reasons"
    )
    _add_ports(parser)
    _add_comparison(parser)
    add_version(parser)
    add_debug(parser)
    add_ported(parser, "model_deploy")
    return parser


def numbers_of(text: str | None, flag: str) -> tuple[int, ...]:
    """Numbers from 1, as in ``1,3``.

    Raises:
        UserError: something else.
    """
    try:
        numbers = tuple(int(word) for word in name_list(text))
    except ValueError:
        raise UserError(f"{flag} '{text}' is no list of numbers, write it like 1,3") from None
    if any(number < 1 for number in numbers):
        raise UserError(f"{flag} '{text}': numbers begin with 1")
    return numbers


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    args = build_parser().parse_args(argv)
    choice(args.chip, CHIPS, "--chip")
    from tpuc.compiler import (
        check_calibration,
        check_opt,
        check_quantize,
        fuse_preprocess,
        read_module,
    )
    from tpuc.outputs import check_writable, note_inputs
    from tpuc.precisions import check_table, resolve, wider

    quantize = check_quantize(args.quantize)
    args.opt = 1 if args.disable_layer_group else check_opt(args.opt)
    check_calibration(args.calibration_table)
    if args.test_reference and not (args.test_input or args.gen_test_input):
        raise UserError("--test_reference needs --test_input, the inputs it was made from")
    args.quant_inputs = numbers_of(args.quant_input_list, "--quant_input_list")
    args.quant_outputs = numbers_of(args.quant_output_list, "--quant_output_list")
    # A list alone says that they are wanted.
    args.quant_input |= bool(args.quant_inputs)
    args.quant_output |= bool(args.quant_outputs)
    if args.skip_validation:
        args.test_input = args.test_reference = args.gen_test_input = None
    from tpuc.cli.stages import compile_module
    from tpuc.compare import parse_tolerance

    tolerance = parse_tolerance(args.tolerance)
    note_inputs(
        args.mlir, args.quantize_table, args.calibration_table, args.test_input, args.test_reference
    )
    for path in (args.model, args.explain, args.test_result):
        if path:
            check_writable(path)
    check_table(args.quantize_table)
    module = read_module(args.mlir)
    args.precisions = resolve(args.quantize_table, module)
    if args.ignore_f16_overflow or args.high_precision:
        args.precisions = {**wider(module, args.high_precision), **args.precisions}
    if args.customization_format and not args.fuse_preprocess:
        raise UserError("--customization_format needs --fuse_preprocess")
    if args.calibration_table and quantize == "INT8":
        from tpuc.tuning.constants import with_constants

        module = with_constants(module, args.calibration_table, args.precisions, args.asymmetric)
    if args.fuse_preprocess:
        fuse_preprocess(module, args.customization_format)
    compile_module(module, quantize, args, tolerance)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
