"""AWQ of the version "gemm": codes in words of 32 bits along the rows, in an order of their own."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from tpuc.errors import UserError
from tpuc.llm.formats.gptq import check_shapes, unpack
from tpuc.llm.linear import Codes, Linear

# Where the codes of a word, from its lowest bits on, belong.
_ORDER = np.array([0, 2, 4, 6, 1, 3, 5, 7])
_BITS, _WORD = 4, 8


class AwqMatrices:
    """Matrices as qweight [depth, rows / 8], qzeros [groups, rows / 8], scales [groups, rows]."""

    def __init__(self, config: dict[str, Any], storage: object) -> None:
        version = str(config.get("version", "gemm")).lower()
        if version != "gemm":
            raise UserError(f"the checkpoint is of AWQ version '{version}', expected 'gemm'")
        if (bits := config.get("bits", config.get("w_bit", 4))) != _BITS:
            raise UserError(f"the checkpoint is quantised to {bits} bits, expected 4")
        self._group = int(config.get("group_size", config.get("q_group_size", 128)))
        self._storage = storage
        self._known = frozenset(storage.names)

    def has(self, name: str) -> bool:
        """Whether a matrix is quantised."""
        return name + ".qweight" in self._known

    def matrix(self, name: str, rows: int, depth: int) -> Linear:
        """A matrix [rows, depth]."""
        groups = 1 if self._group < 0 else depth // self._group
        check_shapes(self._storage, {
            name + ".qweight": (depth, rows // _WORD),
            name + ".qzeros": (groups, rows // _WORD),
            name + ".scales": (groups, rows),
        })  # fmt: skip
        return Linear((rows, depth), partial(self._read, name))

    def _read(self, name: str) -> Codes:
        codes, zeros = (
            self._in_order(unpack(self._storage.read(name + part), _BITS, 1))
            for part in (".qweight", ".qzeros")
        )
        scales = np.ascontiguousarray(self._storage.read(name + ".scales").astype(np.float32).T)
        return Codes(_BITS, codes, scales, -zeros.astype(np.float32) * scales)

    @staticmethod
    def _in_order(codes: np.ndarray) -> np.ndarray:
        """[a, rows] with the rows of each word in order, as [rows, a]."""
        words = codes.reshape(len(codes), -1, _WORD)
        placed = np.empty_like(words)
        placed[..., _ORDER] = words
        return np.ascontiguousarray(placed.reshape(len(codes), -1).T)
