"""Which operation goes wrong: every value against onnxruntime's."""

from __future__ import annotations

import os
from collections.abc import Sequence

import onnx

from tpuc.arrays import load_npz
from tpuc.cli.report import check_comparison
from tpuc.compare import compare
from tpuc.errors import UserError
from tpuc.frontend import import_onnx
from tpuc.frontend.graph import Node
from tpuc.frontend.load import load_model
from tpuc.reference import run_module


def compare_layers(
    path: str | os.PathLike,
    inputs_path: str,
    shapes: Sequence[Sequence[int]] | None,
    tolerance: tuple[float, float],
) -> None:
    """Prints how far every operation is from onnxruntime, in graph order.

    Raises:
        UserError: an operation is below the tolerance.
    """
    inputs = load_npz(inputs_path)
    # Not canonicalised, so that every node still has its own operation.
    module = import_onnx(path, input_shapes=shapes)
    actual = run_module(module, inputs, inputs_path, all_values=True)
    loaded = load_model(path)
    names = {}
    for proto in loaded.proto.graph.node:
        node = Node(proto, loaded.opset)
        if node.name in actual and node.outputs[0]:
            names[node.outputs[0]] = node.name
    expected = _run_with_outputs(path, inputs, list(names))
    results = [
        compare(actual[names[value]], array, names[value])
        for value, array in expected.items()
        if value in names and actual[names[value]].size == array.size
    ]
    check_comparison("onnxruntime", results, tolerance)


def _run_with_outputs(path: str | os.PathLike, inputs: dict, values: list[str]) -> dict:
    """Runs an ONNX model in onnxruntime with inner values as outputs."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    model = onnx.load(str(path))
    own = {output.name for output in model.graph.output}
    for value in values:
        if value not in own:
            model.graph.output.append(onnx.ValueInfoProto(name=value))
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(None, inputs), strict=True))
    except Exception as error:
        raise UserError(f"{path}: onnxruntime: {error}") from None
