"""Networks that others quantised: operators on integers of 8 bits."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from randomnets.families.convolution import image, window
from randomnets.families.registry import family
from randomnets.network import Network, RejectedError, Value

# Sums of products of 8 bits are floats for a moment.
_LARGEST_SUM = 1e7


def _scale(net: Network, array: np.ndarray, kind: type) -> tuple[Value, Value]:
    """The scale and zero point that hold an array."""
    low, high = min(float(array.min()), 0.0), max(float(array.max()), 0.0)
    if high - low < 1e-3:
        raise RejectedError("no range")
    if kind == np.uint8:
        scale = np.float32((high - low) / 255)
        point = np.clip(round(-low / scale), 0, 255)
    else:
        scale, point = np.float32(max(high, -low) / 127), 0
    return net.constant(scale), net.constant(point, kind)


def _weights(net: Network, shape: Sequence[int]) -> np.ndarray:
    """Of 7 bits: onnxruntime adds products of 8 bits in pairs, in 16 bits that saturate."""
    return net.rng.integers(-63, 64, tuple(shape)).astype(np.int8)


def _kind(net: Network) -> type:
    return net.choose((np.uint8, np.uint8, np.int8))


def _quantised(net: Network, x: Value, kind: type) -> tuple[Value, Value, Value]:
    scale, point = _scale(net, x.array, kind)
    return net.call("QuantizeLinear", x, scale, point), scale, point


@family("quantise")
def quantise(net: Network) -> None:
    """To 8 bits and back."""
    x = net.pick()
    y, scale, point = _quantised(net, x, _kind(net))
    net.call("DequantizeLinear", y, scale, point)


@family("qdq_conv")
def qdq_conv(net: Network) -> None:
    """A convolution between pairs of QuantizeLinear and DequantizeLinear."""
    x = image(net, 2)
    attributes = window(net, x.shape[2:], 3)
    kernel = attributes["kernel_shape"]
    width = net.size(33)
    net.work(x.array.size * width * math.prod(kernel))
    y = net.call("DequantizeLinear", *_quantised(net, x, _kind(net)))
    weights = _weights(net, (width, x.shape[1], *kernel))
    scales = np.abs(net.normal((width,))) + np.float32(0.5)
    scales *= np.float32(1 / (36 * math.sqrt(math.prod(weights.shape[1:]))))
    filters = net.call("DequantizeLinear", net.constant(weights), net.constant(scales),
                       net.constant(np.zeros(width, np.int8)), axis=0)  # fmt: skip
    y = net.call("Conv", y, filters, net.constant(net.normal((width,))), **attributes)
    if net.chance(0.5):
        y = net.call("Relu", y)
    net.call("DequantizeLinear", *_quantised(net, y, _kind(net)))


@family("qlinear_conv")
def qlinear_conv(net: Network) -> None:
    """QLinearConv."""
    x = image(net, 2)
    attributes = window(net, x.shape[2:], 3)
    kernel, kind = attributes["kernel_shape"], _kind(net)
    width = net.size(33)
    net.work(x.array.size * width * math.prod(kernel))
    y, scale, point = _quantised(net, x, kind)
    weights = _weights(net, (width, x.shape[1], *kernel))
    step = np.float32(1 / (36 * math.sqrt(math.prod(weights.shape[1:]))))
    top = net.constant(np.float32(3 * (np.abs(x.array).max() + 0.1) / 127))
    result = net.call(
        "QLinearConv", y, scale, point, net.constant(weights), net.constant(step),
        net.constant(np.int8(0)), top, net.constant(128 if kind == np.uint8 else 0, kind),
        **attributes,
    )  # fmt: skip
    net.call("DequantizeLinear", result, top, net.constant(128 if kind == np.uint8 else 0, kind))


@family("qlinear_matmul")
def qlinear_matmul(net: Network) -> None:
    """QLinearMatMul."""
    x = net.ranked(2, 3, part=0.3)
    terms, width, kind = x.shape[-1], net.size(40), _kind(net)
    net.work(x.array.size * width)
    y, scale, point = _quantised(net, x, kind)
    weights = net.constant(_weights(net, (terms, width)))
    top = net.constant(np.float32(3 * (np.abs(x.array).max() + 0.1) / 127))
    zero = net.constant(128 if kind == np.uint8 else 0, kind)
    step = net.constant(np.float32(1 / (36 * math.sqrt(terms))))
    result = net.call("QLinearMatMul", y, scale, point, weights, step, net.constant(np.int8(0)),
                      top, zero)  # fmt: skip
    net.call("DequantizeLinear", result, top, zero)


@family("integer_products")
def integer_products(net: Network) -> None:
    """MatMulInteger and ConvInteger of a quantised value."""
    if net.chance(0.5):
        x = net.ranked(2, 3, part=0.3)
        y, scale, point = _quantised(net, x, np.uint8)
        weights = _weights(net, (x.shape[-1], net.size(40)))
        net.work(x.array.size * weights.shape[1])
        result = net.call("MatMulInteger", y, net.constant(weights), point)
    else:
        x = image(net, 2)
        y, scale, point = _quantised(net, x, np.uint8)
        k = net.choose((1, 3))
        weights = _weights(net, (net.size(17), x.shape[1], k, k))
        net.work(x.array.size * weights[:, 0].size)
        result = net.call("ConvInteger", y, net.constant(weights), point, kernel_shape=[k, k],
                          pads=[k // 2] * 4)  # fmt: skip
    y = net.call("Cast", result, to=1, limit=_LARGEST_SUM)
    step = np.float32(1 / (36 * math.sqrt(weights.size)))
    net.call("Mul", net.call("Mul", y, scale, limit=_LARGEST_SUM), net.constant(step))


@family("dynamic_quantise")
def dynamic_quantise(net: Network) -> None:
    """DynamicQuantizeLinear, a product of integers, and floats again."""
    x = net.ranked(2, 3, part=0.3)
    y, scale, point = net.call("DynamicQuantizeLinear", x, outputs=3)
    terms, width = x.shape[-1], net.size(40)
    net.work(x.array.size * width)
    weights = net.constant(_weights(net, (terms, width)))
    result = net.call("MatMulInteger", y, weights, point)
    result = net.call("Cast", result, to=1, limit=_LARGEST_SUM)
    factor = net.call("Mul", scale, net.constant(np.float32(1 / (36 * math.sqrt(terms)))))
    net.call("Mul", result, factor)
