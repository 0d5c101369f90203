"""Attention whose heads are mixed before and after the softmax, and that of windows."""

import checks
import networks as nets
import numpy as np
import pytest
from onnx import helper
from tpuc.compare import compare


def weights(rng, **shapes):
    made = {n: rng.standard_normal(s) / np.sqrt(s[0]) for n, s in shapes.items()}
    return {name: value.astype(np.float32) for name, value in made.items()}


def talking(tokens, heads, size, batch):
    """A block of CaiT: proj_l and proj_w mix the scores of all heads."""
    rng = np.random.default_rng(heads)
    width = heads * size
    made = weights(rng, w=(width, 3 * width), l=(heads, heads), s=(heads, heads), lb=(heads,))
    made["split"] = np.int64([batch, tokens, 3, heads, size])
    made["joined"] = np.int64([batch, tokens, width])
    for i in range(3):
        made[f"i{i}"] = np.int64(i)
    node = helper.make_node
    nodes = [
        node("MatMul", ["x", "w"], ["qkv"]), node("Reshape", ["qkv", "split"], ["apart"]),
        node("Transpose", ["apart"], ["heads"], perm=[2, 0, 3, 1, 4]),
        *(node("Gather", ["heads", f"i{i}"], [n], axis=0) for i, n in enumerate("qkv")),
        node("Transpose", ["k"], ["kt"], perm=[0, 1, 3, 2]), node("MatMul", ["q", "kt"], ["a"]),
        node("Transpose", ["a"], ["a1"], perm=[0, 2, 3, 1]), node("MatMul", ["a1", "l"], ["a2"]),
        node("Add", ["a2", "lb"], ["a3"]), node("Transpose", ["a3"], ["a4"], perm=[0, 3, 1, 2]),
        node("Softmax", ["a4"], ["p"], axis=3),
        node("Transpose", ["p"], ["p1"], perm=[0, 2, 3, 1]), node("MatMul", ["p1", "s"], ["p2"]),
        node("Transpose", ["p2"], ["p3"], perm=[0, 3, 1, 2]), node("MatMul", ["p3", "v"], ["o"]),
        node("Transpose", ["o"], ["o1"], perm=[0, 2, 1, 3]),
        node("Reshape", ["o1", "joined"], ["y"]),
    ]  # fmt: skip
    shape = [batch, tokens, width]
    data = {"x": rng.standard_normal(shape).astype(np.float32)}
    return nets.network(nodes, {"x": shape}, {"y": shape}, made), data


def windows(heads, size):
    """Attention of MaxViT: windows on two axes, a bias of relative positions."""
    rng = np.random.default_rng(size)
    width = heads * size
    made = weights(rng, w=(width, 3 * width), bias=(1, 1, heads, 49, 49))
    made["split"] = np.int64([2, 4, 49, heads, size])
    made["joined"] = np.int64([2, 4, 49, width])
    node = helper.make_node
    nodes = [
        node("MatMul", ["x", "w"], ["qkv"]),
        node("Split", ["qkv"], ["q", "k", "v"], axis=3, num_outputs=3),
    ]
    for name, order in (("q", [0, 1, 3, 2, 4]), ("k", [0, 1, 3, 4, 2]), ("v", [0, 1, 3, 2, 4])):
        nodes += [
            node("Reshape", [name, "split"], [f"{name}1"]),
            node("Transpose", [f"{name}1"], [f"{name}2"], perm=order),
        ]
    nodes += [
        node("MatMul", ["q2", "k2"], ["a"]), node("Add", ["a", "bias"], ["b"]),
        node("Softmax", ["b"], ["p"], axis=4), node("MatMul", ["p", "v2"], ["o"]),
        node("Transpose", ["o"], ["o1"], perm=[0, 1, 3, 2, 4]),
        node("Reshape", ["o1", "joined"], ["y"]),
    ]  # fmt: skip
    shape = [2, 4, 49, width]
    data = {"x": rng.standard_normal(shape).astype(np.float32)}
    return nets.network(nodes, {"x": shape}, {"y": shape}, made, opset=18), data


NETWORKS = {
    "talking": lambda: talking(65, 4, 16, 1),
    "talking_batch": lambda: talking(50, 3, 8, 2),
    "windows": lambda: windows(4, 32),
}


@pytest.mark.parametrize("precision", ["F32", "F16", "BF16", "INT8"])
@pytest.mark.parametrize("name", NETWORKS)
def test_agrees_with_onnxruntime(name, precision):
    model, data = NETWORKS[name]()
    compiled = checks.compiled(model, precision, data)
    expected = checks.reference(model, data)["y"]
    result = compare(compiled.run(data)["y"], expected, "y", precision)
    assert result.of_allowed <= 1, result
    if name == "windows" and precision == "F16":
        kinds = {layer.kind for layer in compiled.profile().layers}
        assert any("attention" in kind for kind in kinds), kinds


def test_mixed_heads_move_no_single_elements():
    """Some cycles an element were what their transfers took."""
    model, data = talking(196, 4, 48, 1)
    cycles = checks.compiled(model, "F16", data).profile().cycles
    assert cycles < 4 * 196 * 196
