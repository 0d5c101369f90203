"""model_transform: from an ONNX model to a module of the top dialect."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tpuc.cli.common import Parser, add_debug, refuse_dynamic, run_command
from tpuc.cli.preprocessing import add_preprocessing, parse_preprocessing


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser("model_transform", description=__doc__)
    parser.add_argument("--model_name", help="name of the network, by default the file's")
    parser.add_argument("--model_def", required=True, help="the ONNX model")
    parser.add_argument("--input_shapes", help="e.g. [[1,3,224,224]]; may change the batch")
    parser.add_argument("--output_names", help="values to return instead of the model's outputs")
    parser.add_argument("--mlir", required=True, help="the module to write")
    parser.add_argument("--text", action="store_true", help="write text instead of bytecode")
    parser.add_argument("--test_input", help="an .npz of inputs to compare with onnxruntime on")
    parser.add_argument("--test_result", help="where to write the results on the test input")
    parser.add_argument("--tolerance", default="0.99,0.99", help="least cosine, euclidean")
    parser.add_argument("--dynamic", action="store_true", help=argparse.SUPPRESS)
    add_preprocessing(parser)
    add_debug(parser)
    return parser


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    args = build_parser().parse_args(argv)
    refuse_dynamic(args)
    from pathlib import Path

    from tpuc.arrays import load_npz, save_npz
    from tpuc.cli.report import check_comparison, report_module
    from tpuc.compare import compare_all, parse_tolerance
    from tpuc.compiler import transform
    from tpuc.console import Progress
    from tpuc.frontend import parse_shapes
    from tpuc.outputs import check_writable, note_inputs
    from tpuc.reference import run_module, run_onnx

    shapes = parse_shapes(args.input_shapes) if args.input_shapes is not None else None
    tolerance = parse_tolerance(args.tolerance)
    preprocess = parse_preprocessing(args)
    note_inputs(args.model_def, args.test_input)
    check_writable(args.mlir)
    if args.test_result:
        check_writable(args.test_result)
    inputs = load_npz(args.test_input) if args.test_input else None
    names = [n.strip() for n in args.output_names.split(",")] if args.output_names else None
    progress = Progress()
    with progress.stage("importing"):
        name = args.model_name or Path(args.model_def).stem or "main"
        module = transform(args.model_def, name, shapes, names)
        if preprocess is not None:
            preprocess.size(module.inputs[0].shape)
            preprocess.store(module)
    # The model may have its weights in other files.
    check_writable(args.mlir)
    if inputs is not None:
        with progress.stage("comparing with onnxruntime"):
            results = run_module(module, inputs, args.test_input)
            if not names:
                expected = run_onnx(args.model_def, inputs)
                check_comparison("onnxruntime", compare_all(results, expected, "F32"), tolerance)
        if args.test_result:
            save_npz(args.test_result, {**inputs, **results})
    with progress.stage("writing"):
        module.write(str(args.mlir), text=args.text)
    report_module(args.mlir, module)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
