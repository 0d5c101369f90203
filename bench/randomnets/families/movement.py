"""Views, and movement of data."""

from __future__ import annotations

import math

import numpy as np

from randomnets.families.registry import family
from randomnets.network import Network, RejectedError, Value


@family("reshape")
def reshape(net: Network) -> None:
    """To another rank, with explicit, copied or inferred sizes."""
    x = net.pick()
    shape = net.factors(x.array.size, net.integer(0 if x.array.size == 1 else 1, 5))
    if shape and net.chance(0.4):
        shape[net.integer(0, len(shape) - 1)] = -1
    net.call("Reshape", x, net.constant(np.array(shape, np.int64)))


@family("transpose")
def transpose(net: Network) -> None:
    """Any order of axes."""
    x = net.pick(lambda v: v.rank >= 2)
    order = net.rng.permutation(x.rank).tolist()
    net.call("Transpose", x, perm=None if net.chance(0.1) else order)


@family("flatten")
def flatten(net: Network) -> None:
    """To rank 2."""
    x = net.pick()
    net.call("Flatten", x, axis=net.integer(-x.rank, x.rank))


@family("squeeze")
def squeeze(net: Network) -> None:
    """Axes of size 1 go and come."""
    x = net.pick()
    ones = [axis for axis, size in enumerate(x.shape) if size == 1]
    if ones and net.chance(0.6):
        if net.chance(0.3):
            net.call("Squeeze", x)
        else:
            net.call("Squeeze", x, net.ints(*(a for a in ones if net.chance(0.6) or a == ones[0])))
        return
    count = net.integer(1, 2)
    if x.rank + count > 5:
        raise RejectedError("rank")
    axes = net.rng.permutation(x.rank + count)[:count].tolist()
    net.call("Unsqueeze", x, net.ints(*axes))


@family("concat")
def concat(net: Network) -> None:
    """Joins values, constants, and a value with itself."""
    x = net.pick(lambda v: v.rank >= 1)
    axis = net.integer(0, x.rank - 1)

    def part() -> Value:
        form = net.integer(0, 3)
        shape = list(x.shape)
        shape[axis] = net.size(max(1, min(70, 6000 // max(1, x.array.size // shape[axis]))))
        fits = [
            v
            for v in net.values()
            if v.array.dtype == x.array.dtype
            and v.rank == x.rank
            and (*v.shape[:axis], *v.shape[axis + 1 :]) == (*x.shape[:axis], *x.shape[axis + 1 :])
        ]
        if form == 0:
            return net.constant(net.normal(shape))
        return net.choose(fits) if form < 3 else net.input(shape)

    parts = [x, *(part() for _ in range(net.integer(1, 3)))]
    order = net.rng.permutation(len(parts))
    net.call("Concat", *(parts[i] for i in order), axis=net.choose((axis, axis - x.rank)))


@family("stack")
def stack(net: Network) -> None:
    """Joins along a new axis."""
    x = net.pick(lambda v: v.rank <= 4)
    same = [v for v in net.values() if v.shape == x.shape and v.array.dtype == np.float32]
    axis = net.integer(0, x.rank)
    parts = [x, *(net.choose(same) for _ in range(net.integer(1, 2)))]
    net.call("Concat", *(net.call("Unsqueeze", p, net.ints(axis)) for p in parts), axis=axis)


@family("split")
def split(net: Network) -> None:
    """Into even or uneven parts."""
    x = net.pick(lambda v: v.rank >= 1 and max(v.shape) >= 2)
    axis = net.choose([a for a, size in enumerate(x.shape) if size >= 2])
    size = x.shape[axis]
    count = net.integer(2, min(4, size))
    cuts = sorted(net.rng.permutation(np.arange(1, size))[: count - 1].tolist())
    sizes = np.diff([0, *cuts, size]).tolist()
    if size % count == 0 and net.chance(0.3):
        sizes = [size // count] * count
    net.call("Split", x, net.ints(*sizes), outputs=count, axis=axis)


@family("slice")
def slices(net: Network) -> None:
    """With steps, from behind, backwards."""
    x = net.pick(lambda v: v.rank >= 1)
    starts, ends, axes, steps = [], [], [], []
    for axis in net.rng.permutation(x.rank)[: net.integer(1, min(2, x.rank))].tolist():
        size = x.shape[axis]
        step = net.choose((1, 1, 1, 2, 3, -1, -2))
        first, last = sorted((net.integer(0, size - 1), net.integer(0, size - 1)))
        if step > 0:
            start, end = first, net.choose((last + 1, (1 << 31) - 1, (1 << 63) - 1))
            if net.chance(0.3):
                start -= size
        else:
            start, end = net.choose((last, -1)), net.choose((-(1 << 31), first - size - 1))
        starts.append(start)
        ends.append(end)
        axes.append(axis)
        steps.append(step)
    net.call("Slice", x, *(net.ints(*part) for part in (starts, ends, axes, steps)))


@family("pad")
def pad(net: Network) -> None:
    """Constant, reflected, repeated; also negative."""
    x = net.pick(lambda v: v.rank >= 1)
    mode = net.choose(("constant", "constant", "reflect", "edge"))
    begins, ends = [0] * x.rank, [0] * x.rank
    for axis in net.rng.permutation(x.rank)[: net.integer(1, 2)].tolist():
        limit = x.shape[axis] - 1 if mode == "reflect" else 4
        begins[axis], ends[axis] = (net.integer(0, min(4, limit)) for _ in range(2))
        if mode == "constant" and net.chance(0.15) and x.shape[axis] > 3:
            begins[axis] = -1
    value = net.constant(np.float32(net.choose((0.0, 0.0, 1.5, -2.0)))) if net.chance(0.5) else None
    net.call("Pad", x, net.ints(*begins, *ends), value if mode == "constant" else None, mode=mode)


@family("tile")
def tile(net: Network) -> None:
    """Repeats axes."""
    x = net.pick(lambda v: v.rank >= 1 and v.array.size <= 6000)
    net.call("Tile", x, net.ints(*(net.choose((1, 1, 2, 3)) for _ in x.shape)))


@family("expand")
def expand(net: Network) -> None:
    """Axes of size 1, and new ones, grow."""
    x = net.pick(lambda v: v.array.size <= 3000)
    if x.rank and net.chance(0.4):
        axis = net.integer(0, x.rank - 1)
        x = net.call("Slice", x, net.ints(0), net.ints(1), net.ints(axis))
    shape = [net.size(8) if size == 1 else size for size in x.shape]
    if len(shape) < 5 and net.chance(0.3):
        shape = [net.size(4), *shape]
    net.call("Expand", x, net.ints(*shape))


@family("resize")
def resize(net: Network) -> None:
    """Nearest, linear and cubic, by scales or sizes."""
    x = net.ranked(3, 4, 4, 4, part=0.2)
    mode = net.choose(("nearest", "nearest", "linear", "cubic" if x.rank == 4 else "linear"))
    axes = x.rank - 2
    coordinates = net.choose(("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"))
    attributes = {"mode": mode, "coordinate_transformation_mode": coordinates}
    if mode == "nearest":
        attributes["nearest_mode"] = net.choose(("floor", "round_prefer_floor", "ceil"))
    if net.chance(0.5):
        factors = [net.choose((1.0, 2.0, 2.0, 3.0, 0.5, 1.5)) for _ in range(axes)]
        scales = net.constant(np.array([1, 1, *factors], np.float32))
        net.call("Resize", x, None, scales, **attributes)
    else:
        sizes = [max(1, net.choose((size * 2, size, size + 3, size // 2))) for size in x.shape[2:]]
        net.call("Resize", x, None, None, net.ints(*x.shape[:2], *sizes), **attributes)


@family("blocks_of_pixels")
def blocks_of_pixels(net: Network) -> None:
    """DepthToSpace and SpaceToDepth."""
    x = net.ranked(4)
    _, c, h, w = x.shape
    block = net.choose((2, 2, 3))
    if net.chance(0.5):
        if c % (block * block):
            x = net.call("Concat", *[x] * (block * block), axis=1)
        net.call("DepthToSpace", x, blocksize=block, mode=net.choose(("DCR", "CRD")))
    else:
        if h % block or w % block:
            x = net.call("Pad", x, net.ints(0, 0, 0, 0, 0, 0, -h % block, -w % block))
        net.call("SpaceToDepth", x, blocksize=block)


@family("shuffle")
def shuffle(net: Network) -> None:
    """Reshape, transpose, reshape: channels are shuffled, or windows are made."""
    x = net.pick(lambda v: v.rank >= 2)
    axis = net.choose([a for a in range(x.rank)])
    size = x.shape[axis]
    parts = [p for p in range(2, size) if size % p == 0]
    if not parts or x.rank > 4:
        raise RejectedError("not divisible")
    groups = net.choose(parts)
    shape = [*x.shape[:axis], groups, size // groups, *x.shape[axis + 1 :]]
    y = net.call("Reshape", x, net.ints(*shape))
    order = list(range(len(shape)))
    other = net.choose([a for a in range(len(shape)) if a != axis])
    order[axis], order[other] = order[other], order[axis]
    y = net.call("Transpose", y, perm=order)
    net.call("Reshape", y, net.ints(*x.shape))


@family("roll")
def roll(net: Network) -> None:
    """Two slices in exchanged order."""
    x = net.pick(lambda v: v.rank >= 1 and max(v.shape) >= 2)
    axis = net.choose([a for a, size in enumerate(x.shape) if size >= 2])
    cut = net.integer(1, x.shape[axis] - 1)
    first = net.call("Slice", x, net.ints(0), net.ints(cut), net.ints(axis))
    second = net.call("Slice", x, net.ints(cut), net.ints((1 << 63) - 1), net.ints(axis))
    net.call("Concat", second, first, axis=axis)


@family("shape_arithmetic")
def shape_arithmetic(net: Network) -> None:
    """A reshape whose sizes the network computes."""
    x = net.pick(lambda v: v.rank >= 2)
    shape = net.call("Shape", x)
    kept = net.call("Gather", shape, net.constant([0], np.int64), axis=0)
    if net.chance(0.5):
        target = net.call("Concat", kept, net.ints(-1), axis=0)
    else:
        rest = net.call("Slice", shape, net.ints(1), net.ints(x.rank))
        product = net.call("ReduceProd", rest, keepdims=1)
        target = net.call("Concat", kept, product, axis=0)
    y = net.call("Reshape", x, target)
    if net.chance(0.4):
        net.call("Add", y, net.call("ConstantOfShape", net.call("Shape", y)))


@family("trilu")
def trilu(net: Network) -> None:
    """A triangle of the last two axes."""
    if net.opset < 14:
        raise RejectedError("opset")
    x = net.pick(lambda v: v.rank >= 2)
    k = net.constant(net.integer(-2, 2), np.int64)
    net.call("Trilu", x, k if net.chance(0.6) else None, upper=net.integer(0, 1))


@family("window_partition")
def window_partition(net: Network) -> None:
    """Pixels in windows, and back, with a function between."""
    x = net.ranked(4)
    n, h, w, c = x.shape
    size = net.choose((2, 3, 4))
    x = net.call("Pad", x, net.ints(0, 0, 0, 0, 0, -h % size, -w % size, 0))
    n, h, w, c = x.shape
    a, b = h // size, w // size
    y = net.call("Reshape", x, net.ints(n, a, size, b, size, c))
    y = net.call("Transpose", y, perm=[0, 1, 3, 2, 4, 5])
    y = net.call("Reshape", y, net.ints(n * a * b, size * size, c))
    y = net.call(net.choose(("Relu", "Tanh")), y)
    if net.chance(0.7):
        y = net.call("Reshape", y, net.ints(n, a, b, size, size, c))
        y = net.call("Transpose", y, perm=[0, 1, 3, 2, 4, 5])
        net.call("Reshape", y, net.ints(*x.shape))
    assert math.prod(y.shape) >= x.array.size
