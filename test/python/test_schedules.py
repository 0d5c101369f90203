"""Networks whose values do not all fit into local memory give the right answer."""

import numpy as np
import onnx
import onnxruntime
import pytest
import tpuc
from onnx import TensorProto, helper, numpy_helper


def make_gated_convolution(channels: int, size: int) -> onnx.ModelProto:
    """A 1x1 convolution of 8 channels followed by x * sigmoid(x)."""
    weights = np.random.default_rng(0).standard_normal((channels, 8, 1, 1)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"], name="conv"),
            helper.make_node("Sigmoid", ["c"], ["s"], name="gate"),
            helper.make_node("Mul", ["c", "s"], ["y"], name="product"),
        ],
        "gated",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 8, size, size])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, channels, size, size])],
        [numpy_helper.from_array(weights, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("channels", [126, 130])
def test_fused_tiles_are_cut_where_weights_are(channels: int) -> None:
    """The tiles of a joined pair begin where the weights of a convolution may."""
    model = make_gated_convolution(channels, 126)
    x = np.random.default_rng(1).standard_normal((1, 8, 126, 126)).astype(np.float32)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (expected,) = session.run(None, {"x": x})
    result = tpuc.compile(model, quantize="F32").run({"x": x})["y"]
    assert np.abs(result - expected).max() <= 1e-5 * np.ptp(expected)
