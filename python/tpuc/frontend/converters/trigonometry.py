"""Inverse trigonometric and hyperbolic functions, by the operations that the chip has."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Compare
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, converts

# Odd polynomials x + x z p(z) of z = x^2, lowest first; errors below 2e-7 (Moshier's Cephes).
_ATAN = (-3.33329491539e-1, 1.99777106478e-1, -1.38776856032e-1, 8.05374449538e-2)
_ASIN = (1.6666752422e-1, 7.4953002686e-2, 4.5470025998e-2, 2.4181311049e-2, 4.2163199048e-2)
_SINH = (1 / 6, 1 / 120, 1 / 5040, 1 / 362880)
_ATANH = (1 / 3, 1 / 5, 1 / 7, 1 / 9, 1 / 11)


def polynomial(x: Tensor, z: Tensor, coefficients: Sequence[float], e: Emitter) -> Tensor:
    """The sum x + x z p(z) by Horner's scheme."""
    total = e.binary("mul", z, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = e.binary("mul", e.binary("add", total, coefficient), z)
    return e.binary("add", e.binary("mul", total, x), x)


def _above(x: Tensor, limit: float, e: Emitter) -> Tensor:
    return e.op("compare", [x, e.scalar(limit, x)], {"predicate": Compare.GREATER})


def _where(condition: Tensor, lhs: Tensor, rhs: Tensor | float, e: Emitter) -> Tensor:
    other = rhs if isinstance(rhs, Tensor) else e.scalar(rhs, lhs)
    return e.op("where", [condition, lhs, other])


def _with_sign_of(x: Tensor, magnitude: Tensor, e: Emitter) -> Tensor:
    return e.binary("mul", magnitude, e.unary("sign", x))


@converts("Atan")
def _atan(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    # By quarters of the half circle, so that the polynomial's operand is at most tan(pi/8).
    a = e.unary("abs", inputs[0])
    large, middle = _above(a, math.tan(3 * math.pi / 8), e), _above(a, math.tan(math.pi / 8), e)
    shifted = e.binary("div", e.binary("sub", a, 1.0), e.binary("add", a, 1.0))
    inverse = e.unary("neg", e.unary("reciprocal", a))
    reduced = _where(large, inverse, _where(middle, shifted, a, e), e)
    zero = e.binary("mul", e.unary("sign", a), 0.0)
    begin = _where(middle, e.binary("add", zero, math.pi / 4), 0.0, e)
    begin = _where(large, e.binary("add", zero, math.pi / 2), begin, e)
    part = polynomial(reduced, e.binary("mul", reduced, reduced), _ATAN, e)
    return _with_sign_of(inputs[0], e.binary("add", begin, part), e)


def _arc(x: Tensor, e: Emitter) -> tuple[Tensor, Tensor]:
    """The arc sine of |x| up to 1/2, of sqrt((1 - |x|) / 2) beyond, and where that is."""
    a = e.unary("abs", x)
    beyond = _above(a, 0.5, e)
    rest = e.binary("mul", e.binary("add", e.unary("neg", a), 1.0), 0.5)
    square = _where(beyond, rest, e.binary("mul", a, a), e)
    root = _where(beyond, e.unary("sqrt", rest), a, e)
    return polynomial(root, square, _ASIN, e), beyond


@converts("Asin")
def _asin(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    part, beyond = _arc(inputs[0], e)
    large = e.binary("add", e.binary("mul", part, -2.0), math.pi / 2)
    return _with_sign_of(inputs[0], _where(beyond, large, part, e), e)


@converts("Acos")
def _acos(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    part, beyond = _arc(x, e)
    small = e.binary("add", e.unary("neg", part), math.pi / 2)
    result = _where(beyond, e.binary("mul", part, 2.0), small, e)
    negative = e.op("compare", [x, e.scalar(0.0, x)], {"predicate": Compare.LESS})
    return _where(negative, e.binary("add", e.unary("neg", result), math.pi), result, e)


@converts("Tan")
def _tan(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    return e.binary("div", e.unary("sin", inputs[0]), e.unary("cos", inputs[0]))


@converts("Sinh", "Cosh")
def _hyperbolic(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    # (exp(x) -+ exp(-x)) / 2; near 0 the difference would lose what is left.
    x = inputs[0]
    plus = e.unary("exp", x)
    minus = e.unary("exp", e.unary("neg", x))
    if node.op_type == "Cosh":
        return e.binary("mul", e.binary("add", plus, minus), 0.5)
    far = e.binary("mul", e.binary("sub", plus, minus), 0.5)
    near = polynomial(x, e.binary("mul", x, x), _SINH, e)
    return _where(_above(e.unary("abs", x), 1.0, e), far, near, e)


@converts("Asinh", "Acosh")
def _area(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    # log(x + sqrt(x^2 +- 1)); asinh of the magnitude keeps its precision.
    x = inputs[0]
    magnitude = e.unary("abs", x) if node.op_type == "Asinh" else x
    square = e.binary("mul", magnitude, magnitude)
    root = e.unary("sqrt", e.binary("add", square, 1.0 if node.op_type == "Asinh" else -1.0))
    result = e.unary("log", e.binary("add", magnitude, root))
    return _with_sign_of(x, result, e) if node.op_type == "Asinh" else result


@converts("Atanh")
def _atanh(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    # log((1 + x) / (1 - x)) / 2; near 0 the quotient would lose what is left.
    x = inputs[0]
    below = e.binary("add", e.unary("neg", x), 1.0)
    ratio = e.binary("div", e.binary("add", x, 1.0), below)
    far = e.binary("mul", e.unary("log", ratio), 0.5)
    near = polynomial(x, e.binary("mul", x, x), _ATANH, e)
    return _where(_above(e.unary("abs", x), 0.25, e), far, near, e)
