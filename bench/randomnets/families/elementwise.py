"""Functions of one element, and of two or more tensors with all forms of broadcasting."""

from __future__ import annotations

import numpy as np

from randomnets.families.registry import family
from randomnets.network import Network, Value

_PLAIN = ("Neg", "Abs", "Sin", "Cos", "Tanh", "Sigmoid", "Erf", "Softsign", "Softplus", "Identity")
_STEPS = ("Floor", "Ceil", "Round", "Sign")


@family("unary")
def unary(net: Network) -> None:
    """One function."""
    net.call(net.choose(_PLAIN), net.pick())


@family("steps")
def steps(net: Network) -> None:
    """A function that jumps."""
    net.call(net.choose(_STEPS), net.pick())


@family("exponential")
def exponential(net: Network) -> None:
    """Exp of numbers that are not too large."""
    net.call("Exp", net.bounded(net.pick(), 5))


@family("root")
def root(net: Network) -> None:
    """Logarithm, root or reciprocal of numbers away from 0."""
    positive = net.call("Add", net.call("Abs", net.pick()), net.constant(np.float32(0.25)))
    net.call(net.choose(("Log", "Sqrt", "Reciprocal")), positive)


@family("trigonometry")
def trigonometry(net: Network) -> None:
    """Inverse and hyperbolic functions where they are defined."""
    x = net.bounded(net.pick(), 3)
    op = net.choose(("Atan", "Sinh", "Cosh", "Asinh", "Asin", "Acos", "Atanh", "Acosh", "Tan"))
    if op in ("Asin", "Acos", "Atanh", "Tan"):
        x = net.call("Mul", net.call("Tanh", x), net.constant(np.float32(0.9)))
    if op == "Acosh":
        x = net.call("Add", net.call("Abs", x), net.constant(np.float32(1.25)))
    net.call(op, x)


@family("power")
def power(net: Network) -> None:
    """Pow with the exponents that people write."""
    exponent = net.choose((2.0, 3.0, 0.5, -1.0, -0.5, 1.5, 4.0))
    x = net.bounded(net.pick(), 6)
    if exponent not in (2.0, 3.0, 4.0):
        x = net.call("Add", net.call("Abs", x), net.constant(np.float32(0.5)))
    net.call("Pow", x, net.constant(np.float32(exponent)))


def partner(net: Network, x: Value, positive: bool = False) -> Value:
    """An operand that broadcasts with x: a constant, a computed value or an input."""
    if net.chance(0.25):
        same = [v for v in net.values() if v.shape == x.shape and v.array.dtype == np.float32]
        y = net.choose(same)
        return net.call("Add", net.call("Abs", y), net.constant(np.float32(0.5))) if positive else y
    shape = list(x.shape)
    form = net.integer(0, 4)
    if form == 0:
        shape = []
    elif form == 1 and shape:
        # As a bias: one axis.
        kept = net.integer(0, len(shape) - 1)
        shape = [size if axis == kept else 1 for axis, size in enumerate(shape)][kept:]
    elif form == 2:
        shape = [1 if net.chance(0.5) else size for size in shape]
    elif form == 3:
        # Axes of size 1 of x grow.
        shape = [net.size(7) if size == 1 and net.chance(0.5) else size for size in shape]
    if form in (2, 3) and net.chance(0.3):
        shape = shape[net.integer(0, len(shape)) :]
    if net.chance(0.1) and len(shape) < 5:
        shape = [net.size(4), *[1] * (x.rank - len(shape)), *shape]
    array = net.normal(shape)
    if positive:
        array = np.abs(array) + np.float32(0.5)
    if net.chance(0.6):
        return net.constant(array)
    y = net.input(shape)
    return net.call("Add", net.call("Abs", y), net.constant(np.float32(0.5))) if positive else y


@family("binary")
def binary(net: Network) -> None:
    """Two operands in any order."""
    op = net.choose(("Add", "Sub", "Mul", "Div", "Max", "Min", "Add", "Mul"))
    x = net.pick()
    if op == "Div":
        net.call(op, x, partner(net, x, positive=True))
        return
    operands = [x, partner(net, x)]
    if net.chance(0.4):
        operands.reverse()
    net.call(op, *operands)


@family("quotient")
def quotient(net: Network) -> None:
    """A number or tensor divided by a computed one."""
    x = net.call("Add", net.call("Abs", net.pick()), net.constant(np.float32(0.5)))
    net.call("Div", partner(net, x), x)


@family("variadic")
def variadic(net: Network) -> None:
    """Sum, Mean, Max or Min of one to four operands."""
    x = net.pick()
    operands = [x, *(partner(net, x) for _ in range(net.integer(0, 3)))]
    net.call(net.choose(("Sum", "Mean", "Max", "Min")), *operands)


def condition(net: Network, x: Value) -> Value:
    """A mask whose shape broadcasts with x."""
    number = np.float32(net.choose((0.0, -0.5, 1.0)))
    y = net.constant(number) if net.chance(0.2) else partner(net, x)
    op = net.choose(("Greater", "Less", "GreaterOrEqual", "LessOrEqual", "Equal"))
    if op == "Equal":
        # Rounding makes equal what is not: only few numbers are compared so.
        x, y = net.call("Round", x), net.call("Round", y)
    mask = net.call(op, x, y)
    if net.chance(0.2):
        mask = net.call("Not", mask)
    if net.chance(0.2):
        other = net.call("Greater", x, net.constant(np.float32(0.25)))
        mask = net.call(net.choose(("And", "Or", "Xor")), mask, other)
    return mask


@family("compare")
def compare(net: Network) -> None:
    """A comparison as a float, or as an output."""
    mask = condition(net, net.pick())
    if net.chance(0.8):
        net.call("Cast", mask, to=1)


@family("where")
def where(net: Network) -> None:
    """A choice by a computed, constant or given mask."""
    x = net.pick()
    form = net.integer(0, 3)
    if form == 0:
        mask = net.constant(net.rng.random(x.shape) < 0.5)
    elif form == 1:
        mask = net.input(x.shape[net.integer(0, x.rank) :], np.bool_)
    else:
        mask = condition(net, x)
    other = net.choose(
        (
            lambda: net.constant(np.float32(net.choose((0.0, -1.0, -10.0)))),
            lambda: partner(net, x),
        )
    )()
    operands = [x, other]
    if net.chance(0.5):
        operands.reverse()
    net.call("Where", mask, *operands)


@family("is_special")
def is_special(net: Network) -> None:
    """IsNaN and IsInf."""
    net.call("Cast", net.call(net.choose(("IsNaN", "IsInf")), net.pick()), to=1)


@family("cast")
def cast(net: Network) -> None:
    """Through another type and back."""
    x = net.pick()
    kind = net.choose((6, 7, 9, 10, 11))  # int32, int64, bool, float16, double
    y = net.call("Cast", x, to=kind)
    if net.chance(0.9):
        net.call("Cast", y, to=1)
