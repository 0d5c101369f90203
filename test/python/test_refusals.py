"""All that is in the way of a model is said at once."""

from __future__ import annotations

import numpy as np
import pytest
import tpuc
from onnx import TensorProto, helper, numpy_helper
from tpuc.errors import UserError


def network(units, *others):
    """A recurrent cell, which may be too large for the chip, among other nodes."""
    shapes = {"w": (1, 3 * units, 8), "r": (1, 3 * units, units)}
    weights = [numpy_helper.from_array(np.zeros(s, np.float32), n) for n, s in shapes.items()]
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("GRU", ["a", "w", "r"], ["y"], name="gru", hidden_size=units),
        *others,
    ]
    outputs = ["y", *(node.output[0] for node in others)]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, (4, 2, 8))],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs], weights,
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("other", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def message(model):
    with pytest.raises(UserError) as error:
        tpuc.compile(model, "F32")
    return str(error.value)


def test_what_is_not_imported_and_what_is_not_lowered():
    unique = helper.make_node("Unique", ["a"], ["u"], name="unique")
    foreign = helper.make_node("Foo", ["y"], ["z"], domain="other", name="foreign")
    text = message(network(2048, unique, foreign))
    for part in ("2 nodes are not supported", "'unique' (Unique)", "'foreign' (other::Foo)",
                 "the lowering refuses node 'gru'", "2048 units"):  # fmt: skip
        assert part in text
    assert "\n" not in text


def test_no_more_than_there_is():
    foreign = helper.make_node("Foo", ["y"], ["z"], domain="other", name="foreign")
    assert "lowering" not in message(network(16, foreign))
    assert message(network(2048)).startswith("node 'gru'")
