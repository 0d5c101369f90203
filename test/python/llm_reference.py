"""Language models in numpy, in f32, from the same description as the compiler's."""

from __future__ import annotations

import numpy as np
from tpuc.llm.checkpoint import Checkpoint
from tpuc.llm.linear import Linear


def rms_norm(x: np.ndarray, weight: np.ndarray, epsilon: float) -> np.ndarray:
    """x / rms(x) * weight along the last axis."""
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon) * weight


def activation(x: np.ndarray, name: str) -> np.ndarray:
    """silu, or gelu by the tanh formula."""
    if name == "silu":
        return x / (1 + np.exp(-x))
    assert name == "gelu_tanh"
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


class Reference:
    """A checkpoint with all its numbers in memory; keeps keys and values.

    ``numbers`` gives those of a layer's matrix, ``head_numbers`` those of the matrix of logits.
    """

    def __init__(
        self, checkpoint: Checkpoint, numbers=Linear.values, head_numbers=Linear.values
    ) -> None:
        self.checkpoint, self.config = checkpoint, checkpoint.config
        c = self.config
        self.weights = [
            {
                p: numbers(checkpoint.linear(i, p))
                for p in ("q", "k", "v", "o", "gate", "up", "down")
            }
            for i in range(c.layers)
        ]
        self.table = checkpoint.embedding().values()
        self.head = head_numbers(checkpoint.head())
        self.cache: list[list[np.ndarray]] = [[] for _ in range(c.layers)]
        self.places = 0

    def _project(self, layer: int, part: str, x: np.ndarray) -> np.ndarray:
        y = x @ self.weights[layer][part].T
        bias = self.checkpoint.bias(layer, part)
        return y if bias is None else y + bias

    def _norm(self, layer: int, part: str, x: np.ndarray) -> np.ndarray:
        return rms_norm(x, self.checkpoint.norm(layer, part), self.config.epsilon)

    def _rotate(self, layer: int, x: np.ndarray, places: np.ndarray) -> np.ndarray:
        rope = self.config.ropes[layer]
        angles = np.outer(places, rope.frequencies)[:, None]
        cosine, sine = np.cos(angles) * rope.factor, np.sin(angles) * rope.factor
        pairs = len(rope.frequencies)
        left, right, rest = x[..., :pairs], x[..., pairs : 2 * pairs], x[..., 2 * pairs :]
        turned = [left * cosine - right * sine, right * cosine + left * sine, rest]
        return np.concatenate(turned, -1).astype(np.float32)

    def _attention(self, layer: int, x: np.ndarray) -> np.ndarray:
        c, tokens = self.config, len(x)
        places = np.arange(self.places, self.places + tokens)
        q, k, v = (
            self._project(layer, part, x).reshape(tokens, -1, c.head_size)
            for part in ("q", "k", "v")
        )
        if self.checkpoint.family.head_norms:
            q, k = self._norm(layer, "q_norm", q), self._norm(layer, "k_norm", k)
        q, k = self._rotate(layer, q, places), self._rotate(layer, k, places)
        old = self.cache[layer]
        k, v = (np.concatenate([o, n]) for o, n in zip(old, (k, v), strict=True)) if old else (k, v)
        self.cache[layer] = [k, v]
        shared = c.heads // c.kv_heads
        k, v = np.repeat(k, shared, 1), np.repeat(v, shared, 1)
        scores = np.einsum("thd,khd->htk", q, k) * c.scale
        if c.score_cap:
            scores = np.tanh(scores / c.score_cap) * c.score_cap
        distance = places[:, None] - np.arange(len(k))
        hidden = distance < 0
        if c.window(layer):
            hidden |= distance >= c.window(layer)
        scores = np.where(hidden, -np.inf, scores)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        return self._project(layer, "o", np.einsum("htk,khd->thd", weights, v).reshape(tokens, -1))

    def run(self, tokens: list[int]) -> np.ndarray:
        """The logits after each of more tokens, [tokens, vocabulary]."""
        c = self.config
        sandwich = self.checkpoint.family.sandwich
        x = self.table[tokens] * np.float32(c.embedding_scale)
        for layer in range(c.layers):
            y = self._attention(layer, self._norm(layer, "attn_norm", x))
            y = self._norm(layer, "attn_post_norm", y) if sandwich else y
            x = x + y * c.residual_scale
            y = self._norm(layer, "ffn_norm", x)
            gate = activation(self._project(layer, "gate", y), c.activation)
            y = self._project(layer, "down", gate * self._project(layer, "up", y))
            y = self._norm(layer, "ffn_post_norm", y) if sandwich else y
            x = x + y * c.residual_scale
        self.places += len(tokens)
        x = rms_norm(x, self.checkpoint.last_norm(), c.epsilon)
        logits = x @ self.head.T * c.logit_scale
        return np.tanh(logits / c.logit_cap) * c.logit_cap if c.logit_cap else logits
