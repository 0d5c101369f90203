"""Which operation goes wrong: every value against onnxruntime's."""

from __future__ import annotations

import os
from collections.abc import Sequence

from tpuc.arrays import load_npz
from tpuc.cli.report import check_comparison
from tpuc.compare import compare
from tpuc.frontend import import_onnx
from tpuc.frontend.graph import Node
from tpuc.frontend.load import load_model
from tpuc.reference import run_module, run_onnx_values


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
    expected = run_onnx_values(path, inputs, list(names))
    results = [
        compare(actual[names[value]], array, names[value], "F32")
        for value, array in expected.items()
        if value in names and actual[names[value]].size == array.size
    ]
    check_comparison("onnxruntime", results, tolerance)
