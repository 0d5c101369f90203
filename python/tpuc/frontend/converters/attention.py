"""Attention as one operator, taken apart into products and a softmax."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Reduce
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, converts, operand

# What is added to the scores of keys that take no part.
HIDDEN = -1e30
# Attributes that are refused, with the value that means "off".
_UNSET = {"softcap": 0.0, "left_window_size": -1, "right_window_size": -1}


def split_heads(tensor: Tensor, heads: int, e: Emitter) -> Tensor:
    """[batch, tokens, heads * size] as [batch, heads, tokens, size]."""
    if tensor.rank == 4:
        return tensor
    if tensor.rank != 3 or heads < 1 or tensor.shape[2] % heads:
        raise UserError(f"has an operand {list(tensor.shape)} that does not split in {heads} heads")
    batch, tokens, width = tensor.shape
    split = e.reshape(tensor, (batch, tokens, heads, width // heads))
    return e.permute(split, (0, 2, 1, 3))


def repeat_heads(tensor: Tensor, heads: int, e: Emitter) -> Tensor:
    """Every head of a grouped key or value for the queries that share it."""
    batch, own, tokens, size = tensor.shape
    if own == heads:
        return tensor
    if heads % own:
        raise UserError(f"has {heads} query heads for {own} key heads")
    column = e.reshape(tensor, (batch, own, 1, tokens, size))
    wide = e.broadcast(column, (batch, own, heads // own, tokens, size))
    return e.reshape(wide, (batch, heads, tokens, size))


def _rows_with_keys(mask: Tensor, causal_tokens: int, e: Emitter) -> Tensor | None:
    """1.0 for queries that see a key and 0.0 for others; None where all are known to see one."""
    if causal_tokens:
        past = np.tri(causal_tokens, mask.shape[-1], dtype=np.bool_)
        mask = e.op("and", [mask, Tensor.constant(past)])
    elif mask.is_constant and mask.array.any(axis=-1).all():
        return None
    return e.reduce(Reduce.MAX, e.cast(mask, "f32"), [mask.rank - 1])


def join_heads(tensor: Tensor, e: Emitter) -> Tensor:
    """[batch, heads, tokens, size] as [batch, tokens, heads * size]."""
    batch, heads, tokens, size = tensor.shape
    return e.reshape(e.permute(tensor, (0, 2, 1, 3)), (batch, tokens, heads * size))


def attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    added: Sequence[Tensor],
    e: Emitter,
    *,
    scale: float | None = None,
    softcap: float = 0.0,
    sink: Tensor | None = None,
) -> Tensor:
    """softmax(scale query key^T + added) value.

    Args:
        query: [batch, heads, tokens, size].
        key: [batch, heads, keys, size].
        value: [batch, heads, keys, width].
        added: what the scores are increased by, each broadcast to [batch, heads, tokens, keys].
        e: emits.
        scale: 1 / sqrt(size) unless given.
        softcap: scores s become softcap tanh(s / softcap) before anything is added; 0 for none.
        sink: a score of every row beside those of the keys, [1, heads, 1, 1].

    Returns:
        [batch, heads, tokens, width].
    """
    scale = 1.0 / math.sqrt(query.shape[3]) if scale is None else scale
    scores = e.op("matmul", [e.binary("mul", query, scale), key], {"right_transpose": True})
    if softcap:
        bounded = e.unary("tanh", e.binary("mul", scores, 1.0 / softcap))
        scores = e.binary("mul", bounded, softcap)
    for tensor in added:
        scores = e.binary("add", scores, tensor)
    keys = scores.shape[3]
    if sink is not None:
        column = e.broadcast(sink, (*scores.shape[:3], 1))
        scores = e.op("concat", [scores, column], {"axis": 3})
    weights = e.op("softmax", [scores], {"axis": 3})
    if sink is not None:
        weights = e.slice_axis(weights, 3, 0, keys)
    return e.op("matmul", [weights, value])


@converts("Attention")
def _attention(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    if any(t is not None for t in inputs[4:]) or any(node.outputs[1:]):
        raise UserError("keeps keys and values between runs, which is not supported")
    for name in ("softcap", "left_window_size", "right_window_size"):
        if node.attr(name, _UNSET[name]) != _UNSET[name]:
            raise UserError(f"has {name}, which is not supported")
    query, key, value = inputs[:3]
    flat = query.rank == 3
    query = split_heads(query, int(node.attr("q_num_heads", 0)), e)
    key = split_heads(key, int(node.attr("kv_num_heads", 0)), e)
    value = split_heads(value, int(node.attr("kv_num_heads", 0)), e)
    heads, tokens, size = query.shape[1:]
    key, value = repeat_heads(key, heads, e), repeat_heads(value, heads, e)
    allowed: Tensor | None = None
    added = []
    if (mask := operand(inputs, 3)) is not None:
        if mask.dtype == "i1":
            allowed = _rows_with_keys(mask, tokens if node.attr("is_causal", 0) else 0, e)
            mask = e.op("where", [mask, e.scalar(0.0, query), e.scalar(HIDDEN, query)])
        added.append(mask)
    if node.attr("is_causal", 0):
        future = np.triu(np.full((tokens, key.shape[2]), HIDDEN, np.float32), 1)
        added.append(Tensor.constant(future))
    scale = float(node.attr("scale", 1.0 / math.sqrt(size)))
    result = attend(query, key, value, added, e, scale=scale)
    if allowed is not None:
        result = e.binary("mul", result, allowed)
    return join_heads(result, e) if flat else result
