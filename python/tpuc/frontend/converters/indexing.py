"""Picking by index, and tensors made of indices."""

from __future__ import annotations

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Compare
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, axis_of, converts, scalar_of


def check_range(indices: Tensor, size: int) -> None:
    """Refuses constant indices that are outside an axis."""
    if indices.is_constant and indices.size:
        low, high = int(indices.array.min()), int(indices.array.max())
        if low < -size or high >= size:
            raise UserError(f"has indices from {low} to {high} for an axis of {size}")


@converts("Gather")
def _gather(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, indices = inputs
    axis = axis_of(int(node.attr("axis", 0)), x.rank)
    check_range(indices, x.shape[axis])
    if indices.is_constant and indices.size == 1:
        # One index is a slice of size 1.
        index = int(indices.array.reshape(-1)[0]) % x.shape[axis]
        part = e.slice_axis(x, axis, index, 1)
        return e.reshape(part, (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))
    e.limit_indices(indices, x.shape[axis])
    return e.op("gather", [x, indices], {"axis": axis})


@converts("OneHot")
def _one_hot(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    indices, depth, values = inputs
    count = int(scalar_of(depth, "the depth", 0))
    if count < 1:
        raise UserError(f"has depth {count}, expected at least 1")
    rank = indices.rank + 1
    axis = axis_of(int(node.attr("axis", -1)), rank)
    if values.size != 2:
        raise UserError(f"has {values.size} values, expected 2")
    line = [1] * rank
    line[axis] = count
    if indices.dtype == "f32":
        indices = e.cast(indices, "i64")
    shape = list(indices.shape)
    shape.insert(axis, 1)
    column = e.reshape(indices, shape)
    dtype = np.int64 if indices.dtype == "i64" else np.int32
    places = Tensor.constant(np.arange(count, dtype=dtype).reshape(line))
    # A negative index counts from the end.
    below = Tensor.constant(places.array - dtype(count))
    hit = e.op("compare", [column, places], {"predicate": Compare.EQUAL})
    hit_below = e.op("compare", [column, below], {"predicate": Compare.EQUAL})
    hit = e.op("or", [hit, hit_below])
    off = e.reshape(e.slice_axis(values, 0, 0, 1), ())
    on = e.reshape(e.slice_axis(values, 0, 1, 1), ())
    return e.op("where", [hit, on, off])


@converts("Trilu")
def _trilu(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    if x.rank < 2:
        raise UserError(f"has an operand of rank {x.rank}, expected at least 2")
    k = int(scalar_of(inputs[1] if len(inputs) > 1 else None, "k", 0))
    keep = np.ones(x.shape[-2:], np.bool_)
    keep = np.triu(keep, k) if node.attr("upper", 1) else np.tril(keep, k)
    zero = e.scalar(0, x)
    return e.op("where", [Tensor.constant(keep), x, zero])


@converts("EyeLike")
def _eye_like(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    if x.rank != 2:
        raise UserError(f"has an operand of rank {x.rank}, expected 2")
    dtype = {"f32": np.float32, "i64": np.int64, "i32": np.int32, "i1": np.bool_}[x.dtype]
    if (target := node.attr("dtype")) is not None:
        import onnx

        dtype = onnx.helper.tensor_dtype_to_np_dtype(target)
    return Tensor.constant(np.eye(*x.shape, k=int(node.attr("k", 0)), dtype=dtype))
