"""Attention of few tokens over a history, and of many over themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tpuc.frontend.converters.attention import repeat_heads
from tpuc.frontend.emit import Emitter, Tensor


@dataclass(frozen=True)
class Heads:
    """How many there are, and what becomes of scores.

    Attributes:
        queries: heads of queries, a multiple of ``keys``, those of keys and values.
        size: columns of a head.
        scale: scores are multiplied by it.
        cap: scores s become cap * tanh(s / cap); 0 for none.
    """

    queries: int
    keys: int
    size: int
    scale: float
    cap: float = 0.0


def attend(
    e: Emitter,
    heads: Heads,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    past: Sequence[Tensor],
) -> Tensor:
    """softmax(scale query key^T + mask) value, of heads that share keys and values.

    Keys are not repeated in memory: one token's heads share one product, those of many tokens read
    keys by a stride of 0. Those of the history and of the tokens stay apart, so that none is moved.

    Args:
        e: emits.
        heads: their sizes.
        query: [1, heads, tokens, size].
        key: [1, tokens, groups, size].
        value: [1, tokens, groups, size].
        mask: [1, 1, tokens, history + tokens].
        past: keys and values of the history, [1, history, groups, size] each, or nothing.

    Returns:
        [1, tokens, heads * size].
    """
    query = e.binary("mul", query, heads.scale)
    keys, values = [*past[:1], key], [*past[1:], value]
    form = _OneToken(e, heads) if query.shape[2] == 1 else _Tokens(e, heads)
    query = form.queries(query)
    parts = [e.op("matmul", [query, form.rows(k)], {"right_transpose": True}) for k in keys]
    scores = e.op("concat", parts, {"axis": parts[0].rank - 1}) if past else parts[0]
    if heads.cap:
        bounded = e.unary("tanh", e.binary("mul", scores, 1 / heads.cap))
        scores = e.binary("mul", bounded, heads.cap)
    shape = scores.shape
    scores = e.reshape(scores, (1, heads.queries, mask.shape[2], mask.shape[3]))
    weights = e.op("softmax", [e.binary("add", scores, mask)], {"axis": 3})
    weights = e.reshape(weights, shape)
    mixed, first = None, 0
    for part in values:
        count = part.shape[1]
        own = e.slice_axis(weights, weights.rank - 1, first, count)
        product = e.op("matmul", [own, form.rows(part)])
        mixed = product if mixed is None else e.binary("add", mixed, product)
        first += count
    return form.joined(mixed)


@dataclass(frozen=True)
class _Tokens:
    """Products head by head."""

    e: Emitter
    heads: Heads

    def queries(self, query: Tensor) -> Tensor:
        """[1, heads, tokens, size] as it is."""
        return query

    def rows(self, side: Tensor) -> Tensor:
        """Keys or values [1, rows, groups, size] as [1, heads, rows, size]."""
        return repeat_heads(self.e.permute(side, (0, 2, 1, 3)), self.heads.queries, self.e)

    def joined(self, mixed: Tensor) -> Tensor:
        _, heads, tokens, size = mixed.shape
        return self.e.reshape(self.e.permute(mixed, (0, 2, 1, 3)), (1, tokens, heads * size))


@dataclass(frozen=True)
class _OneToken:
    """One product for all heads, with whole rows of the cache, which are long runs of memory.

    A head's query stands in the columns of its group and is zero in those of others; of what the
    product with values gives, each head takes the columns of its group.
    """

    e: Emitter
    heads: Heads

    def queries(self, query: Tensor) -> Tensor:
        heads, groups, size = self.heads.queries, self.heads.keys, self.heads.size
        rows = self.e.reshape(query, (heads, size))
        if groups == 1:
            return rows
        wide = self.e.op("concat", [rows] * groups, {"axis": 1})
        own = np.repeat(np.arange(groups), heads // groups)[:, None] == np.arange(groups)
        own = Tensor.constant(np.repeat(own, size, axis=1))
        return self.e.op("where", [own, wide, self.e.scalar(0.0, wide)])

    def rows(self, side: Tensor) -> Tensor:
        """Keys or values [1, rows, groups, size] as [rows, groups * size]."""
        return self.e.reshape(side, (side.shape[1], self.heads.keys * self.heads.size))

    def joined(self, mixed: Tensor) -> Tensor:
        groups, size = self.heads.keys, self.heads.size
        shared = self.heads.queries // groups
        parts = [
            self.e.reshape(
                self.e.slice(mixed, [g * shared, g * size], [shared, size], [1, 1]),
                (1, 1, shared * size),
            )
            for g in range(groups)
        ]
        return self.e.op("concat", parts, {"axis": 2}) if groups > 1 else parts[0]
