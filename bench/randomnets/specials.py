"""Inputs with zeros of both signs, infinities, NaN, denormal and huge numbers among them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

#: Denormal in F32 and in F16, around the largest of F16, and beyond BF16's and F16's range.
VALUES = np.array(
    [0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, 1e-41, -1e-41, 3e-6, -5.9e-8, 65504, -65519,
     65520, 1e30, -3.4e38],
    np.float32,
)  # fmt: skip


def with_specials(
    inputs: Mapping[str, np.ndarray], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """The inputs with special values at a few places of each float tensor.

    Integers and truth values stay: as positions they fit only where they are. How many places
    is random, from one to a tenth, and so is which values: all would make most results NaN.
    """
    result = {}
    for name, array in inputs.items():
        array = array.copy()
        if array.dtype == np.float32 and array.size:
            some = rng.choice(VALUES, int(rng.integers(1, len(VALUES))))
            count = max(1, int(array.size * rng.choice([0.0, 0.01, 0.1])))
            places = rng.integers(0, array.size, count)
            array.reshape(-1)[places] = rng.choice(some, count)
        result[name] = array
    return result
