"""Convolutions whose filters are inputs, or made from inputs."""

from __future__ import annotations

import numpy as np
import pytest
import tpuc
from checks import reference
from onnx import TensorProto, helper

CASES = [
    ("Conv", (2, 4, 9, 8), (6, 4, 3, 3), {"strides": [2, 1], "pads": [1, 0, 2, 1]}),
    ("Conv", (1, 6, 8, 8), (9, 2, 3, 3), {"group": 3}),
    ("Conv", (1, 5, 7, 7), (5, 1, 5, 3), {"group": 5, "auto_pad": "SAME_UPPER"}),
    ("Conv", (2, 4, 17), (6, 4, 3), {"dilations": [4]}),
    ("Conv", (1, 4, 8, 8), (6, 4, 1, 1), {}),
    ("Conv", (1, 2, 4, 6, 5), (3, 2, 2, 3, 3), {}),
    # The pictures of a batch, each with a filter of its own, as dynamic convolutions have it.
    ("Conv", (1, 32, 12, 12), (32, 16, 3, 3), {"group": 2, "pads": [1, 1, 1, 1]}),
    ("ConvTranspose", (1, 4, 5, 6), (4, 3, 3, 3), {"strides": [2, 2], "output_padding": [1, 1]}),
    ("ConvTranspose", (1, 4, 8), (4, 2, 4), {"group": 2, "strides": [2]}),
]


def network(operator, data, filters, attributes):
    nodes = [
        helper.make_node("Tanh", ["w"], ["filter"]),
        helper.make_node(operator, ["x", "filter"], ["y"], **attributes),
    ]
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s)
         for n, s in (("x", data), ("w", filters))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize(("operator", "data", "filters", "attributes"), CASES)
@pytest.mark.parametrize(("precision", "limit"), [("F32", 1e-5), ("F16", 4e-3), ("BF16", 3e-2)])
def test_right(operator, data, filters, attributes, precision, limit):
    rng = np.random.default_rng(6)
    inputs = {
        n: rng.standard_normal(s).astype(np.float32) for n, s in (("x", data), ("w", filters))
    }
    model = network(operator, data, filters, attributes)
    expected = reference(model, inputs)["y"]
    found = tpuc.compile(model, precision).run(inputs)["y"]
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= limit * np.abs(expected).max()
