"""tpuc: compiles ONNX models for the BM1684X, runs and measures them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tpuc.cli.common import Parser, add_debug, run_command
from tpuc.errors import UserError


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


def _results_of(path: str, inputs_path: str | None, network: str | None) -> tuple[dict, str | None]:
    """The results that a file holds or gives, and their precision where it is known."""
    from pathlib import Path

    from tpuc.arrays import load_npz

    suffix = Path(path).suffix.lower()
    if suffix == ".npz":
        return load_npz(path), None
    if not inputs_path:
        raise UserError(f"{path}: is a model, give its inputs with --input IN.npz")
    inputs = load_npz(inputs_path)
    if suffix == ".onnx":
        from tpuc.reference import run_onnx

        return run_onnx(path, inputs), "F32"
    if suffix in (".mlir", ".mlirbc"):
        from tpuc.compiler import read_module
        from tpuc.reference import run_module

        return run_module(read_module(path), inputs, inputs_path), "F32"
    from tpuc.model import Model

    model = Model.load(path, network)
    return model.real_results(model.run(inputs)), model.precision


def _model_pair(left: str, right: str) -> tuple[str, str] | None:
    """The ONNX model and the .bmodel, if it is these two that are compared."""
    suffixes = [path.lower().rpartition(".")[2] for path in (left, right)]
    if suffixes == ["onnx", "bmodel"]:
        return left, right
    return (right, left) if suffixes == ["bmodel", "onnx"] else None


def _compare(args: argparse.Namespace) -> None:
    from tpuc.cli.report import check_comparison
    from tpuc.compare import compare_all, least_precise, parse_tolerance

    tolerance = parse_tolerance(args.tolerance)
    if pair := _model_pair(args.left, args.right):
        from tpuc.cli.compare_tensors import report_tensors

        if not args.input:
            raise UserError(f"{pair[1]}: is a model, give its inputs with --input IN.npz")
        report_tensors(*pair, args.input, tolerance, args.json, args.network)
        return
    if args.json:
        raise UserError("--json is for an ONNX model and a .bmodel")
    left, of_left = _results_of(args.left, args.input, args.network)
    right, of_right = _results_of(args.right, args.input, args.network)
    precision = least_precise(of_left, of_right)
    check_comparison(args.right, compare_all(left, right, precision), tolerance)


def build_parser() -> Parser:
    """The command's arguments; some are commands of their own."""
    parser = Parser("tpuc", description=__doc__)
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    commands.add_parser("compile", help="from ONNX (or .mlir) to a .bmodel", add_help=False)
    commands.add_parser(
        "quantize", help="finds the layers that INT8 harms too much", add_help=False
    )
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


def _compile(argv: Sequence[str]) -> None:
    from tpuc.cli import compile as compile_command

    compile_command.command(argv)


def _quantize(argv: Sequence[str]) -> None:
    from tpuc.cli import quantize

    quantize.command(argv)


def _debug(argv: Sequence[str]) -> None:
    from tpuc.cli import debug

    debug.command(argv)


def _dis(argv: Sequence[str]) -> None:
    from tpuc.cli import bmodel_dis

    bmodel_dis.command(argv)


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    delegates = {
        "compile": _compile,
        "quantize": _quantize,
        "run": _run,
        "profile": _profile,
        "dis": _dis,
        "debug": _debug,
    }
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
