"""Networks whose values do not all fit into local memory give the right answer."""

import numpy as np
import onnx
import onnxruntime
import pytest
import tpuc
from networks import network
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


def largest_difference(model: onnx.ModelProto, precision: str, shape: list[int]) -> float:
    """Between the simulator and onnxruntime, as a part of the output's range."""
    x = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (expected,) = session.run(None, {"x": x})
    result = tpuc.compile(model, quantize=precision).run({"x": x})["y"]
    return float(np.abs(result - expected).max() / np.ptp(expected))


@pytest.mark.parametrize("channels", [126, 130])
def test_fused_tiles_are_cut_where_weights_are(channels: int) -> None:
    """The tiles of a joined pair begin where the weights of a convolution may."""
    model = make_gated_convolution(channels, 126)
    assert largest_difference(model, "F32", [1, 8, 126, 126]) <= 1e-5


def test_padding_is_not_what_lies_beside_a_value() -> None:
    """The last tile of a first convolution has a row of zeros after the input's last."""
    weights = np.random.default_rng(0).standard_normal((32, 3, 3, 3)).astype(np.float32)
    node = helper.make_node("Conv", ["x", "w"], ["y"], "conv", pads=[1, 1, 1, 1])
    model = network([node], {"x": [1, 3, 96, 96]}, {"y": [1, 32, 96, 96]}, {"w": weights})
    assert largest_difference(model, "F16", [1, 3, 96, 96]) <= 1e-3


def test_rows_dealt_to_lanes_are_not_cut_by_lanes() -> None:
    """A norm of 98 rows, two a lane, before a product of 49 lanes."""
    rng = np.random.default_rng(4)
    weights = {
        "rows": np.array([0, 2, -1], np.int64),
        "ones": np.ones(2, np.float32),
        "zeros": np.zeros(2, np.float32),
        "images": np.array([49, 24, 1, 48], np.int64),
        "scale": rng.standard_normal((24, 1, 1)).astype(np.float32),
        "planes": np.array([2, 32, 126, 7], np.int64),
    }
    nodes = [
        helper.make_node("Reshape", ["x", "rows"], ["a"]),
        helper.make_node("InstanceNormalization", ["a", "ones", "zeros"], ["b"]),
        helper.make_node("Reshape", ["b", "images"], ["c"]),
        helper.make_node("Mul", ["c", "scale"], ["d"]),
        helper.make_node("Reshape", ["d", "planes"], ["e"]),
        helper.make_node("MaxPool", ["e"], ["y"], kernel_shape=[2, 1], pads=[0, 0, 1, 0]),
    ]
    model = network(nodes, {"x": [49, 24, 1, 48]}, {"y": None}, weights, opset=17)
    assert largest_difference(model, "F32", [49, 24, 1, 48]) < 1e-4
