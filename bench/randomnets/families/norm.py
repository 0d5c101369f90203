"""Normalisations, as operators and written out, and softmax."""

from __future__ import annotations

import numpy as np

from randomnets.families.reduction import reduce
from randomnets.families.registry import family
from randomnets.network import Network, RejectedError, Value


def affine(net: Network, shape: tuple[int, ...]) -> tuple[Value, Value]:
    """A scale near 1 and a shift."""
    scale = net.constant((net.normal(shape, 0.3) + 1).astype(np.float32))
    return scale, net.constant(net.normal(shape))


def _varied(net: Network, x: Value, axes: tuple[int, ...]) -> Value:
    """The value, refused where a normalisation over these axes would divide by almost nothing."""
    spread = np.asarray(x.array.std(axis=axes))
    if (spread < 0.02 * np.abs(x.array).max(initial=0) + 1e-3).any():
        raise RejectedError("rows without spread")
    return x


def _epsilon(net: Network) -> float:
    return net.choose((1e-5, 1e-6, 1e-12, 1e-3))


@family("batch_norm")
def batch_norm(net: Network) -> None:
    """With constant statistics."""
    x = net.ranked(2, 3, 4, 4, 5)
    c = x.shape[1]
    scale, shift = affine(net, (c,))
    mean = net.constant(net.normal((c,)))
    variance = net.constant(np.abs(net.normal((c,))) + np.float32(0.3))
    net.call("BatchNormalization", x, scale, shift, mean, variance, epsilon=_epsilon(net))


@family("layer_norm")
def layer_norm(net: Network) -> None:
    """The operator, over one or more last axes."""
    if net.opset < 17:
        raise RejectedError("opset")
    x = net.ranked(2, 3, 3, 4)
    axis = x.rank - 1 if net.chance(0.7) else net.integer(1, x.rank - 1)
    _varied(net, x, tuple(range(axis, x.rank)))
    scale, shift = affine(net, x.shape[axis:])
    net.call(
        "LayerNormalization", x, scale, shift if net.chance(0.8) else None,
        axis=net.choose((axis, axis - x.rank)), epsilon=_epsilon(net),
    )  # fmt: skip


@family("written_norm")
def written_norm(net: Network) -> None:
    """Layer or RMS norm as means, squares and a division, over any axis."""
    x = net.ranked(2, 3, 3, 4)
    axis = x.rank - 1 if net.chance(0.7) else net.integer(0, x.rank - 1)
    _varied(net, x, (axis,))
    epsilon = net.constant(np.float32(_epsilon(net)))
    if net.chance(0.6):
        x = net.call("Sub", x, reduce(net, "ReduceMean", x, [axis], 1))
    if net.chance(0.5):
        squares = net.call("Pow", x, net.constant(np.float32(2)))
    else:
        squares = net.call("Mul", x, x)
    variance = net.call("Add", reduce(net, "ReduceMean", squares, [axis], 1), epsilon)
    root = net.call("Sqrt", variance)
    if net.chance(0.6):
        y = net.call("Div", x, root)
    else:
        y = net.call("Mul", x, net.call("Reciprocal", root))
    if axis == x.rank - 1 and net.chance(0.7):
        scale, shift = affine(net, (x.shape[axis],))
        net.call("Add", net.call("Mul", y, scale), shift)


@family("instance_norm")
def instance_norm(net: Network) -> None:
    """Over the axes behind the channels; also as a group norm."""
    x = net.ranked(3, 4, 4, 5)
    c = x.shape[1]
    groups = [g for g in range(1, c) if c % g == 0]
    if net.chance(0.4) and groups:
        count = net.choose(groups)
        y = net.call("Reshape", x, net.ints(0, count, -1))
        _varied(net, y, (2,))
        ones, zeros = (
            net.constant(np.ones(count, np.float32)),
            net.constant(np.zeros(count, np.float32)),
        )
        y = net.call("InstanceNormalization", y, ones, zeros, epsilon=_epsilon(net))
        y = net.call("Reshape", y, net.ints(*x.shape))
        scale, shift = affine(net, (c, *[1] * (x.rank - 2)))
        net.call("Add", net.call("Mul", y, scale), shift)
        return
    _varied(net, x, tuple(range(2, x.rank)))
    net.call("InstanceNormalization", x, *affine(net, (c,)), epsilon=_epsilon(net))


@family("lp_norm")
def lp_norm(net: Network) -> None:
    """Division by a norm."""
    x = net.pick(lambda v: v.rank >= 1)
    axis = net.integer(0, x.rank - 1)
    if (np.abs(x.array).max(axis=axis) < 0.05).any():
        raise RejectedError("zero rows")
    if net.chance(0.5):
        net.call("LpNormalization", x, axis=axis, p=net.choose((1, 2)))
    else:
        norm = reduce(net, "ReduceL2", x, [axis], 1)
        low = net.constant(np.float32(net.choose((1e-12, 1e-6))))
        net.call("Div", x, net.call("Clip", norm, low) if net.chance(0.5) else norm)


@family("mean_variance")
def mean_variance(net: Network) -> None:
    """MeanVarianceNormalization."""
    x = net.ranked(4)
    _varied(net, x, (0, 2, 3))
    net.call("MeanVarianceNormalization", x, axes=[0, 2, 3])


@family("softmax")
def softmax(net: Network) -> None:
    """Over any axis."""
    x = net.pick(lambda v: v.rank >= 1)
    op = net.choose(("Softmax", "Softmax", "LogSoftmax"))
    net.call(op, x, axis=net.integer(-x.rank, x.rank - 1))


@family("written_softmax")
def written_softmax(net: Network) -> None:
    """Exponentials divided by their sum."""
    x = net.pick(lambda v: v.rank >= 1)
    axis = net.integer(0, x.rank - 1)
    low = net.call("Sub", x, reduce(net, "ReduceMax", x, [axis], 1))
    exponential = net.call("Exp", low)
    net.call("Div", exponential, reduce(net, "ReduceSum", exponential, [axis], 1))
