"""Permutations of views whose lanes are not their axes."""

from __future__ import annotations

import networks as nets
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


@pytest.mark.parametrize("positions", [2100, 6301, 8400])
@pytest.mark.parametrize(("precision", "limit"), [("F32", 1e-5), ("F16", 4e-3)])
def test_distances_out_of_bins(positions, precision, limit):
    """As detectors end: a softmax over bins, 16 of each side, and their mean."""
    rng = np.random.default_rng(positions)
    bins = np.arange(16, dtype=np.float32).reshape(1, 16, 1, 1)
    shape = np.array([1, 4, 16, positions])
    weights = {"w": rng.standard_normal((64, 8)).astype(np.float32) * 0.3, "bins": bins}
    weights |= {"shape": shape, "sides": np.array([1, 4, positions])}
    node = helper.make_node
    nodes = [
        node("MatMul", ["w", "x"], ["h"]),
        node("Reshape", ["h", "shape"], ["view"]),
        node("Transpose", ["view"], ["sorted"], perm=[0, 2, 1, 3]),
        node("Softmax", ["sorted"], ["share"], axis=1),
        node("Conv", ["share", "bins"], ["mean"]),
        node("Reshape", ["mean", "sides"], ["y"]),
    ]
    model = nets.network(nodes, {"x": [1, 8, positions]}, {"y": None}, weights)
    data = {"x": rng.standard_normal((1, 8, positions)).astype(np.float32)}
    expected = reference(model, data)["y"]
    found = tpuc.compile(model, precision).run(data)["y"]
    assert np.abs(found - expected).max() <= limit * np.abs(expected).max()
