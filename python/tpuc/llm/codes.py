"""Weights in 4 or 8 bits: rounded to nearest, and as operands of products."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tpuc.frontend.emit import Emitter, Tensor
from tpuc.llm.linear import Codes, Linear

# Groups of which the chip makes numbers are of a multiple of so many columns.
GRANULE = 32
# Matrices of a layer.
_MOST_KEPT = 7
# The bits of a code; codes in words, scales and zero points.
_Arrays = tuple[int, list[np.ndarray]]


def round_to_nearest(values: np.ndarray, bits: int, group: int) -> Codes:
    """The nearest codes, with the range of each group from its least number to its largest.

    Args:
        values: f32 [rows, depth].
        bits: 4 or 8.
        group: columns that share a scale and a zero point, a divisor of the depth.
    """
    rows = len(values)
    grouped = values.reshape(rows, -1, group)
    # Zero is a code, so that zeros stay zeros.
    low = np.minimum(grouped.min(-1), 0)
    most = np.float32((1 << bits) - 1)
    scales = (np.maximum(grouped.max(-1), 0) - low) / most
    safe = np.where(scales > 0, scales, np.float32(1))
    zeros = np.clip(np.rint(-low / safe), 0, most)
    codes = np.clip(np.rint(grouped / safe[..., None]) + zeros[..., None], 0, most)
    return Codes(bits, codes.astype(np.uint8).reshape(rows, -1), safe, -zeros * safe)


def words_of(codes: np.ndarray, bits: int) -> np.ndarray:
    """Codes [rows, depth] as words of 32 bits along the depth, the first lowest."""
    if bits == 4:
        codes = codes[:, 0::2] | codes[:, 1::2] << 4
    return np.ascontiguousarray(codes).view(np.int32)


def with_zeros(made: Codes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes, scales, and the codes that stand for zero, which may be no integers.

    Where a group has no scale its one number becomes the scale, of code 0 and zero point -1.
    """
    flat = made.scales == 0
    scales = np.where(flat, made.minimums, made.scales).astype(np.float32)
    zeros = np.where(flat, np.float32(-1), -made.minimums / np.where(flat, 1, made.scales))
    # A zero point that is an integer but for rounding is one.
    whole = np.rint(zeros)
    zeros = np.where(np.abs(zeros - whole) < 1e-5 * np.maximum(1, np.abs(whole)), whole, zeros)
    codes = made.codes
    if flat.any():
        codes = np.where(np.repeat(flat, made.group, axis=1), 0, codes).astype(np.uint8)
    return codes, scales, zeros.astype(np.float32)


@dataclass(frozen=True)
class CodedProducts:
    """Emits products with weights of few bits.

    Attributes:
        bits: 4 or 8. A checkpoint's own codes of at most so many stay as they are.
        group: columns that share a scale, of weights that are quantised here.
    """

    bits: int
    group: int
    # Operands by the number of a matrix that several networks have, and the matrix.
    _kept: dict[int, tuple[Linear, _Arrays | None]] = field(default_factory=dict, repr=False)

    def codes(self, matrix: Linear) -> Codes | None:
        """The codes of a matrix; None for one whose rows are no whole groups."""
        stored = matrix.stored()
        if isinstance(stored, Codes) and stored.bits <= self.bits and stored.group % GRANULE == 0:
            return stored
        depth = matrix.shape[1]
        group = next((g for g in (self.group, GRANULE) if depth % g == 0), 0)
        if not group:
            return None
        values = stored.values() if isinstance(stored, Codes) else stored
        return round_to_nearest(values, self.bits, group)

    def __call__(self, e: Emitter, x: Tensor, matrix: Linear) -> Tensor:
        """The product x matrix^T."""
        kept = self._kept.get(id(matrix))
        if kept is None:
            # Those of one layer.
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            kept = self._kept[id(matrix)] = matrix, self._arrays(matrix)
        if kept[1] is None:
            weight = np.ascontiguousarray(matrix.values().T)
            return e.op("matmul", [x, Tensor.constant(weight, e.location + ".weight")])
        bits, arrays = kept[1]
        operands = [
            Tensor.constant(array, f"{e.location}.{name}")
            for name, array in zip(("codes", "scales", "zeros"), arrays, strict=True)
        ]
        return e.op("a16_matmul", [x, *operands], {"bits": bits})

    def _arrays(self, matrix: Linear) -> _Arrays | None:
        """The bits of a code, and the operands of the product; None for one of floats."""
        made = self.codes(matrix)
        if made is None:
            return None
        codes, scales, zeros = with_zeros(made)
        return made.bits, [words_of(codes, made.bits), scales, zeros]
