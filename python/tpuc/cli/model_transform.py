"""model_transform: from an ONNX model to a module of the top dialect."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tpuc.cli.common import Parser, add_debug, add_version, name_list, note, program, run_command
from tpuc.cli.ported import add_ported
from tpuc.cli.postprocessing import add_postprocessing, parse_postprocessing
from tpuc.cli.preprocessing import add_preprocessing, parse_preprocessing


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser(
        program("model_transform"),
        description="Imports an ONNX model and writes it as a module of the top dialect.",
    )
    parser.add_argument("--model_def", required=True, metavar="FILE", help="the ONNX model")
    parser.add_argument("--mlir", required=True, metavar="FILE", help="the module to write")
    parser.add_argument(
        "--model_name", metavar="NAME", help="name of the network (default: the file's name)"
    )
    parser.add_argument(
        "--input_shapes", metavar="SHAPES",
        help="shapes of the inputs in order, e.g. [[1,3,224,224]]; may change any axis that the "
        "graph allows and sets "
        "symbolic sizes",
    )  # fmt: skip
    parser.add_argument(
        "--fix_input", action="append", metavar="NAME=VALUE",
        help="an input that becomes a constant, e.g. sr=16000; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--output_names", metavar="NAMES",
        help="tensors to return instead of the model's outputs, with commas between them",
    )  # fmt: skip
    parser.add_argument(
        "--dynamic_shape_input_names", metavar="NAMES",
        help="inputs whose sizes --input_shapes sets; only their names are checked",
    )  # fmt: skip
    parser.add_argument("--do_onnx_sim", metavar="1", help=argparse.SUPPRESS)
    parser.add_argument("--text", action="store_true", help="write text instead of bytecode")
    test = parser.add_argument_group("comparison with onnxruntime")
    test.add_argument(
        "--test_input", metavar="FILE",
        help="inputs to compare on: an .npz, or an .npy or a picture for each input, with commas "
        "between them",
    )  # fmt: skip
    test.add_argument("--test_result", metavar="FILE", help="an .npz for inputs and results")
    test.add_argument(
        "--tolerance", default="0.99,0.99", metavar="X,X",
        help="least cosine and euclidean similarity",
    )  # fmt: skip
    test.add_argument("--excepts", metavar="NAMES", help="outputs that are not compared")
    test.add_argument(
        "--not_inference", action="store_true", help="do not compare, whatever is given"
    )
    add_preprocessing(parser)
    add_postprocessing(parser)
    add_version(parser)
    add_debug(parser)
    add_ported(parser, "model_transform")
    return parser


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    args = build_parser().parse_args(argv)

    from tpuc.arrays import save_npz
    from tpuc.cli.report import check_comparison, report_module
    from tpuc.compare import compare_all, parse_tolerance
    from tpuc.compiler import network_name, transform
    from tpuc.console import Progress
    from tpuc.errors import unknown
    from tpuc.frontend import parse_shapes
    from tpuc.frontend.fixed import fixed_arrays, parse_fixed
    from tpuc.inputs import read_inputs
    from tpuc.outputs import check_writable, note_inputs
    from tpuc.preprocess import Preprocess
    from tpuc.reference import run_module, run_onnx

    shapes = parse_shapes(args.input_shapes) if args.input_shapes is not None else None
    fixed = parse_fixed(args.fix_input or [])
    tolerance = parse_tolerance(args.tolerance)
    preprocess, postprocess = parse_preprocessing(args), parse_postprocessing(args)
    note_inputs(args.model_def, args.test_input)
    check_writable(args.mlir)
    compares = args.test_input and not args.not_inference
    if args.test_result:
        check_writable(args.test_result)
    names = name_list(args.output_names) or None
    progress = Progress()
    with progress.stage("importing"):
        name = network_name(args.model_def, args.model_name or "")
        module = transform(args.model_def, name, shapes, names, fixed, postprocess)
        if preprocess is not None:
            preprocess.size(module.inputs[0].shape)
            preprocess.store(module)
    # The model may have its weights in other files.
    check_writable(args.mlir)
    known = [port.name for port in module.inputs]
    for dynamic in name_list(args.dynamic_shape_input_names):
        if dynamic not in known:
            raise unknown("--dynamic_shape_input_names: the input", dynamic, known)
        sizes = next(port.shape for port in module.inputs if port.name == dynamic)
        note(f"the input '{dynamic}' has the shape {list(sizes)}; compile one .bmodel for each "
             f"shape and join them with model_tool --combine")  # fmt: skip
    if compares:
        inputs = read_inputs(args.test_input, module.inputs, Preprocess.of_inputs(module))
        with progress.stage("comparing with onnxruntime"):
            results = run_module(module, inputs, args.test_input)
            if not names:
                constants = fixed_arrays(args.model_def, fixed)
                expected = run_onnx(args.model_def, {**inputs, **constants})
                # The model has no detections: compared is what they are made of.
                plain = results
                if postprocess is not None:
                    source = transform(args.model_def, name, shapes, names, fixed)
                    plain = run_module(source, inputs, args.test_input)
                similar = compare_all(plain, expected, "F32", name_list(args.excepts))
                check_comparison("onnxruntime", similar, tolerance)
        if args.test_result:
            save_npz(args.test_result, {**inputs, **results})
    with progress.stage("writing"):
        module.write(str(args.mlir), text=args.text)
    report_module(args.mlir, module)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
