"""Queries times the product of keys and values: narrow heads that are multiplied together."""

import checks
import networks as nets
import numpy as np
import pytest
from onnx import helper

TOLERANCES = {"F32": 2e-5, "F16": 5e-3, "BF16": 4e-2}


def attention(tokens: int, heads: int, depth: int, columns: int, axis: int):
    """Softmax over `axis` of the keys; `tokens` rows that hold all heads."""
    weights, nodes = {}, []

    def side(name: str, width: int) -> None:
        weights[f"{name}_shape"] = np.int64([2, tokens, heads, width])
        nodes.append(helper.make_node("Reshape", [name, f"{name}_shape"], [f"{name}_4"]))
        nodes.append(helper.make_node("Transpose", [f"{name}_4"], [f"{name}_h"], perm=[0, 2, 1, 3]))

    side("q", depth)
    side("k", depth)
    side("v", columns)
    nodes += [
        helper.make_node("Softmax", ["k_h"], ["k_s"], axis=axis),
        helper.make_node("Transpose", ["k_s"], ["k_t"], perm=[0, 1, 3, 2]),
        helper.make_node("MatMul", ["k_t", "v_h"], ["kv"]),
        helper.make_node("MatMul", ["q_h", "kv"], ["qkv"]),
        helper.make_node("Transpose", ["qkv"], ["y"], perm=[0, 2, 1, 3]),
    ]
    shapes = {
        "q": [2, tokens, heads * depth],
        "k": [2, tokens, heads * depth],
        "v": [2, tokens, heads * columns],
    }
    return nets.network(nodes, shapes, {"y": None}, weights), shapes


@pytest.mark.parametrize("precision", ["F32", "F16", "BF16", "INT8"])
@pytest.mark.parametrize(
    "tokens, heads, depth, columns, axis",
    [(197, 8, 8, 8, 2), (65, 3, 16, 17, 2), (130, 4, 32, 5, 3), (49, 2, 8, 8, 2)],
)
def test_matches_onnxruntime(tokens, heads, depth, columns, axis, precision):
    model, shapes = attention(tokens, heads, depth, columns, axis)
    rng = np.random.default_rng(tokens)
    inputs = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    given = checks.compiled(model, precision, inputs).run(inputs)["y"]
    expected = checks.reference(model, inputs)["y"]
    # INT8 rounds each of three operands to 1/127 of its largest element.
    tolerance = TOLERANCES.get(precision, 0.06)
    assert np.abs(given - expected).max() <= tolerance * np.abs(expected).max()
