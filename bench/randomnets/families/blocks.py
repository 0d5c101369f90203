"""Structures of several operators, and odd ends of graphs."""

from __future__ import annotations

import numpy as np

from randomnets.families.contraction import matrix
from randomnets.families.convolution import convolve, image
from randomnets.families.registry import family
from randomnets.network import Network


@family("residual")
def residual(net: Network) -> None:
    """A value and a function of it."""
    x = net.pick()
    y = net.call(net.choose(("Relu", "Tanh", "Neg", "Sigmoid")), x)
    if x.rank >= 2 and net.chance(0.5):
        net.work(x.array.size * x.shape[-1])
        y = net.call("MatMul", y, matrix(net, (x.shape[-1], x.shape[-1]), x.shape[-1]))
    net.call(net.choose(("Add", "Add", "Mul", "Sub")), x, y)


@family("join_leaves")
def join_leaves(net: Network) -> None:
    """Two results that nothing reads meet."""
    x = net.pick()
    fits = [
        v for v in net.values()
        if v is not x and v.array.dtype == np.float32 and _broadcast(v.shape, x.shape)
    ]  # fmt: skip
    if not fits:
        net.call("Add", x, x)
        return
    net.call(net.choose(("Add", "Mul", "Max", "Sub")), x, net.choose(fits))


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return all(x == y or 1 in (x, y) for x, y in zip(a[::-1], b[::-1], strict=False))


@family("inception")
def inception(net: Network) -> None:
    """Branches of convolutions that are joined."""
    x = image(net, 2)
    branches = []
    for _ in range(net.integer(2, 3)):
        k = net.choose((1, 3, 5))
        attributes = {"kernel_shape": [k, k], "pads": [k // 2] * 4}
        y = convolve(net, x, 1, net.size(48), attributes)
        branches.append(net.call("Relu", y) if net.chance(0.6) else y)
    if net.chance(0.3):
        branches.append(net.call("MaxPool", x, kernel_shape=[3, 3], pads=[1] * 4))
    net.call("Concat", *branches, axis=1)


@family("squeeze_excite")
def squeeze_excite(net: Network) -> None:
    """Channels scaled by a function of their means."""
    x = image(net, 2)
    c = x.shape[1]
    y = net.call("GlobalAveragePool", x)
    y = net.call("Relu", convolve(net, y, 1, net.size(16), {"kernel_shape": [1, 1]}))
    y = net.call(
        net.choose(("Sigmoid", "HardSigmoid")), convolve(net, y, 1, c, {"kernel_shape": [1, 1]})
    )
    net.call("Mul", x, y)


@family("mlp")
def mlp(net: Network) -> None:
    """Two linear layers with a function between."""
    x = net.ranked(2, 3, 4)
    c, hidden = x.shape[-1], net.size(130)
    net.work(2 * x.array.size * hidden)
    y = net.call("MatMul", x, matrix(net, (c, hidden), c))
    y = net.call("Add", y, net.constant(net.normal((hidden,))))
    y = net.call(
        net.choose(("Relu", "Tanh", "Sigmoid", "HardSwish" if net.opset >= 14 else "Relu")), y
    )
    y = net.call("MatMul", y, matrix(net, (hidden, c), hidden))
    if net.chance(0.5):
        net.call("Add", x, y)


@family("pool_tokens")
def pool_tokens(net: Network) -> None:
    """The first token, or the mean of those that a mask keeps."""
    x = net.ranked(3)
    n, s, _ = x.shape
    if net.chance(0.5):
        net.call("Gather", x, net.constant(0, np.int64), axis=1)
        return
    mask = net.input((n, s), np.int64)
    mask.array = (net.rng.random((n, s)) < 0.6).astype(np.int64)
    mask.array[:, 0] = 1
    weights = net.call("Cast", net.call("Unsqueeze", mask, net.ints(-1)), to=1)
    if net.chance(0.5):
        weights = net.call("Expand", weights, net.call("Shape", x))
    total = net.call("ReduceSum", net.call("Mul", x, weights), net.ints(1), keepdims=0)
    count = net.call("ReduceSum", weights, net.ints(1), keepdims=0)
    net.call("Div", total, net.call("Clip", count, net.constant(np.float32(1e-9))))


@family("class_token")
def class_token(net: Network) -> None:
    """A constant row before the others, and positions added."""
    x = net.ranked(3)
    n, s, c = x.shape
    token = net.constant(net.normal((1, 1, c)))
    row = net.call("Expand", token, net.ints(n, 1, c)) if n > 1 or net.chance(0.5) else token
    y = net.call("Concat", row, x, axis=1)
    net.call("Add", y, net.constant(net.normal((1, s + 1, c))))


@family("unused_input")
def unused_input(net: Network) -> None:
    """An input that nothing reads."""
    net.input(net.shape(net.integer(0, 4), 50))


@family("constant_branch")
def constant_branch(net: Network) -> None:
    """A result that does not depend on the inputs, beside or within the rest."""
    y = net.call("Mul", net.constant(net.normal((3, 4))), net.constant(np.float32(2)))
    if net.chance(0.5):
        x = net.pick()
        net.call("Add", x, net.call("ReduceMean", y, keepdims=0))
