"""model_runner, tpuc run: runs a .bmodel, .mlir or .onnx file on inputs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tpuc.cli.common import Parser, add_debug, add_version, note, program, run_command
from tpuc.cli.ported import add_ported
from tpuc.errors import UserError

if TYPE_CHECKING:
    import numpy as np


def build_parser(prog: str | None = None) -> argparse.ArgumentParser:
    """The command's arguments; as ``tpuc run`` the model comes first and without a flag."""
    parser = Parser(
        prog or program("model_runner"),
        description="Runs a .bmodel in the simulator, a .mlir file on the host, or an ONNX model "
        "in onnxruntime.",
    )
    model = "a .bmodel, or a .mlir or .onnx file"
    if prog:
        parser.add_argument("source", metavar="MODEL", nargs="?", help=model)
        parser.add_argument("--model", help=argparse.SUPPRESS)
    else:
        parser.add_argument("--model", required=True, metavar="FILE", help=model)
        parser.set_defaults(source=None)
    parser.add_argument(
        "--input", metavar="FILE",
        help="an .npz with the inputs by name; or an .npy or a picture for each input, with commas "
        "between them (default: random numbers)",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", default="output.npz", metavar="FILE", help="the .npz to write"
    )
    parser.add_argument(
        "--threads", type=int, default=0, metavar="N", help="threads of the host, 0 for all"
    )
    parser.add_argument(
        "--dump_all_tensors", action="store_true", help="of a .mlir file: write every value"
    )
    parser.add_argument("--network", metavar="NAME", help="which network of several in a .bmodel")
    parser.add_argument(
        "--raw", "--out_fixed", action="store_true",
        help="write outputs of a .bmodel as they lie in memory: quantised and 16-bit ones not as "
        "f32, those whose number of entries the network computes in full",
    )  # fmt: skip
    add_version(parser)
    add_debug(parser)
    add_ported(parser, "model_runner")
    return parser


def command(argv: Sequence[str], prog: str | None = None) -> None:
    """Runs the command."""
    args = build_parser(prog).parse_args(argv)
    args.model = args.model or args.source
    if not args.model:
        raise UserError(f"no model is given, see {prog} --help")
    from tpuc.arrays import save_npz
    from tpuc.kinds import BMODEL, MLIR, ONNX, kind_of
    from tpuc.outputs import check_writable, note_inputs

    if args.threads < 0:
        raise UserError(f"--threads {args.threads} is negative, give 0 for all")
    note_inputs(args.input, args.model)
    check_writable(args.output)
    kind = kind_of(args.model)
    if args.dump_all_tensors and kind not in (MLIR, ""):
        raise UserError("--dump_all_tensors is for .mlir files, a .bmodel keeps no inner values")
    run = {ONNX: _run_onnx, MLIR: _run_module}.get(kind, _run_bmodel)
    results = run(args)
    save_npz(args.output, results)
    for name, array in results.items():
        print(f"{name} {array.dtype}{list(array.shape)}")
    if kind == BMODEL:
        print(f"{args.output}: written")


def _random(args: argparse.Namespace, ports: Sequence) -> dict[str, np.ndarray]:
    from tpuc.inputs import random_inputs

    note(f"{args.model}: no --input is given, it runs on random numbers")
    return random_inputs(ports)


def _run_onnx(args: argparse.Namespace) -> dict[str, np.ndarray]:
    from tpuc.console import Progress
    from tpuc.inputs import read_inputs
    from tpuc.reference import onnx_ports, run_onnx

    note(f"{args.model}: is an ONNX model, it runs in onnxruntime; for the chip: tpuc compile")
    ports = onnx_ports(args.model)
    inputs = read_inputs(args.input, ports, {}) if args.input else _random(args, ports)
    with Progress().stage("running"):
        return run_onnx(args.model, inputs)


def _run_module(args: argparse.Namespace) -> dict[str, np.ndarray]:
    from tpuc.compiler import read_module
    from tpuc.console import Progress
    from tpuc.inputs import read_inputs
    from tpuc.preprocess import Preprocess
    from tpuc.reference import run_module

    module = read_module(args.model)
    made = Preprocess.of_inputs(module)
    ports = module.inputs
    inputs = read_inputs(args.input, ports, made) if args.input else _random(args, ports)
    with Progress().stage("running"):
        return run_module(module, inputs, args.input or args.model, args.dump_all_tensors)


def _run_bmodel(args: argparse.Namespace) -> dict[str, np.ndarray]:
    from tpuc.console import Progress
    from tpuc.inputs import read_inputs
    from tpuc.model import Model

    model = Model.load(args.model, args.network)
    if args.input:
        inputs = read_inputs(args.input, model.inputs, model.preprocess)
    else:
        inputs = _random(args, model.inputs)
    with Progress().stage("running"):
        try:
            results = model.run(inputs, args.threads, whole=args.raw)
        except UserError as error:
            text = str(error)
            if args.input and text.startswith(f"{args.model}: the input"):
                text = args.input + text.removeprefix(args.model)
            raise UserError(text) from None
    return results if args.raw else model.real_results(results)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
