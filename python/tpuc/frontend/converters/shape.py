"""Views and movement of data."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import BlockOrder, Pad
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import (
    Inputs,
    axes_of,
    axis_of,
    converts,
    ints_of,
    operand,
    scalar_of,
)
from tpuc.frontend.rescale import reshaped, sliced


@converts("Reshape")
def _reshape(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    target = ints_of(inputs[1], "the shape")
    if not inputs[1].from_shape or (-1 not in target and math.prod(target) not in (0, x.size)):
        batched = _rebatched_shape(node, x, e)
        if batched is not None:
            return e.reshape(x, batched)
    if not node.attr("allowzero", 0):
        if any(size == 0 and axis >= x.rank for axis, size in enumerate(target)):
            raise UserError(f"cannot reshape {list(x.shape)} to {target}: there is no axis to copy")
        target = [x.shape[axis] if size == 0 else size for axis, size in enumerate(target)]
    if target.count(-1) > 1 or any(size < -1 for size in target):
        raise UserError(f"cannot reshape {list(x.shape)} to {target}: at most one size may be -1")
    if -1 in target:
        known = math.prod(size for size in target if size != -1)
        if not known or x.size % known:
            raise UserError(
                f"cannot reshape {list(x.shape)} to {target}: {x.size} elements do not divide "
                f"into {known}"
            )
        target[target.index(-1)] = x.size // known
    return e.reshape(x, target)


def _rebatched_shape(node: Node, x: Tensor, e: Emitter) -> list[int] | None:
    """The shape for another operand than the one that a constant shape was made for."""
    before = e.reference_shapes.get(node.inputs[0])
    after = e.reference_shapes.get(node.outputs[0])
    if before is None or after is None or before == x.shape or len(before) != x.rank:
        return None
    if before[1:] == x.shape[1:] and after and x.shape[0] % before[0] == 0:
        return [after[0] * (x.shape[0] // before[0]), *after[1:]]
    return reshaped(before, after, x.shape)


@converts("Flatten")
def _flatten(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    axis = int(node.attr("axis", 1))
    # The axis may be one past the last.
    axis = x.rank if axis == x.rank else axis_of(axis, x.rank)
    return e.reshape(x, (math.prod(x.shape[:axis]), math.prod(x.shape[axis:])))


@converts("Squeeze")
def _squeeze(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    axes = ints_of(operand(inputs, 1), "the list of axes")
    if axes is None:
        axes = node.attr("axes") or [a for a, size in enumerate(x.shape) if size == 1]
    axes = axes_of(axes, x.rank)
    for axis in axes:
        if x.shape[axis] != 1:
            raise UserError(f"removes axis {axis} of {list(x.shape)}, which is not of size 1")
    return e.reshape(x, [size for axis, size in enumerate(x.shape) if axis not in axes])


@converts("Unsqueeze")
def _unsqueeze(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    axes = ints_of(operand(inputs, 1), "the list of axes")
    if axes is None:
        axes = node.attr("axes") or []
    shape = list(x.shape)
    for axis in axes_of(axes, x.rank + len(axes)):
        shape.insert(axis, 1)
    return e.reshape(x, shape)


@converts("Transpose")
def _transpose(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    order = node.attr("perm") or list(range(x.rank))[::-1]
    if sorted(order) != list(range(x.rank)):
        raise UserError(f"has perm {list(order)} for an operand of rank {x.rank}")
    return e.permute(x, order)


@converts("Concat")
def _concat(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    parts = [part for part in inputs if part.size]
    if not parts:
        raise UserError("joins only empty tensors")
    axis = axis_of(int(node.required("axis")), parts[0].rank)
    if e.reference_shapes and axis:
        # A constant with the batch of the export serves every batch.
        batch = max(part.shape[0] for part in parts)
        parts = [
            e.broadcast(part, (batch, *part.shape[1:]))
            if part.is_constant and part.shape[0] == 1
            else part
            for part in parts
        ]
    return parts[0] if len(parts) == 1 else e.op("concat", parts, {"axis": axis})


@converts("Split")
def _split(node: Node, inputs: Inputs, e: Emitter) -> list[Tensor]:
    x = inputs[0]
    axis = axis_of(int(node.attr("axis", 0)), x.rank)
    sizes = ints_of(operand(inputs, 1), "the list of sizes")
    if sizes is None:
        sizes = node.attr("split")
    if sizes is None:
        count = len(node.outputs)
        size = -(-x.shape[axis] // count)
        sizes = [size] * (count - 1) + [x.shape[axis] - size * (count - 1)]
    if sum(sizes) != x.shape[axis] or any(size < 0 for size in sizes):
        raise UserError(f"splits an axis of {x.shape[axis]} into {list(sizes)}")
    results, start = [], 0
    for name, size in zip(node.outputs, sizes, strict=True):
        results.append(e.slice_axis(x, axis, start, size) if name else x)
        start += size
    return results


@converts("Slice")
def _slice(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]

    def part(index: int, name: str) -> list[int] | None:
        values = ints_of(operand(inputs, index), f"the list of {name}")
        return node.attr(name) if values is None else values

    starts, ends = part(1, "starts"), part(2, "ends")
    axes, steps = part(3, "axes"), part(4, "steps")
    axes = list(range(len(starts))) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise UserError("has lists of different lengths")
    offsets, sizes, strides = [0] * x.rank, list(x.shape), [1] * x.rank
    bounds = operand(inputs, 2)
    before = None if bounds is not None and bounds.from_shape else e.reference_shape(node, x)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        axis = axis_of(axis, x.rank)
        if step == 0:
            raise UserError("has the step 0")
        if before is not None and step > 0 and start >= 0 and end > 0:
            end = sliced(before[axis], x.shape[axis], start, end)
        indices = range(*_python_slice(start, end, step, x.shape[axis]))
        offsets[axis], sizes[axis], strides[axis] = indices.start, len(indices), step
    return e.slice(x, offsets, sizes, strides)


def _python_slice(start: int, end: int, step: int, size: int) -> tuple[int, int, int]:
    """Start, end and step with the operator set's clamping."""
    stop = None if step < 0 and end < -size else end
    return slice(start, stop, step).indices(size)


_PAD_MODES = {
    "constant": Pad.CONSTANT,
    "reflect": Pad.REFLECT,
    "edge": Pad.EDGE,
    "wrap": Pad.WRAP,
}


@converts("Pad")
def _pad(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    pads = ints_of(operand(inputs, 1), "the padding")
    if pads is None:
        pads = list(node.required("pads"))
    mode = str(node.attr("mode", "constant"))
    if mode not in _PAD_MODES:
        raise UserError(f"has mode '{mode}', expected one of {', '.join(_PAD_MODES)}")
    value = scalar_of(operand(inputs, 2), "the value", float(node.attr("value", 0.0)))
    axes = ints_of(operand(inputs, 3), "the list of axes")
    axes = list(range(x.rank)) if axes is None else [axis_of(axis, x.rank) for axis in axes]
    if len(pads) != 2 * len(axes):
        raise UserError(f"has {len(pads)} pads for {len(axes)} axes")
    begins, ends = [0] * x.rank, [0] * x.rank
    for index, axis in enumerate(axes):
        begins[axis], ends[axis] = pads[index], pads[index + len(axes)]
    if any(pad < 0 for pad in begins + ends):
        x = _crop(x, begins, ends, e)
        begins, ends = [max(0, p) for p in begins], [max(0, p) for p in ends]
    if not any(begins + ends):
        return x
    attributes = {"pads": begins + ends, "mode": _PAD_MODES[mode], "value": float(value)}
    return e.op("pad", [x], attributes)


def _crop(x: Tensor, begins: Sequence[int], ends: Sequence[int], e: Emitter) -> Tensor:
    offsets = [max(0, -begin) for begin in begins]
    sizes = [
        size - offset - max(0, -end)
        for size, offset, end in zip(x.shape, offsets, ends, strict=True)
    ]
    if any(size < 1 for size in sizes):
        raise UserError(f"crops all of {list(x.shape)}")
    return e.slice(x, offsets, sizes, [1] * x.rank)


@converts("Tile")
def _tile(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    repeats = ints_of(inputs[1], "the list of repeats")
    if all(count == 1 for count in repeats):
        return x
    return e.op("tile", [x], {"repeats": repeats})


@converts("Expand")
def _expand(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    target = ints_of(inputs[1], "the shape")
    before = None if inputs[1].from_shape else e.reference_shape(node, x)
    if before is not None:
        # What was the operand's own size stays that.
        lead = len(target) - x.rank
        for axis, (old, new) in enumerate(zip(before, x.shape, strict=True)):
            if axis + lead >= 0 and target[axis + lead] == old != 1:
                target[axis + lead] = new
    try:
        shape = np.broadcast_shapes(x.shape, tuple(target))
    except ValueError:
        raise UserError(f"cannot expand {list(x.shape)} to {target}") from None
    return e.broadcast(x, shape)


@converts("DepthToSpace")
def _depth_to_space(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    mode = str(node.attr("mode", "DCR"))
    if mode not in ("DCR", "CRD"):
        raise UserError(f"has mode '{mode}', expected DCR or CRD")
    attributes = {"block_size": int(node.required("blocksize")), "mode": BlockOrder[mode]}
    return e.op("depth_to_space", [inputs[0]], attributes)


@converts("SpaceToDepth")
def _space_to_depth(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, block = inputs[0], int(node.required("blocksize"))
    mode = str(node.attr("mode", "DCR"))
    if mode == "DCR":
        return e.op("space_to_depth", [x], {"block_size": block})
    if mode != "CRD" or x.rank != 4 or block < 1 or x.shape[2] % block or x.shape[3] % block:
        raise UserError(f"has mode '{mode}' and blocks of {block} for {list(x.shape)}")
    # The depth is the outermost part of the new channel.
    n, c, h, w = x.shape
    split = e.reshape(x, (n, c, h // block, block, w // block, block))
    moved = e.permute(split, (0, 1, 3, 5, 2, 4))
    return e.reshape(moved, (n, c * block * block, h // block, w // block))


@converts("Size")
def _size(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    return Tensor.constant(np.array(inputs[0].size, np.int64))


@converts("CenterCropPad")
def _center_crop_pad(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    target = ints_of(inputs[1], "the shape")
    axes = node.attr("axes") or list(range(x.rank))
    begins, ends = [0] * x.rank, [0] * x.rank
    for axis, size in zip(axes, target, strict=True):
        axis = axis_of(int(axis), x.rank)
        more = size - x.shape[axis]
        begins[axis] = more // 2 if more >= 0 else -(-more // 2)
        ends[axis] = more - begins[axis]
    if any(pad < 0 for pad in begins + ends):
        x = _crop(x, begins, ends, e)
    pads = [max(0, pad) for pad in begins + ends]
    return e.op("pad", [x], {"pads": pads}) if any(pads) else x
