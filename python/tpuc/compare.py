"""How far two results are apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tpuc.errors import UserError


@dataclass(frozen=True)
class Similarity:
    """Two tensors compared.

    Attributes:
        name: the tensor's name.
        cosine: cosine of the angle between the two, 1 when parallel.
        euclidean: 1 - |a - b| / |b|, 1 when equal.
        largest: largest absolute difference.
        relative: the largest difference as a part of the reference's range.
    """

    name: str
    cosine: float
    euclidean: float
    largest: float
    relative: float

    def within(self, tolerance: tuple[float, float]) -> bool:
        """Whether cosine and euclidean similarity reach their limits."""
        return self.cosine >= tolerance[0] and self.euclidean >= tolerance[1]


def compare(actual: np.ndarray, reference: np.ndarray, name: str = "") -> Similarity:
    """Compares two tensors of the same size.

    Raises:
        UserError: they differ in the number of elements.
    """
    if actual.size != reference.size:
        raise UserError(
            f"'{name}' has the shape {list(actual.shape)}, its reference {list(reference.shape)}"
        )
    a = actual.astype(np.float64).reshape(-1)
    b = reference.astype(np.float64).reshape(-1)
    if not a.size:
        return Similarity(name, 1.0, 1.0, 0.0, 0.0)
    if not np.isfinite(a).all() and not np.array_equal(a, b, equal_nan=True):
        return Similarity(name, 0.0, 0.0, float("inf"), float("inf"))
    if np.array_equal(a, b, equal_nan=True):
        return Similarity(name, 1.0, 1.0, 0.0, 0.0)
    norms = np.linalg.norm(a) * np.linalg.norm(b)
    cosine = float(a @ b / norms) if norms else 0.0
    largest = float(np.abs(a - b).max())
    spread = float(b.max() - b.min()) or float(np.abs(b).max()) or 1.0
    length = float(np.linalg.norm(b)) or 1.0
    euclidean = 1.0 - float(np.linalg.norm(a - b)) / length
    return Similarity(name, min(cosine, 1.0), euclidean, largest, largest / spread)


def compare_all(
    actual: Mapping[str, np.ndarray], reference: Mapping[str, np.ndarray]
) -> list[Similarity]:
    """Compares every tensor that both sides have; two single ones in any case.

    Raises:
        UserError: they have no name in common.
    """
    if len(actual) == len(reference) == 1:
        (name, value), (expected,) = next(iter(actual.items())), reference.values()
        return [compare(value, expected, name)]
    common = [name for name in actual if name in reference]
    if not common:
        raise UserError(
            f"nothing to compare: one side has {', '.join(actual) or 'nothing'}, the other "
            f"{', '.join(reference) or 'nothing'}"
        )
    return [compare(actual[name], reference[name], name) for name in common]


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
