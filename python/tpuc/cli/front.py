"""tpuc: the command in front of all others."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence

from tpuc.cli.common import Parser, add_debug, add_version, run_command
from tpuc.errors import UserError, unknown


def _add_compare(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser(
        "compare", help="compare a .bmodel with its ONNX model tensor by tensor, or two results",
        description="Compares a .bmodel with its ONNX model tensor by tensor; or the results of "
        "any two of a .bmodel, a .mlir file, an ONNX model and an .npz file.",
    )  # fmt: skip
    parser.add_argument("left", metavar="FILE", help="a model or an .npz file")
    parser.add_argument("right", metavar="REFERENCE", help="what it is compared with")
    parser.add_argument("--input", metavar="FILE", help="an .npz of inputs, for models")
    parser.add_argument(
        "--json", action="store_true", help="print a JSON object (an ONNX model and a .bmodel)"
    )
    parser.add_argument("--network", metavar="NAME", help="which network of several in a .bmodel")
    parser.add_argument(
        "--tolerance", default="0.99,0.90", metavar="X,X",
        help="least cosine and euclidean similarity",
    )  # fmt: skip
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


# The other commands: what they do, their module, and whether it is told its name.
_COMMANDS = {
    "compile": "compile an ONNX model (or a .mlir file) to a .bmodel",
    "quantize": "find the layers that lose too much accuracy in INT8",
    "llm": "compile a language model: a folder of Hugging Face or a .gguf file",
    "chat": "ask a compiled language model, in the simulator",
    "run": "run a model in the simulator, on files, pictures or random inputs",
    "profile": "estimate a model's time on the chip, and say where it goes",
    "info": "say what is in an ONNX model, a .mlir file or a .bmodel",
    "dis": "print the commands of a .bmodel",
    "debug": "find where a wrong result comes from",
}
_MODULES = {"run": "model_runner", "profile": "tpu_profile", "dis": "bmodel_dis"}
# Commands of other names that are not part of this one.
_STAGES = ("model_transform", "run_calibration", "run_qtable", "model_deploy", "model_runner",
           "model_tool", "npz_tool", "bmodel_dis", "tpu_profile")  # fmt: skip


def build_parser() -> Parser:
    """The command's arguments; most commands have a parser of their own."""
    parser = Parser(
        "tpuc", description="Compiles ONNX models for the BM1684X, runs and measures them.",
        epilog="tpuc COMMAND --help says more. Stage by stage: " + ", ".join(_STAGES) + ".",
    )  # fmt: skip
    add_version(parser)
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", parser_class=Parser, title="commands"
    )
    for name, text in _COMMANDS.items():
        commands.add_parser(name, help=text, add_help=False)
    _add_compare(commands)
    return parser


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    name = argv[0] if argv else ""
    if name in _COMMANDS:
        module = importlib.import_module(f"tpuc.cli.{_MODULES.get(name, name)}")
        named = name in _MODULES
        module.command(argv[1:], f"tpuc {name}") if named else module.command(argv[1:])
        return
    known = [*_COMMANDS, "compare"]
    if name and not name.startswith("-") and name not in known:
        if name.removesuffix(".py") in _STAGES:
            raise UserError(f"'{name}' is a command of its own: {name} {' '.join(argv[1:])}")
        raise unknown("the command", name, known)
    parser = build_parser()
    args = parser.parse_args(argv)
    if not args.command:
        parser.error("no command is given")
    args.run(args)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
