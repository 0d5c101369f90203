"""Networks that quantise activations as they run, in every precision."""

from __future__ import annotations

import numpy as np
import pytest
from checks import compiled, reference
from onnx import TensorProto, helper, numpy_helper


def weight(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def quantised_product(operator, channels=24):
    """An activation, quantised, and a sum of products of 8 bits: up to a million."""
    rng = np.random.default_rng(1)
    is_conv = operator == "ConvInteger"
    shape = (16, channels, 3, 3) if is_conv else (channels, 16)
    constants = [
        weight("w", rng.integers(0, 256, shape, np.uint8)),
        weight("w_zero", np.uint8(128)),
        weight("w_scale", np.float32(0.01)),
    ]
    nodes = [
        helper.make_node("Sigmoid", ["x"], ["s"]),
        helper.make_node("Mul", ["x", "s"], ["a"]),
        helper.make_node("DynamicQuantizeLinear", ["a"], ["q", "scale", "zero"]),
        helper.make_node(operator, ["q", "w", "zero", "w_zero"], ["sums"]),
        helper.make_node("Cast", ["sums"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["scale", "w_scale"], ["both"]),
        helper.make_node("Mul", ["wide", "both"], ["y"]),
    ]
    data = (1, channels, 9, 7) if is_conv else (3, 5, channels)
    graph = helper.make_graph(
        nodes, "quantised", [helper.make_tensor_value_info("x", TensorProto.FLOAT, data)],
        [helper.make_tensor_value_info(name, kind, None)
         for name, kind in (("y", TensorProto.FLOAT), ("q", TensorProto.UINT8))], constants,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model, {"x": rng.standard_normal(data).astype(np.float32) * 4}


# Of what is quantised: half a step and the error of the activation, in steps.
STEPS = {"F32": 1, "F16": 1, "BF16": 3, "INT8": 3}


@pytest.mark.parametrize("operator", ["ConvInteger", "MatMulInteger"])
@pytest.mark.parametrize("precision", STEPS)
def test_sums_are_exact(operator, precision):
    model, data = quantised_product(operator)
    expected = reference(model, data)
    found = compiled(model, precision, data).run(data)
    difference = np.abs(found["q"].astype(int) - expected["q"].astype(int))
    assert difference.max() <= STEPS[precision]
    # Few elements lie so near to the middle of two integers that they fall to the other side.
    assert (difference > 0).mean() < {"F32": 0.01, "F16": 0.1}.get(precision, 1)
    limit = {"F32": 2e-3, "F16": 1e-2}.get(precision, 3e-2)
    assert np.abs(found["y"] - expected["y"]).max() < limit * np.abs(expected["y"]).max()


def test_static_integers_beyond_16_bits():
    """QLinearConv: its sums leave 16 bits before they are scaled."""
    rng = np.random.default_rng(2)
    constants = [
        weight("xs", np.float32(0.05)), weight("xz", np.uint8(3)),
        # onnxruntime saturates sums of two larger products on some machines.
        weight("w", rng.integers(-63, 64, (8, 64, 3, 3), np.int8)),
        weight("ws", np.float32(0.004)), weight("wz", np.int8(0)),
        weight("ys", np.float32(0.9)), weight("yz", np.uint8(120)),
    ]  # fmt: skip
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "xs", "xz"], ["q"]),
        helper.make_node("QLinearConv", ["q", "xs", "xz", "w", "ws", "wz", "ys", "yz"], ["c"]),
        helper.make_node("DequantizeLinear", ["c", "ys", "yz"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes, "static", [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 64, 8, 8))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], constants,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    data = {"x": (rng.random((1, 64, 8, 8)) * 12).astype(np.float32)}
    expected = reference(model, data)["y"]
    for precision in ("F32", "F16", "BF16"):
        found = compiled(model, precision, data).run(data)["y"]
        steps = {"F32": 1, "F16": 1}.get(precision, 2)
        assert np.abs(found - expected).max() <= steps * 0.9 * 1.001, precision
