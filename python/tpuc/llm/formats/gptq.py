"""GPTQ: codes in words of 32 bits down the depth, zero points minus one."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from tpuc.errors import UserError
from tpuc.llm.linear import Codes, Linear


def unpack(words: np.ndarray, bits: int, axis: int) -> np.ndarray:
    """The codes in words of 32 bits, the lowest first, u8; ``axis`` grows by 32 / bits."""
    shifts = np.arange(0, 32, bits, dtype=np.uint32)
    words = np.moveaxis(np.asarray(words).view(np.uint32), axis, -1)
    codes = (words[..., None] >> shifts & np.uint32((1 << bits) - 1)).astype(np.uint8)
    return np.moveaxis(codes.reshape(*words.shape[:-1], -1), -1, axis)


def check_bits(bits: object) -> int:
    """The number of bits.

    Raises:
        UserError: it is neither 4 nor 8.
    """
    if bits not in (4, 8):
        raise UserError(f"the checkpoint is quantised to {bits} bits, expected 4 or 8")
    return int(bits)


def check_shapes(storage: object, wanted: dict[str, tuple[int, ...]]) -> None:
    """Refuses missing tensors and those of other shapes.

    Raises:
        UserError: names the tensor.
    """
    known = set(storage.names)
    for name, shape in wanted.items():
        if name not in known:
            raise UserError(f"the checkpoint has no tensor '{name}', which its quantisation needs")
        if tuple(storage.shape(name)) != shape:
            raise UserError(
                f"'{name}' is {list(storage.shape(name))}, the configuration asks for {list(shape)}"
            )


class GptqMatrices:
    """Matrices as qweight [depth / 8, rows], qzeros, scales [groups, rows] and g_idx [depth]."""

    def __init__(self, config: dict[str, Any], storage: object) -> None:
        self._bits = check_bits(config.get("bits"))
        self._group = int(config.get("group_size", 128))
        # What is added to stored zero points.
        self._offset = 0 if config.get("checkpoint_format") == "gptq_v2" else 1
        self._storage = storage
        self._known = frozenset(storage.names)

    def has(self, name: str) -> bool:
        """Whether a matrix is quantised."""
        return name + ".qweight" in self._known

    def matrix(self, name: str, rows: int, depth: int) -> Linear:
        """A matrix [rows, depth]."""
        groups = 1 if self._group < 0 else -(-depth // self._group)
        words = 32 // self._bits
        check_shapes(self._storage, {
            name + ".qweight": (depth // words, rows),
            name + ".qzeros": (groups, rows // words),
            name + ".scales": (groups, rows),
        })  # fmt: skip
        return Linear((rows, depth), partial(self._read, name, depth, groups))

    def _read(self, name: str, depth: int, groups: int) -> np.ndarray | Codes:
        read = self._storage.read
        codes = np.ascontiguousarray(unpack(read(name + ".qweight"), self._bits, 0).T)
        # Stored modulo the number of codes by some, one more than the largest by others.
        zeros = unpack(read(name + ".qzeros"), self._bits, 1).T.astype(np.float32) + self._offset
        scales = np.ascontiguousarray(read(name + ".scales").astype(np.float32).T)
        made = Codes(self._bits, codes, scales, -zeros * scales)
        order = read(name + ".g_idx") if name + ".g_idx" in self._known else None
        if order is None or np.array_equal(order, np.arange(depth) // max(made.group, 1)):
            return made
        # Columns of a group lie apart (desc_act): every column has its own scale.
        chosen = np.asarray(order, np.int64)
        if chosen.shape != (depth,) or chosen.min() < 0 or chosen.max() >= groups:
            raise UserError(f"'{name}.g_idx' names groups that there are not")
        return ordered(made, chosen)


def ordered(made: Codes, groups: np.ndarray) -> np.ndarray | Codes:
    """A matrix whose column k is of group ``groups[k]``: its numbers, f32 [rows, depth]."""
    scales, minimums = made.scales[:, groups], made.minimums[:, groups]
    return made.codes.astype(np.float32) * scales + minimums
