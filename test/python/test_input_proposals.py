"""What a model whose input sizes are not fixed is told: all its inputs, and sizes that fit them."""

from __future__ import annotations

import pytest
import tpuc
from onnx import TensorProto, helper
from tpuc.errors import UserError


def of_inputs(**shapes):
    """A model that adds nothing up but has these inputs."""
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    ]
    nodes = [helper.make_node("Relu", [name], [f"{name}_out"]) for name in shapes]
    outputs = [helper.make_tensor_value_info(f"{n}_out", TensorProto.FLOAT, None) for n in shapes]
    graph = helper.make_graph(nodes, "g", inputs, outputs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


@pytest.mark.parametrize(
    ("shapes", "proposal"),
    [
        ({"ids": ["batch", "seq"], "mask": ["batch", "seq"]}, "[[1,128],[1,128]]"),
        ({"image": ["N", 3, "height", "width"]}, "[[1,3,224,224]]"),
        ({"gray": [None, 1, 48, None]}, "[[1,1,48,224]]"),
        ({"sound": [1, "samples"], "rate": [1]}, "[[1,128],[1]]"),
        # One name is one size, wherever it stands.
        ({"rows": ["k", 7], "columns": [5, "k"]}, "[[1,7],[5,1]]"),
    ],
)
def test_all_inputs_and_sizes_that_fit(shapes, proposal):
    with pytest.raises(UserError) as error:
        tpuc.compile(of_inputs(**shapes))
    text = str(error.value)
    assert f"for instance --input_shapes {proposal}" in text
    for name, shape in shapes.items():
        assert name in text
        assert all(isinstance(size, int) for size in shape) or f"'{name}' has [" in text
    # What is proposed is taken.
    given = [[int(size) for size in part.split(",")] for part in proposal[2:-2].split("],[")]
    tpuc.compile(of_inputs(**shapes), input_shapes=given)


def test_nothing_is_proposed_for_an_input_without_a_rank():
    with pytest.raises(UserError, match="input 'x' has no shape; give its static shape") as error:
        tpuc.compile(of_inputs(x=None))
    assert "for instance" not in str(error.value)
