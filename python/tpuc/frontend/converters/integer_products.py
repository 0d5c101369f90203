"""Operators of quantised models that compute with integers: exact sums in floats.

Differences of 8 bits are small numbers; their products add up exactly in f32 below 2^24.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.converters.casts import is_narrow, rounded_to
from tpuc.frontend.converters.computed_filters import convolve
from tpuc.frontend.converters.integers import integer_range
from tpuc.frontend.converters.windows import spatial_attr, window_pads
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Compare, Reduce
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, axis_of, converts, operand


def _shaped(parameter: Tensor | None, axis: int, rank: int, e: Emitter) -> Tensor | None:
    """A scale or zero point in a shape that meets a tensor's."""
    if parameter is None or parameter.size == 1:
        return None if parameter is None else e.reshape(parameter, ())
    if parameter.rank == 1:
        return e.reshape(parameter, [parameter.size if a == axis else 1 for a in range(rank)])
    return parameter


def _blocked(parameter: Tensor | None, x: Tensor, axis: int, block: int) -> Tensor | None:
    """The parameters of blocks, one an element."""
    if parameter is None:
        return None
    if not parameter.is_constant:
        raise UserError("has scales of blocks that are computed at run time, make them constants")
    whole = np.repeat(parameter.array, block, axis=axis)
    return Tensor.constant(np.take(whole, range(x.shape[axis]), axis=axis))


def parameters(
    node: Node, inputs: Inputs, first: int, axis: int, e: Emitter
) -> tuple[Tensor, Tensor | None]:
    """Scale and zero point of an operand in f32, from input ``first`` on.

    A zero point that is 0 everywhere is left out.
    """
    x, scale, zero = inputs[0], inputs[first], operand(inputs, first + 1)
    block = int(node.attr("block_size", 0))
    if block:
        scale, zero = (_blocked(t, x, axis, block) for t in (scale, zero))
    scale, zero = _shaped(scale, axis, x.rank, e), _shaped(zero, axis, x.rank, e)
    if zero is not None and zero.is_constant and not zero.array.astype(np.float32).any():
        zero = None
    return e.cast(scale, "f32"), None if zero is None else e.cast(zero, "f32")


def _exact_quotient(x: Tensor, divisor: Tensor, e: Emitter) -> Tensor:
    """A quotient as IEEE 754 rounds it: its last bit decides to which integer it is next."""
    return e.op("div", [x, divisor], {"exact": True})


def quantised(x: Tensor, scale: Tensor, zero: Tensor | None, dtype: np.dtype, e: Emitter) -> Tensor:
    """round(x / scale) + zero, saturated to an integer type."""
    low, high = integer_range(dtype)
    ratio = e.binary("div", x, scale) if scale.is_constant else _exact_quotient(x, scale, e)
    counts = e.unary("round", ratio)
    if zero is not None:
        counts = e.binary("add", counts, zero)
    counts = e.unary("clip", counts, min=float(low), max=float(high))
    return e.cast(counts, "i32")


def dequantised(x: Tensor, scale: Tensor, zero: Tensor | None, e: Emitter) -> Tensor:
    """(x - zero) * scale in f32."""
    wide = e.cast(x, "f32")
    if zero is not None:
        wide = e.binary("sub", wide, zero)
    return e.binary("mul", wide, scale)


def _difference(x: Tensor, zero: Tensor | None, e: Emitter) -> Tensor:
    wide = e.cast(x, "f32")
    return wide if zero is None else e.binary("sub", wide, e.cast(zero, "f32"))


def _along(parameter: Tensor | None, shape: Sequence[int], e: Emitter) -> Tensor | None:
    """A parameter of one number, or of one an entry of the axis that is not 1 in ``shape``."""
    if parameter is None:
        return None
    return e.reshape(parameter, () if parameter.size == 1 else shape)


def _matrix_zero(zero: Tensor | None, x: Tensor, axis: int, e: Emitter) -> Tensor | None:
    if zero is None or zero.rank > 1:
        return zero
    shape = [1] * x.rank
    shape[axis] = x.shape[axis]
    return _along(zero, shape, e)


def _product(a: Tensor, b: Tensor, e: Emitter) -> Tensor:
    left = e.reshape(a, (1, *a.shape)) if a.rank == 1 else a
    right = e.reshape(b, (*b.shape, 1)) if b.rank == 1 else b
    result = e.op("matmul", [left, right])
    shape = list(result.shape)
    if a.rank == 1:
        del shape[-2]
    if b.rank == 1:
        del shape[-1]
    return e.reshape(result, shape)


@converts("DynamicQuantizeLinear")
def _dynamic_quantize(node: Node, inputs: Inputs, e: Emitter) -> list[Tensor]:
    x = inputs[0]
    axes = list(range(x.rank))
    low, high = (
        e.binary(name, e.reduce(kind, x, axes, keepdims=False), 0.0)
        for name, kind in (("min", Reduce.MIN), ("max", Reduce.MAX))
    )
    span, steps = e.binary("sub", high, low), e.scalar(255.0, x)
    scale = _exact_quotient(span, steps, e)
    # Of nothing but zeros the scale is 0, and all are 0 by any other.
    is_zero = e.op("compare", [scale, e.scalar(0.0, scale)], {"predicate": Compare.EQUAL})
    divisor = e.op("where", [is_zero, e.scalar(1.0, scale), scale])
    ratio = _exact_quotient(low, divisor, e)
    zero = e.unary("clip", e.unary("round", e.unary("neg", ratio)), min=0.0, max=255.0)
    return [quantised(x, divisor, zero, np.dtype(np.uint8), e), scale, e.cast(zero, "i32")]


@converts("MatMulInteger")
def _matmul_integer(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    a, b = inputs[0], inputs[1]
    left = _difference(a, _matrix_zero(operand(inputs, 2), a, max(a.rank - 2, 0), e), e)
    right = _difference(b, _matrix_zero(operand(inputs, 3), b, b.rank - 1, e), e)
    return e.cast(_product(left, right, e), "i32")


@converts("QLinearMatMul")
def _qlinear_matmul(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero = inputs
    left = _difference(a, _matrix_zero(a_zero, a, max(a.rank - 2, 0), e), e)
    right = _difference(b, _matrix_zero(b_zero, b, b.rank - 1, e), e)
    result = _product(left, right, e)
    a_scale = _matrix_zero(e.cast(a_scale, "f32"), result, max(result.rank - 2, 0), e)
    b_scale = _matrix_zero(e.cast(b_scale, "f32"), result, result.rank - 1, e)
    real = e.binary("mul", e.binary("mul", result, a_scale), b_scale)
    scale = _along(e.cast(y_scale, "f32"), y_scale.shape, e)
    zero = e.cast(_along(y_zero, y_zero.shape, e), "f32")
    return quantised(real, scale, zero, node.output_types[0], e)


def _convolution(node: Node, x: Tensor, w: Tensor, e: Emitter) -> Tensor:
    kernel = list(w.shape[2:])
    ones = [1] * len(kernel)
    strides = spatial_attr(node, "strides", ones, len(kernel))
    dilations = spatial_attr(node, "dilations", ones, len(kernel))
    attributes = {
        "strides": strides,
        "pads": window_pads(node, x.shape[2:], kernel, strides, dilations),
        "dilations": dilations,
        "group": int(node.attr("group", 1)),
    }
    return convolve(x, w, None, attributes, e)


def _filter_line(parameter: Tensor | None, w: Tensor, e: Emitter) -> Tensor | None:
    return _along(parameter, [w.shape[0], *[1] * (w.rank - 1)], e)


@converts("ConvInteger")
def _conv_integer(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, w = inputs[0], inputs[1]
    x = _difference(x, _along(operand(inputs, 2), (), e), e)
    w = _difference(w, _filter_line(operand(inputs, 3), w, e), e)
    return e.cast(_convolution(node, x, w, e), "i32")


@converts("QLinearConv")
def _qlinear_conv(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero = inputs[:8]
    bias = operand(inputs, 8)
    product = _convolution(
        node,
        _difference(x, _along(x_zero, (), e), e),
        _difference(w, _filter_line(w_zero, w, e), e),
        e,
    )
    line = [1, w.shape[0], *[1] * (w.rank - 2)]
    if bias is not None:
        product = e.binary("add", product, e.cast(e.reshape(bias, line), "f32"))
    real = e.binary("mul", product, _along(e.cast(x_scale, "f32"), (), e))
    real = e.binary("mul", real, _along(e.cast(w_scale, "f32"), line, e))
    zero = e.cast(_along(y_zero, (), e), "f32")
    return quantised(real, _along(e.cast(y_scale, "f32"), (), e), zero, node.output_types[0], e)


def quantize_by_arithmetic(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    """QuantizeLinear as its formula says, for integers that are results themselves."""
    x = inputs[0]
    axis = axis_of(int(node.attr("axis", 1)), x.rank) if x.rank > 1 else 0
    scale, zero = parameters(node, inputs, 1, axis, e)
    dtype = node.output_types[0]
    if is_narrow(dtype):
        ratio = e.binary("div", e.cast(x, "f32"), scale)
        ratio = ratio if zero is None else e.binary("add", ratio, zero)
        return rounded_to(ratio, dtype, bool(node.attr("saturate", 1)), e)
    return quantised(e.cast(x, "f32"), scale, zero, dtype, e)


def dequantize_by_arithmetic(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    """DequantizeLinear as its formula says."""
    x = inputs[0]
    axis = axis_of(int(node.attr("axis", 1)), x.rank) if x.rank > 1 else 0
    scale, zero = parameters(node, inputs, 1, axis, e)
    return dequantised(x, scale, zero, e)
