"""What a language model is made of, whatever its checkpoint calls it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tpuc.errors import UserError


@dataclass(frozen=True)
class Rope:
    """Rotary positions: angles are position * frequencies.

    Attributes:
        frequencies: of each pair of columns, f64 [columns / 2].
        factor: cosines and sines are multiplied by it.
    """

    frequencies: np.ndarray
    factor: float = 1.0

    @classmethod
    def plain(cls, columns: int, base: float) -> Rope:
        """One frequency a pair, from 1 down to 1 / base."""
        return cls(base ** (-np.arange(0, columns, 2, dtype=np.float64) / columns))

    def tables(self, positions: int) -> tuple[np.ndarray, np.ndarray]:
        """Cosines and sines, each f32 [positions, columns / 2]."""
        angles = np.outer(np.arange(positions, dtype=np.float64), self.frequencies)
        cosines, sines = np.cos(angles) * self.factor, np.sin(angles) * self.factor
        return cosines.astype(np.float32), sines.astype(np.float32)


@dataclass(frozen=True)
class LlmConfig:
    """A decoder-only transformer; sizes are numbers of elements.

    Attributes:
        family: what its checkpoint calls the architecture.
        heads: of queries; ``kv_heads`` of keys and values.
        ropes: the rotary positions of each layer.
        windows: keys that each layer's queries see at most, 0 for all.
        activation: ``silu``, ``gelu`` or ``gelu_tanh``.
        query_scale: scores are multiplied by it.
        score_cap: scores s become cap * tanh(s / cap); 0 for none. ``logit_cap`` likewise.
        embedding_scale: of the embedded tokens.
        residual_scale: of what a layer adds to its input.
        logit_scale: of the logits.
    """

    family: str
    vocabulary: int
    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    head_size: int
    epsilon: float
    ropes: Sequence[Rope] = field(repr=False)
    windows: Sequence[int] = field(default=())
    activation: str = "silu"
    query_scale: float = 0.0
    score_cap: float = 0.0
    logit_cap: float = 0.0
    embedding_scale: float = 1.0
    residual_scale: float = 1.0
    logit_scale: float = 1.0

    def __post_init__(self) -> None:
        sizes = (self.vocabulary, self.hidden, self.intermediate, self.layers, self.heads,
                 self.kv_heads, self.head_size)  # fmt: skip
        if min(sizes) < 1 or self.heads % self.kv_heads or self.head_size % 2:
            raise UserError(
                f"the configuration has sizes that do not fit together: {self.layers} layers of "
                f"{self.hidden}, {self.heads} heads of {self.head_size}, {self.kv_heads} of keys"
            )

    @property
    def scale(self) -> float:
        """What scores are multiplied by."""
        return self.query_scale or 1 / math.sqrt(self.head_size)

    def window(self, layer: int) -> int:
        """Keys that a layer's queries see at most, 0 for all."""
        return self.windows[layer] if self.windows else 0
