"""Convolutions whose pixels or phases become channels, because channels are few."""

import checks
import networks as nets
import numpy as np
import pytest
from onnx import helper
from tpuc.compare import compare

PRECISIONS = ["F32", "F16", "BF16", "INT8"]
# Batch, channels, results, kernel, size, stride, pads.
IMAGES = {
    "one_result": (1, 24, 1, (3, 3), (61, 83), (1, 1), (1, 1, 1, 1)),
    "wide_kernel": (1, 8, 8, (3, 39), (43, 66), (1, 1), (1, 19, 1, 19)),
    "no_padding": (2, 40, 3, (5, 5), (41, 39), (1, 1), (0, 0, 0, 0)),
    "strides": (1, 33, 4, (5, 4), (70, 64), (2, 1), (2, 0, 1, 3)),
    "half_of_the_lanes": (1, 96, 24, (3, 3), (80, 80), (1, 1), (1, 1, 1, 1)),
}
SIGNALS = {
    "filter": (1, 1, 1, 256, 5001, 2, (0, 0)),
    "padded": (2, 3, 2, 127, 3000, 1, (63, 63)),
    "uneven": (1, 2, 5, 40, 2047, 3, (17, 5)),
}


def convolved(shape, filters, strides, pads):
    """A convolution between others, so that it reads and gives tensors of the chip."""
    rng = np.random.default_rng(len(shape) + filters[0])
    weights = {
        "w": (rng.standard_normal(filters) * 0.2).astype(np.float32),
        "b": rng.standard_normal(filters[0]).astype(np.float32),
    }
    nodes = [
        helper.make_node("Relu", ["x"], ["h"]),
        helper.make_node("Conv", ["h", "w", "b"], ["c"], strides=strides, pads=pads),
        helper.make_node("Relu", ["c"], ["y"]),
    ]
    model = nets.network(nodes, {"x": shape}, {"y": None}, weights)
    return model, {"x": rng.standard_normal(shape).astype(np.float32)}


def check(model, data, precision):
    compiled = checks.compiled(model, precision, data)
    expected = checks.reference(model, data)["y"]
    result = compare(compiled.run(data)["y"], expected, "y", precision)
    assert result.of_allowed <= 1 and result.cosine > 0.999, result
    return [layer.kind for layer in compiled.profile().layers]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("case", IMAGES)
def test_pixels_as_channels(case, precision):
    batch, channels, results, kernel, size, strides, pads = IMAGES[case]
    shape = [batch, channels, *size]
    model, data = convolved(shape, (results, channels, *kernel), strides, pads)
    kinds = check(model, data, precision)
    if case == "one_result":
        assert any("permute" in kind for kind in kinds)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("case", SIGNALS)
def test_phases_as_channels(case, precision):
    batch, channels, results, kernel, length, stride, pads = SIGNALS[case]
    model, data = convolved(
        [batch, channels, length], (results, channels, kernel), [stride], list(pads)
    )
    check(model, data, precision)


@pytest.mark.parametrize("precision", ["F32", "F16", "INT8"])
def test_signals_along_rows(precision):
    """[N, C, L, 1] is a signal as well."""
    model, data = convolved([1, 1, 4000, 1], (2, 1, 100, 1), [2, 1], [10, 0, 3, 0])
    kinds = check(model, data, precision)
    assert any("permute" in kind for kind in kinds)
