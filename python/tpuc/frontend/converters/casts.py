"""Conversions of element types, those among them that the chip does not have."""

from __future__ import annotations

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor, top_type
from tpuc.frontend.enums import Compare, Reduce
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, converts

# By name: bits of the mantissa, exponents of the smallest normal and the largest number, the
# largest number, and whether there is an infinity.
_FORMATS = {
    "float8_e4m3fn": (3, -6, 8, 448.0, False),
    "float8_e4m3fnuz": (3, -7, 7, 240.0, False),
    "float8_e5m2": (2, -14, 15, 57344.0, True),
    "float8_e5m2fnuz": (2, -15, 15, 57344.0, False),
    "float4_e2m1fn": (1, 0, 2, 6.0, False),
}


@converts("Cast", "CastLike")
def _cast(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, to = inputs[0], node.output_types[0]
    if to is None:
        raise UserError("has an element type that is not supported, use a float or integer type")
    target = top_type(to)
    if not is_narrow(to):
        return e.cast(x, target)
    return rounded_to(e.cast(x, "f32"), to, bool(node.attr("saturate", 1)), e)


def is_narrow(dtype: np.dtype) -> bool:
    """Whether a float type has fewer than 16 bits."""
    return dtype.name.startswith(("float8", "float4"))


def rounded_to(x: Tensor, dtype: np.dtype, saturate: bool, e: Emitter) -> Tensor:
    """f32 numbers as a float type of 4 or 8 bits holds them: ties to even.

    Args:
        x: the numbers.
        dtype: the type.
        saturate: whether what is too large becomes the largest, not NaN or infinity.
        e: the emitter.

    Raises:
        UserError: a type whose numbers f32 does not hold.
    """
    if dtype.name not in _FORMATS:
        raise UserError(f"rounds to {dtype.name}, which the chip does not hold; use float16")
    bits, smallest, largest_exponent, largest, has_infinity = _FORMATS[dtype.name]
    a = e.unary("abs", x)
    # The distance of neighbours goes with the largest power of two that is not above.
    exponents = np.arange(smallest, largest_exponent + 1, dtype=np.float32)
    powers = Tensor.constant(np.exp2(exponents))
    column = e.reshape(a, (*a.shape, 1))
    reached = e.op("compare", [column, powers], {"predicate": Compare.GREATER_EQUAL})

    def reduced(kind: Reduce, sign: int) -> Tensor:
        values = Tensor.constant(np.exp2(sign * exponents))
        chosen = e.op("where", [reached, values, e.scalar(2.0 ** (sign * smallest), values)])
        return e.reduce(kind, chosen, [a.rank], keepdims=False)

    steps = e.binary("mul", reduced(Reduce.MIN, -1), 2.0**bits)
    count = e.unary("round", e.binary("mul", a, steps))
    magnitude = e.binary("mul", count, e.binary("mul", reduced(Reduce.MAX, 1), 2.0**-bits))
    beyond = e.op("compare", [magnitude, e.scalar(largest, a)], {"predicate": Compare.GREATER})
    limit = largest if saturate else np.inf if has_infinity else np.nan
    magnitude = e.op("where", [beyond, e.scalar(limit, a), magnitude])
    negative = e.op("compare", [x, e.scalar(0.0, x)], {"predicate": Compare.LESS})
    result = e.op("where", [negative, e.unary("neg", magnitude), magnitude])
    is_nan = e.op("compare", [x, x], {"predicate": Compare.NOT_EQUAL})
    other = e.scalar(0.0 if dtype.name == "float4_e2m1fn" else np.nan, x)
    return e.op("where", [is_nan, other, result])
