"""GGUF files: metadata, and tensors in the blocks of llama.cpp."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from tpuc.errors import UserError
from tpuc.llm.linear import Codes
from tpuc.outputs import check_input

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
# Types of metadata by number: struct's letters; 8 is a text, 9 a list.
_SCALARS = "BbHhIif?\0\0QqdQ"
_TEXT, _LIST = 8, 9
# More than any file has entries, axes or nested lists.
_MOST = 1 << 20
_MOST_AXES = 4


@dataclass(frozen=True)
class _Block:
    """How numbers lie: so many in so many bytes, and what makes numbers or codes of them."""

    count: int
    size: int
    decode: Callable[[np.ndarray], np.ndarray | Codes]


def _nibbles(blocks: np.ndarray, first: int) -> np.ndarray:
    """The 32 codes of each block whose low halves come first, u8 [..., 32]."""
    packed = blocks[..., first : first + 16]
    return np.concatenate([packed & 15, packed >> 4], axis=-1)


def _half(blocks: np.ndarray, first: int) -> np.ndarray:
    """A number of 16 bits of each block, f32."""
    part = np.ascontiguousarray(blocks[..., first : first + 2])
    return part.view(np.float16)[..., 0].astype(np.float32)


def _codes(bits: int, codes: np.ndarray, scales: np.ndarray, minimums: np.ndarray) -> Codes:
    return Codes(bits, codes.reshape(len(codes), -1), scales, minimums)


def _q4_0(blocks: np.ndarray) -> Codes:
    scales = _half(blocks, 0)
    return _codes(4, _nibbles(blocks, 2), scales, scales * -8)


def _q4_1(blocks: np.ndarray) -> Codes:
    return _codes(4, _nibbles(blocks, 4), _half(blocks, 0), _half(blocks, 2))


def _q8_0(blocks: np.ndarray) -> Codes:
    scales = _half(blocks, 0)
    return _codes(8, blocks[..., 2:] ^ 0x80, scales, scales * -128)


def _floats(dtype: type, blocks: np.ndarray) -> np.ndarray:
    numbers = np.ascontiguousarray(blocks).view(dtype)
    return numbers.reshape(len(blocks), -1).astype(np.float32)


def _bf16(blocks: np.ndarray) -> np.ndarray:
    words = np.ascontiguousarray(blocks).view(np.uint16).astype(np.uint32) << 16
    return words.view(np.float32).reshape(len(blocks), -1)


_BLOCKS = {
    0: _Block(1, 4, partial(_floats, np.float32)),
    1: _Block(1, 2, partial(_floats, np.float16)),
    2: _Block(32, 18, _q4_0),
    3: _Block(32, 20, _q4_1),
    8: _Block(32, 34, _q8_0),
    30: _Block(1, 2, _bf16),
}
# What files may hold besides.
_OTHERS = {
    6: "Q5_0", 7: "Q5_1", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K",
    15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL",
    21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64",
    29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
}  # fmt: skip


class _Cursor:
    """Reads one value after the other."""

    def __init__(self, path: Path, data: np.ndarray) -> None:
        self.path, self.data, self.at = path, data, 0

    def bytes(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise UserError(
                f"{self.path}: ends in its header, after {len(self.data)} bytes; it is cut off, "
                "fetch it again"
            )
        self.at += count
        return self.data[self.at - count : self.at].tobytes()

    def number(self, letter: str) -> int | float:
        return struct.unpack(f"<{letter}", self.bytes(struct.calcsize(f"<{letter}")))[0]

    def count(self, most: int) -> int:
        count = int(self.number("Q"))
        if count > most:
            raise UserError(f"{self.path}: has a damaged header, fetch it again")
        return count

    def text(self) -> str:
        return self.bytes(self.count(len(self.data))).decode("utf-8", "replace")

    def value(self, kind: int, depth: int = 0) -> object:
        if kind == _TEXT:
            return self.text()
        if kind == _LIST and depth == 0:
            kind, count = int(self.number("I")), self.count(len(self.data))
            if kind < len(_SCALARS) and kind not in (_TEXT, _LIST):
                letter = _SCALARS[kind]
                raw = self.bytes(count * struct.calcsize(f"<{letter}"))
                return list(struct.unpack(f"<{count}{letter}", raw))
            return [self.value(kind, depth + 1) for _ in range(count)]
        if kind >= len(_SCALARS) or kind == _LIST:
            raise UserError(f"{self.path}: has a damaged header, fetch it again")
        return self.number(_SCALARS[kind])


class GgufFile:
    """A file: ``metadata`` by key, and tensors by name."""

    def __init__(self, path: str | Path) -> None:
        self.path = check_input(path, "give a .gguf file or a folder of safetensors")
        if self.path.stat().st_size < len(_MAGIC) + 4:
            raise UserError(f"{self.path}: is no GGUF file")
        self._data = np.memmap(self.path, np.uint8, "r")
        cursor = _Cursor(self.path, self._data)
        if cursor.bytes(4) != _MAGIC:
            raise UserError(f"{self.path}: is no GGUF file")
        version = cursor.number("I")
        if version not in _VERSIONS:
            raise UserError(f"{self.path}: is of version {version} of GGUF, expected 2 or 3")
        tensors, entries = cursor.count(_MOST), cursor.count(_MOST)
        self.metadata: dict[str, object] = {}
        for _ in range(entries):
            key = cursor.text()
            self.metadata[key] = cursor.value(int(cursor.number("I")))
        # Shape, type and offset by name.
        self._tensors: dict[str, tuple[tuple[int, ...], int, int]] = {}
        for _ in range(tensors):
            name = cursor.text()
            axes = int(cursor.number("I"))
            if axes > _MOST_AXES:
                raise UserError(f"{self.path}: has a damaged header, fetch it again")
            shape = tuple(int(cursor.number("Q")) for _ in range(axes))[::-1]
            self._tensors[name] = shape, int(cursor.number("I")), int(cursor.number("Q"))
        alignment = int(self.metadata.get("general.alignment", 32))
        self._start = -(-cursor.at // max(1, alignment)) * max(1, alignment)
        self._check_end()

    @property
    def names(self) -> list[str]:
        """Of all tensors."""
        return list(self._tensors)

    def shape(self, name: str) -> tuple[int, ...]:
        """The sizes of a tensor, the fastest last."""
        return self._tensors[name][0]

    def _size(self, name: str) -> int:
        """The bytes of a tensor of a type that is read."""
        shape, kind, _ = self._tensors[name]
        block = _BLOCKS[kind]
        depth = shape[-1] if shape else 1
        if depth % block.count:
            raise UserError(f"{self.path}: '{name}' is {list(shape)}, which are no whole blocks")
        return math.prod(shape[:-1]) * (depth // block.count) * block.size

    def _check_end(self) -> None:
        """Refuses a file that ends before its tensors do."""
        for name, (_, kind, offset) in self._tensors.items():
            end = self._start + offset + (self._size(name) if kind in _BLOCKS else 0)
            if end > len(self._data):
                raise UserError(
                    f"{self.path}: ends before '{name}', after {len(self._data)} of {end} bytes; "
                    "it is cut off, fetch it again"
                )

    def read(self, name: str) -> np.ndarray | Codes:
        """The numbers of a tensor in f32, or the codes of a matrix that is quantised.

        Raises:
            UserError: it is of a type that is not read.
        """
        shape, kind, offset = self._tensors[name]
        if kind not in _BLOCKS:
            known = _OTHERS.get(kind, f"type {kind}")
            raise UserError(
                f"{self.path}: '{name}' is quantised as {known}, which is not supported; use a "
                "file of Q4_0, Q4_1, Q8_0, F16, BF16 or F32"
            )
        block = _BLOCKS[kind]
        begin = self._start + offset
        raw = self._data[begin : begin + self._size(name)]
        rows = math.prod(shape[:-1])
        made = block.decode(raw.reshape(rows, -1, block.size))
        return made if isinstance(made, Codes) else made.reshape(shape)
