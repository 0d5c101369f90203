"""Reductions over any axes, and positions of extremes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from randomnets.families.registry import family
from randomnets.network import Network, Value

_KINDS = ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2",
          "ReduceSumSquare", "ReduceMean", "ReduceSum")  # fmt: skip


def reduce(net: Network, op: str, x: Value, axes: Sequence[int] | None, keep: int) -> Value:
    """A reduction in the form of the network's operator set."""
    if axes is None:
        return net.call(op, x, keepdims=keep)
    if net.opset >= 18 or op == "ReduceSum":
        return net.call(op, x, net.ints(*axes), keepdims=keep)
    return net.call(op, x, axes=list(axes), keepdims=keep)


def some_axes(net: Network, rank: int) -> list[int] | None:
    """Any axes, counted from either end; None is all."""
    if rank == 0 or net.chance(0.1):
        return None
    count = net.integer(1, rank) if net.chance(0.5) else 1
    axes = net.rng.permutation(rank)[:count].tolist()
    return [axis - rank if net.chance(0.3) else axis for axis in axes]


@family("reduce")
def reduction(net: Network) -> None:
    """One reduction."""
    x = net.pick()
    reduce(net, net.choose(_KINDS), x, some_axes(net, x.rank), net.integer(0, 1))


@family("reduce_log")
def reduce_log(net: Network) -> None:
    """ReduceLogSum and ReduceLogSumExp."""
    x = net.pick()
    if net.chance(0.5):
        op, x = "ReduceLogSumExp", net.bounded(x, 10)
    else:
        op, x = "ReduceLogSum", net.call("Add", net.call("Abs", x), net.constant(np.float32(0.1)))
    reduce(net, op, x, some_axes(net, x.rank), net.integer(0, 1))


@family("reduce_prod")
def reduce_prod(net: Network) -> None:
    """A product of few numbers."""
    x = net.bounded(net.pick(lambda v: v.rank >= 1 and min(v.shape) <= 6), 3)
    axis = int(np.argmin(x.shape))
    reduce(net, "ReduceProd", x, [axis], net.integer(0, 1))


@family("variance")
def variance(net: Network) -> None:
    """Mean of squares less the mean, and its root."""
    x = net.pick(lambda v: v.rank >= 1)
    axes = some_axes(net, x.rank)
    low = net.call("Sub", x, reduce(net, "ReduceMean", x, axes, 1))
    mean = reduce(net, "ReduceMean", net.call("Mul", low, low), axes, net.integer(0, 1))
    if net.chance(0.4):
        net.call("Sqrt", net.call("Add", mean, net.constant(np.float32(0.01))))


@family("arg")
def arg(net: Network) -> None:
    """The position of the largest or smallest element."""
    x = net.pick(lambda v: v.rank >= 1)
    y = net.call(
        net.choose(("ArgMax", "ArgMin")),
        x,
        axis=net.integer(-x.rank, x.rank - 1),
        keepdims=net.integer(0, 1),
    )
    if net.chance(0.5):
        net.call("Cast", y, to=1)


@family("cumsum")
def cumsum(net: Network) -> None:
    """Sums along an axis."""
    x = net.pick(lambda v: v.rank >= 1)
    axis = net.constant(net.integer(-x.rank, x.rank - 1), np.int64)
    net.call("CumSum", x, axis, exclusive=int(net.chance(0.2)), reverse=int(net.chance(0.2)))


@family("topk")
def topk(net: Network) -> None:
    """The largest elements of an axis."""
    x = net.pick(lambda v: v.rank >= 1)
    axis = net.integer(0, x.rank - 1)
    size = x.shape[axis]
    k = net.ints(net.integer(1, size if net.chance(0.4) else min(5, size)))
    net.call("TopK", x, k, outputs=2, axis=axis, largest=net.integer(0, 1))


@family("topk_gather")
def topk_gather(net: Network) -> None:
    """Rows with the largest scores, as detectors choose queries."""
    x = net.ranked(3)
    n, s, c = x.shape
    scores = reduce(net, net.choose(("ReduceMax", "ReduceMean")), x, [2], 0)
    count = net.integer(1, min(s, 40))
    _, rows = net.call("TopK", scores, net.ints(count), outputs=2, axis=1)
    rows = net.call("Unsqueeze", rows, net.ints(2))
    if net.chance(0.5):
        rows = net.call("Tile", rows, net.ints(1, 1, c))
    else:
        rows = net.call("Expand", rows, net.ints(n, count, c))
    y = net.call("GatherElements", x, rows, axis=1)
    if net.chance(0.5):
        net.work(y.array.size * c)
        net.call("MatMul", y, net.constant(net.normal((c, c), 1 / np.sqrt(c))))


@family("hardmax")
def hardmax(net: Network) -> None:
    """One at the largest element of each row."""
    net.call("Hardmax", net.pick(lambda v: v.rank >= 1), axis=-1)
