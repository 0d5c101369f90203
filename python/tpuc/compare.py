"""How far two results are apart, and whether the precision explains it.

Cosine and euclidean similarity say how good a result is on the whole; they do not
see one wrong column among thousands. So every element is judged, too. An element
may differ by the sum of two things:

* What one operation loses: 16 halves of a unit in the last place (of INT8: half
  quantisation steps) of the tensor's largest magnitude. In F16, BF16 and INT8 sums are
  kept in more bits than the result; in F32 they are not, and sums of thousands of
  products lose 64 times as much.
* What the network loses on the way, which the other elements show: all pass the same
  operations, so that their errors are of one size, absolute or relative to the
  element (to the larger of both: an exponential turns errors into factors). The largest
  of a million normal errors is 5 standard deviations or 7 medians; 24 medians leave room
  for channels whose errors are larger than others'.

A median does not see what few elements do wrongly. Where many are wrong, the cosine
falls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tpuc.errors import UserError, unknown

# Half a unit in the last place as a part of the number, of INT8 half a step as a
# part of the largest number.
HALF_UNITS = {"F32": 2.0**-24, "F16": 2.0**-11, "BF16": 2.0**-8, "INT8": 0.5 / 127}
# What one operation loses, in these; and errors of others in medians.
_OPERATION_UNITS = {"F32": 16 * 64, "F16": 16, "BF16": 16, "INT8": 16}
_TYPICAL_ERRORS = 24


@dataclass(frozen=True)
class Similarity:
    """Two tensors compared.

    Attributes:
        name: the tensor's name.
        cosine: cosine of the angle between the two, 1 when parallel.
        euclidean: 1 - |a - b| / |b|, 1 when equal.
        largest: largest absolute difference.
        relative: the largest difference as a part of the reference's range.
        of_allowed: the largest difference of an element as a part of what the
            precision allows there; above 1 it is wrong.
        worst: index of that element.
    """

    name: str
    cosine: float
    euclidean: float
    largest: float
    relative: float
    of_allowed: float
    worst: tuple[int, ...] = ()

    def within(self, tolerance: tuple[float, float]) -> bool:
        """Whether both similarities reach their limits and no element is wrong."""
        return (
            self.cosine >= tolerance[0] and self.euclidean >= tolerance[1] and self.of_allowed <= 1
        )

    def describe(self, tolerance: tuple[float, float]) -> str:
        """What is not within the limits, for a message."""
        if self.cosine < tolerance[0] or self.euclidean < tolerance[1]:
            return (
                f"cosine {self.cosine:.6f}, euclidean {self.euclidean:.6f}, the tolerance is "
                f"{tolerance[0]},{tolerance[1]}"
            )
        return (
            f"element {list(self.worst)} is wrong, it differs by {self.of_allowed:.3g} times what "
            f"its precision allows"
        )


def allowed_differences(
    actual: np.ndarray, reference: np.ndarray, precision: str = "INT8"
) -> np.ndarray:
    """How far each element may be from the reference.

    Args:
        actual: what is judged, finite.
        reference: of the same shape, finite.
        precision: the least precise in which the network computes.
    """
    errors = np.abs(actual - reference)
    sizes = np.maximum(np.abs(actual), np.abs(reference))
    # Zeros that a rectifier made on both sides say nothing.
    telling = sizes > 0
    typical = relative = 0.0
    if telling.any():
        typical = float(np.median(errors[telling]))
        relative = float(np.median(errors[telling] / sizes[telling]))
    largest = float(np.abs(reference).max(initial=0.0))
    operation = _OPERATION_UNITS[precision] * HALF_UNITS[precision] * largest
    return operation + _TYPICAL_ERRORS * (typical + relative * sizes)


def compare(
    actual: np.ndarray, reference: np.ndarray, name: str = "", precision: str = "INT8"
) -> Similarity:
    """Compares two tensors of the same size.

    Args:
        actual: what is judged.
        reference: what it should be.
        name: what messages call it.
        precision: the least precise in which `actual` was computed, F32, F16, BF16 or
            INT8; that of an unknown origin is INT8.

    Raises:
        UserError: they differ in the number of elements.
    """
    if actual.size != reference.size:
        raise UserError(
            f"'{name}' has the shape {list(actual.shape)}, its reference {list(reference.shape)}"
        )
    a = actual.astype(np.float64).reshape(reference.shape)
    b = reference.astype(np.float64)
    equal = (a == b) | (np.isnan(a) & np.isnan(b))
    if equal.all():
        return Similarity(name, 1.0, 1.0, 0.0, 0.0, 0.0)
    # Equal infinities differ by nothing; others by infinitely much.
    a, b = np.where(equal & ~np.isfinite(b), 0.0, a), np.where(equal & ~np.isfinite(b), 0.0, b)
    broken = ~np.isfinite(a) | ~np.isfinite(b)
    if broken.any():
        worst = np.unravel_index(int(np.argmax(broken)), b.shape)
        infinite = float("inf")
        return Similarity(name, 0.0, 0.0, infinite, infinite, infinite, _index(worst))
    errors = np.abs(a - b)
    norms = np.linalg.norm(a) * np.linalg.norm(b)
    cosine = float(np.vdot(a, b) / norms) if norms else 0.0
    largest = float(errors.max())
    spread = float(b.max() - b.min()) or float(np.abs(b).max()) or 1.0
    length = float(np.linalg.norm(b)) or 1.0
    euclidean = 1.0 - float(np.linalg.norm(errors)) / length
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(equal, 0.0, errors / allowed_differences(a, b, precision))
    worst = np.unravel_index(int(np.argmax(parts)), parts.shape)
    return Similarity(
        name,
        min(cosine, 1.0),
        euclidean,
        largest,
        largest / spread,
        float(parts[worst]),
        _index(worst),
    )


def _index(index: tuple) -> tuple[int, ...]:
    return tuple(int(i) for i in index)


def least_precise(*precisions: str | None) -> str:
    """The least precise of some; INT8 when one is not known."""
    return max((p or "INT8" for p in precisions), key=lambda p: HALF_UNITS[p])


def compare_all(
    actual: Mapping[str, np.ndarray],
    reference: Mapping[str, np.ndarray],
    precision: str = "INT8",
    excepts: Sequence[str] = (),
) -> list[Similarity]:
    """Compares every tensor that both sides have; two single ones in any case.

    Args:
        actual: by name.
        reference: by name.
        precision: as for compare().
        excepts: tensors to leave out.

    Raises:
        UserError: they have no name in common; a name to leave out that neither side has.
    """
    if excepts:
        for name in excepts:
            if name not in actual and name not in reference:
                raise unknown("--excepts: the tensor", name, {**actual, **reference})
        actual = {name: array for name, array in actual.items() if name not in excepts}
        if not actual:
            return []
    if len(actual) == len(reference) == 1:
        (name, value), (expected,) = next(iter(actual.items())), reference.values()
        return [compare(value, expected, name, precision)]
    common = [name for name in actual if name in reference]
    if not common:
        raise UserError(
            f"nothing to compare: one side has {', '.join(actual) or 'nothing'}, the other "
            f"{', '.join(reference) or 'nothing'}"
        )
    return [compare(actual[name], reference[name], name, precision) for name in common]


def parse_tolerance(text: str) -> tuple[float, float]:
    """Parses ``0.99,0.90``: least cosine and least euclidean similarity.

    Raises:
        UserError: anything else.
    """
    parts = text.split(",")
    try:
        values = [float(part) for part in parts]
        if not 1 <= len(values) <= 3 or not all(-1e30 < value <= 1 for value in values):
            raise ValueError
    except ValueError:
        raise UserError(
            f"--tolerance '{text}' is not one or two numbers of at most 1, write it like 0.99,0.90"
        ) from None
    return values[0], values[1] if len(values) > 1 else values[0]
