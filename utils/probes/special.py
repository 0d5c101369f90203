"""The probes of products, sums and pools with infinities, NaN and denormals among the numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import convolution, functions, matrix
from .probe import BF16, F16, F32, Probe, draw

LAYOUTS = ("sCONV", "sMM2", "sMM", "sPorD", "sLIN")
#: Zeros, infinities, NaNs of several payloads, denormals, the largest, and ones; of both signs.
SPECIAL = {
    F32: (0x00000000, 0x7F800000, 0x7FC00000, 0x7F800001, 0x7FABCDEF, 0x7FFFFFFF, 0x00000001,
          0x007FFFFF, 0x7F7FFFFF, 0x3F800000),
    F16: (0x0000, 0x7C00, 0x7E00, 0x7C01, 0x7D23, 0x7FFF, 0x0001, 0x03FF, 0x7BFF, 0x3C00),
    BF16: (0x0000, 0x7F80, 0x7FC0, 0x7F81, 0x7FA3, 0x7FFF, 0x0001, 0x007F, 0x7F7F, 0x3F80),
}  # fmt: skip
#: Numbers of a tensor that repeats them, a prime, and how many of them are special.
COUNT, FEW = 61, 4


def values(precision: int, text: str, seed: int) -> str:
    """Values like those that `text` describes, a few of them special."""
    rng = np.random.default_rng(seed)
    size = 4 if precision == F32 else 2
    numbers = draw(text, precision, (COUNT,), seed).astype(f"<u{size}")
    special = np.array(SPECIAL[precision], f"<u{size}")
    signs = rng.integers(0, 2, FEW).astype(f"<u{size}") << np.array(8 * size - 1, f"<u{size}")
    numbers[rng.choice(COUNT, FEW, replace=False)] = rng.choice(special, FEW) | signs
    return f"hex:{numbers.tobytes().hex()}"


def probes() -> Iterator[Probe]:
    """All of the family."""
    for family in (convolution, matrix, functions):
        for number, probe in enumerate(family.probes()):
            floats = [tensor for tensor in probe.inputs if tensor.precision in SPECIAL]
            if probe.commands[-1][1] not in LAYOUTS or not floats:
                continue
            for tensor in floats:
                if not tensor.values.startswith("hex"):
                    seed = 100 * number + tensor.seed
                    tensor.values = values(tensor.precision, tensor.values, seed)
            probe.name = f"special/{probe.name}"
            yield probe
