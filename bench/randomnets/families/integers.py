"""Integers beside floats: given ones, and those of masks."""

from __future__ import annotations

import numpy as np

from randomnets.families.registry import family
from randomnets.network import Network, RejectedError


@family("integer_input")
def integer_input(net: Network) -> None:
    """Integers that become floats, a mask, or both."""
    x = net.input(net.shape(net.integer(1, 3), 500), net.choose((np.int64, np.int32)))
    form = net.integer(0, 2)
    if form == 0:
        net.call("Cast", x, to=1)
    elif form == 1:
        zero = net.constant(0, x.array.dtype.type)
        mask = net.call(net.choose(("Equal", "Greater", "Less")), x, zero)
        net.call("Cast", mask, to=1)
    else:
        y = net.call(net.choose(("Add", "Sub", "Mul")), x, net.constant(3, x.array.dtype.type))
        net.call("Cast", y, to=1)


@family("attention_mask")
def attention_mask(net: Network) -> None:
    """(1 - mask) * -10000, as language models make it."""
    n, s = net.size(3), net.size(40)
    mask = net.input((n, s), np.int64)
    mask.array = (net.rng.random((n, s)) < 0.7).astype(np.int64)
    y = net.call("Unsqueeze", mask, net.ints(1, 2))
    y = net.call("Cast", y, to=1)
    y = net.call("Sub", net.constant(np.float32(1)), y)
    y = net.call("Mul", y, net.constant(np.float32(net.choose((-1000.0, -8.0)))))
    scores = net.input((n, net.size(4), net.size(12), s))
    net.call("Softmax", net.call("Add", scores, y), axis=-1)


@family("bool_input")
def bool_input(net: Network) -> None:
    """Logic on given masks."""
    shape = net.shape(net.integer(1, 3), 400)
    a, b = net.input(shape, np.bool_), net.input(shape, np.bool_)
    mask = net.call(net.choose(("And", "Or", "Xor")), a, b)
    if net.chance(0.5):
        mask = net.call("Not", mask)
    net.call("Cast", mask, to=1)


@family("integer_arithmetic")
def integer_arithmetic(net: Network) -> None:
    """Quotients, remainders, sums and products of given integers."""
    kind = net.choose((np.int64, np.int32))
    shape = net.shape(net.integer(1, 3), 400)
    a, b = net.input(shape, kind), net.input(shape, kind)
    # Not 0, and of both signs.
    divisor = net.constant(net.choose((2, 3, 7, -4)), kind)
    form = net.integer(0, 5)
    if form == 0:
        y = net.call("Div", a, divisor)
    elif form == 1:
        y = net.call("Mod", a, divisor)
    elif form == 2:
        y = net.call("Mul", net.call("Add", a, b), net.call("Sub", a, b))
    elif form == 3:
        y = net.call(net.choose(("Max", "Min")), a, b)
    elif form == 4:
        y = net.call("ReduceSum", a, net.ints(net.integer(0, a.rank - 1)), keepdims=1)
    else:
        y = net.call("Abs", net.call("Neg", net.call("Add", a, b)))
    if net.chance(0.6):
        net.call("Cast", y, to=1)


@family("bits")
def bits(net: Network) -> None:
    """Bits of given integers."""
    if net.opset < 18:
        raise RejectedError("opset")
    shape = net.shape(net.integer(1, 3), 400)
    a, b = net.input(shape, np.int32), net.input(shape, np.int32)
    y = net.call(net.choose(("BitwiseAnd", "BitwiseOr", "BitwiseXor")), a, b)
    if net.chance(0.3):
        y = net.call("BitwiseNot", y)
    net.call("Cast", y, to=1)
