"""Activations, as operators and as exporters write them out."""

from __future__ import annotations

import math

import numpy as np

from randomnets.families.registry import family
from randomnets.network import Network, Value


def _scalar(net: Network, value: float) -> Value:
    return net.constant(np.float32(value))


@family("relu")
def relu(net: Network) -> None:
    """Relu and its relatives with a slope."""
    op = net.choose(("Relu", "Relu", "LeakyRelu", "Elu", "Selu", "Celu", "ThresholdedRelu"))
    alpha = None if op in ("Relu", "Selu") or net.chance(0.3) else float(net.rng.uniform(0.05, 0.9))
    net.call(op, net.pick(), alpha=alpha)


@family("prelu")
def prelu(net: Network) -> None:
    """PRelu with a slope for all, for a channel, or for an element."""
    x = net.pick(lambda v: v.rank >= 1)
    form = net.integer(0, 2)
    shape: tuple[int, ...] = (1,)
    if form == 1 and x.rank >= 2:
        shape = (x.shape[1], *[1] * (x.rank - 2))
    elif form == 2:
        shape = x.shape
    slope = net.constant(np.abs(net.normal(shape, 0.3)))
    net.call("PRelu", x, slope)


@family("hard")
def hard(net: Network) -> None:
    """HardSigmoid, HardSwish, as operators and written out."""
    x = net.pick()
    form = net.integer(0, 3)
    if form == 0:
        net.call("HardSigmoid", x, alpha=float(net.choose((0.2, 1 / 6, 0.3))), beta=0.5)
    elif form == 1 and net.opset >= 14:
        net.call("HardSwish", x)
    else:
        # x * clip(x + 3, 0, 6) / 6
        shifted = net.call("Add", x, _scalar(net, 3))
        clipped = net.call("Clip", shifted, _scalar(net, 0), _scalar(net, 6))
        if form == 2:
            net.call("Div", net.call("Mul", x, clipped), _scalar(net, 6))
        else:
            net.call("Mul", x, net.call("Div", clipped, _scalar(net, 6)))


@family("silu")
def silu(net: Network) -> None:
    """A value times sigmoid(a * x)."""
    x = net.pick()
    form = net.integer(0, 2)
    inner = net.call("Mul", x, _scalar(net, 1.702)) if form == 1 else x
    gate = net.call("Sigmoid", inner)
    operands = [x, gate]
    if form == 2:
        operands.reverse()
    net.call("Mul", *operands)


@family("gelu")
def gelu(net: Network) -> None:
    """GELU with erf or tanh, as an operator and written out."""
    x = net.pick()
    form = net.integer(0, 3)
    if form == 0 and net.opset >= 20:
        net.call("Gelu", x, approximate=net.choose(("none", "tanh")))
    elif form == 1:
        x = net.bounded(x, 20)
        cube = net.call("Mul", net.call("Pow", x, _scalar(net, 3)), _scalar(net, 0.044715))
        inner = net.call("Mul", net.call("Add", x, cube), _scalar(net, math.sqrt(2 / math.pi)))
        plus = net.call("Add", net.call("Tanh", inner), _scalar(net, 1))
        net.call("Mul", net.call("Mul", x, _scalar(net, 0.5)), plus)
    else:
        root = _scalar(net, math.sqrt(2))
        inner = net.call("Div", x, root)
        plus = net.call("Add", net.call("Erf", inner), _scalar(net, 1))
        if form == 2:
            net.call("Mul", net.call("Mul", x, plus), _scalar(net, 0.5))
        else:
            net.call("Mul", x, net.call("Mul", plus, _scalar(net, 0.5)))


@family("mish")
def mish(net: Network) -> None:
    """A value times tanh(log(1 + exp(x)))."""
    x = net.pick()
    if net.opset >= 18 and net.chance(0.5):
        net.call("Mish", x)
    else:
        net.call("Mul", x, net.call("Tanh", net.call("Softplus", x)))


@family("clip")
def clip(net: Network) -> None:
    """Clip with one bound, both or none."""
    x = net.pick()
    low = _scalar(net, net.choose((0.0, -1.0, -0.3))) if net.chance(0.7) else None
    high = _scalar(net, net.choose((6.0, 1.0, 0.4))) if net.chance(0.7) else None
    net.call("Clip", x, low, high)


@family("shrink")
def shrink(net: Network) -> None:
    """Shrink."""
    bias = net.choose((0.0, 0.25))
    net.call("Shrink", net.pick(), bias=bias, lambd=net.choose((0.25, 0.5)))


@family("glu")
def glu(net: Network) -> None:
    """Half of the channels gate the other half."""
    x = net.pick(lambda v: v.rank >= 2 and any(s % 2 == 0 for s in v.shape))
    axis = net.choose([axis for axis, size in enumerate(x.shape) if size % 2 == 0])
    half = x.shape[axis] // 2
    a, b = net.call("Split", x, net.ints(half, half), outputs=2, axis=axis)
    net.call("Mul", a, net.call(net.choose(("Sigmoid", "Tanh", "Relu")), b))
