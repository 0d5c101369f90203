"""Attention as one operator, taken apart into products and a softmax."""

from __future__ import annotations

import math

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Reduce
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, converts, operand

# Attributes that are refused, with the value that means "off".
_UNSET = {"softcap": 0.0, "left_window_size": -1, "right_window_size": -1}


def _heads(tensor: Tensor, heads: int, e: Emitter) -> Tensor:
    """[batch, tokens, heads * size] as [batch, heads, tokens, size]."""
    if tensor.rank == 4:
        return tensor
    if tensor.rank != 3 or heads < 1 or tensor.shape[2] % heads:
        raise UserError(f"has an operand {list(tensor.shape)} that does not split in {heads} heads")
    batch, tokens, width = tensor.shape
    split = e.reshape(tensor, (batch, tokens, heads, width // heads))
    return e.permute(split, (0, 2, 1, 3))


def _repeat_heads(tensor: Tensor, heads: int, e: Emitter) -> Tensor:
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


@converts("Attention")
def _attention(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    if any(t is not None for t in inputs[4:]) or any(node.outputs[1:]):
        raise UserError("keeps keys and values between runs, which is not supported")
    for name in ("softcap", "left_window_size", "right_window_size"):
        if node.attr(name, _UNSET[name]) != _UNSET[name]:
            raise UserError(f"has {name}, which is not supported")
    query, key, value = inputs[:3]
    flat = query.rank == 3
    query = _heads(query, int(node.attr("q_num_heads", 0)), e)
    key = _heads(key, int(node.attr("kv_num_heads", 0)), e)
    value = _heads(value, int(node.attr("kv_num_heads", 0)), e)
    heads, tokens, size = query.shape[1:]
    key, value = _repeat_heads(key, heads, e), _repeat_heads(value, heads, e)
    scale = float(node.attr("scale", 1.0 / math.sqrt(size)))
    scores = e.op("matmul", [e.binary("mul", query, scale), key], {"right_transpose": True})
    allowed: Tensor | None = None
    if (mask := operand(inputs, 3)) is not None:
        if mask.dtype == "i1":
            allowed = _rows_with_keys(mask, tokens if node.attr("is_causal", 0) else 0, e)
        if mask.dtype == "i1":
            mask = e.op("where", [mask, e.scalar(0.0, scores), e.scalar(-1e30, scores)])
        scores = e.binary("add", scores, mask)
    if node.attr("is_causal", 0):
        future = np.triu(np.full((tokens, key.shape[2]), -1e30, np.float32), 1)
        scores = e.binary("add", scores, Tensor.constant(future))
    weights = e.op("softmax", [scores], {"axis": 3})
    result = e.op("matmul", [weights, value])
    if allowed is not None:
        result = e.binary("mul", result, allowed)
    if not flat:
        return result
    tokens_first = e.permute(result, (0, 2, 1, 3))
    return e.reshape(tokens_first, (result.shape[0], tokens, heads * result.shape[3]))
