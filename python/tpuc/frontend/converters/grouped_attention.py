"""com.microsoft GroupQueryAttention: causal, with a cache and heads that share keys and values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.converters.attention import (
    HIDDEN,
    attend,
    join_heads,
    repeat_heads,
    split_heads,
)
from tpuc.frontend.converters.fused import DOMAIN, convert, refuse
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Compare, Reduce
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, converts, operand

_QUANTISED = {"k_quant_type": "NONE", "v_quant_type": "NONE"}


@dataclass(frozen=True)
class _Places:
    """Where the new tokens of every sample come to lie in the cache."""

    begin: Tensor  # [batch] or [1], i32: tokens that were there before
    tokens: int
    keys: int  # places of the cache afterwards

    def rows(self, e: Emitter) -> Tensor:
        """The place of each new token, [batch or 1, tokens]."""
        steps = Tensor.constant(np.arange(self.tokens, dtype=np.int32))
        if self.begin.is_constant:
            return Tensor.constant(self.begin.array.reshape(-1, 1) + steps.array)
        return e.binary("add", e.reshape(self.begin, (self.begin.size, 1)), steps)

    def hidden(self, window: int, like: Tensor, e: Emitter) -> Tensor:
        """What is added to scores, [batch or 1, 1, tokens, keys]: much less than 0 for later keys.

        Also for keys that are at least ``window`` places before the token, unless it is negative.
        """
        rows = self.rows(e)
        rows = e.reshape(rows, (rows.shape[0], 1, self.tokens, 1))
        columns = Tensor.constant(np.arange(self.keys, dtype=np.int32))
        if rows.is_constant:
            distance = rows.array - columns.array
            hides = (distance < 0) | ((distance >= window) & (window >= 0))
            return Tensor.constant(np.where(hides, np.float32(HIDDEN), np.float32(0)))
        hidden = _compare(rows, columns, Compare.LESS, e)
        if window >= 0:
            first = e.binary("sub", rows, window)
            hidden = e.op("or", [hidden, _compare(columns, first, Compare.LESS_EQUAL, e)])
        return e.op("where", [hidden, e.scalar(HIDDEN, like), e.scalar(0.0, like)])

    def placed(self, past: Tensor | None, new: Tensor, e: Emitter) -> Tensor:
        """The cache [batch, heads, keys, size] with the new rows in their places."""
        batch, heads, tokens, size = new.shape
        known = int(self.begin.array.flat[0]) if self.begin.is_constant else None
        if known is not None and not (self.begin.array == known).all():
            known = None
        if known is not None:
            parts = [] if past is None else [e.slice_axis(past, 2, 0, min(known, past.shape[2]))]
            end = known + tokens
            if past is not None and past.shape[2] > end:
                parts += [new, e.slice_axis(past, 2, end, past.shape[2] - end)]
            else:
                parts.append(new)
            parts = [part for part in parts if part.shape[2]]
            if missing := self.keys - sum(part.shape[2] for part in parts):
                parts.append(_zeros((batch, heads, missing, size), new))
            return e.op("concat", parts, {"axis": 2}) if len(parts) > 1 else parts[0]
        rows = self.rows(e)
        rows = e.reshape(rows, (rows.shape[0], 1, 1, tokens))
        columns = Tensor.constant(np.arange(self.keys, dtype=np.int32).reshape(1, 1, -1, 1))
        # Ones where a token comes to lie: a product with them moves its row there, exactly.
        is_new = _compare(rows, columns, Compare.EQUAL, e)
        if tokens == 1:
            rows_of_new = e.broadcast(new, (batch, heads, self.keys, size))
        else:
            moves = e.broadcast(e.cast(is_new, new.dtype), (batch, heads, self.keys, tokens))
            rows_of_new = e.op("matmul", [moves, new])
            sums = e.reduce(Reduce.MAX, e.cast(is_new, "f32"), [3])
            is_new = _compare(Tensor.constant(np.float32(0)), sums, Compare.LESS, e)
        old = [] if past is None else [past]
        if missing := self.keys - (0 if past is None else past.shape[2]):
            old.append(_zeros((batch, heads, missing, size), new))
        kept = e.op("concat", old, {"axis": 2}) if len(old) > 1 else old[0]
        return e.op("where", [is_new, rows_of_new, kept])


def _compare(left: Tensor, right: Tensor, predicate: Compare, e: Emitter) -> Tensor:
    return e.op("compare", [left, right], {"predicate": predicate})


def _of_all_samples(rows: Tensor, batch: int, e: Emitter) -> Tensor:
    shape = (batch, rows.shape[1])
    if rows.is_constant:
        return Tensor.constant(np.broadcast_to(rows.array, shape).copy())
    return e.broadcast(rows, shape)


def _zeros(shape: tuple[int, ...], like: Tensor) -> Tensor:
    return Tensor.constant(np.zeros(shape, like.element or np.float32))


@converts("GroupQueryAttention", domain=DOMAIN)
def _group_query_attention(node: Node, inputs: Inputs, e: Emitter) -> list[Tensor]:
    for name, neutral in _QUANTISED.items():
        if str(node.attr(name, neutral)) not in (neutral, ""):
            raise UserError(f"keeps its cache quantised ({name}), which is not supported")
    refuse(node, qk_output=0, causal=1, sliding_window_cache=0)
    if operand(inputs, 16) is not None:
        raise UserError("has query_seqlens, which is not supported, export the model without")
    if any(node.outputs[3:]):
        raise UserError("returns its scores, which is not supported")
    heads, groups = int(node.required("num_heads")), int(node.required("kv_num_heads"))
    query, key, value = _parts(inputs, heads, groups, e)
    past = [operand(inputs, index) for index in (3, 4)]
    past = [None if side is None or not side.size else side for side in past]
    places = _places(inputs, query.shape[2], past[0], e)
    query, key = _normalised(node, inputs, query, key, e)
    if int(node.attr("do_rotary", 0)):
        tables = operand(inputs, 7), operand(inputs, 8)
        if None in tables:
            raise UserError("has do_rotary without tables of cosines and sines")
        positions = operand(inputs, 9)
        if positions is None:
            positions = _of_all_samples(places.rows(e), query.shape[0], e)
        interleaved = int(node.attr("rotary_interleaved", 0))
        query, key = (
            convert("RotaryEmbedding", [part, positions, *tables], e, node, domain=DOMAIN,
                    interleaved=interleaved)
            for part in (query, key)
        )  # fmt: skip
    key, value = (places.placed(old, new, e) for old, new in zip(past, (key, value), strict=True))
    added = [places.hidden(int(node.attr("local_window_size", -1)), query, e)]
    if (bias := operand(inputs, 10)) is not None:
        added.insert(0, bias)
    sink = operand(inputs, 11)
    if sink is None and int(node.attr("smooth_softmax", 0)) == 1:
        sink = _zeros((heads,), query)
    result = attend(
        query, repeat_heads(key, heads, e), repeat_heads(value, heads, e), added, e,
        scale=float(node.attr("scale", 0.0)) or None,
        softcap=float(node.attr("softcap", 0.0)),
        sink=None if sink is None else e.reshape(sink, (1, heads, 1, 1)),
    )  # fmt: skip
    return [join_heads(result, e), key, value][: max(1, len(node.outputs))]


def _normalised(
    node: Node, inputs: Inputs, query: Tensor, key: Tensor, e: Emitter
) -> tuple[Tensor, ...]:
    """The query and the key divided by their root mean squares, where the node has weights."""
    epsilon = float(node.attr("qk_norm_epsilon", 1e-6))
    made = []
    for part, index, name in ((query, 14, "q_norm_epsilon"), (key, 15, "k_norm_epsilon")):
        if (weight := operand(inputs, index)) is not None:
            own = float(node.attr(name, epsilon))
            part = convert("RMSNormalization", [part, weight], e, node, axis=-1, epsilon=own)
        made.append(part)
    return tuple(made)


def _parts(inputs: Inputs, heads: int, groups: int, e: Emitter) -> list[Tensor]:
    """Query, key and value, [batch, heads or groups, tokens, size]."""
    query, key, value = inputs[0], operand(inputs, 1), operand(inputs, 2)
    counts = (heads, groups, groups)
    if key is not None and value is not None:
        return [split_heads(t, n, e) for t, n in zip((query, key, value), counts, strict=True)]
    if key is not None or value is not None or query.shape[-1] % sum(counts):
        raise UserError(f"has {query.shape[-1]} columns for {heads} + 2 * {groups} heads")
    size, begin, parts = query.shape[-1] // sum(counts), 0, []
    for count in counts:
        part = e.slice_axis(query, 2, begin, count * size)
        parts.append(split_heads(part, count, e))
        begin += count * size
    return parts


def _places(inputs: Inputs, tokens: int, past: Tensor | None, e: Emitter) -> _Places:
    """Where new tokens lie: behind the past, of which seqlens_k tells how long it is.

    What is less than the tokens counts a first prompt without its padding.
    """
    length, total = inputs[5], inputs[6]
    before = 0 if past is None else past.shape[2]
    keys = before + tokens
    if total.is_constant:
        keys = max(before, int(total.array.flat[0]))
    if keys < tokens:
        raise UserError(f"has a total length of {keys} for {tokens} tokens")
    if length.is_constant:
        begin = Tensor.constant(np.maximum(length.array.astype(np.int32) + 1 - tokens, 0))
        if int(begin.array.max()) + tokens > keys:
            raise UserError(f"has seqlens_k up to {length.array.max()} for {keys} keys")
    else:
        begin = e.binary("add", e.reshape(length, (length.size,)), 1 - tokens)
        begin = e.binary("max", begin, 0)
    return _Places(begin, tokens, keys)
