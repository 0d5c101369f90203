"""Values between the elements of a picture, at positions that the network computes.

Each position takes rows of all channels at its corners, by their numbers, and adds them with
weights.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.converters.scatter import pick_rows
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Compare, Reduce
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, converts, operand

# One corner of an axis: its position as a whole number in f32, and its weight (None for 1).
_Corner = tuple[Tensor, Tensor | None]
# The spline of cubic sampling, as onnxruntime has it.
_CUBIC = -0.75


def _compare(x: Tensor, limit: float, predicate: Compare, e: Emitter) -> Tensor:
    return e.op("compare", [x, e.scalar(limit, x)], {"predicate": predicate})


def _inside(x: Tensor, size: int, e: Emitter) -> Tensor:
    """1.0 where a position is one of the picture's."""
    low = _compare(x, 0.0, Compare.GREATER_EQUAL, e)
    high = _compare(x, size - 1.0, Compare.LESS_EQUAL, e)
    return e.cast(e.op("and", [low, high]), "f32")


def _clamped(x: Tensor, size: int, e: Emitter) -> Tensor:
    return e.unary("clip", x, min=0.0, max=float(size - 1))


def _linear_corners(x: Tensor, e: Emitter) -> list[_Corner]:
    begin = e.unary("floor", x)
    part = e.binary("sub", x, begin)
    rest = e.binary("add", e.unary("neg", part), 1.0)
    return [(begin, rest), (e.binary("add", begin, 1.0), part)]


def _cubic_corners(x: Tensor, e: Emitter) -> list[_Corner]:
    begin = e.unary("floor", x)
    part = e.binary("sub", x, begin)
    a = _CUBIC

    def near(t: Tensor) -> Tensor:
        # ((a + 2) t - (a + 3)) t^2 + 1
        inner = e.binary("add", e.binary("mul", t, a + 2), -(a + 3))
        return e.binary("add", e.binary("mul", inner, e.binary("mul", t, t)), 1.0)

    def far(t: Tensor) -> Tensor:
        # ((a t - 5 a) t + 8 a) t - 4 a
        inner = e.binary("add", e.binary("mul", t, a), -5 * a)
        inner = e.binary("add", e.binary("mul", inner, t), 8 * a)
        return e.binary("add", e.binary("mul", inner, t), -4 * a)

    rest = e.binary("add", e.unary("neg", part), 1.0)
    weights = [
        far(e.binary("add", part, 1.0)), near(part), near(rest), far(e.binary("add", rest, 1.0))
    ]  # fmt: skip
    return [(e.binary("add", begin, offset - 1.0), w) for offset, w in enumerate(weights)]


def sample(
    table: Tensor, begins: np.ndarray, sizes: Sequence[int], corners: list[list[_Corner]],
    e: Emitter,
) -> Tensor:  # fmt: skip
    """Sums of rows at the corners of positions.

    Args:
        table: rows of all elements, [pictures * elements, channels].
        begins: the number of the first row of each position's picture; broadcasts to them.
        sizes: the picture's axes.
        corners: of each axis, already within it, in the shape of the positions.
        e: the emitter.

    Returns:
        [positions, channels].
    """
    total: Tensor | None = None
    for choice in itertools.product(*corners):
        number: Tensor | None = None
        for axis, (place, _) in enumerate(choice):
            stride = math.prod(sizes[axis + 1 :])
            part = e.cast(place, "i32")
            part = part if stride == 1 else e.binary("mul", part, stride)
            number = part if number is None else e.binary("add", number, part)
        if begins.any():
            number = e.binary("add", number, Tensor.constant(begins.astype(np.int32)))
        rows = pick_rows(table, e.reshape(number, (number.size,)), e)
        for weight in (w for _, w in choice if w is not None):
            rows = e.binary("mul", rows, e.reshape(weight, (weight.size, 1)))
        total = rows if total is None else e.binary("add", total, rows)
    return total


def rows_of(x: Tensor, e: Emitter) -> Tensor:
    """[n, c, spatial...] as rows of channels, [n * elements, c]."""
    moved = e.permute(x, [0, *range(2, x.rank), 1])
    return e.reshape(moved, (x.size // x.shape[1], x.shape[1]))


@converts("GridSample")
def _grid_sample(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, grid = inputs
    mode = str(node.attr("mode", "linear"))
    padding = str(node.attr("padding_mode", "zeros"))
    align = bool(node.attr("align_corners", 0))
    axes = x.rank - 2
    if axes < 1 or grid.rank != x.rank or grid.shape[-1] != axes:
        raise UserError(f"has a grid {list(grid.shape)} for {list(x.shape)}")
    if padding not in ("zeros", "border", "reflection"):
        raise UserError(f"has padding_mode '{padding}', expected zeros, border or reflection")
    corners = []
    for axis, size in enumerate(x.shape[2:]):
        # The grid has the last axis first.
        place = e.slice_axis(grid, grid.rank - 1, axes - 1 - axis, 1)
        place = e.reshape(place, grid.shape[:-1])
        scale = (size - 1) / 2 if align else size / 2
        place = e.binary("add", e.binary("mul", place, scale), (size - 1) / 2)
        found = _corners(mode, place, e)
        corners.append([_within(corner, size, padding, align, e) for corner in found])
    elements = math.prod(x.shape[2:])
    begins = np.arange(x.shape[0]).reshape([-1] + [1] * axes) * elements
    result = sample(rows_of(x, e), begins, x.shape[2:], corners, e)
    result = e.reshape(result, (*grid.shape[:-1], x.shape[1]))
    return e.permute(result, [0, x.rank - 1, *range(1, x.rank - 1)])


def _corners(mode: str, place: Tensor, e: Emitter) -> list[_Corner]:
    if mode in ("linear", "bilinear"):
        return _linear_corners(place, e)
    if mode == "nearest":
        return [(e.unary("round", place), None)]
    if mode in ("cubic", "bicubic"):
        return _cubic_corners(place, e)
    raise UserError(f"has mode '{mode}', expected linear, nearest or cubic")


def _within(corner: _Corner, size: int, padding: str, align: bool, e: Emitter) -> _Corner:
    """A corner at a place that the picture has."""
    place, weight = corner
    if padding == "zeros":
        inside = _inside(place, size, e)
        weight = inside if weight is None else e.binary("mul", weight, inside)
    if padding == "reflection":
        place = _reflected(place, size, align, e)
    return _clamped(place, size, e), weight


def _reflected(place: Tensor, size: int, align: bool, e: Emitter) -> Tensor:
    """Places mirrored at the outermost elements' centres or edges."""
    edge = 0.0 if align else 0.5
    period = 2.0 * (size - 1 if align else size)
    if period == 0:
        return e.binary("mul", place, 0.0)
    distance = e.unary("abs", e.binary("add", place, edge))
    turns = e.unary("floor", e.binary("mul", distance, 1 / period))
    rest = e.binary("sub", distance, e.binary("mul", turns, period))
    back = e.binary("add", e.unary("neg", rest), period)
    return e.binary("add", e.binary("min", rest, back), -edge)


@converts("RoiAlign")
def _roi_align(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, regions, pictures = inputs
    height, width = int(node.attr("output_height", 1)), int(node.attr("output_width", 1))
    samples = int(node.attr("sampling_ratio", 0))
    mode = str(node.attr("mode", "avg"))
    default = "half_pixel" if node.opset >= 16 else "output_half_pixel"
    coordinates = str(node.attr("coordinate_transformation_mode", default))
    if samples < 1:
        raise UserError(
            "has sampling_ratio 0, with which the number of samples depends on the regions; "
            "export with a fixed one, such as 2"
        )
    if mode not in ("avg", "max"):
        raise UserError(f"has mode '{mode}', expected avg or max")
    count, scale = regions.shape[0], float(node.attr("spatial_scale", 1.0))
    is_half = coordinates == "half_pixel"
    corners = []
    for axis, (size, bins) in enumerate(zip(x.shape[2:], (height, width), strict=True)):
        begin, end = (
            e.binary("mul", e.slice_axis(regions, 1, column, 1), scale)
            for column in (1 - axis, 3 - axis)
        )
        extent = e.binary("sub", end, begin)
        if is_half:
            begin = e.binary("add", begin, -0.5)
        else:
            extent = e.binary("max", extent, 1.0)
        steps = (np.arange(bins * samples, dtype=np.float32) + 0.5) / (bins * samples)
        place = e.binary("add", begin, e.binary("mul", extent, Tensor.constant(steps[None])))
        shape = (count, -1 if axis == 0 else 1, 1 if axis == 0 else -1)
        shape = tuple(bins * samples if n == -1 else n for n in shape)
        corners.append([
            (e.reshape(p, shape), e.reshape(w, shape)) for p, w in _region_corners(place, size, e)
        ])  # fmt: skip
    positions = (count, height * samples, width * samples)
    first = e.binary("mul", e.cast(pictures, "i32"), math.prod(x.shape[2:]))
    corners[0] = [(e.broadcast(p, positions), e.broadcast(w, positions)) for p, w in corners[0]]
    corners[1] = [(e.broadcast(p, positions), e.broadcast(w, positions)) for p, w in corners[1]]
    # The largest is that of all corners' shares, as onnxruntime has it.
    result = _sample_pictures(x, first, corners, "add" if mode == "avg" else "max", e)
    channels = x.shape[1]
    result = e.reshape(result, (count, height, samples, width, samples, channels))
    kind = Reduce.MEAN if mode == "avg" else Reduce.MAX
    result = e.reduce(kind, result, [2, 4], keepdims=False)
    return e.permute(result, [0, 3, 1, 2])


def _region_corners(place: Tensor, size: int, e: Emitter) -> list[_Corner]:
    """Linear corners; nothing more than an element beyond, the border up to there."""
    low = _compare(place, -1.0, Compare.GREATER_EQUAL, e)
    high = _compare(place, float(size), Compare.LESS_EQUAL, e)
    inside = e.cast(e.op("and", [low, high]), "f32")
    found = _linear_corners(_clamped(place, size, e), e)
    return [(_clamped(p, size, e), e.binary("mul", w, inside)) for p, w in found]


def _sample_pictures(
    x: Tensor, first: Tensor, corners: list[list[_Corner]], join: str, e: Emitter
) -> Tensor:
    """As ``sample``, where each region says its picture: its first row, [regions]."""
    total: Tensor | None = None
    table = rows_of(x, e)
    begin = e.reshape(first, (first.size, 1, 1))
    for (y, wy), (column, wx) in itertools.product(*corners):
        number = e.binary("mul", e.cast(y, "i32"), x.shape[3])
        number = e.binary("add", e.binary("add", number, e.cast(column, "i32")), begin)
        rows = pick_rows(table, e.reshape(number, (number.size,)), e)
        weight = e.binary("mul", wy, wx)
        rows = e.binary("mul", rows, e.reshape(weight, (weight.size, 1)))
        total = rows if total is None else e.binary(join, total, rows)
    return total


@converts("DeformConv")
def _deform_conv(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, weight, offset = inputs[0], inputs[1], inputs[2]
    bias, mask = operand(inputs, 3), operand(inputs, 4)
    if x.rank != 4:
        raise UserError(f"has an input {list(x.shape)}, expected 2 spatial axes")
    n, channels, height, width = x.shape
    outputs, _, *kernel = weight.shape
    rows, columns = offset.shape[2:]
    taps = math.prod(kernel)
    group, parts = int(node.attr("group", 1)), int(node.attr("offset_group", 1))
    strides = node.attr("strides", [1, 1])
    dilations = node.attr("dilations", [1, 1])
    pads = node.attr("pads", [0, 0, 0, 0])
    shifts = e.reshape(offset, (n, parts, taps, 2, rows, columns))
    shape = (n, parts, taps, rows, columns)
    taken = np.indices(kernel).reshape(2, 1, 1, taps, 1, 1)
    corners = []
    for axis, size in enumerate((height, width)):
        spread = [1, 1, 1, 1, 1]
        spread[3 + axis] = -1
        begins = np.arange((rows, columns)[axis]).reshape(spread) * strides[axis] - pads[axis]
        base = (begins + taken[axis] * dilations[axis]).astype(np.float32)
        place = e.reshape(e.slice_axis(shifts, 3, axis, 1), shape)
        place = e.binary("add", place, Tensor.constant(base))
        corners.append([_within(c, size, "zeros", False, e) for c in _linear_corners(place, e)])
    # Rows of the channels of one offset group.
    table = e.permute(x, (0, 2, 3, 1))
    depth = channels // parts
    table = e.reshape(table, (n * height * width * parts, depth))
    scaled = [[(e.binary("mul", p, float(parts)), w) for p, w in found] for found in corners]
    firsts = np.arange(n).reshape(n, 1, 1, 1, 1) * (height * width * parts)
    firsts = firsts + np.arange(parts).reshape(1, parts, 1, 1, 1)
    found = sample(table, firsts, (height, width), scaled, e)
    found = e.reshape(found, (*shape, depth))
    if mask is not None:
        found = e.binary("mul", found, e.reshape(mask, (*shape, 1)))
    # [n, parts, taps, rows, columns, depth] -> [group, n * positions, channels * taps]
    found = e.permute(found, (0, 3, 4, 1, 5, 2))
    within = channels // group
    found = e.reshape(found, (n * rows * columns, group, within * taps))
    found = e.permute(found, (1, 0, 2))
    filters = e.reshape(weight, (group, outputs // group, within * taps))
    product = e.op("matmul", [found, e.permute(filters, (0, 2, 1))])
    product = e.reshape(product, (group, n, rows, columns, outputs // group))
    result = e.reshape(e.permute(product, (1, 0, 4, 2, 3)), (n, outputs, rows, columns))
    if bias is not None:
        result = e.binary("add", result, e.reshape(bias, (1, outputs, 1, 1)))
    return result
