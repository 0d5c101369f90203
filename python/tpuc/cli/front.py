"""tpuc: compiles ONNX models for the BM1684X, runs and measures them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tpuc.cli.common import CHIPS, Parser, add_debug, choice, refuse_dynamic, run_command
from tpuc.errors import UserError


def _add_compile(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("compile", help="from ONNX (or .mlir) to a .bmodel")
    parser.add_argument("source", metavar="MODEL", help="an ONNX model or a .mlir file")
    parser.add_argument("--quantize", default="F16", help="F32, F16, BF16 or INT8")
    parser.add_argument("--quantize_table", help="lines of an operation's name and its precision")
    parser.add_argument("--calibration_table", help="the ranges of tensors, for INT8")
    parser.add_argument("--input_shapes", help="e.g. [[1,3,224,224]]; may change the batch")
    parser.add_argument("--calibration", help="a folder of inputs, for INT8")
    parser.add_argument("--chip", default="bm1684x", help="bm1684x")
    parser.add_argument("-o", "--output", dest="model", required=True, help="the file to write")
    parser.add_argument(
        "--stop_after", choices=("top", "tpu", "commands"), help="write this stage's module"
    )
    parser.add_argument("--test_input", help="an .npz of inputs to compare on")
    parser.add_argument("--test_reference", help="an .npz of results to compare with")
    parser.add_argument("--test_result", help="where to write the results on the test input")
    parser.add_argument("--tolerance", default="0.8,0.5", help="least cosine, euclidean")
    parser.add_argument("--compare_all", action="store_true", help="compare after every stage")
    parser.add_argument("--explain", help="a .json to write the compiler's choices and reasons to")
    parser.add_argument("--dynamic", action="store_true", help=argparse.SUPPRESS)
    add_debug(parser)
    parser.set_defaults(run=_compile)


def _compile(args: argparse.Namespace) -> None:
    refuse_dynamic(args)
    choice(args.chip, CHIPS, "--chip")
    from pathlib import Path

    from tpuc import _core
    from tpuc.cli.report import report_module
    from tpuc.cli.stages import compile_module
    from tpuc.compare import parse_tolerance
    from tpuc.compiler import (
        check_calibration,
        check_quantize,
        deploy,
        read_module,
        transform,
    )
    from tpuc.console import Progress
    from tpuc.frontend import parse_shapes
    from tpuc.outputs import check_writable

    quantize = check_quantize(args.quantize)
    check_calibration(args.calibration_table)
    if args.calibration:
        raise UserError("--calibration is not available, give a --calibration_table")
    tolerance = parse_tolerance(args.tolerance)
    shapes = parse_shapes(args.input_shapes) if args.input_shapes is not None else None
    check_writable(args.model)
    if args.quantize_table:
        _core.check_quantize_table(args.quantize_table)
    progress = Progress()
    with progress.stage("importing"):
        source = Path(args.source)
        if source.suffix.lower() in (".mlir", ".mlirbc"):
            if shapes is not None:
                raise UserError("--input_shapes is for ONNX models, a .mlir file has its shapes")
            module = read_module(source)
        else:
            module = transform(source, source.stem or "main", shapes)
    if args.stop_after:
        if args.stop_after != "top":
            deploy(module, quantize, args.quantize_table, args.stop_after, args.calibration_table)
        module.write(args.model)
        report_module(args.model, module)
        return
    compile_module(module, quantize, args, tolerance, progress)


def _add_compare(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser(
        "compare", help="compares a .bmodel with ONNX tensor by tensor, or two .npz files"
    )
    parser.add_argument("left", help="an ONNX model and a .bmodel in any order, or two of an .npz")
    parser.add_argument("right", help="file, a .bmodel, a .mlir file and, as reference, ONNX")
    parser.add_argument("--input", help="an .npz of inputs, when models are compared")
    parser.add_argument("--json", action="store_true", help="print one JSON object (two models)")
    parser.add_argument("--network", help="which network of a .bmodel that holds several")
    parser.add_argument("--tolerance", default="0.99,0.90", help="least cosine, euclidean")
    add_debug(parser)
    parser.set_defaults(run=_compare)


def _results_of(path: str, inputs_path: str | None, network: str | None) -> dict:
    from pathlib import Path

    from tpuc.arrays import load_npz

    suffix = Path(path).suffix.lower()
    if suffix == ".npz":
        return load_npz(path)
    if not inputs_path:
        raise UserError(f"{path}: is a model, give its inputs with --input IN.npz")
    inputs = load_npz(inputs_path)
    if suffix == ".onnx":
        from tpuc.reference import run_onnx

        return run_onnx(path, inputs)
    if suffix in (".mlir", ".mlirbc"):
        from tpuc.compiler import read_module
        from tpuc.reference import run_module

        return run_module(read_module(path), inputs, inputs_path)
    from tpuc.model import Model

    return Model.load(path, network).run(inputs)


def _model_pair(left: str, right: str) -> tuple[str, str] | None:
    """The ONNX model and the .bmodel, if it is these two that are compared."""
    suffixes = [path.lower().rpartition(".")[2] for path in (left, right)]
    if suffixes == ["onnx", "bmodel"]:
        return left, right
    return (right, left) if suffixes == ["bmodel", "onnx"] else None


def _compare(args: argparse.Namespace) -> None:
    from tpuc.cli.report import check_comparison
    from tpuc.compare import compare_all, parse_tolerance

    tolerance = parse_tolerance(args.tolerance)
    if pair := _model_pair(args.left, args.right):
        from tpuc.cli.compare_tensors import report_tensors

        if not args.input:
            raise UserError(f"{pair[1]}: is a model, give its inputs with --input IN.npz")
        report_tensors(*pair, args.input, tolerance, args.json, args.network)
        return
    if args.json:
        raise UserError("--json is for an ONNX model and a .bmodel")
    left = _results_of(args.left, args.input, args.network)
    right = _results_of(args.right, args.input, args.network)
    check_comparison(args.right, compare_all(left, right), tolerance)


def build_parser() -> Parser:
    """The command's arguments; some are commands of their own."""
    parser = Parser("tpuc", description=__doc__)
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    _add_compile(commands)
    commands.add_parser("run", help="runs a model in the simulator (model_runner)", add_help=False)
    commands.add_parser(
        "profile", help="estimates a model's time on the chip (tpu_profile)", add_help=False
    )
    commands.add_parser("dis", help="prints a model's commands (bmodel_dis)", add_help=False)
    _add_compare(commands)
    commands.add_parser(
        "debug", help="finds where a wrong result comes from (dump, reduce)", add_help=False
    )
    return parser


def _run(argv: Sequence[str]) -> None:
    """`tpuc run MODEL ...` is model_runner with the model first."""
    from tpuc.cli import model_runner

    if argv and not argv[0].startswith("-"):
        argv = ["--model", *argv]
    model_runner.command(argv)


def _profile(argv: Sequence[str]) -> None:
    """`tpuc profile` prints; only with -o it writes a folder."""
    from tpuc.cli import tpu_profile

    tpu_profile.command(argv, default_folder=None)


def _debug(argv: Sequence[str]) -> None:
    from tpuc.cli import debug

    debug.command(argv)


def _dis(argv: Sequence[str]) -> None:
    from tpuc.cli import bmodel_dis

    bmodel_dis.command(argv)


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    delegates = {"run": _run, "profile": _profile, "dis": _dis, "debug": _debug}
    if argv and argv[0] in delegates:
        delegates[argv[0]](argv[1:])
        return
    parser = build_parser()
    args = parser.parse_args(argv)
    if args.version:
        import tpuc

        print(f"tpuc {tpuc.__version__}")
        return
    if not args.command:
        parser.error("no command given")
    args.run(args)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
