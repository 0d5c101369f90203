"""Interpolation."""

from __future__ import annotations

import math

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.converters.interpolation import Interpolation
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import ResizeCoordinate, ResizeMode, ResizeNearest
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, axis_of, constant_of, converts, ints_of, operand
from tpuc.frontend.rescale import resized


def _choice(kind: type, value: object, what: str):  # noqa: ANN202
    try:
        return kind[str(value).upper()]
    except KeyError:
        names = ", ".join(member.name.lower() for member in kind)
        raise UserError(f"has {what} '{value}', which is not supported, use {names}") from None


@converts("Resize", "Upsample")
def _resize(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    old = node.op_type == "Upsample" or node.opset < 11
    mode = _choice(ResizeMode, node.attr("mode", "nearest"), "mode")
    scales, shape = _target(node, inputs, x, old, e.reference_shape(node, x))
    coordinate = "asymmetric" if old else node.attr("coordinate_transformation_mode", "half_pixel")
    shrinks = node.attr("antialias", 0) and any(scale < 1 for scale in scales)
    if coordinate == "tf_crop_and_resize" or shrinks:
        return _resize_by_products(node, inputs, scales, shape, e)
    if tuple(shape) == x.shape and all(scale == 1.0 for scale in scales):
        return x
    nearest = "floor" if old else node.attr("nearest_mode", "round_prefer_floor")
    attributes = {
        "mode": mode,
        "coordinate": _choice(ResizeCoordinate, coordinate, "coordinate_transformation_mode"),
        "nearest": _choice(ResizeNearest, nearest, "nearest_mode"),
        "scales": [float(scale) for scale in scales],
        "cubic_coeff": float(node.attr("cubic_coeff_a", -0.75)),
        "exclude_outside": bool(node.attr("exclude_outside", 0)),
    }
    return e.op("resize", [x], attributes, (x.dtype, shape))


def _resize_by_products(
    node: Node, inputs: Inputs, scales: list[float], shape: list[int], e: Emitter
) -> Tensor:
    """The forms that top has not: an axis at a time, by a matrix of weights."""
    x = inputs[0]
    form = Interpolation(
        mode=str(node.attr("mode", "nearest")),
        coordinate=str(node.attr("coordinate_transformation_mode", "half_pixel")),
        nearest=str(node.attr("nearest_mode", "round_prefer_floor")),
        cubic=float(node.attr("cubic_coeff_a", -0.75)),
        exclude_outside=bool(node.attr("exclude_outside", 0)),
        antialias=bool(node.attr("antialias", 0)),
    )
    crops = form.coordinate == "tf_crop_and_resize"
    axes = [axis_of(int(a), x.rank) for a in node.attr("axes", list(range(x.rank)))]
    region = constant_of(operand(inputs, 1), "the region") if crops else None
    if crops and (region is None or region.size != 2 * len(axes)):
        raise UserError(f"needs a region of {2 * len(axes)} numbers")
    result, outside = x, np.zeros(shape, np.bool_)
    for place, axis in enumerate(axes):
        size, wanted = x.shape[axis], shape[axis]
        bounds = (0.0, 1.0)
        if crops:
            bounds = (float(region[place]), float(region[place + len(axes)]))
            positions = form.positions(size, wanted, scales[axis], bounds)
            line = [-1 if a == axis else 1 for a in range(x.rank)]
            outside |= ((positions < 0) | (positions > size - 1)).reshape(line)
        matrix = form.matrix(size, wanted, scales[axis], bounds)
        if size == wanted and np.array_equal(matrix, np.eye(size)):
            continue
        order = [*(a for a in range(x.rank) if a != axis), axis]
        moved = e.permute(result, order)
        rows = e.reshape(moved, (moved.size // size, size))
        product = e.op("matmul", [rows, Tensor.constant(np.ascontiguousarray(matrix.T))])
        product = e.reshape(product, (*moved.shape[:-1], wanted))
        result = e.permute(product, [order.index(a) for a in range(x.rank)])
    if outside.any():
        value = e.scalar(float(node.attr("extrapolation_value", 0.0)), result)
        result = e.op("where", [Tensor.constant(outside), value, result])
    return result


def _target(
    node: Node, inputs: Inputs, x: Tensor, old: bool, before: tuple[int, ...] | None
) -> tuple[list[float], list[int]]:
    """Scale and result size of every axis."""
    sizes = None
    axes = [axis_of(int(a), x.rank) for a in node.attr("axes", list(range(x.rank)))]
    if old:
        given = constant_of(operand(inputs, 1), "the scales")
        factors = node.attr("scales") if given is None else given.reshape(-1).tolist()
    else:
        given = constant_of(operand(inputs, 2), "the scales")
        factors = None if given is None or given.size == 0 else given.reshape(-1).tolist()
        sizes = ints_of(operand(inputs, 3), "the sizes")
        if sizes is not None and before is not None and not inputs[3].from_shape:
            after = zip(axes, sizes, strict=True)
            sizes = [resized(before[axis], size, x.shape[axis]) for axis, size in after]
    values = factors if factors else sizes
    if not values or len(values) != len(axes):
        raise UserError(f"needs {len(axes)} scales or sizes")
    scales, shape = [1.0] * x.rank, list(x.shape)
    if factors:
        for axis, factor in zip(axes, factors, strict=True):
            if not 0 < factor < math.inf:
                raise UserError(f"has the scale {factor}, expected a positive, finite one")
            scales[axis] = float(factor)
            # In f32, as onnxruntime: 3 times 7/3, rounded to f32, are 7 and not 6.
            shape[axis] = int(np.floor(np.float32(x.shape[axis]) * np.float32(factor)))
        return scales, shape
    ratios = [size / x.shape[axis] for axis, size in zip(axes, sizes, strict=True)]
    policy = node.attr("keep_aspect_ratio_policy", "stretch")
    if policy != "stretch":
        common = min(ratios) if policy == "not_larger" else max(ratios)
        for axis in axes:
            scales[axis] = common
            # Half rounds up, as the operator set says.
            shape[axis] = math.floor(x.shape[axis] * common + 0.5)
        return scales, shape
    for axis, size, ratio in zip(axes, sizes, ratios, strict=True):
        scales[axis], shape[axis] = ratio, size
    return scales, shape
