"""Functions of bits, and integers that are narrower than the chip's.

The dialects have no operation on bits: each bit is what is left of a number's half.
"""

from __future__ import annotations

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Compare, Reduce
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, converts

_HALF = 16
# Operators whose results may leave the range of their type.
OVERFLOWS = (
    "Add", "Sub", "Mul", "Div", "Pow", "Neg", "Abs", "Sum", "BitShift", "BitwiseNot", "BitwiseAnd",
    "BitwiseOr", "BitwiseXor", "Cast",
    "CastLike", "CumSum", "CumProd", "MatMul", "Gemm", "ReduceSum", "ReduceProd", "ReduceSumSquare",
    "ReduceL1",
)  # fmt: skip


@converts("BitShift")
def _bit_shift(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, distance = inputs
    direction = str(node.required("direction"))
    if direction not in ("LEFT", "RIGHT"):
        raise UserError(f"has direction '{direction}', expected LEFT or RIGHT")
    # Nothing is left of a number that is moved by its width or more, or backwards.
    width = _width(node.input_types[0]) or 32
    last = min(width - 1, 30 if direction == "RIGHT" else 31)
    inside = e.binary("min", e.binary("max", distance, 0), last)
    is_inside = e.op("compare", [inside, distance], {"predicate": Compare.EQUAL})
    power = e.op("pow", [e.scalar(2, inside), inside])
    if direction == "LEFT":
        return e.op("where", [is_inside, e.op("mul", [x, power]), e.scalar(0, x)])
    # The bits of a negative number are those of -1 - x, turned round.
    negative = e.op("compare", [x, e.scalar(0, x)], {"predicate": Compare.LESS})
    opposite = e.binary("add", e.unary("neg", x), -1)
    left = e.op("div", [e.op("where", [negative, opposite, x]), power])
    left = e.op("where", [is_inside, left, e.scalar(0, x)])
    return e.op("where", [negative, e.binary("add", e.unary("neg", left), -1), left])


@converts("BitwiseNot")
def _bitwise_not(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    # -1 - x; what an unsigned type has not is wrapped away.
    return e.binary("add", e.unary("neg", inputs[0]), -1)


@converts("BitwiseAnd", "BitwiseOr", "BitwiseXor")
def _bitwise(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    halves = [_halves(x, e) for x in inputs]
    width = _width(node.input_types[0]) or 32
    result: Tensor | None = None
    for place, (left, right) in enumerate(zip(*halves, strict=True)):
        if place and width <= _HALF:
            break
        a, b = _bits(left, e), _bits(right, e)
        if node.op_type == "BitwiseAnd":
            bits = e.op("mul", [a, b])
        elif node.op_type == "BitwiseOr":
            bits = e.op("max", [a, b])
        else:
            bits = e.cast(e.op("compare", [a, b], {"predicate": Compare.NOT_EQUAL}), "f32")
        weights = Tensor.constant(np.exp2(np.arange(_HALF, dtype=np.float32)))
        weighted = e.op("mul", [bits, weights])
        part = e.reduce(Reduce.SUM, weighted, [weighted.rank - 1], keepdims=False)
        part = e.cast(part, inputs[0].dtype)
        if place:
            part = e.binary("mul", part, 1 << _HALF)
        result = part if result is None else e.op("add", [result, part])
    return result


def _halves(x: Tensor, e: Emitter) -> list[Tensor]:
    """The lower and the upper 16 bits, as numbers from 0 on."""
    low = e.op("mod", [x, e.scalar(1 << _HALF, x)])
    high = e.op("div", [e.op("sub", [x, low]), e.scalar(1 << _HALF, x)])
    return [low, e.op("mod", [high, e.scalar(1 << _HALF, x)])]


def _bits(x: Tensor, e: Emitter) -> Tensor:
    """The 16 bits of each number, [..., 16], in f32."""
    column = e.reshape(e.cast(x, "f32"), (*x.shape, 1))
    shifts = Tensor.constant(np.exp2(-np.arange(_HALF, dtype=np.float32)))
    moved = e.unary("floor", e.op("mul", [column, shifts]))
    half = e.unary("floor", e.binary("mul", moved, 0.5))
    return e.op("sub", [moved, e.binary("mul", half, 2.0)])


def wrapped(x: Tensor, dtype: np.dtype | None, e: Emitter) -> Tensor:
    """Integers that overflow a type narrower than the chip's, as it holds them."""
    width = _width(dtype)
    if width is None or width >= 32 or x.dtype not in ("i32", "i64"):
        return x
    values = 1 << width
    if "uint" in dtype.name:
        return e.op("mod", [x, e.scalar(values, x)])
    low = e.op("mod", [e.binary("add", x, values // 2), e.scalar(values, x)])
    return e.binary("sub", low, values // 2)


def integer_range(dtype: np.dtype) -> tuple[int, int]:
    """The least and the largest number of an integer type, of any width."""
    values = 1 << _width(dtype)
    return (0, values - 1) if "uint" in dtype.name else (-values // 2, values // 2 - 1)


def _width(dtype: np.dtype | None) -> int | None:
    """Bits of an integer type, None of others."""
    if dtype is None or "int" not in dtype.name:
        return None
    return int(dtype.name.rpartition("int")[2])
