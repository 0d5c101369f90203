"""Entries that the network chooses: as many as there may be, and how many there are.

What is chosen stands first, in order; indices behind it are -1. See ``bounded`` for what becomes
of such results.
"""

from __future__ import annotations

import math

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.bounded import Bound, mask_of
from tpuc.frontend.converters.scatter import pick_rows
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Compare, Reduce
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, axis_of, converts, operand

# Comparisons of results with places; more take too long.
_MOST_COMPARISONS = 1 << 28
_LOWEST = float(np.finfo(np.float32).min)


def _compare(x: Tensor, y: Tensor, predicate: Compare, e: Emitter) -> Tensor:
    return e.op("compare", [x, y], {"predicate": predicate})


def _numbers(count: int) -> Tensor:
    return Tensor.constant(np.arange(count, dtype=np.int32))


def _total(flags: Tensor, e: Emitter) -> Tensor:
    """How many truth values are true along the last axis, which stays: i32."""
    return e.cast(e.reduce(Reduce.SUM, e.cast(flags, "f32"), [flags.rank - 1]), "i32")


def _up_to(counts: Tensor, e: Emitter) -> Tensor:
    """Running sums along the last axis."""
    if counts.shape[-1] == 1:
        return counts
    attributes = {"axis": counts.rank - 1, "exclusive": False, "reverse": False}
    return e.op("cumsum", [counts], attributes)


def _find(ends: Tensor, places: Tensor, e: Emitter) -> tuple[Tensor, Tensor]:
    """Which of successive runs a place is in, and its place there.

    Args:
        ends: where runs end, [1 or places, runs], i32.
        places: [places, 1].
        e: the emitter.

    Returns:
        Both [places, 1]; the number of runs beyond the last.
    """
    before = _compare(ends, places, Compare.LESS_EQUAL, e)
    run = _total(before, e)
    passed = e.op("where", [before, e.broadcast(ends, before.shape), e.scalar(0, ends)])
    begin = e.reduce(Reduce.MAX, passed, [1])
    return run, e.binary("sub", places, begin)


def _check_size(comparisons: int, what: str) -> None:
    if comparisons > _MOST_COMPARISONS:
        raise UserError(
            f"chooses among {what}, which takes {comparisons} comparisons, expected at most "
            f"{_MOST_COMPARISONS}; end the network before it (--output_names) and compute it on "
            f"the host"
        )


def chosen_places(chosen: Tensor, e: Emitter) -> tuple[Tensor, Tensor]:
    """The places of the truth values that are true, in order, and their number.

    Args:
        chosen: [size], i1.
        e: the emitter.

    Returns:
        [size, 1] and [1], i32; behind the last the place is any.
    """
    size = chosen.size
    width = min(size, max(1, math.isqrt(size)))
    rows = -(-size // width)
    _check_size(size * (rows + width), f"{size} elements")
    flags = e.cast(e.reshape(chosen, (1, size)), "i32")
    if rows * width > size:
        flags = e.op("pad", [flags], {"pads": [0, 0, 0, rows * width - size], "value": 0.0})
    within = _up_to(e.reshape(flags, (rows, width)), e)
    ends = _up_to(e.reshape(e.slice_axis(within, 1, width - 1, 1), (1, rows)), e)
    count = e.reshape(e.slice_axis(ends, 1, rows - 1, 1), (1,))
    places = e.reshape(_numbers(size), (size, 1))
    row, place = _find(ends, places, e)
    row = e.binary("min", row, rows - 1)
    own = pick_rows(within, e.reshape(row, (size,)), e)
    before = _compare(own, place, Compare.LESS_EQUAL, e)
    return e.binary("add", e.binary("mul", row, width), _total(before, e)), count


def _chosen_places(x: Tensor, e: Emitter) -> tuple[Tensor, Tensor]:
    """As ``chosen_places``, once for each mask that several nodes use."""
    key = x.id
    if key not in e.chosen:
        e.chosen[key] = chosen_places(_truth(x, e), e)
    return e.chosen[key]


def _truth(x: Tensor, e: Emitter) -> Tensor:
    flat = e.reshape(x, (x.size,))
    return flat if x.dtype == "i1" else _compare(flat, e.scalar(0, x), Compare.NOT_EQUAL, e)


def only_valid(x: Tensor, count: Tensor, rest: int, e: Emitter) -> Tensor:
    """A value [size, ...], with ``rest`` from ``count`` on."""
    valid = mask_of(Bound(0, count), x, e)
    return e.op("where", [valid, x, e.scalar(rest, x)])


@converts("NonZero")
def _nonzero(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    places, count = _chosen_places(x, e)
    shape = x.shape or (1,)
    columns = []
    for axis, size in enumerate(shape):
        stride = math.prod(shape[axis + 1 :])
        column = places if stride == 1 else e.binary("div", places, stride)
        columns.append(column if not axis else e.op("mod", [column, e.scalar(size, column)]))
    joined = columns[0] if len(columns) == 1 else e.op("concat", columns, {"axis": 1})
    joined = e.permute(only_valid(joined, count, -1, e), (1, 0))
    return e.cast(joined, "i64").bounded(Bound(1, count))


@converts("Compress")
def _compress(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, chosen = inputs
    axis = node.attr("axis")
    if axis is None:
        x, axis = e.reshape(x, (x.size,)), 0
    axis = axis_of(int(axis), x.rank)
    size = min(chosen.size, x.shape[axis])
    chosen = e.slice_axis(chosen, 0, 0, size)
    if chosen.is_constant:
        places = np.flatnonzero(chosen.array)
        if not places.size:
            return Tensor.empty(x.dtype, [*x.shape[:axis], 0, *x.shape[axis + 1 :]])
        return e.op("gather", [x, Tensor.constant(places)], {"axis": axis})
    places, count = _chosen_places(chosen, e)
    places = e.binary("min", e.reshape(places, (size,)), x.shape[axis] - 1)
    return e.op("gather", [x, places], {"axis": axis}).bounded(Bound(axis, count))


@converts("NonMaxSuppression")
def _nms(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    boxes, scores = inputs[0], inputs[1]
    if boxes.rank != 3 or scores.rank != 3:
        raise UserError(f"has boxes {list(boxes.shape)} and scores {list(scores.shape)}")
    threshold = operand(inputs, 3)
    if threshold is not None and not threshold.is_constant:
        raise UserError(
            f"iou_threshold is computed at run time, only constants are supported; fix an input "
            f"with --fix_input {threshold.name or 'NAME'}=VALUE"
        )
    most, limit = operand(inputs, 2), None
    if most is None:
        return Tensor.empty("i64", (0, 3))
    taken = scores.shape[2]
    if most.is_constant:
        taken = min(taken, int(most.array.reshape(-1)[0]))
    else:
        limit = most
    if taken < 1:
        return Tensor.empty("i64", (0, 3))
    attributes = {
        "max_output": taken,
        "iou_threshold": 0.0 if threshold is None else float(np.float32(threshold.array.item())),
        "center_point_box": bool(node.attr("center_point_box", 0)),
    }
    least = operand(inputs, 4)
    if least is not None and least.is_constant:
        # Below the lowest is no threshold.
        attributes["score_threshold"] = max(float(least.array.item()), _LOWEST)
    elif least is not None:
        above = _compare(scores, e.reshape(least, ()), Compare.GREATER, e)
        scores = e.op("where", [above, scores, e.scalar(-np.inf, scores)])
        attributes["score_threshold"] = _LOWEST
    return chosen_boxes(e.op("nms", [boxes, scores], attributes), limit, e)


def chosen_boxes(best: Tensor, limit: Tensor | None, e: Emitter) -> Tensor:
    """The numbers of boxes of batches and classes as one list of (batch, class, number).

    Args:
        best: [batch, class, most], -1 behind the last of a class.
        limit: the most of a class that the list has, or None.
        e: the emitter.
    """
    batch, classes, most = best.shape
    rows, size = batch * classes, best.size
    best = e.cast(best, "i32")
    _check_size(size * rows, f"{most} boxes of {rows} classes")
    flags = _compare(best, e.scalar(0, best), Compare.GREATER_EQUAL, e)
    counts = _total(e.reshape(flags, (rows, most)), e)
    if limit is not None:
        limit = e.binary("max", e.cast(e.reshape(limit, (1, 1)), "i32"), 0)
        counts = e.binary("min", counts, limit)
    ends = _up_to(e.reshape(counts, (1, rows)), e)
    count = e.reshape(e.slice_axis(ends, 1, rows - 1, 1), (1,))
    places = e.reshape(_numbers(size), (size, 1))
    if rows == 1:
        zeros = Tensor.constant(np.zeros((size, 1), np.int32))
        columns = [zeros, zeros, e.reshape(best, (size, 1))]
    else:
        row, place = _find(ends, places, e)
        row = e.binary("min", row, rows - 1)
        number = e.binary("add", e.binary("mul", row, most), e.binary("min", place, most - 1))
        picked = pick_rows(e.reshape(best, (size, 1)), e.reshape(number, (size,)), e)
        own = Tensor.constant(np.zeros((size, 1), np.int32)) if batch == 1 else (
            e.binary("div", row, classes))  # fmt: skip
        kind = row if batch == 1 else e.binary("sub", row, e.binary("mul", own, classes))
        columns = [own, kind, picked]
    joined = e.op("concat", columns, {"axis": 1})
    joined = only_valid(joined, count, -1, e)
    return e.cast(joined, "i64").bounded(Bound(0, count))
