"""Attention of few tokens over a history, and of many over themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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

    Keys are not repeated in memory: the queries of a key's head are rows of one product, or read
    it by a stride of 0.

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
    tokens, shared = query.shape[2], heads.queries // heads.keys
    query = e.binary("mul", query, heads.scale)
    # Keys and values of the history and of the tokens stay apart, so that none is moved.
    sides = [e.permute(side, (0, 2, 1, 3)) for side in (*past, key, value)]
    if tokens == 1:
        query = e.reshape(query, (1, heads.keys, shared, heads.size))
    else:
        sides = [repeat_heads(side, heads.queries, e) for side in sides]
    keys, values = sides[0::2], sides[1::2]
    scores = [e.op("matmul", [query, part], {"right_transpose": True}) for part in keys]
    whole = e.op("concat", scores, {"axis": 3}) if past else scores[0]
    if heads.cap:
        bounded = e.unary("tanh", e.binary("mul", whole, 1 / heads.cap))
        whole = e.binary("mul", bounded, heads.cap)
    shape = whole.shape
    whole = e.reshape(whole, (1, heads.queries, tokens, shape[3]))
    weights = e.op("softmax", [e.binary("add", whole, mask)], {"axis": 3})
    weights = e.reshape(weights, shape)
    mixed, first = None, 0
    for part in values:
        own = e.slice_axis(weights, 3, first, part.shape[2])
        first += part.shape[2]
        product = e.op("matmul", [own, part])
        mixed = product if mixed is None else e.binary("add", mixed, product)
    mixed = e.reshape(mixed, (1, heads.queries, tokens, heads.size))
    return e.reshape(e.permute(mixed, (0, 2, 1, 3)), (1, tokens, heads.queries * heads.size))
