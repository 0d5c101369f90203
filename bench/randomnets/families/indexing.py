"""Elements by constant and by given positions."""

from __future__ import annotations

import numpy as np

from randomnets.families.registry import family
from randomnets.network import Network


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
    """An element of each row by constant positions."""
    x = net.pick(lambda v: v.rank >= 1)
    axis = net.integer(0, x.rank - 1)
    shape = list(x.shape)
    shape[axis] = net.integer(1, 4)
    positions = net.rng.integers(0, x.shape[axis], shape).astype(np.int64)
    net.call("GatherElements", x, net.constant(positions), axis=axis)


@family("gather_nd")
def gather_nd(net: Network) -> None:
    """Parts by constant positions in several axes."""
    x = net.pick(lambda v: v.rank >= 2)
    depth = net.integer(1, x.rank)
    rows = net.integer(1, 5)
    positions = np.stack([net.rng.integers(0, x.shape[a], rows) for a in range(depth)], axis=-1)
    net.call("GatherND", x, net.constant(positions.astype(np.int64)))


@family("scatter")
def scatter(net: Network) -> None:
    """Rows at constant positions are replaced."""
    x = net.pick(lambda v: v.rank >= 1)
    rows = net.rng.permutation(x.shape[0])[: net.integer(1, 3)]
    updates = net.constant(net.normal((len(rows), *x.shape[1:])))
    net.call("ScatterND", x, net.constant(rows[:, None].astype(np.int64)), updates)
