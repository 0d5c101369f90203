"""Convolutions of 1 to 3 axes, transposed, grouped and depthwise ones."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from randomnets.families.registry import family
from randomnets.network import Network, RejectedError, Value


def image(net: Network, axes: int) -> Value:
    """A value of rank 2 + axes."""
    return net.ranked(2 + axes, part=0.4)


def filters(net: Network, shape: Sequence[int]) -> Value:
    """Weights that keep the size of values."""
    return net.constant(net.normal(shape, 1 / math.sqrt(max(1, math.prod(shape[1:])))))


def window(net: Network, sizes: Sequence[int], largest: int = 5) -> dict[str, list[int]]:
    """Attributes of a window that fits."""
    kernel, strides, dilations, begins, ends = [], [], [], [], []
    for size in sizes:
        k = net.integer(1, min(largest, size + 2))
        d = net.choose((1, 1, 1, 2, 3))
        reach = d * (k - 1) + 1
        low, high = net.integer(0, k // 2), net.integer(0, k // 2)
        if size + low + high < reach:
            d = 1
            low = high = max(k // 2, math.ceil((k - size) / 2), 0)
        kernel.append(k)
        strides.append(net.choose((1, 1, 2, 3)))
        dilations.append(d)
        begins.append(low)
        ends.append(high)
    return {
        "kernel_shape": kernel,
        "strides": strides,
        "dilations": dilations,
        "pads": begins + ends,
    }


def convolve(net: Network, x: Value, groups: int, width: int, attributes: dict) -> Value:
    """A convolution with random weights, and a bias or none."""
    channels = x.shape[1]
    if channels % groups or width % groups:
        raise RejectedError("groups")
    kernel = attributes["kernel_shape"]
    shape = (width, channels // groups, *kernel)
    net.work(x.array.size // groups * width * math.prod(kernel))
    bias = net.constant(net.normal((width,))) if net.chance(0.6) else None
    return net.call("Conv", x, filters(net, shape), bias, group=groups, **attributes)


def _plain(net: Network, axes: int) -> None:
    x = image(net, axes)
    attributes = window(net, x.shape[2:], 5 if axes < 3 else 3)
    if net.chance(0.1):
        del attributes["pads"]
        attributes["auto_pad"] = net.choose(("SAME_UPPER", "SAME_LOWER", "VALID"))
        attributes["dilations"] = [1] * axes
    convolve(net, x, 1, net.size(96), attributes)


@family("conv1d")
def conv1d(net: Network) -> None:
    """Along one axis."""
    _plain(net, 1)


@family("conv2d")
def conv2d(net: Network) -> None:
    """Along two axes."""
    _plain(net, 2)


@family("conv3d")
def conv3d(net: Network) -> None:
    """Along three axes."""
    _plain(net, 3)


@family("pointwise")
def pointwise(net: Network) -> None:
    """A filter of one element."""
    axes = net.choose((1, 2, 2, 3))
    x = image(net, axes)
    attributes = {"kernel_shape": [1] * axes}
    if net.chance(0.2):
        attributes["strides"] = [2] * axes
    convolve(net, x, 1, net.size(130), attributes)


@family("depthwise")
def depthwise(net: Network) -> None:
    """A filter a channel, or two."""
    axes = net.choose((1, 2, 2, 2, 3))
    x = image(net, axes)
    channels = x.shape[1]
    attributes = window(net, x.shape[2:], 5 if axes < 3 else 3)
    convolve(net, x, channels, channels * net.choose((1, 1, 1, 2)), attributes)


@family("grouped")
def grouped(net: Network) -> None:
    """Groups of channels."""
    axes = net.choose((1, 2, 2, 3))
    x = image(net, axes)
    options = [g for g in range(2, x.shape[1] + 1) if x.shape[1] % g == 0]
    if not options:
        raise RejectedError("no groups")
    groups = net.choose(options)
    attributes = window(net, x.shape[2:], 3)
    convolve(net, x, groups, groups * net.integer(1, 5), attributes)


@family("conv_transpose")
def conv_transpose(net: Network) -> None:
    """Transposed, of one to three axes."""
    axes = net.choose((1, 2, 2, 3))
    x = image(net, axes)
    channels = x.shape[1]
    groups = channels if net.chance(0.2) else 1
    kernel = [net.integer(1, 4) for _ in range(axes)]
    strides = [net.choose((1, 2, 2, 3)) for _ in range(axes)]
    pads = [net.integer(0, (k - 1) // 2) for k in kernel] * 2
    extra = [
        min(stride, k) - 1 if net.chance(0.2) else 0
        for stride, k in zip(strides, kernel, strict=True)
    ]
    width = net.size(33)
    shape = (channels, width if groups == 1 else 1, *kernel)
    net.work(x.array.size * shape[1] * math.prod(kernel))
    weights = net.constant(net.normal(shape, 1 / math.sqrt(max(1, channels // groups * 2))))
    bias = net.constant(net.normal((shape[1] * groups,))) if net.chance(0.6) else None
    net.call(
        "ConvTranspose", x, weights, bias, group=groups, kernel_shape=kernel, strides=strides,
        pads=pads, output_padding=extra if any(extra) else None,
    )  # fmt: skip


@family("computed_filters")
def computed_filters(net: Network) -> None:
    """Filters that the network computes or the user gives."""
    x = image(net, 2)
    attributes = window(net, x.shape[2:], 3)
    c, width = x.shape[1], net.size(17)
    shape = (width, c, *attributes["kernel_shape"])
    net.work(x.array.size * width * math.prod(attributes["kernel_shape"]))
    weights = net.input(shape)
    factor = net.constant(np.float32(1 / math.sqrt(math.prod(shape[1:]))))
    weights = net.call("Mul", net.call("Tanh", weights), factor)
    bias = net.constant(net.normal((width,))) if net.chance(0.4) else None
    net.call("Conv", x, weights, bias, **attributes)


@family("col2im")
def col2im(net: Network) -> None:
    """Blocks added up into an image."""
    if net.opset < 18:
        raise RejectedError("opset")
    n, c = net.size(2), net.size(17)
    h, w, k, stride = net.integer(3, 9), net.integer(3, 9), net.integer(1, 3), net.integer(1, 2)
    count = ((h - k) // stride + 1) * ((w - k) // stride + 1)
    x = net.input((n, c * k * k, count))
    x = net.call("Relu", x) if net.chance(0.5) else x
    net.call("Col2Im", x, net.ints(h, w), net.ints(k, k), strides=[stride, stride])


@family("conv_norm")
def conv_norm(net: Network) -> None:
    """A convolution with what usually stands behind it."""
    x = image(net, 2)
    attributes = window(net, x.shape[2:], 3)
    y = convolve(net, x, 1, net.size(64), attributes)
    if net.chance(0.7):
        c = y.shape[1]
        scale, shift, mean = (net.constant(net.normal((c,), 0.3) + d) for d in (1, 0, 0))
        variance = net.constant(np.abs(net.normal((c,))) + np.float32(0.3))
        y = net.call("BatchNormalization", y, scale, shift, mean, variance)
    if net.chance(0.7):
        y = net.call(net.choose(("Relu", "LeakyRelu", "Sigmoid", "Tanh")), y)
    if y.shape == x.shape:
        net.call("Add", y, x)
