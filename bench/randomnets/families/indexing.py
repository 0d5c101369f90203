"""Elements by constant and by given positions."""

from __future__ import annotations

import numpy as np

from randomnets.families.registry import family
from randomnets.network import Network, Value


@family("gather")
def gather(net: Network) -> None:
    """Slices of an axis by constant positions, also negative ones and one alone."""
    x = net.pick(lambda v: v.rank >= 1)
    axis = net.integer(0, x.rank - 1)
    size = x.shape[axis]
    shape = net.choose(((), (1,), (net.size(9),), (2, 3)))
    positions = net.rng.integers(-size, size, shape).astype(np.int64)
    if shape and net.chance(0.3):
        positions = np.arange(0, size, net.choose((1, 2)), dtype=np.int64)
    net.call("Gather", x, net.constant(positions), axis=net.choose((axis, axis - x.rank)))


@family("embedding")
def embedding(net: Network) -> None:
    """Rows of a table by positions that the user gives."""
    rows, width = net.size(130), net.size(70)
    dtype = net.choose((np.int64, np.int32))
    shape = net.shape(net.integer(0, 2), 24)
    value = net.input(shape, dtype)
    value.array = net.rng.integers(0, rows, shape).astype(dtype)
    net.call("Gather", net.constant(net.normal((rows, width))), value, axis=0)


@family("gather_elements")
def gather_elements(net: Network) -> None:
    """An element of each row by constant or given positions."""
    x = net.pick(lambda v: v.rank >= 1)
    axis = net.integer(0, x.rank - 1)
    shape = list(x.shape)
    shape[axis] = net.integer(1, 4)
    positions = net.rng.integers(-x.shape[axis], x.shape[axis], shape).astype(np.int64)
    net.call("GatherElements", x, _known(net, positions), axis=axis)


@family("gather_nd")
def gather_nd(net: Network) -> None:
    """Parts by constant or given positions in several axes, for each of a batch or for all."""
    x = net.pick(lambda v: v.rank >= 2)
    batch = 1 if x.rank >= 3 and net.chance(0.3) else 0
    depth = net.integer(1, x.rank - batch)
    rows = (*x.shape[:batch], net.integer(1, 5))
    axes = range(batch, batch + depth)
    positions = np.stack([net.rng.integers(-x.shape[a], x.shape[a], rows) for a in axes], axis=-1)
    net.call("GatherND", x, _known(net, positions.astype(np.int64)), batch_dims=batch)


@family("scatter")
def scatter(net: Network) -> None:
    """Rows at constant or given positions are replaced, or added to."""
    x = net.pick(lambda v: v.rank >= 1)
    rows = net.rng.permutation(x.shape[0])[: net.integer(1, 3)]
    updates = net.constant(net.normal((len(rows), *x.shape[1:])))
    net.call("ScatterND", x, _known(net, rows[:, None].astype(np.int64)), updates,
             **_reduction(net))  # fmt: skip


@family("scatter_elements")
def scatter_elements(net: Network) -> None:
    """Elements of rows at constant or given positions are replaced, or added to."""
    x = net.pick(lambda v: v.rank >= 1)
    axis = net.integer(0, x.rank - 1)
    size = x.shape[axis]
    count = net.integer(1, min(3, size))
    shape = [*x.shape[:axis], *x.shape[axis + 1 :]]
    # Positions of one row differ: which of two would win is nobody's promise.
    order = np.argsort(net.rng.random((*shape, size)), axis=-1)[..., :count]
    positions = np.moveaxis(order, -1, axis).astype(np.int64)
    updates = net.constant(net.normal(positions.shape))
    if net.chance(0.4):
        updates = net.call("Tanh", net.input(positions.shape))
    net.call("ScatterElements", x, _known(net, positions), updates, axis=axis,
             **_reduction(net))  # fmt: skip


def _reduction(net: Network) -> dict[str, str]:
    if net.opset < 18 or net.chance(0.6):
        return {}
    return {"reduction": net.choose(("add", "mul", "max", "min"))}


@family("gather_given")
def gather_given(net: Network) -> None:
    """Slices of an axis by positions that the user or the network gives."""
    x = net.pick(lambda v: v.rank >= 1)
    axis = net.integer(0, x.rank - 1)
    size = x.shape[axis]
    if net.chance(0.5):
        positions = net.call("ArgMax", net.pick(lambda v: v.rank in (1, 2) and v.shape[-1] <= size),
                             axis=-1, keepdims=0)  # fmt: skip
    else:
        positions = net.input(net.shape(net.integer(0, 2), 9), np.int64)
        positions.array = net.rng.integers(0, size, positions.shape).astype(np.int64)
    net.call("Gather", x, positions, axis=axis)


@family("one_hot")
def one_hot(net: Network) -> None:
    """Rows with one element on."""
    depth = net.size(40)
    positions = net.input(net.shape(net.integer(0, 2), 40), np.int64)
    positions.array = net.rng.integers(-depth, depth, positions.shape).astype(np.int64)
    values = net.constant(np.array(net.choose(((0, 1), (-1, 2))), np.float32))
    axis = net.integer(-positions.rank - 1, positions.rank)
    net.call("OneHot", positions, net.constant(depth, np.int64), values, axis=axis)


@family("reverse_sequence")
def reverse_sequence(net: Network) -> None:
    """The first steps of each sequence backwards."""
    x = net.pick(lambda v: v.rank >= 2)
    time = net.integer(0, 1)
    lengths = net.rng.integers(1, x.shape[time] + 1, x.shape[1 - time]).astype(np.int64)
    net.call("ReverseSequence", x, _known(net, lengths), time_axis=time, batch_axis=1 - time)


def _known(net: Network, positions: np.ndarray) -> Value:
    """Positions as a constant or as an input."""
    if net.chance(0.6):
        return net.constant(positions)
    value = net.input(positions.shape, positions.dtype)
    value.array = positions
    return value
