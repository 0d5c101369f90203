"""Pools over windows and over everything."""

from __future__ import annotations

from randomnets.families.convolution import image, window
from randomnets.families.registry import family
from randomnets.network import Network, RejectedError


@family("max_pool")
def max_pool(net: Network) -> None:
    """MaxPool of one to three axes."""
    axes = net.choose((1, 2, 2, 3))
    x = image(net, axes)
    attributes = window(net, x.shape[2:], 4)
    attributes["dilations"] = [1] * axes if net.chance(0.7) else attributes["dilations"]
    net.call("MaxPool", x, ceil_mode=int(net.chance(0.3)), **attributes)


@family("average_pool")
def average_pool(net: Network) -> None:
    """AveragePool of one to three axes."""
    axes = net.choose((1, 2, 2, 3))
    x = image(net, axes)
    attributes = window(net, x.shape[2:], 4)
    del attributes["dilations"]
    net.call(
        "AveragePool", x, ceil_mode=int(net.chance(0.3)),
        count_include_pad=net.integer(0, 1), **attributes,
    )  # fmt: skip


@family("lp_pool")
def lp_pool(net: Network) -> None:
    """LpPool."""
    x = image(net, 2)
    attributes = window(net, x.shape[2:], 3)
    del attributes["dilations"]
    net.call("LpPool", x, p=net.choose((1, 2)), **attributes)


@family("global_pool")
def global_pool(net: Network) -> None:
    """Global pools, often flattened."""
    axes = net.choose((1, 2, 2, 3))
    x = image(net, axes)
    y = net.call(net.choose(("GlobalAveragePool", "GlobalAveragePool", "GlobalMaxPool")), x)
    if net.chance(0.5):
        net.call("Flatten", y, axis=1)


@family("unpool")
def unpool(net: Network) -> None:
    """MaxPool with positions, and MaxUnpool."""
    x = image(net, 2)
    if min(x.shape[2:]) < 2:
        raise RejectedError("too small")
    y, places = net.call("MaxPool", x, outputs=2, kernel_shape=[2, 2], strides=[2, 2])
    if net.chance(0.5):
        y = net.call("Tanh", y)
    net.call("MaxUnpool", y, places, net.ints(*x.shape), kernel_shape=[2, 2], strides=[2, 2])


@family("lrn")
def lrn(net: Network) -> None:
    """Normalisation over neighbouring channels."""
    x = net.ranked(3, 4, 4)
    net.call(
        "LRN", x, size=net.choose((1, 3, 5)), alpha=net.choose((1e-4, 1e-2, 0.5)),
        beta=net.choose((0.75, 0.5)), bias=net.choose((1.0, 2.0)),
    )  # fmt: skip
