"""A batch costs no more an image than one image does, whatever moves its values."""

import networks as nets
import numpy as np
import onnxruntime
import pytest
import tpuc


def attention(folder, batch):
    """Tokens of large images: normalised, attended to, moved among channels."""
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(5)
    tokens, width = 1024, 192

    def weight(name, *shape):
        values = (rng.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)
        return numpy_helper.from_array(values, name)

    weights = [weight(name, width, width) for name in ("q", "k", "v", "o")]
    weights.append(weight("mix", tokens, tokens))
    node = helper.make_node
    nodes = [node("MatMul", ["x", name], [f"x{name}"], name) for name in ("q", "k", "v")]
    nodes += [
        node("Transpose", ["xk"], ["kt"], "turn", perm=[0, 2, 1]),
        node("MatMul", ["xq", "kt"], ["scores"], "scores"),
        node("Softmax", ["scores"], ["parts"], "softmax", axis=-1),
        node("MatMul", ["parts", "xv"], ["summed"], "sum"),
        node("MatMul", ["summed", "o"], ["out"], "project"),
        node("Add", ["out", "x"], ["attended"], "residual"),
        node("Transpose", ["attended"], ["channels"], "channels", perm=[0, 2, 1]),
        node("MatMul", ["channels", "mix"], ["mixed"], "mix"),
        node("Transpose", ["mixed"], ["y"], "tokens", perm=[0, 2, 1]),
    ]
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, tokens, width])
        for name in ("x", "y")
    ]
    graph = helper.make_graph(nodes, "attention", ports[:1], ports[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    return nets.save(model, folder / f"attention{batch}.onnx")


@pytest.mark.parametrize("precision", ["F16", "BF16"])
def test_a_batch_costs_no_more_an_image(precision, tmp_path):
    one = tpuc.compile(attention(tmp_path, 1), quantize=precision).profile().ms
    path = attention(tmp_path, 4)
    model = tpuc.compile(path, quantize=precision)
    assert model.profile().ms <= 4 * one * 1.02
    x = np.random.default_rng(6).standard_normal((4, 1024, 192)).astype(np.float32)
    expected = onnxruntime.InferenceSession(str(path)).run(None, {"x": x})[0]
    difference = np.abs(model.run({"x": x})["y"] - expected).max() / np.abs(expected).max()
    assert difference < {"F16": 0.003, "BF16": 0.02}[precision]
