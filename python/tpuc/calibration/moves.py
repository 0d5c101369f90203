"""The operations of the top dialect that move elements, as ONNX nodes."""

from __future__ import annotations

import math

import numpy as np

from tpuc.calibration.nodes import Call, Nodes, converts, onnx_type
from tpuc.frontend import enums

_SCATTER = {enums.Scatter.NONE: "none", enums.Scatter.ADD: "add", enums.Scatter.MUL: "mul",
            enums.Scatter.MAX: "max", enums.Scatter.MIN: "min"}  # fmt: skip
_COORDINATES = {
    enums.ResizeCoordinate.HALF_PIXEL: "half_pixel",
    enums.ResizeCoordinate.PYTORCH_HALF_PIXEL: "pytorch_half_pixel",
    enums.ResizeCoordinate.ASYMMETRIC: "asymmetric",
    enums.ResizeCoordinate.ALIGN_CORNERS: "align_corners",
    enums.ResizeCoordinate.HALF_PIXEL_SYMMETRIC: "half_pixel_symmetric",
}
_ROUNDINGS = {
    enums.ResizeNearest.ROUND_PREFER_FLOOR: "round_prefer_floor",
    enums.ResizeNearest.ROUND_PREFER_CEIL: "round_prefer_ceil",
    enums.ResizeNearest.FLOOR: "floor", enums.ResizeNearest.CEIL: "ceil",
}  # fmt: skip


@converts("reshape")
def _reshape(call: Call, nodes: Nodes) -> None:
    shape = nodes.ints(nodes.shape(call.operation.results[0]))
    nodes.emit("Reshape", [call.inputs[0], shape], call.outputs[0])


@converts("permute")
def _permute(call: Call, nodes: Nodes) -> None:
    nodes.emit("Transpose", call.inputs, call.outputs[0], perm=list(call.get("order")))


def relayout_sources(boxes: list[int], axes: int, elements: int, row: int) -> np.ndarray:
    """The operand's row for each row of a relayout's result.

    Args:
        boxes: as the operation has them.
        axes: axes of a box.
        elements: elements of the result.
        row: elements that stay together, see ``common_row``.
    """
    sources = np.empty(elements // row, np.int64)
    for box in _split_boxes(boxes, axes):
        to, source = np.array([box[0]]), np.array([box[1]])
        for size, to_step, from_step in _axes(box):
            steps = np.arange(size // row if (to_step, from_step) == (1, 1) else size)
            unit = row if (to_step, from_step) == (1, 1) else 1
            to = (to[:, None] + steps * to_step * unit).reshape(-1)
            source = (source[:, None] + steps * from_step * unit).reshape(-1)
        sources[to // row] = source // row
    return sources


def common_row(boxes: list[int], axes: int) -> int:
    """The length of the longest runs of which all boxes are made."""
    row = 0
    for box in _split_boxes(boxes, axes):
        runs = 0
        row = math.gcd(row, box[0], box[1])
        for size, to_step, from_step in _axes(box):
            if (to_step, from_step) == (1, 1):
                runs += 1
                row = math.gcd(row, size)
            elif size > 1:
                row = math.gcd(row, to_step, from_step)
        if runs != 1:
            return 1
    return row


def _split_boxes(boxes: list[int], axes: int) -> list[list[int]]:
    length = 2 + 3 * axes
    return [boxes[i : i + length] for i in range(0, len(boxes), length)]


def _axes(box: list[int]) -> list[list[int]]:
    return [box[i : i + 3] for i in range(2, len(box), 3)]


@converts("relayout")
def _relayout(call: Call, nodes: Nodes) -> None:
    shape = nodes.shape(call.operation.results[0])
    boxes, axes = list(call.get("boxes")), call.get("axes")
    row = math.gcd(common_row(boxes, axes), *nodes.shape(call.operation.operands[0])[-1:])
    sources = relayout_sources(boxes, axes, math.prod(shape), row)
    rows = nodes.emit("Reshape", [call.inputs[0], nodes.ints([-1, row])])
    moved = nodes.emit("Gather", [rows, nodes.constant(sources)], axis=0)
    nodes.emit("Reshape", [moved, nodes.ints(shape)], call.outputs[0])


@converts("concat")
def _concat(call: Call, nodes: Nodes) -> None:
    nodes.emit("Concat", call.inputs, call.outputs[0], axis=call.get("axis"))


@converts("slice")
def _slice(call: Call, nodes: Nodes) -> None:
    starts, sizes, steps = (list(call.get(n)) for n in ("offsets", "sizes", "steps"))
    ends = [start + size * step for start, size, step in zip(starts, sizes, steps, strict=True)]
    # An end before the first element is written as the smallest number.
    ends = [end if end >= 0 else np.iinfo(np.int64).min for end in ends]
    lists = [nodes.ints(numbers) for numbers in (starts, ends, range(len(starts)), steps)]
    nodes.emit("Slice", [call.inputs[0], *lists], call.outputs[0])


@converts("pad")
def _pad(call: Call, nodes: Nodes) -> None:
    modes = {enums.Pad.CONSTANT: "constant", enums.Pad.REFLECT: "reflect",
             enums.Pad.EDGE: "edge", enums.Pad.WRAP: "wrap"}  # fmt: skip
    mode = enums.Pad(call.get("mode", enums.Pad.CONSTANT))
    inputs = [call.inputs[0], nodes.ints(call.get("pads"))]
    if mode == enums.Pad.CONSTANT:
        dtype = nodes.values[call.operation.operands[0]].dtype
        types = {"f32": np.float32, "i64": np.int64, "i32": np.int32, "i1": np.bool_}
        inputs.append(nodes.constant(np.array(call.get("value", 0.0)).astype(types[dtype])))
    nodes.emit("Pad", inputs, call.outputs[0], mode=modes[mode])


@converts("gather")
def _gather(call: Call, nodes: Nodes) -> None:
    nodes.emit("Gather", call.inputs, call.outputs[0], axis=call.get("axis"))


@converts("gather_elements")
def _gather_elements(call: Call, nodes: Nodes) -> None:
    nodes.emit("GatherElements", call.inputs, call.outputs[0], axis=call.get("axis"))


@converts("gather_nd")
def _gather_nd(call: Call, nodes: Nodes) -> None:
    indices = call.inputs[1]
    if nodes.values[call.operation.operands[1]].dtype != "i64":
        indices = nodes.emit("Cast", [indices], to=onnx_type("i64"))
    nodes.emit(
        "GatherND", [call.inputs[0], indices], call.outputs[0], batch_dims=call.get("batch_dims", 0)
    )


@converts("scatter_nd")
def _scatter_nd(call: Call, nodes: Nodes) -> None:
    inputs = list(call.inputs)
    if nodes.values[call.operation.operands[1]].dtype != "i64":
        inputs[1] = nodes.emit("Cast", [inputs[1]], to=onnx_type("i64"))
    kind = _SCATTER[enums.Scatter(call.get("reduction", enums.Scatter.NONE))]
    nodes.emit("ScatterND", inputs, call.outputs[0], reduction=kind)


@converts("tile")
def _tile(call: Call, nodes: Nodes) -> None:
    nodes.emit("Tile", [call.inputs[0], nodes.ints(call.get("repeats"))], call.outputs[0])


@converts("broadcast")
def _broadcast(call: Call, nodes: Nodes) -> None:
    shape = nodes.ints(nodes.shape(call.operation.results[0]))
    nodes.emit("Expand", [call.inputs[0], shape], call.outputs[0])


@converts("cast")
def _cast(call: Call, nodes: Nodes) -> None:
    dtype = nodes.values[call.operation.results[0]].dtype
    nodes.emit("Cast", call.inputs, call.outputs[0], to=onnx_type(dtype))


@converts("depth_to_space")
def _depth_to_space(call: Call, nodes: Nodes) -> None:
    crd = call.get("mode", enums.BlockOrder.DCR) == enums.BlockOrder.CRD
    nodes.emit(
        "DepthToSpace", call.inputs, call.outputs[0], blocksize=call.get("block_size"),
        mode="CRD" if crd else "DCR",
    )  # fmt: skip


@converts("space_to_depth")
def _space_to_depth(call: Call, nodes: Nodes) -> None:
    nodes.emit("SpaceToDepth", call.inputs, call.outputs[0], blocksize=call.get("block_size"))


@converts("resize")
def _resize(call: Call, nodes: Nodes) -> None:
    modes = {enums.ResizeMode.NEAREST: "nearest", enums.ResizeMode.LINEAR: "linear",
             enums.ResizeMode.CUBIC: "cubic"}  # fmt: skip
    shape = nodes.shape(call.operation.operands[0])
    result = nodes.shape(call.operation.results[0])
    scales = list(call.get("scales"))
    # The result's size is rounded down from the scales, by some in f32 and by others
    # in f64; ask for it by its size where they disagree.
    fits = all(
        int(np.floor(kind(n) * kind(np.float32(s)))) == size
        for n, s, size in zip(shape, scales, result, strict=True)
        for kind in (np.float32, np.float64)
    )
    attributes = {
        "mode": modes[enums.ResizeMode(call.get("mode"))],
        "coordinate_transformation_mode": _COORDINATES[
            enums.ResizeCoordinate(call.get("coordinate"))
        ],
        "nearest_mode": _ROUNDINGS[
            enums.ResizeNearest(call.get("nearest", enums.ResizeNearest.ROUND_PREFER_FLOOR))
        ],
        "cubic_coeff_a": call.get("cubic_coeff", -0.75),
        "exclude_outside": int(call.get("exclude_outside", False)),
    }
    inputs = [call.inputs[0], ""]
    if fits:
        inputs.append(nodes.constant(np.array(scales, np.float32)))
    else:
        inputs += ["", nodes.ints(result)]
    nodes.emit("Resize", inputs, call.outputs[0], **attributes)
