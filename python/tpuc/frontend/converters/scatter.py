"""Elements picked and placed by indices that the network computes, or constants.

The chip gathers rows by a list of their numbers. So what is picked gets the numbers of its rows;
what is placed is turned round: each place looks for the update that is for it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.converters.indexing import check_range
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Compare, Reduce, Scatter
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, axis_of, converts

# Comparisons of places with updates; more do not fit into the chip's memory.
_MOST_COMPARISONS = 1 << 28
# Rows from this width on are added by a product with zeros and ones.
_WIDE = 8


def from_start(indices: Tensor, size: int, e: Emitter) -> Tensor:
    """Indices of which negative ones count from the end, as ones that count from the start."""
    if indices.is_constant:
        return Tensor.constant(np.where(indices.array < 0, indices.array + size, indices.array))
    below = e.op("compare", [indices, e.scalar(0, indices)], {"predicate": Compare.LESS})
    return e.op("where", [below, e.binary("add", indices, size), indices])


def integers(array: np.ndarray, like: Tensor) -> Tensor:
    """A constant of indices in another tensor's type."""
    return Tensor.constant(array.astype(np.int64 if like.dtype == "i64" else np.int32))


def pick_rows(table: Tensor, rows: Tensor, e: Emitter) -> Tensor:
    """[rows..., width] of [count, width]."""
    return e.op("gather", [table, rows], {"axis": 0})


@converts("GatherElements")
def _gather_elements(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, indices = inputs
    axis = axis_of(int(node.attr("axis", 0)), x.rank)
    check_range(indices, x.shape[axis])
    if indices.is_constant:
        return e.op("gather_elements", inputs, {"axis": axis})
    e.limit_indices(indices, x.shape[axis])
    numbers = _numbers(x.shape, axis, indices, e)
    flat = e.reshape(numbers, (indices.size,))
    return e.reshape(pick_rows(e.reshape(x, (x.size,)), flat, e), indices.shape)


def _numbers(shape: Sequence[int], axis: int, indices: Tensor, e: Emitter) -> Tensor:
    """For indices along an axis, the numbers of their elements in a tensor."""
    strides = [math.prod(shape[a + 1 :]) for a in range(len(shape))]
    numbers = from_start(indices, shape[axis], e)
    if strides[axis] != 1:
        numbers = e.binary("mul", numbers, strides[axis])
    others = sum(
        places * strides[a] for a, places in enumerate(np.indices(indices.shape)) if a != axis
    )
    return e.binary("add", numbers, integers(np.asarray(others), indices))


@converts("GatherND")
def _gather_nd(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, indices = inputs
    batch = int(node.attr("batch_dims", 0))
    _check_tuples(indices, x.shape[batch:])
    if indices.is_constant or not indices.rank:
        return e.op("gather_nd", inputs, {"batch_dims": batch})
    depth = indices.shape[-1]
    if not 0 < depth <= x.rank - batch or x.shape[:batch] != indices.shape[:batch]:
        raise UserError(f"has indices {list(indices.shape)} for {list(x.shape)}")
    outer = math.prod(x.shape[:batch])
    numbers = _row_numbers(x.shape[batch : batch + depth], indices, e)
    numbers = e.reshape(numbers, (outer, numbers.size // outer))
    begins = np.arange(outer)[:, None] * math.prod(x.shape[batch : batch + depth])
    if outer > 1:
        numbers = e.binary("add", numbers, integers(begins, indices))
    width = math.prod(x.shape[batch + depth :])
    table = e.reshape(x, (x.size // width, width))
    picked = pick_rows(table, e.reshape(numbers, (numbers.size,)), e)
    return e.reshape(picked, (*indices.shape[:-1], *x.shape[batch + depth :]))


def _check_tuples(indices: Tensor, sizes: Sequence[int]) -> None:
    """Refuses constant tuples of indices, [..., depth], that are outside of axes."""
    if indices.is_constant and indices.rank:
        for axis, size in enumerate(sizes[: indices.shape[-1]]):
            check_range(Tensor.constant(indices.array[..., axis]), size)


def _row_numbers(sizes: Sequence[int], indices: Tensor, e: Emitter) -> Tensor:
    """The numbers of the rows that tuples of indices, [..., depth], stand for."""
    total: Tensor | None = None
    for axis, size in enumerate(sizes):
        column = e.slice_axis(indices, indices.rank - 1, axis, 1)
        column = from_start(e.reshape(column, indices.shape[:-1]), size, e)
        stride = math.prod(sizes[axis + 1 :])
        if stride != 1:
            column = e.binary("mul", column, stride)
        total = column if total is None else e.binary("add", total, column)
    return total


def _reduction(node: Node) -> Scatter:
    name = str(node.attr("reduction", "none"))
    try:
        return Scatter[name.upper()]
    except KeyError:
        raise UserError(f"has reduction '{name}', which is not supported") from None


@converts("ScatterND")
def _scatter_nd(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, indices, updates = inputs
    how = _reduction(node)
    _check_tuples(indices, x.shape)
    if indices.is_constant and how is Scatter.NONE:
        return e.op("scatter_nd", inputs, {"reduction": how})
    depth = indices.shape[-1]
    width = math.prod(x.shape[depth:])
    count, rows = indices.size // depth, x.size // width
    numbers = e.reshape(_row_numbers(x.shape[:depth], indices, e), (1, count))
    table = e.reshape(x, (1, rows, width))
    placed = place_rows(table, numbers, e.reshape(updates, (1, count, width)), how, e)
    return e.reshape(placed, x.shape)


@converts("ScatterElements", "Scatter")
def _scatter_elements(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, indices, updates = inputs
    axis = axis_of(int(node.attr("axis", 0)), x.rank)
    check_range(indices, x.shape[axis])
    how = _reduction(node)
    if indices.is_constant and how is Scatter.NONE:
        # Every element becomes a slice of its own with a full index tuple.
        tuples = np.stack(np.indices(indices.shape), axis=-1)
        tuples[..., axis] = indices.array % x.shape[axis]
        table = Tensor.constant(tuples.reshape(-1, x.rank).astype(np.int64))
        flat = e.reshape(updates, (updates.size,))
        return e.op("scatter_nd", [x, table, flat], {"reduction": how})
    others = [a for a in range(x.rank) if a != axis]
    # Lines along the axis that have no updates stay apart.
    sizes = [x.shape[a] if a == axis else indices.shape[a] for a in range(x.rank)]
    part = e.slice(x, [0] * x.rank, sizes, [1] * x.rank)
    order = [*others, axis]

    def lines(tensor: Tensor) -> Tensor:
        moved = e.permute(tensor, order)
        return e.reshape(moved, (moved.size // moved.shape[-1], moved.shape[-1]))

    target, numbers, new = lines(part), lines(indices), lines(updates)
    numbers = from_start(numbers, x.shape[axis], e)
    placed = place_rows(
        e.reshape(target, (*target.shape, 1)), numbers, e.reshape(new, (*new.shape, 1)), how, e
    )
    placed = e.reshape(placed, [sizes[a] for a in order])
    placed = e.permute(placed, [order.index(a) for a in range(x.rank)])
    for a in others:
        if sizes[a] < x.shape[a]:
            rest_sizes = list(placed.shape)
            rest_sizes[a] = x.shape[a] - sizes[a]
            offsets = [0] * x.rank
            offsets[a] = sizes[a]
            rest = e.slice(x, offsets, rest_sizes, [1] * x.rank)
            # What is beyond in later axes comes with their own rest.
            placed = e.op("concat", [placed, rest], {"axis": a})
    return placed


def place_rows(x: Tensor, numbers: Tensor, updates: Tensor, how: Scatter, e: Emitter) -> Tensor:
    """Writes or combines rows into tables.

    Args:
        x: the tables, [batch, rows, width].
        numbers: for each update the row that it is for, [batch, count].
        updates: [batch, count, width].
        how: what becomes of the old value.
        e: the emitter.
    """
    batch, rows, width = x.shape
    count = numbers.shape[1]
    is_product = how is Scatter.ADD and width >= _WIDE and x.dtype == "f32"
    size = batch * rows * count * (1 if how is Scatter.NONE or is_product else width)
    if size > _MOST_COMPARISONS:
        raise UserError(
            f"places {count} rows in {rows} by indices that the network computes, which takes "
            f"{size} comparisons, expected at most {_MOST_COMPARISONS}; make the indices constants"
        )
    places = integers(np.arange(rows).reshape(1, rows, 1), numbers)
    hit = e.op(
        "compare", [places, e.reshape(numbers, (batch, 1, count))], {"predicate": Compare.EQUAL}
    )
    if how is Scatter.NONE:
        return _replace_rows(x, hit, updates, e)
    if is_product:
        return e.binary("add", x, e.op("matmul", [e.cast(hit, "f32"), updates]))
    largest = np.inf if x.dtype == "f32" else np.iinfo(np.int32).max
    name, kind, neutral = {
        Scatter.ADD: ("add", Reduce.SUM, 0),
        Scatter.MUL: ("mul", Reduce.PROD, 1),
        Scatter.MAX: ("max", Reduce.MAX, -largest),
        Scatter.MIN: ("min", Reduce.MIN, largest),
    }[how]
    hit = e.reshape(hit, (batch, rows, 1, count))
    new = e.reshape(e.permute(updates, (0, 2, 1)), (batch, 1, width, count))
    terms = e.op("where", [hit, new, e.scalar(neutral, new)])
    combined = e.reduce(kind, terms, [3], keepdims=False)
    return e.binary(name, x, combined)


def _replace_rows(x: Tensor, hit: Tensor, updates: Tensor, e: Emitter) -> Tensor:
    batch, rows, width = x.shape
    count = updates.shape[1]
    # The last update of a row stays; 0 for a row without any.
    places = Tensor.constant(np.arange(1, count + 1, dtype=np.float32).reshape(1, 1, count))
    last = e.op("where", [hit, places, e.scalar(0.0, places)])
    last = e.cast(e.reduce(Reduce.MAX, last, [2], keepdims=False), "i32")
    found = e.op("compare", [last, e.scalar(0, last)], {"predicate": Compare.GREATER})
    source = e.binary("max", e.binary("sub", last, 1), 0)
    if batch > 1:
        begins = Tensor.constant((np.arange(batch, dtype=np.int32) * count)[:, None])
        source = e.binary("add", source, begins)
    table = e.reshape(updates, (batch * count, width))
    new = e.reshape(pick_rows(table, e.reshape(source, (batch * rows,)), e), x.shape)
    return e.op("where", [e.reshape(found, (batch, rows, 1)), new, x])
