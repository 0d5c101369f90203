"""Weights in 4 or 8 bits: rounded to nearest, and as operands of products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tpuc.frontend.emit import Emitter, Tensor
from tpuc.llm.linear import Codes, Linear

# Groups of which the chip makes numbers are of a multiple of so many columns.
GRANULE = 32


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
        made = self.codes(matrix)
        if made is None:
            weight = np.ascontiguousarray(matrix.values().T)
            return e.op("matmul", [x, Tensor.constant(weight, e.location + ".weight")])
        codes, scales, zeros = with_zeros(made)
        operands = [
            Tensor.constant(words_of(codes, made.bits), e.location + ".codes"),
            Tensor.constant(scales, e.location + ".scales"),
            Tensor.constant(zeros, e.location + ".zeros"),
        ]
        return e.op("a16_matmul", [x, *operands], {"bits": made.bits})
