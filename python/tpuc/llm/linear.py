"""Weight matrices of a checkpoint, as they are stored there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Codes:
    """Integers of few bits that stand for codes * scales + minimums, by groups along a row.

    Attributes:
        bits: 4 or 8; codes are from 0 to 2 ** bits - 1.
        codes: u8 [rows, depth].
        scales: f32 [rows, depth / group].
        minimums: f32 [rows, depth / group]: what code 0 stands for.
    """

    bits: int
    codes: np.ndarray
    scales: np.ndarray
    minimums: np.ndarray

    @property
    def group(self) -> int:
        """Columns that share a scale."""
        return self.codes.shape[1] // self.scales.shape[1]

    def values(self) -> np.ndarray:
        """The numbers, f32 [rows, depth]."""
        rows, depth = self.codes.shape
        grouped = self.codes.reshape(rows, -1, self.group).astype(np.float32)
        numbers = grouped * self.scales[..., None] + self.minimums[..., None]
        return numbers.reshape(rows, depth)

    def take(self, rows: np.ndarray) -> Codes:
        """Some of the rows."""
        return Codes(self.bits, self.codes[rows], self.scales[rows], self.minimums[rows])


@dataclass(frozen=True)
class Linear:
    """A matrix [rows, depth] that is read when it is needed: y = x matrix^T.

    Attributes:
        shape: rows (outputs) and depth (inputs).
        read: gives f32 [rows, depth], or the codes of a matrix that is stored so.
        rows: which of the stored rows, in which order; None for all.
    """

    shape: tuple[int, int]
    read: Callable[[], np.ndarray | Codes]
    rows: np.ndarray | None = None

    def stored(self) -> np.ndarray | Codes:
        """The numbers or codes of its rows."""
        made = self.read()
        if self.rows is None:
            return made
        return made.take(self.rows) if isinstance(made, Codes) else made[self.rows]

    def values(self) -> np.ndarray:
        """The numbers, f32 [rows, depth]."""
        made = self.stored()
        return made.values() if isinstance(made, Codes) else made

    def take(self, rows: Sequence[int] | np.ndarray) -> Linear:
        """Some of the rows, in the given order."""
        chosen = np.asarray(rows)
        if self.rows is not None:
            chosen = self.rows[chosen]
        return Linear((len(chosen), self.shape[1]), self.read, chosen)
