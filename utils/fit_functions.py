"""Fits the polynomials of lib/Kernel/UnaryFunctions.cpp and MathPrograms.cpp.

    python3 utils/fit_functions.py              # every table
    python3 utils/fit_functions.py silu gelu    # the tables of some functions

A fit is minimax by Lawson's iteration. One for 16 bit is then refined: a search over the last bits
of its coefficients minimises the error of the chain as the chip rounds it (Horner's product and sum
each to the type), and the forms below say which chain that is. Everything is deterministic.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from math import erf

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Function = Callable[[Array], Array]
BITS = {"F16": 10, "BF16": 7, "F32": 23}


def round_to(values: Array, kind: str) -> Array:
    """The nearest numbers of a float type."""
    if kind == "F16":
        return values.astype(np.float32).astype(np.float16).astype(np.float64)
    single = np.ascontiguousarray(values, np.float32)
    if kind == "F32":
        return single.astype(np.float64)
    bits = single.view(np.uint32).astype(np.uint64)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16 << 16
    return bits.astype(np.uint32).view(np.float32).astype(np.float64)


def horner(coefficients: Array, t: Array, kind: str) -> Array:
    """The chip's polynomial: product and sum rounded each."""
    y = np.full(t.shape, coefficients[-1])
    for c in coefficients[-2::-1]:
        y = round_to(round_to(y * t, kind) + c, kind)
    return y


def minimax(f: Function, weight: Function, count: int, low: float, high: float) -> Array:
    """The coefficients, lowest first, that minimise the largest weighted error on an interval."""
    unit = -np.cos(np.linspace(0, np.pi, 301))
    t = low + (high - low) * (unit + 1) / 2
    y, scale, importance = f(t), weight(t), np.ones_like(t)
    basis = np.polynomial.chebyshev.chebvander(unit, count - 1)
    for _ in range(50):
        root = scale * np.sqrt(importance)
        c = np.linalg.lstsq(basis * root[:, None], y * root, rcond=None)[0]
        error = np.abs(basis @ c - y) * scale
        importance *= error / error.max() + 1e-6
        importance /= importance.sum()
    inner = np.polynomial.Polynomial([-(low + high) / (high - low), 2 / (high - low)])
    power = np.polynomial.Polynomial(np.polynomial.chebyshev.cheb2poly(c))(inner).coef
    return np.pad(power, (0, count - len(power)))


def phi(x: Array) -> Array:
    """The normal distribution function."""
    return 0.5 * (1 + np.vectorize(erf)(x / np.sqrt(2)))


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


def gelu_gate(x: Array) -> Array:
    """What geluTanh multiplies x by."""
    return logistic(2 * np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))


@dataclass
class Form:
    """A chain around a polynomial: what it fits, and how the chip computes it."""

    fitted: Function  # the polynomial's ideal value at its argument
    weight: Function
    low: float
    high: float
    argument: Callable[[Array, str], Array]  # from x
    result: Callable[[Array, Array, str], Array]  # from x and the polynomial
    reference: Function
    samples: Array
    floor: float  # errors are relative to the operand up to here
    end: float = 0.5  # the weight of errors beyond the clamp


def centred(a: Array, limit: float, kind: str) -> Array:
    """linear(a, 2 / limit, -1)."""
    scale = round_to(np.array(2 / limit), kind)
    return round_to(round_to(a * scale, kind) - 1, kind)


def samples_up_to(limit: float) -> Array:
    """Operands to test: evenly, and near 0."""
    return np.concatenate([np.linspace(-1.4 * limit, limit, 2400), np.geomspace(1e-3, 1, 100)])


def gate(
    tail: Function, limit: float, squarings: int, floor: float = 1.0, end: float = 0.5
) -> Form:
    """max(x, 0) - a p(t)^(2^squarings), a = min(|x|, limit): the power is the gate of -a.

    Roots of gates are smooth enough for few coefficients in t = a, and tend to 0 by themselves, but
    squaring makes errors larger. Without it t = linear(a, 2 / limit, -1).
    """
    root = 0.5**squarings

    def clamped(x: Array, kind: str) -> Array:
        return np.minimum(np.abs(x), round_to(np.array(limit), kind))

    def argument(x: Array, kind: str) -> Array:
        a = clamped(x, kind)
        return a if squarings else centred(a, limit, kind)

    def result(x: Array, p: Array, kind: str) -> Array:
        for _ in range(squarings):
            p = round_to(p * p, kind)
        return round_to(np.maximum(x, 0) - round_to(clamped(x, kind) * p, kind), kind)

    def inner(t: Array) -> Array:
        return t if squarings else limit * (t + 1) / 2

    return Form(
        fitted=lambda t: tail(inner(t)) ** root,
        weight=lambda t: np.maximum(inner(t), floor) * tail(inner(t)) ** (1 - root),
        low=0 if squarings else -1, high=limit if squarings else 1,
        argument=argument, result=result,
        reference=lambda x: np.maximum(x, 0) - np.abs(x) * tail(np.abs(x)),
        samples=samples_up_to(limit), floor=floor, end=end,
    )  # fmt: skip


def odd(f: Function, limit: float, floor: float) -> Form:
    """The product c p(c^2), c = clamp(x, +-limit), p in linear(c^2, 2 / limit^2, -1)."""

    def clamped(x: Array, kind: str) -> Array:
        edge = round_to(np.array(limit), kind)
        return np.clip(x, -edge, edge)

    def argument(x: Array, kind: str) -> Array:
        c = clamped(x, kind)
        return centred(round_to(c * c, kind), limit * limit, kind)

    def result(x: Array, p: Array, kind: str) -> Array:
        return round_to(clamped(x, kind) * p, kind)

    def inner(t: Array) -> Array:
        return np.sqrt(np.maximum(limit * limit * (t + 1) / 2, 1e-12))

    return Form(
        fitted=lambda t: f(inner(t)) / inner(t),
        weight=lambda t: np.maximum(inner(t), floor),
        low=-1, high=1, argument=argument, result=result,
        reference=f,
        samples=samples_up_to(limit),
        floor=floor,
    )  # fmt: skip


def power_of_two(x: Array, kind: str, bias: int) -> Array:
    """2^(x + bias) as MathPrograms.cpp computes it."""
    fits = {"F16": [1, 0.693359375, 0.2421875, 0.0550231934], "BF16": [1, 0.703125, 0.240234375]}
    clamped = np.maximum(x, -(15.0 if kind == "F16" else 127.0) - bias)
    n = np.rint(clamped)
    p = horner(np.array(fits[kind]) * 2.0**bias, round_to(clamped - n, kind), kind) * 2.0**n
    return np.where(p < (2.0**-14 if kind == "F16" else 2.0**-126), 0.0, p)


def of_power(kind: str) -> Form:
    """The product n p(e) with p(e) = 1 / (1 + e), e = exp(-|x|), and n = e or 1: the sigmoid."""
    bias = 9 if kind == "F16" else 0

    def argument(x: Array, kind: str) -> Array:
        y = round_to(np.abs(x) * round_to(np.array(-np.log2(np.e)), kind), kind)
        return round_to(power_of_two(y, kind, bias) * 2.0**-bias, kind)

    def result(x: Array, p: Array, kind: str) -> Array:
        return round_to(np.where(x < 0, argument(x, kind), 1.0) * p, kind)

    return Form(
        fitted=lambda e: 1 / (1 + e), weight=lambda e: 1 + e, low=0, high=1,
        argument=argument, result=result, reference=logistic,
        samples=np.linspace(-3, 3, 2000), floor=1e-3,
    )  # fmt: skip


def excess(form: Form, coefficients: Array, kind: str) -> tuple[float, float, float]:
    """Error beyond half a unit in the last place, largest, root mean square, and near 0.

    Relative to the argument where that is below the form's floor.
    """
    x = round_to(form.samples, kind)
    y = form.result(x, horner(coefficients, form.argument(x, kind), kind), kind)
    reference = form.reference(x)
    half = 0.5 * 2.0 ** (np.floor(np.log2(np.maximum(np.abs(reference), 1e-30))) - BITS[kind])
    error = np.maximum(np.abs(y - reference) - half, 0)
    error /= np.clip(np.abs(x) / form.floor, 1e-2, 1)
    rms = float(np.sqrt((error**2).mean()))
    return float(error.max()), rms, float(error[np.abs(x) < form.floor].max(initial=0))


def bias(form: Form, coefficients: Array, kind: str) -> float:
    """The mean error near 0 relative to the operand's size: what does not cancel in sums."""
    x = round_to(np.concatenate([np.geomspace(2e-3, 0.5, 150)] * 2), kind)
    x[:150] *= -1
    y = form.result(x, horner(coefficients, form.argument(x, kind), kind), kind)
    return float(np.abs(((y - form.reference(x)) / np.abs(x)).mean()))


def polish(form: Form, coefficients: Array, kind: str, trials: int) -> Array:
    """Moves coefficients by units in their last places while that helps."""
    random = np.random.default_rng(0)
    best = round_to(coefficients, kind)
    if kind == "F32":
        return best

    # What the function tends to is kept for arguments beyond the clamp.
    ends = round_to(np.array([-1.0, 1.0]) * 2 * np.abs(form.samples).max(), kind)
    limits = form.reference(ends)

    def cost(c: Array) -> float:
        largest, rms, _ = excess(form, c, kind)
        end = form.result(ends, horner(c, form.argument(ends, kind), kind), kind)
        beyond = form.end * float(np.abs(end - limits).max())
        return largest + 2 * rms + beyond + 4 * bias(form, c, kind)

    cost_of_best = cost(best)
    for _ in range(trials):
        chosen = random.random(len(best)) < 0.4
        steps = random.integers(-2, 3, len(best)) * 2.0 ** -BITS[kind]
        candidate = round_to(best * (1 + chosen * steps), kind)
        if (value := cost(candidate)) < cost_of_best:
            best, cost_of_best = candidate, value
    return best


def report(name: str, form: Form, kind: str, count: int, trials: int) -> None:
    """Prints one table as the kernels want it."""
    c = minimax(form.fitted, form.weight, count, form.low, form.high)
    c = polish(form, c, kind, trials)
    largest, rms, near_zero = excess(form, c, kind)
    print(
        f"{name} {kind} k={count}: largest {largest:.2e}, rms {rms:.1e}, near 0 {near_zero:.1e}, "
        f"bias {bias(form, c, kind):.1e}"
    )
    print("  " + ", ".join(f"{v:.9g}" if kind == "F32" else f"{v:.17g}" for v in c), flush=True)


def logistic_tail(a: Array) -> Array:
    """The gate of SiLU at -a."""
    return logistic(-a)


def gelu_tanh_tail(a: Array) -> Array:
    """The gate of the GELU by tanh at -a."""
    return gelu_gate(-a)


def erf_of(x: Array) -> Array:
    """The error function."""
    return np.vectorize(erf)(x)


def normal_tail(a: Array) -> Array:
    """The gate of GELU at -a."""
    return phi(-a)


def mish_gate(x: Array) -> Array:
    """What Mish multiplies x by."""
    return np.tanh(np.log1p(np.exp(x)))


def mish_tail_above(a: Array) -> Array:
    """What the gate of Mish lacks of 1 at a, written without cancellation."""
    return 2 / ((1 + np.exp(a)) ** 2 + 1)


def mish_tail_below(a: Array) -> Array:
    """The gate of Mish at -a."""
    return mish_gate(-a)


def odd_table(f: Function, limit: float, kind: str, count: int) -> tuple[Form, str, int]:
    """A row of TABLES.

    Error counts relative to the operand up to 1, as for gates: what is off in proportion everywhere
    adds up from layer to layer where activations are small.
    """
    return odd(f, limit, 1.0), kind, count


# For functions that are 0 beyond the clamp: exactly 0.
_ZERO = 300.0
TABLES: dict[str, list[tuple[Form, str, int]]] = {
    "silu": [
        (gate(logistic_tail, 10.0, 2), "F16", 6),
        (gate(logistic_tail, 6.5, 0), "BF16", 7),
        (gate(logistic_tail, 17.0, 4), "F32", 15),
    ],
    "gelu": [
        (gate(normal_tail, 3.8, 1, end=_ZERO), "F16", 5),
        (gate(normal_tail, 3.6, 1), "BF16", 5),
        (gate(normal_tail, 5.6, 2), "F32", 9),
    ],
    "gelu_tanh": [
        (gate(gelu_tanh_tail, 3.8, 1, end=_ZERO), "F16", 5),
        (gate(gelu_tanh_tail, 3.6, 1, end=_ZERO), "BF16", 5),
        (gate(gelu_tanh_tail, 5.2, 2), "F32", 10),
    ],
    "mish_above": [
        (gate(mish_tail_above, 5.0, 1), "F16", 6),
        (gate(mish_tail_above, 3.8, 1), "BF16", 5),
    ],
    "mish_below": [
        (gate(mish_tail_below, 9.0, 2), "F16", 7),
        (gate(mish_tail_below, 6.5, 0), "BF16", 7),
    ],
    "sigmoid": [(of_power("F16"), "F16", 5), (of_power("BF16"), "BF16", 4)],
    "tanh": [odd_table(np.tanh, 3.6, "F16", 9), odd_table(np.tanh, 3.0, "BF16", 6)],
    "erf": [odd_table(erf_of, 2.4, "F16", 7), odd_table(erf_of, 2.2, "BF16", 5)],
}


def tanh_ratio(limit: float = 9.02, count: int = 5) -> tuple[Array, Array]:
    """tanh(x) / x as a ratio of polynomials in x^2 with the least relative error up to `limit`.

    Lawson's iteration on the linear form f q - p, weighted by the last denominator.
    """
    samples = 4000
    x = limit * (1 - np.cos(np.pi * (np.arange(samples) + 0.5) / samples)) / 2
    powers = (x / limit)[:, None] ** (2 * np.arange(count))
    f = np.tanh(x) / x
    importance, below = np.ones_like(x), np.ones_like(x)
    best, least = (powers[0], powers[0]), np.inf
    for _ in range(300):
        scale = np.sqrt(importance) / (f * below)
        basis = np.hstack([powers, -f[:, None] * powers[:, 1:]]) * scale[:, None]
        c = np.linalg.lstsq(basis, f * scale, rcond=None)[0]
        p, q = c[:count], np.concatenate([[1.0], c[count:]])
        below = powers @ q
        error = np.abs(powers @ p / below / f - 1)
        if error.max() < least:
            best, least = (p, q), error.max()
        importance *= error + 1e-12
        importance /= importance.mean()
    units = limit ** (2.0 * np.arange(count))
    print(f"// tanh as a ratio, up to {limit}: error {least:.1e}")
    for name, values in zip(("above", "below"), best, strict=True):
        print(f"{name}: {[float(v) for v in values / units]}")
    return best


def main() -> None:
    """Prints the tables asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[*TABLES, []], help="functions, all by default")
    parser.add_argument("--trials", type=int, default=3000, help="steps of the refinement")
    options = parser.parse_args()
    if not options.names:
        tanh_ratio()
    for name in options.names or TABLES:
        for form, kind, count in TABLES[name]:
            report(name, form, kind, count, options.trials)


if __name__ == "__main__":
    main()
