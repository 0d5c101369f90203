"""Attention of few tokens over a history, and of many over themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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

    The queries of a key's head are rows of one product, so that no key is repeated.

    Args:
        e: emits.
        heads: their sizes.
        query: [1, tokens, heads, size].
        key: [1, tokens, groups, size].
        value: [1, tokens, groups, size].
        mask: [1, 1, tokens, history + tokens].
        past: keys and values of the history, [1, history, groups, size] each, or nothing.

    Returns:
        [1, tokens, heads * size].
    """
    tokens, shared = query.shape[1], heads.queries // heads.keys
    if past:
        key, value = (
            e.op("concat", [old, new], {"axis": 1})
            for old, new in zip(past, (key, value), strict=True)
        )
    keys = key.shape[1]
    key, value = (e.permute(side, (0, 2, 1, 3)) for side in (key, value))
    query = e.permute(e.binary("mul", query, heads.scale), (0, 2, 1, 3))
    query = e.reshape(query, (1, heads.keys, shared * tokens, heads.size))
    scores = e.op("matmul", [query, key], {"right_transpose": True})
    if heads.cap:
        bounded = e.unary("tanh", e.binary("mul", scores, 1 / heads.cap))
        scores = e.binary("mul", bounded, heads.cap)
    scores = e.reshape(scores, (1, heads.queries, tokens, keys))
    weights = e.op("softmax", [e.binary("add", scores, mask)], {"axis": 3})
    weights = e.reshape(weights, (1, heads.keys, shared * tokens, keys))
    mixed = e.reshape(e.op("matmul", [weights, value]), (1, heads.queries, tokens, heads.size))
    return e.reshape(e.permute(mixed, (0, 2, 1, 3)), (1, tokens, heads.queries * heads.size))
