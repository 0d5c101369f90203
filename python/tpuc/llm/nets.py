"""The networks of a language model in the top dialect.

A runtime runs ``embedding``, a ``block`` for each layer and ``lm_head`` on a prompt, and
``embedding_cache``, the ``block_cache`` of each layer and ``lm_head`` for each token that follows.
Names, shapes and orders of inputs and outputs are those that runtimes expect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tpuc import _core
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Arg, Compare, Gelu
from tpuc.llm.attention import Heads, attend
from tpuc.llm.checkpoint import Checkpoint
from tpuc.llm.linear import Linear

# What hides a key: less than any score, and a number in F16.
HIDDEN = -10000.0
# Multiplies tensors with matrices: the tensor, the matrix and the place of its layer.
Multiply = Callable[[Emitter, Tensor, Linear], Tensor]


def multiply(e: Emitter, x: Tensor, matrix: Linear) -> Tensor:
    """X matrix^T with weights in floats."""
    weight = np.ascontiguousarray(matrix.values().T)
    return e.op("matmul", [x, Tensor.constant(weight, e.location + ".weight")])


@dataclass(frozen=True)
class NetBuilder:
    """Makes the networks of a checkpoint.

    Attributes:
        checkpoint: the weights.
        multiply: emits products with the weights of layers.
        multiply_head: emits the product with the matrix of logits.
    """

    checkpoint: Checkpoint
    multiply: Multiply = multiply
    multiply_head: Multiply = multiply

    def embedding(self, tokens: int, name: str) -> _core.Module:
        """``input_ids`` [1, tokens] to states [1, tokens, hidden]."""
        c = self.checkpoint.config
        e = Emitter(name)
        ids = e.input("input_ids", (1, tokens), "i32")
        e.limit_indices(ids, c.vocabulary)
        table = Tensor.constant(self.checkpoint.embedding().values(), "embedding.weight")
        e.location = "embedding"
        states = e.op("gather", [table, ids], {"axis": 0})
        if c.embedding_scale != 1:
            states = e.binary("mul", states, c.embedding_scale)
        e.output("output_states", states)
        return e.finish()

    def block(self, layer: int, name: str, tokens: int, history: int = 0) -> _core.Module:
        """A layer, on tokens that see each other and, if there is some, their history.

        Args:
            layer: its number.
            name: the network's.
            tokens: how many it takes.
            history: keys and values that are there before them.
        """
        c = self.checkpoint.config
        e = Emitter(name)
        states = e.input("input_states", (1, tokens, c.hidden), "f32")
        positions = e.input("position_ids", (1, tokens), "i32")
        mask = e.input("attention_mask", (1, 1, tokens, history + tokens), "f32")
        past = []
        if history:
            shape = (1, history, c.kv_heads, c.head_size)
            past = [e.input(f"history_{side}", shape, "f32") for side in "kv"]
        mixed, keys, values = self._attention(e, layer, states, positions, mask, past)
        states = self._add(e, states, mixed, layer, "attn_post_norm")
        states = self._add(e, states, self._feed_forward(e, layer, states), layer, "ffn_post_norm")
        e.output("output_states", states)
        e.output("k_cache", keys)
        e.output("v_cache", values)
        return e.finish()

    def head(self, name: str, logits: bool) -> _core.Module:
        """``hidden_states`` [1, hidden] to ``token_id`` [1, 1], or to logits [1, vocabulary]."""
        c = self.checkpoint.config
        e = Emitter(name)
        x = e.input("hidden_states", (1, c.hidden), "f32")
        x = self._normalised(e, x, self.checkpoint.last_norm(), "norm")
        e.location = "lm_head"
        x = self.multiply_head(e, x, self.checkpoint.head())
        if c.logit_scale != 1:
            x = e.binary("mul", x, c.logit_scale)
        if not logits:
            # A cap leaves the largest where it is.
            e.output("token_id", best(e, x))
            return e.finish()
        if c.logit_cap:
            bounded = e.unary("tanh", e.binary("mul", x, 1 / c.logit_cap))
            x = e.binary("mul", bounded, c.logit_cap)
        e.output("m_logits", x)
        return e.finish()

    def greedy_head(self, name: str) -> _core.Module:
        """``m_logits`` [1, vocabulary] to ``token_id`` [1, 1]."""
        e = Emitter(name)
        logits = e.input("m_logits", (1, self.checkpoint.config.vocabulary), "f32")
        e.output("token_id", best(e, logits))
        return e.finish()

    def _normalised(self, e: Emitter, x: Tensor, weight: np.ndarray, name: str) -> Tensor:
        e.location = name
        scale = Tensor.constant(weight, name + ".weight")
        attributes = {"axis": x.rank - 1, "epsilon": self.checkpoint.config.epsilon}
        return e.op("rms_norm", [x, scale], attributes)

    def _norm(self, e: Emitter, layer: int, part: str, x: Tensor) -> Tensor:
        return self._normalised(e, x, self.checkpoint.norm(layer, part), part)

    def _project(self, e: Emitter, layer: int, part: str, x: Tensor) -> Tensor:
        e.location = part
        result = self.multiply(e, x, self.checkpoint.linear(layer, part))
        bias = self.checkpoint.bias(layer, part)
        return result if bias is None else e.binary("add", result, Tensor.constant(bias))

    def _add(self, e: Emitter, states: Tensor, more: Tensor, layer: int, norm: str) -> Tensor:
        """What a part gives added to its input."""
        if self.checkpoint.family.sandwich:
            more = self._norm(e, layer, norm, more)
        e.location = norm.removesuffix("_post_norm") + "_add"
        if (scale := self.checkpoint.config.residual_scale) != 1:
            more = e.binary("mul", more, scale)
        return e.binary("add", states, more)

    def _attention(
        self, e: Emitter, layer: int, states: Tensor, positions: Tensor, mask: Tensor,
        past: list[Tensor],
    ) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
        """What a layer's tokens take from each other, and their keys and values."""
        c = self.checkpoint.config
        x = self._norm(e, layer, "attn_norm", states)
        tokens = x.shape[1]
        # [1, heads, tokens, size], values as they are cached: [1, tokens, heads, size].
        query, key, value = (
            e.reshape(self._project(e, layer, part, x), (1, tokens, heads, c.head_size))
            for part, heads in (("q", c.heads), ("k", c.kv_heads), ("v", c.kv_heads))
        )
        query, key = (e.permute(side, (0, 2, 1, 3)) for side in (query, key))
        if self.checkpoint.family.head_norms:
            query = self._norm(e, layer, "q_norm", query)
            key = self._norm(e, layer, "k_norm", key)
        e.location = "rope"
        history = past[0].shape[1] if past else 0
        cosines, sines = c.ropes[layer].tables(history + tokens)
        whole = np.hstack([cosines, cosines]), np.hstack([-sines, sines])
        tables = [self._rows(e, table, positions) for table in whole]
        query, key = (rotate(e, part, tables) for part in (query, key))
        key = e.permute(key, (0, 2, 1, 3))
        e.location = "attention"
        window = c.window(layer)
        if 0 < window < mask.shape[-1]:
            hides = self._outside_window(e, positions, history, tokens, window, mask)
            mask = e.binary("add", mask, hides)
        heads = Heads(c.heads, c.kv_heads, c.head_size, c.scale, c.score_cap)
        mixed = attend(e, heads, query, key, value, mask, past)
        return self._project(e, layer, "o", mixed), key, value

    def _rows(self, e: Emitter, table: np.ndarray, positions: Tensor) -> Tensor:
        """Rows of a table of positions, [1, 1, tokens, columns]."""
        e.limit_indices(positions, len(table))
        rows = e.op("gather", [Tensor.constant(table), positions], {"axis": 0})
        return e.reshape(rows, (1, 1, positions.size, table.shape[1]))

    def _outside_window(
        self, e: Emitter, positions: Tensor, history: int, tokens: int, window: int, like: Tensor
    ) -> Tensor:
        """What hides keys that are too far before a token, [1, 1, tokens, keys].

        A key of the history lies at its position; the tokens' own follow behind all of it.
        """
        rows = e.reshape(positions, (1, 1, tokens, 1))
        first = e.binary("sub", rows, window)
        places = np.arange(history, dtype=np.int32)
        if history:
            columns = Tensor.constant(places)
            far = e.op("compare", [columns, first], {"predicate": Compare.LESS_EQUAL})
            old = e.op("where", [far, e.scalar(HIDDEN, like), e.scalar(0.0, like)])
        ahead = np.arange(tokens)
        far = ahead[:, None] - ahead >= window
        own = Tensor.constant(np.where(far, np.float32(HIDDEN), np.float32(0))[None, None])
        return e.op("concat", [old, own], {"axis": 3}) if history else own

    def _feed_forward(self, e: Emitter, layer: int, states: Tensor) -> Tensor:
        x = self._norm(e, layer, "ffn_norm", states)
        gate = self._project(e, layer, "gate", x)
        match self.checkpoint.config.activation:
            case "silu":
                gate = e.unary("silu", gate)
            case "gelu":
                gate = e.unary("gelu", gate, approximate=Gelu.NONE)
            case _:
                gate = e.unary("gelu", gate, approximate=Gelu.TANH)
        up = self._project(e, layer, "up", x)
        e.location = "gated"
        return self._project(e, layer, "down", e.binary("mul", gate, up))


def best(e: Emitter, logits: Tensor) -> Tensor:
    """The place of the largest logit, i32 [1, 1]."""
    attributes = {"kind": Arg.MAX, "axis": 1, "keepdims": True, "select_last": False}
    return e.cast(e.op("arg", [logits], attributes), "i32")


def rotate(e: Emitter, x: Tensor, tables: list[Tensor]) -> Tensor:
    """The first columns of each head turned by angles with these cosines and sines.

    Args:
        e: emits.
        x: [1, heads, tokens, size].
        tables: cosines, and sines with the sign of their column's partner, each
            [1, 1, tokens, columns].
    """
    cosine, sine = tables
    columns = cosine.shape[3]
    turned = e.slice_axis(x, 3, 0, columns)
    halves = [e.slice_axis(x, 3, first, columns // 2) for first in (columns // 2, 0)]
    partner = e.op("concat", halves, {"axis": 3})
    made = e.binary("add", e.binary("mul", turned, cosine), e.binary("mul", partner, sine))
    if rest := x.shape[3] - columns:
        return e.op("concat", [made, e.slice_axis(x, 3, columns, rest)], {"axis": 3})
    return made
