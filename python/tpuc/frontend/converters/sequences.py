"""Operators along an axis of time: running products, reversal, caches."""

from __future__ import annotations

import math

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.converters.scatter import integers, pick_rows
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Compare
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, axis_of, converts, operand, scalar_of


@converts("CumProd")
def _cumprod(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    if not x.rank:
        raise UserError("has an operand without axes")
    axis = axis_of(int(scalar_of(inputs[1], "the axis", 0)), x.rank)
    reverse = bool(node.attr("reverse", 0))
    if node.attr("exclusive", 0):
        x = _moved(x, axis, 1, reverse, e)
    # Products of twice as many elements in each step.
    distance = 1
    while distance < x.shape[axis]:
        x = e.binary("mul", x, _moved(x, axis, distance, reverse, e))
        distance *= 2
    return x


def _moved(x: Tensor, axis: int, distance: int, reverse: bool, e: Emitter) -> Tensor:
    """The elements some places further on (back in reverse), ones first."""
    size = x.shape[axis]
    pads = [0] * (2 * x.rank)
    if distance >= size:
        return e.binary("add", e.binary("mul", x, 0), 1)
    part = e.slice_axis(x, axis, distance if reverse else 0, size - distance)
    pads[axis + (x.rank if reverse else 0)] = distance
    return e.op("pad", [part], {"pads": pads, "value": 1.0})


@converts("ReverseSequence")
def _reverse_sequence(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, lengths = inputs
    time, batch = int(node.attr("time_axis", 0)), int(node.attr("batch_axis", 1))
    if {time, batch} != {0, 1} or x.rank < 2:
        raise UserError(f"has time_axis {time} and batch_axis {batch}, expected 0 and 1")
    x = e.permute(x, [batch, time, *range(2, x.rank)])
    count, size = x.shape[:2]
    width = math.prod(x.shape[2:])
    steps = integers(np.arange(size)[None], lengths)
    length = e.reshape(lengths, (count, 1))
    within = e.op("compare", [steps, length], {"predicate": Compare.LESS})
    mirrored = e.binary("sub", e.binary("sub", length, 1), steps)
    rows = e.op("where", [within, mirrored, steps])
    rows = e.binary("add", rows, integers(np.arange(count)[:, None] * size, lengths))
    picked = pick_rows(e.reshape(x, (count * size, width)), e.reshape(rows, (count * size,)), e)
    return e.permute(e.reshape(picked, x.shape), [batch, time, *range(2, x.rank)])


@converts("TensorScatter")
def _tensor_scatter(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    cache, update = inputs[0], inputs[1]
    axis = axis_of(int(node.attr("axis", -2)), cache.rank)
    mode = str(node.attr("mode", "linear"))
    if mode not in ("linear", "circular") or axis == 0:
        raise UserError(f"has mode '{mode}' along axis {axis}, expected linear or circular behind "
                        "the batch")  # fmt: skip
    batch, size, count = cache.shape[0], cache.shape[axis], update.shape[axis]
    between = math.prod(cache.shape[1:axis])
    width = math.prod(cache.shape[axis + 1 :])
    begins = operand(inputs, 2)
    if begins is None:
        begins = Tensor.constant(np.zeros(batch, np.int64))
    # For each place of the cache the number of the update that is for it.
    places = integers(np.arange(size)[None], begins)
    source = e.binary("sub", places, e.reshape(begins, (batch, 1)))
    if mode == "circular":
        source = e.op("mod", [source, e.scalar(size, source)])
    low = e.op("compare", [source, e.scalar(0, source)], {"predicate": Compare.GREATER_EQUAL})
    high = e.op("compare", [source, e.scalar(count, source)], {"predicate": Compare.LESS})
    inside = e.op("and", [low, high])
    source = e.binary("min", e.binary("max", source, 0), count - 1)
    lines = integers(np.arange(batch * between).reshape(batch, between, 1) * count, begins)
    rows = e.binary("add", e.reshape(source, (batch, 1, size)), lines)
    picked = pick_rows(
        e.reshape(update, (batch * between * count, width)), e.reshape(rows, (rows.size,)), e
    )
    shape = (batch, between, size, width)
    chosen = e.op(
        "where",
        [e.reshape(inside, (batch, 1, size, 1)), e.reshape(picked, shape), e.reshape(cache, shape)],
    )
    return e.reshape(chosen, cache.shape)
