"""Permutations of views whose lanes are not their axes."""

from __future__ import annotations

import numpy as np
import pytest
import tpuc
from checks import reference
from onnx import TensorProto, helper, numpy_helper


def network(rows, columns, view, order):
    """A product, another view of it, permuted, and a product of that."""
    rng = np.random.default_rng(rows + columns)
    last = view[order[-1]]
    weights = [
        numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32) * 0.2, name)
        for name, shape in (("w", (32, columns)), ("v", (last, 16)))
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["product"]),
        helper.make_node("Reshape", ["product", "shape"], ["view"]),
        helper.make_node("Transpose", ["view"], ["permuted"], perm=order),
        helper.make_node("MatMul", ["permuted", "v"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [rows, 32])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [*weights, numpy_helper.from_array(np.array(view), "shape")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model, {"x": rng.standard_normal((rows, 32)).astype(np.float32)}


CASES = [
    (512, 64, (1, 128, 256), (0, 2, 1)),
    (384, 100, (1, 96, 400), (0, 2, 1)),
    (384, 100, (96, 4, 100), (1, 2, 0)),
    (384, 100, (96, 4, 100), (1, 0, 2)),
    (128, 96, (1, 512, 24), (0, 2, 1)),
    (90, 70, (3, 30, 5, 14), (0, 2, 3, 1)),
    (90, 70, (7, 900), (1, 0)),
]


@pytest.mark.parametrize(("rows", "columns", "view", "order"), CASES)
@pytest.mark.parametrize(("precision", "limit"), [("F32", 1e-5), ("F16", 4e-3), ("BF16", 3e-2)])
def test_right(rows, columns, view, order, precision, limit):
    model, data = network(rows, columns, view, order)
    expected = reference(model, data)["y"]
    found = tpuc.compile(model, precision).run(data)["y"]
    assert np.abs(found - expected).max() <= limit * np.abs(expected).max()


@pytest.mark.parametrize("precision", ["F32", "F16"])
def test_the_view_costs_a_copy_and_no_more(precision):
    """Single elements through global memory took ten times as long."""
    straight = tpuc.compile(network(96, 400, (1, 96, 400), (0, 2, 1))[0], precision)
    viewed = tpuc.compile(network(384, 100, (1, 96, 400), (0, 2, 1))[0], precision)
    assert viewed.profile().cycles < 2.5 * straight.profile().cycles
