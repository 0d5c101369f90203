"""The names that exporters of PyTorch give to a node's modules."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import tpuc
from onnx import TensorProto, helper
from tpuc.errors import UserError


def one_node(kind, scopes):
    """A model of one node of one operand, with the modules that it says to come from."""
    node = helper.make_node(kind, ["x"], ["y"], name="node")
    entry = node.metadata_props.add()
    entry.key, entry.value = "pkg.torch.onnx.name_scopes", scopes
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [4])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def test_nodes_have_the_names_of_their_modules():
    """Exporters of PyTorch write the modules of each node; messages and tables use them."""
    model = one_node("Unique", "['', 'head', 'head.2', 'unique']")
    with pytest.raises(UserError, match=r"node 'head\.2\.node'"):
        tpuc.compile(model)


@pytest.mark.parametrize("scopes", ["[", "['a', 1]", "[1, 2]", "__import__('os')", "[" * 9000])
def test_broken_names_of_modules_are_ignored(scopes):
    model = one_node("Relu", scopes)
    result = tpuc.compile(model, "F32").run({"x": np.float32([-1, 0, 1, 2])})["y"]
    np.testing.assert_array_equal(result, [0, 0, 1, 2])


def test_example_inputs_are_for_modules():
    with pytest.raises(TypeError, match="example inputs are for PyTorch modules"):
        tpuc.compile(onnx.ModelProto(), np.zeros(3, np.float32))
