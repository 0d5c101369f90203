"""model_runner: runs a .bmodel, .mlir or .onnx file on an .npz of inputs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tpuc.cli.common import Parser, add_debug, run_command


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser("model_runner", description=__doc__)
    parser.add_argument("--input", required=True, help="an .npz with the inputs by name")
    parser.add_argument("--model", required=True, help="a .bmodel, or a .mlir or .onnx file")
    parser.add_argument("--output", default="output.npz", help="the .npz to write")
    parser.add_argument("--threads", type=int, default=0, help="host threads, 0 for all")
    parser.add_argument(
        "--dump_all_tensors", action="store_true", help="write every value (.mlir only)"
    )
    parser.add_argument("--network", help="which network of a .bmodel that holds several")
    parser.add_argument(
        "--raw", action="store_true",
        help="write quantised and 16-bit outputs of a .bmodel as they lie in memory, not as f32",
    )  # fmt: skip
    add_debug(parser)
    return parser


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    args = build_parser().parse_args(argv)
    from pathlib import Path

    from tpuc.arrays import load_npz, save_npz
    from tpuc.console import Progress
    from tpuc.errors import UserError
    from tpuc.outputs import check_writable, note_inputs

    if args.threads < 0:
        raise UserError(f"--threads {args.threads} is negative, give 0 for all")
    note_inputs(args.input, args.model)
    check_writable(args.output)
    suffix = Path(args.model).suffix.lower()
    if args.dump_all_tensors and suffix != ".mlir":
        raise UserError("--dump_all_tensors is for .mlir files, a .bmodel keeps no inner values")
    with Progress().stage("running"):
        if suffix == ".onnx":
            from tpuc.reference import run_onnx

            results = run_onnx(args.model, load_npz(args.input))
        elif suffix in (".mlir", ".mlirbc"):
            from tpuc.compiler import read_module
            from tpuc.reference import run_module

            module = read_module(args.model)
            inputs = load_npz(args.input)
            results = run_module(module, inputs, args.input, args.dump_all_tensors)
        else:
            from tpuc.model import Model

            model = Model.load(args.model, args.network)
            inputs = load_npz(args.input)
            try:
                results = model.run(inputs, args.threads)
            except UserError as error:
                text = str(error)
                if text.startswith(f"{args.model}: the input"):
                    text = args.input + text.removeprefix(args.model)
                raise UserError(text) from None
            if not args.raw:
                results = model.real_results(results)
    save_npz(args.output, results)
    for name, array in results.items():
        print(f"{name} {array.dtype}{list(array.shape)}")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
