"""First and last layers of few channels: casts and constants that go into them."""

import checks
import networks as nets
import numpy as np
import pytest
import tpuc
from onnx import helper
from tpuc.compare import compare

PRECISIONS = ["F32", "F16", "BF16", "INT8"]


def random(rng, *shape, scale=1.0):
    return (rng.standard_normal(shape) * scale).astype(np.float32)


def check(model, precision, data):
    """Every element of the result; the compiled network."""
    compiled = checks.compiled(model, precision, data)
    expected = checks.reference(model, data)["y"]
    result = compare(compiled.run(data)["y"], expected, "y", precision)
    assert result.of_allowed <= 1 and result.cosine > 0.999, result
    return compiled


def kinds(compiled):
    return [layer.kind for layer in compiled.profile().layers]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(
    ("height", "width", "kernel", "stride"), [(67, 401, 3, 2), (48, 320, 4, 4), (131, 229, 7, 2)]
)
def test_first_convolution_of_wide_images(precision, height, width, kernel, stride):
    rng = np.random.default_rng(height)
    pad = kernel // 2 if kernel % 2 else 0
    model = nets.network(
        [
            helper.make_node("Conv", ["x", "w", "b"], ["c"], strides=[stride] * 2, pads=[pad] * 4),
            helper.make_node("Relu", ["c"], ["y"]),
        ],
        {"x": [2, 3, height, width]},
        {"y": None},
        {"w": random(rng, 20, 3, kernel, kernel, scale=0.2), "b": random(rng, 20)},
    )
    compiled = check(model, precision, {"x": random(rng, 2, 3, height, width)})
    if precision in ("F16", "BF16"):
        assert kinds(compiled)[0] == "tpu.conv"


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("pad", [0, 1])
@pytest.mark.parametrize("groups", [1, 3])
def test_constants_before_a_convolution(precision, pad, groups):
    """As after an activation with learnt factors; with padding the summand stays."""
    rng = np.random.default_rng(pad + groups)
    model = nets.network(
        [
            helper.make_node("HardSwish", ["x"], ["h"]),
            helper.make_node("Mul", ["h", "a"], ["m"]),
            helper.make_node("Add", ["m", "s"], ["n"]),
            helper.make_node("Conv", ["n", "w", "b"], ["y"], pads=[pad] * 4, group=groups),
        ],
        {"x": [1, 12, 21, 19]},
        {"y": None},
        {
            "a": random(rng, 1, 12, 1, 1) + np.float32(2),
            "s": random(rng, 12, 1, 1),
            "w": random(rng, 9, 12 // groups, 3, 3, scale=0.2),
            "b": random(rng, 9),
        },
        opset=14,
    )
    compiled = check(model, precision, {"x": random(rng, 1, 12, 21, 19)})
    assert kinds(compiled).count("tpu.binary") <= pad


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(
    ("height", "width", "stride"), [(23, 37, (2, 2)), (9, 70, (4, 3)), (5, 1, (2, 5))]
)
def test_one_channel_out_of_a_transposed_convolution(precision, height, width, stride):
    rng = np.random.default_rng(width)
    model = nets.network(
        [
            helper.make_node("ConvTranspose", ["x", "w", "b"], ["t"], strides=stride),
            helper.make_node("Tanh", ["t"], ["y"]),
        ],
        {"x": [2, 24, height, width]},
        {"y": None},
        {"w": random(rng, 24, 1, *stride, scale=0.2), "b": random(rng, 1)},
    )
    check(model, precision, {"x": random(rng, 2, 24, height, width)})


@pytest.mark.parametrize("precision", PRECISIONS)
def test_bias_and_norm_after_a_transposed_convolution(precision):
    rng = np.random.default_rng(1)
    model = nets.network(
        [
            helper.make_node("ConvTranspose", ["x", "w"], ["t"], strides=[2, 2]),
            helper.make_node("Add", ["t", "b"], ["a"]),
            helper.make_node("BatchNormalization", ["a", "g", "d", "m", "v"], ["n"]),
            helper.make_node("Relu", ["n"], ["y"]),
        ],
        {"x": [1, 8, 13, 17]},
        {"y": None},
        {
            "w": random(rng, 8, 6, 2, 2, scale=0.4),
            "b": random(rng, 1, 6, 1, 1),
            **{name: random(rng, 6) for name in "gdm"},
            "v": np.abs(random(rng, 6)) + np.float32(0.5),
        },
    )
    compiled = check(model, precision, {"x": random(rng, 1, 8, 13, 17)})
    assert "tpu.conv" not in kinds(compiled)


def test_a_row_of_results_is_one_transfer():
    """Class scores of a global pool lie one a lane, which were a transfer each."""
    rng = np.random.default_rng(0)
    weights = {"w": rng.standard_normal((1000, 32, 1, 1)).astype(np.float32)}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"]),
        helper.make_node("GlobalAveragePool", ["a"], ["b"]),
        helper.make_node("Flatten", ["b"], ["y"]),
    ]
    model = nets.network(nodes, {"x": [1, 32, 7, 7]}, {"y": None}, weights)
    data = {"x": rng.standard_normal((1, 32, 7, 7)).astype(np.float32)}
    compiled = tpuc.compile(model, "F16")
    result, expected = compiled.run(data)["y"], checks.reference(model, data)["y"]
    assert np.abs(result - expected).max() < 4e-3 * np.abs(expected).max()
    casts = [layer for layer in compiled.profile().layers if layer.kind == "tpu.cast"]
    assert casts[-1].gdma_cycles < 2000
