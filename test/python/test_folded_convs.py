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


class Chain:
    """Nodes of a network of images, one after the other."""

    def __init__(self):
        self.rng = np.random.default_rng(5)
        self.nodes, self.weights, self.count = [], {}, 0

    def add(self, kind, *inputs, **attributes):
        self.count += 1
        self.nodes.append(helper.make_node(kind, inputs, [f"t{self.count}"], **attributes))
        return f"t{self.count}"

    def constant(self, shape, factor=1.0):
        name = f"w{len(self.weights)}"
        self.weights[name] = (self.rng.standard_normal(shape) * factor).astype(np.float32)
        return name

    def conv(self, x, channels, results, kernel, stride=1, kind="Conv", **attributes):
        shape = (results, channels) if kind == "Conv" else (channels, results)
        w = self.constant((*shape, *kernel), (channels * np.prod(kernel)) ** -0.5)
        b = self.constant(results, 0.2)
        if kind == "Conv" and "pads" not in attributes:
            attributes["pads"] = [(k - 1) // 2 for k in kernel] + [k // 2 for k in kernel]
        strides = [stride, stride]
        return self.add(kind, x, w, b, strides=strides, **attributes)

    def silu(self, x):
        return self.add("Mul", x, self.add("Sigmoid", x))

    def stem(self, x):
        """Two strided convolutions with an activation, as detectors begin."""
        x = self.silu(self.conv(x, 3, 16, (6, 6), 2, pads=[2, 2, 2, 2]))
        return self.conv(x, 16, 72, (3, 3), 2)

    def cross_stage(self, x):
        """Parts that are computed on and joined, which halves of the channels hold."""
        x = self.silu(self.conv(x, 3, 32, (3, 3)))
        parts = [f"{x}a", f"{x}b"]
        self.nodes.append(helper.make_node("Split", [x], parts, axis=1))
        y = self.silu(self.conv(parts[1], 16, 16, (3, 3)))
        y = self.add("Add", self.silu(self.conv(y, 16, 16, (3, 3))), parts[1])
        x = self.silu(self.conv(self.add("Concat", *parts, y, axis=1), 48, 32, (1, 1)))
        return self.conv(x, 32, 80, (3, 3), 2)

    def channel_factors(self, x):
        """Slopes and factors of every channel, and a reader that wants the image."""
        x = self.conv(x, 3, 12, (5, 3))
        x = self.add("PRelu", x, self.constant((12, 1, 1)))
        x = self.add("Mul", x, self.constant((1, 12, 1, 1)))
        y = self.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
        return self.add("Concat", y, self.conv(x, 12, 9, (3, 3), 2, pads=[0] * 4), axis=1)

    def decoder(self, x):
        """Transposed convolutions after each other, as detectors of text end."""
        x = self.add("Relu", self.conv(x, 3, 96, (3, 3), 2))
        x = self.add("Relu", self.conv(x, 96, 24, (3, 3)))
        x = self.add("Relu", self.conv(x, 24, 24, (2, 2), 2, "ConvTranspose"))
        return self.add("Sigmoid", self.conv(x, 24, 1, (2, 2), 2, "ConvTranspose"))

    def mirrored(self, x):
        """A picture from right to left, of which blocks are not the blocks from right to left."""
        x = self.silu(self.conv(x, 3, 16, (6, 6), 2, pads=[2, 2, 2, 2]))
        names = []
        for values in ([-1], [-1000], [3], [-1]):
            names.append(f"i{len(self.weights)}")
            self.weights[names[-1]] = np.array(values, np.int64)
        return self.conv(self.add("Slice", x, *names), 16, 72, (3, 3), 2)

    def encoder_decoder(self, x):
        """Skips around a smaller image."""
        a = self.add("Relu", self.conv(x, 3, 32, (3, 3)))
        a = self.add("Relu", self.conv(a, 32, 32, (3, 3)))
        b = self.add("MaxPool", a, kernel_shape=[2, 2], strides=[2, 2])
        b = self.add("Relu", self.conv(b, 32, 64, (3, 3)))
        b = self.conv(b, 64, 32, (2, 2), 2, "ConvTranspose")
        x = self.add("Relu", self.conv(self.add("Concat", a, b, axis=1), 64, 32, (3, 3)))
        return self.conv(x, 32, 2, (1, 1))


CHAINS = ["stem", "mirrored", "cross_stage", "channel_factors", "decoder", "encoder_decoder"]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("size", [(64, 96), (58, 70)])
@pytest.mark.parametrize("case", CHAINS)
def test_chains_on_blocks(case, size, precision):
    chain = Chain()
    y = getattr(chain, case)("x")
    chain.nodes.append(helper.make_node("Identity", [y], ["y"]))
    # Where there is little to compute there is little to save.
    large = 3 if case in ("stem", "mirrored", "channel_factors") else 1
    shape = [1, 3, *(large * length for length in size)]
    model = nets.network(chain.nodes, {"x": shape}, {"y": None}, chain.weights)
    check(model, {"x": chain.rng.standard_normal(shape).astype(np.float32)}, precision)


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
