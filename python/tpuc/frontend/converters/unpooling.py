"""Where the largest element of each window was, and how it gets back there."""

from __future__ import annotations

import itertools
import math

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.converters.scatter import integers, place_rows
from tpuc.frontend.converters.windows import spatial_attr
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Compare, Scatter
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, converts, ints_of, operand

# Elements of a window that are looked at one after the other.
_MOST_TAPS = 256


def pooled_places(x: Tensor, pooled: Tensor, window: dict, by_columns: bool, e: Emitter) -> Tensor:
    """The number in the whole tensor of each window's first largest element.

    Args:
        x: the input of a pool.
        pooled: its result.
        window: its attributes.
        by_columns: whether elements are counted along the first spatial axis first.
        e: the emitter.
    """
    kernel, strides, dilations = window["kernel"], window["strides"], window["dilations"]
    count, spatial, outputs = len(kernel), x.shape[2:], pooled.shape[2:]
    if math.prod(kernel) > _MOST_TAPS:
        raise UserError(f"returns indices of windows {kernel}, which are too large")
    begins = window["pads"][:count]
    reach = [(o - 1) * s + (k - 1) * d + 1
             for o, s, k, d in zip(outputs, strides, kernel, dilations, strict=True)]  # fmt: skip
    ends = [max(0, r - size - b) for r, size, b in zip(reach, spatial, begins, strict=True)]
    padded = e.cast(x, "f32")
    if any(begins) or any(ends):
        pads = [0, 0, *begins, 0, 0, *ends]
        padded = e.op("pad", [padded], {"pads": pads, "value": -np.inf})
    weights = np.cumprod([1, *spatial[:-1]]) if by_columns else [
        math.prod(spatial[axis + 1 :]) for axis in range(count)
    ]  # fmt: skip
    best = e.cast(pooled, "f32")
    places: Tensor | None = None
    # Backwards, so that the first of equal elements stays.
    for taps in reversed(list(itertools.product(*map(range, kernel)))):
        offsets = [t * d for t, d in zip(taps, dilations, strict=True)]
        part = e.slice(padded, [0, 0, *offsets], pooled.shape, [1, 1, *strides])
        lines = [
            (np.arange(o) * s + offset - b) * w
            for o, s, offset, b, w in zip(outputs, strides, offsets, begins, weights, strict=True)
        ]
        number = Tensor.constant(sum(np.ix_(*lines)).astype(np.int64)[None, None])
        if places is None:
            places = number
        else:
            hit = e.op("compare", [part, best], {"predicate": Compare.EQUAL})
            places = e.op("where", [hit, number, places])
    lines = np.arange(x.shape[0] * x.shape[1]).reshape(x.shape[0], x.shape[1], *[1] * count)
    first = Tensor.constant(lines.astype(np.int64) * math.prod(spatial))
    return e.broadcast(e.binary("add", places, first), pooled.shape)


@converts("MaxUnpool")
def _max_unpool(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, places = inputs[0], inputs[1]
    kernel = [int(k) for k in node.required("kernel_shape")]
    count = len(kernel)
    strides = spatial_attr(node, "strides", [1] * count, count)
    pads = spatial_attr(node, "pads", [0] * (2 * count), 2 * count)
    spatial = [
        (size - 1) * s + k - pads[a] - pads[a + count]
        for a, (size, s, k) in enumerate(zip(x.shape[2:], strides, kernel, strict=True))
    ]
    given = ints_of(operand(inputs, 2), "the shape of the result")
    shape = list(given) if given else [*x.shape[:2], *spatial]
    lines, size = x.shape[0] * x.shape[1], math.prod(shape[2:])
    if kernel == strides and not any(pads) and shape[2:] == spatial:
        return _unpool_tiles(x, places, kernel, shape, e)
    first = integers((np.arange(lines) * size).reshape(lines, 1), places)
    numbers = e.binary("sub", e.reshape(places, (lines, x.size // lines)), first)
    zeros = Tensor.constant(np.zeros((lines, size, 1), np.float32))
    updates = e.reshape(x, (lines, x.size // lines, 1))
    return e.reshape(place_rows(zeros, numbers, updates, Scatter.NONE, e), shape)


def _unpool_tiles(
    x: Tensor, places: Tensor, kernel: list[int], shape: list[int], e: Emitter
) -> Tensor:
    """Windows that tile the result: each of its elements asks its own window."""
    split = [*shape[:2]]
    for axis, k in enumerate(kernel, 2):
        split += [shape[axis] // k, k]
    single = [*x.shape[:2], *itertools.chain(*((size, 1) for size in x.shape[2:]))]
    own = integers(np.arange(math.prod(shape)).reshape(split), places)
    hit = e.op("compare", [own, e.reshape(places, single)], {"predicate": Compare.EQUAL})
    picked = e.op("where", [hit, e.reshape(x, single), e.scalar(0.0, x)])
    return e.reshape(picked, shape)
