"""A checkpoint: its configuration, and its weights by what they are."""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from typing import Protocol

import numpy as np

from tpuc.errors import UserError, did_you_mean
from tpuc.llm.config import LlmConfig
from tpuc.llm.families import Family
from tpuc.llm.formats.gguf import GgufFile
from tpuc.llm.formats.quantised import find_method
from tpuc.llm.formats.safetensors import TensorFolder
from tpuc.llm.gguf_config import gguf_config
from tpuc.llm.hf_config import read_config
from tpuc.llm.linear import Codes, Linear
from tpuc.llm.parts import GGUF, HUGGING_FACE


class Storage(Protocol):
    """Tensors by their names."""

    @property
    def names(self) -> list[str]:
        """Of all tensors."""
        ...

    def shape(self, name: str) -> tuple[int, ...]:
        """The sizes of a tensor."""
        ...

    def read(self, name: str) -> np.ndarray | Codes:
        """The numbers of a tensor, or its codes."""
        ...


class Checkpoint:
    """A language model in a folder of safetensors or in a GGUF file.

    Args:
        path: the folder or the file.
        positions: how many the compiled model has.

    Raises:
        UserError: what is missing, damaged, of an unknown architecture or contradicts itself.
    """

    config: LlmConfig
    family: Family

    def __init__(self, path: str | Path, positions: int) -> None:
        self.path = Path(path)
        self._method = None
        self._linears: dict[tuple[int, str], Linear] = {}
        if self.path.is_dir():
            config = self.path / "config.json"
            if not config.is_file():
                raise UserError(f"{config}: is missing, which says what the model is made of")
            self._storage: Storage = TensorFolder(self.path)
            self.config, self.family, values = read_config(config, positions)
            self._method = find_method(values, self._storage)
            self._names, self._offset = HUGGING_FACE, self.family.norm_offset
        else:
            file = GgufFile(self.path)
            self._storage = file
            self.config, self.family = gguf_config(file, positions)
            self._names, self._offset = GGUF, 0.0
        self._check()

    @property
    def is_gguf(self) -> bool:
        """Whether it is one file, which holds its tokenizer too."""
        return self._names is GGUF

    @property
    def storage(self) -> Storage:
        """The tensors as they are called in the files."""
        return self._storage

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self._storage.names)

    def _check(self) -> None:
        """Refuses weights of other sizes than the configuration says, and missing ones."""
        for layer in range(self.config.layers):
            for part in self._parts():
                self.linear(layer, part)
            for part in self.norms():
                self._vector(self._part(layer, part), *self._norm_size(part))
        if not {self._names.head + ".weight", self._names.embedding + ".weight"} & self._known:
            self._missing(self._names.head + ".weight")
        self.embedding()
        self._vector(self._names.norm, self.config.hidden)
        more = f"{self._names.layer.format(self.config.layers)}{self._names.parts['attn_norm']}"
        if more + ".weight" in self._known:
            raise UserError(
                f"{self.path}: has more layers than the {self.config.layers} of its configuration"
            )

    def _parts(self) -> tuple[str, ...]:
        return ("q", "k", "v", "o", "gate", "up", "down")

    def norms(self) -> list[str]:
        """The norms of a layer."""
        return [
            "attn_norm",
            *(["q_norm", "k_norm"] if self.family.head_norms else []),
            *(["attn_post_norm"] if self.family.sandwich else []),
            "ffn_norm",
            *(["ffn_post_norm"] if self.family.sandwich else []),
        ]

    def _norm_size(self, part: str) -> tuple[int]:
        return (self.config.head_size if part in ("q_norm", "k_norm") else self.config.hidden,)

    def _part(self, layer: int, part: str) -> str:
        names = self._names
        own = names.sandwich.get(part) if self.family.sandwich else None
        return names.layer.format(layer) + (own or names.parts[part])

    def _missing(self, name: str) -> None:
        hint = did_you_mean(name, self._known)
        raise UserError(
            f"{self.path}: has no tensor '{name}', which a {self.config.family} model has{hint}"
        )

    def _rows_of(self, part: str) -> tuple[str, int, int]:
        """Which stored matrix holds a part, the part's first row there, and its rows."""
        c = self.config
        queries, keys = c.heads * c.head_size, c.kv_heads * c.head_size
        sizes = {"q": queries, "k": keys, "v": keys, "o": c.hidden, "gate": c.intermediate,
                 "up": c.intermediate, "down": c.hidden}  # fmt: skip
        if self.family.joined and part in "qkv":
            return "qkv", {"q": 0, "k": queries, "v": queries + keys}[part], sizes[part]
        if self.family.joined and part in ("gate", "up"):
            return "gate_up", 0 if part == "gate" else c.intermediate, sizes[part]
        return part, 0, sizes[part]

    def linear(self, layer: int, part: str) -> Linear:
        """The one matrix of ``q``, ``k``, ``v``, ``o``, ``gate``, ``up`` or ``down``."""
        if (layer, part) not in self._linears:
            self._linears[layer, part] = self._find_linear(layer, part)
        return self._linears[layer, part]

    def _find_linear(self, layer: int, part: str) -> Linear:
        c = self.config
        depth = {"o": c.heads * c.head_size, "down": c.intermediate}.get(part, c.hidden)
        stored, first, rows = self._rows_of(part)
        total = rows
        if stored == "qkv":
            total = (c.heads + 2 * c.kv_heads) * c.head_size
        elif stored == "gate_up":
            total = 2 * c.intermediate
        matrix = self._matrix(self._part(layer, stored), total, depth)
        if total != rows:
            matrix = matrix.take(np.arange(first, first + rows))
        if self.is_gguf and self.family.interleaved and part in ("q", "k"):
            matrix = matrix.take(self._halves_of_pairs(rows))
        return matrix

    def _halves_of_pairs(self, rows: int) -> np.ndarray:
        """Rows of heads whose pairs lie side by side, the first of all pairs before the second."""
        size = self.config.head_size
        places = np.arange(rows).reshape(-1, size // 2, 2)
        return places.transpose(0, 2, 1).reshape(rows)

    def bias(self, layer: int, part: str) -> np.ndarray | None:
        """What is added to the result of a matrix, f32 [rows], or None."""
        name = self._part(layer, part)
        if name + ".bias" not in self._known:
            if self.family.query_bias and part in ("q", "k", "v"):
                self._missing(name + ".bias")
            return None
        rows = self._rows_of(part)[2]
        bias = self._numbers(name + ".bias", (rows,))
        if self.is_gguf and self.family.interleaved and part in ("q", "k"):
            bias = bias[self._halves_of_pairs(rows)]
        return bias

    def norm(self, layer: int, part: str) -> np.ndarray:
        """The weights of one of ``norms()``, f32 [hidden or head size]."""
        return self._vector(self._part(layer, part), *self._norm_size(part), read=True)

    def last_norm(self) -> np.ndarray:
        """The weights of the norm before the logits."""
        return self._vector(self._names.norm, self.config.hidden, read=True)

    def embedding(self) -> Linear:
        """The table of tokens, a row each."""
        c = self.config
        return self._matrix(self._names.embedding, c.vocabulary, c.hidden)

    def head(self) -> Linear:
        """The matrix of logits, which may be the table of tokens."""
        if not self._has(self._names.head):
            return self.embedding()
        return self._matrix(self._names.head, self.config.vocabulary, self.config.hidden)

    def _has(self, name: str) -> bool:
        return name + ".weight" in self._known or bool(self._method and self._method.has(name))

    def _matrix(self, name: str, rows: int, depth: int) -> Linear:
        if self._method is not None and self._method.has(name):
            return self._method.matrix(name, rows, depth)
        name += ".weight"
        self._check_shape(name, (rows, depth))
        return Linear((rows, depth), partial(self._read_matrix, name))

    def _read_matrix(self, name: str) -> np.ndarray | Codes:
        made = self._storage.read(name)
        return made if isinstance(made, Codes) else made.astype(np.float32)

    def _vector(self, name: str, size: int, read: bool = False) -> np.ndarray:
        name += ".weight"
        self._check_shape(name, (size,))
        return self._numbers(name, (size,)) + np.float32(self._offset) if read else np.empty(0)

    def _numbers(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        self._check_shape(name, shape)
        made = self._storage.read(name)
        return (made.values() if isinstance(made, Codes) else made).astype(np.float32).reshape(-1)

    def _check_shape(self, name: str, expected: tuple[int, ...]) -> None:
        if name not in self._known:
            self._missing(name)
        shape = self._storage.shape(name)
        if tuple(shape) != expected:
            raise UserError(
                f"{self.path}: '{name}' is {list(shape)}, the configuration asks for "
                f"{list(expected)}"
            )
