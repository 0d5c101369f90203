"""compressed-tensors: codes in words of 32 bits along the depth (pack-quantized)."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from tpuc.errors import UserError
from tpuc.llm.formats.gptq import check_bits, check_shapes, ordered, unpack
from tpuc.llm.linear import Codes, Linear

_FORMAT = "pack-quantized"


class PackedMatrices:
    """Matrices as weight_packed [rows, depth / 8] and weight_scale [rows, groups].

    Asymmetric ones have weight_zero_point [rows / 8, groups], those whose columns are of groups
    in another order weight_g_idx [depth].
    """

    def __init__(self, config: dict[str, Any], storage: object) -> None:
        kind = config.get("format")
        if kind != _FORMAT:
            raise UserError(f"the checkpoint is of the format '{kind}', expected '{_FORMAT}'")
        groups = list((config.get("config_groups") or {}).values())
        if len(groups) != 1:
            raise UserError(f"the checkpoint has {len(groups)} groups of layers, expected 1")
        weights = groups[0].get("weights") or {}
        if weights.get("type", "int") != "int" or groups[0].get("input_activations"):
            raise UserError("the checkpoint quantises to floats or activations too, expected "
                            "integer weights alone")  # fmt: skip
        self._bits = check_bits(weights.get("num_bits"))
        self._group = int(weights.get("group_size") or -1)
        self._symmetric = bool(weights.get("symmetric", True))
        self._storage = storage
        self._known = frozenset(storage.names)

    def has(self, name: str) -> bool:
        """Whether a matrix is quantised."""
        return name + ".weight_packed" in self._known

    def matrix(self, name: str, rows: int, depth: int) -> Linear:
        """A matrix [rows, depth]."""
        groups = 1 if self._group < 0 else -(-depth // self._group)
        words = 32 // self._bits
        wanted = {
            name + ".weight_packed": (rows, -(-depth // words)),
            name + ".weight_scale": (rows, groups),
        }
        if not self._symmetric:
            wanted[name + ".weight_zero_point"] = (-(-rows // words), groups)
        check_shapes(self._storage, wanted)
        return Linear((rows, depth), partial(self._read, name, rows, depth))

    def _read(self, name: str, rows: int, depth: int) -> np.ndarray | Codes:
        read = self._storage.read
        codes = np.ascontiguousarray(
            unpack(read(name + ".weight_packed"), self._bits, 1)[:, :depth]
        )
        scales = read(name + ".weight_scale").astype(np.float32)
        zeros: np.ndarray | np.float32 = np.float32(1 << (self._bits - 1))
        if not self._symmetric:
            packed = read(name + ".weight_zero_point")
            zeros = unpack(packed, self._bits, 0)[:rows].astype(np.float32)
        made = Codes(self._bits, codes, scales, -zeros * scales)
        order = f"{name}.weight_g_idx"
        return ordered(made, read(order).astype(np.int64)) if order in self._known else made
