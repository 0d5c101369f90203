"""tpuc debug reduce: shrinks an ONNX model that fails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tpuc.cli.common import Parser, add_debug
from tpuc.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import onnx

    from tpuc.debug.reduce import Reduction


def build_parser() -> Parser:
    """The command's arguments."""
    parser = Parser(
        "tpuc debug reduce",
        description="Shrinks an ONNX model that fails to a small one that fails in the same way.",
    )
    parser.add_argument("model", metavar="MODEL", help="the ONNX model")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="the model to write (default: MODEL_reduced.onnx)"
    )
    parser.add_argument(
        "--input", metavar="FILE", help="an .npz of inputs (default: random numbers)"
    )
    parser.add_argument(
        "--input_shapes", metavar="SHAPES", help="shapes of the inputs, e.g. [[1,3,224,224]]"
    )
    parser.add_argument(
        "--check", metavar="CMD", help="a command that gets the model's path (in place of {}, or "
        "last) and ends with another code than 0 when the model fails (default: the model is "
        "compiled, simulated and compared with onnxruntime)"
    )  # fmt: skip
    parser.add_argument(
        "--quantize", default="F16", metavar="TYPE",
        help="without --check: F32, F16, BF16, or INT8, which is calibrated on the inputs",
    )  # fmt: skip
    parser.add_argument(
        "--tolerance", default="0.99,0.90", metavar="X,X",
        help="least cosine and euclidean similarity",
    )  # fmt: skip
    limits = parser.add_argument_group("limits")
    limits.add_argument(
        "--max_checks", type=int, default=500, metavar="N", help="candidates to try at most"
    )
    limits.add_argument(
        "--timeout", type=float, default=1800, metavar="X", help="seconds for all of them"
    )
    limits.add_argument(
        "--check_timeout", type=float, default=300, metavar="X", help="seconds for one of them"
    )
    add_debug(parser)
    return parser


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    args = build_parser().parse_args(argv)
    from tpuc.arrays import load_npz, save_npz
    from tpuc.compare import parse_tolerance
    from tpuc.compiler import check_quantize
    from tpuc.debug.checks import BuiltIn, Command
    from tpuc.debug.reduce import Limits, reduce_model
    from tpuc.frontend import parse_shapes
    from tpuc.outputs import check_writable, note_inputs, write_bytes

    check = (
        Command(args.check)
        if args.check
        else BuiltIn(check_quantize(args.quantize), parse_tolerance(args.tolerance))
    )
    if args.max_checks < 1 or not args.timeout > 0 or not args.check_timeout > 0:
        raise UserError("--max_checks, --timeout and --check_timeout must be greater than 0")
    source = Path(args.model)
    output = Path(args.output) if args.output else source.with_name(f"{source.stem}_reduced.onnx")
    inputs_path = output.with_suffix(".npz")
    note_inputs(source, args.input)
    for path in (output, inputs_path):
        check_writable(path)
    model = _load(source)
    if args.input_shapes is not None:
        fix_shapes(model, parse_shapes(args.input_shapes), str(source))
    inputs = load_npz(args.input) if args.input else _random_inputs(model, str(source))
    limits = Limits(args.max_checks, args.timeout, args.check_timeout)
    try:
        result = reduce_model(model, inputs, check, limits, _report)
    except UserError as error:
        raise UserError(f"{source}: {error}") from None
    write_bytes(output, result.model.SerializeToString())
    if result.inputs:
        save_npz(inputs_path, result.inputs)
    _summary(len(model.graph.node), result, output, inputs_path)


def _report(text: str) -> None:
    import sys

    print(f"  still fails with {text}", file=sys.stderr)


def _load(path: Path) -> onnx.ModelProto:
    """Reads a model whole, with its nodes in an order in which they can run."""
    import onnx

    from tpuc.frontend.graph import ordered_nodes
    from tpuc.frontend.load import load_model

    # Names what is wrong with a broken file.
    nodes = [node.proto for node in ordered_nodes(load_model(path))]
    try:
        model = onnx.load(str(path))
    except Exception as error:
        raise UserError(f"{path}: is not an ONNX model that can be read ({error})") from None
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def fix_shapes(model: onnx.ModelProto, shapes: Sequence[Sequence[int]], source: str) -> None:
    """Gives the inputs of a model fixed shapes.

    Raises:
        UserError: other inputs than shapes, or a shape of another rank.
    """
    infos = _inputs(model)
    if len(infos) != len(shapes):
        raise UserError(f"{source}: {len(shapes)} input shapes for {len(infos)} inputs")
    for info, shape in zip(infos, shapes, strict=True):
        dims = info.type.tensor_type.shape.dim
        if dims and len(dims) != len(shape):
            raise UserError(f"{source}: input '{info.name}' has rank {len(dims)}, the shape "
                            f"{list(shape)} has {len(shape)}")  # fmt: skip
        for dim, size in zip(dims, shape, strict=True):
            if dim.dim_value not in (0, size):
                # What follows from the old sizes is inferred again.
                del model.graph.value_info[:]
            dim.dim_value = size
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")


def _inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    weights = {tensor.name for tensor in model.graph.initializer}
    return [info for info in model.graph.input if info.name not in weights]


def _random_inputs(model: onnx.ModelProto, source: str) -> dict[str, np.ndarray]:
    """Numbers for every input, the same in each run."""
    from tpuc.inputs import random_inputs
    from tpuc.reference import port_of

    return random_inputs([port_of(info, source) for info in _inputs(model)])


def _summary(nodes: int, result: Reduction, output: Path, inputs_path: Path) -> None:
    kinds = ", ".join(dict.fromkeys(node.op_type for node in result.model.graph.node))
    print(f"{output}: {len(result.model.graph.node)} of {nodes} nodes ({kinds})")
    if result.inputs:
        shapes = ", ".join(f"{name}{list(a.shape)}" for name, a in result.inputs.items())
        print(f"{inputs_path}: the inputs {shapes}")
    print(f"fails with {result.outcome.kind}: {result.outcome.text}")
    end = "" if result.complete else ", stopped by a limit"
    print(f"{result.checks} candidates tried, {result.invalid} of them no models{end}")
