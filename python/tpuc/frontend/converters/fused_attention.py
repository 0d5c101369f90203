"""Attention as onnxruntime's optimiser writes it, with its masks: com.microsoft."""

from __future__ import annotations

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.converters.attention import HIDDEN, attend, join_heads, split_heads
from tpuc.frontend.converters.fused import DOMAIN, convert, refuse
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Compare
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, converts, operand

# What onnxruntime adds to the scores of masked keys unless the node says otherwise.
_FILTER = -10000.0


@converts("MultiHeadAttention", domain=DOMAIN)
def _multi_head_attention(node: Node, inputs: Inputs, e: Emitter) -> list[Tensor]:
    if operand(inputs, 8) is not None or operand(inputs, 9) is not None:
        raise UserError("shares a buffer with its past, which is not supported")
    parts = _unpacked(inputs, e)
    if (bias := operand(inputs, 3)) is not None:
        begin, widths = 0, [part.shape[-1] * (part.shape[1] if part.rank == 4 else 1)
                            for part in parts]  # fmt: skip
        for index, (part, width) in enumerate(zip(parts, widths, strict=True)):
            if part.rank == 3:
                parts[index] = e.binary("add", part, e.slice_axis(bias, 0, begin, width))
            begin += width
    past = [operand(inputs, 6), operand(inputs, 7)]
    masks = operand(inputs, 4), operand(inputs, 5)
    return _attend(node, parts, past, *masks, e)


def _unpacked(inputs: Inputs, e: Emitter) -> list[Tensor]:
    """Query, key and value, each [batch, tokens, width] or [batch, heads, tokens, size]."""

    def sides(packed: Tensor) -> list[Tensor]:
        batch, tokens, heads, count, size = packed.shape
        return [
            e.reshape(e.slice_axis(packed, 3, index, 1), (batch, tokens, heads * size))
            for index in range(count)
        ]

    query, key, value = inputs[0], operand(inputs, 1), operand(inputs, 2)
    if key is None and query.rank == 5 and query.shape[3] == 3:
        return sides(query)
    if value is None and key is not None and key.rank == 5 and key.shape[3] == 2:
        return [query, *sides(key)]
    if key is None or value is None or query.rank != 3:
        raise UserError(
            "has operands that are packed in no known way, expected [batch, tokens, heads, 3, "
            "size], or a query and [batch, keys, heads, 2, size], or a query, a key and a value"
        )
    return [query, key, value]


@converts("Attention", domain=DOMAIN)
def _packed_attention(node: Node, inputs: Inputs, e: Emitter) -> list[Tensor]:
    refuse(node, do_rotary=0, past_present_share_buffer=0)
    packed = convert("MatMul", inputs[:2], e, node)
    if (bias := operand(inputs, 2)) is not None:
        packed = e.binary("add", packed, bias)
    width = packed.shape[-1]
    sizes = [int(size) for size in node.attr("qkv_hidden_sizes", [])] or [width // 3] * 3
    if len(sizes) != 3 or sum(sizes) != width:
        raise UserError(f"splits {width} columns into {sizes}, expected three parts")
    parts = [
        e.slice_axis(packed, packed.rank - 1, sum(sizes[:index]), size)
        for index, size in enumerate(sizes)
    ]
    past: list[Tensor | None] = [None, None]
    if (kept := operand(inputs, 4)) is not None:
        past = [e.reshape(e.slice_axis(kept, 0, i, 1), kept.shape[1:]) for i in (0, 1)]
    result, *present = _attend(node, parts, past, operand(inputs, 3), operand(inputs, 5), e)
    if not present:
        return [result]
    sides = [e.reshape(side, (1, *side.shape)) for side in present]
    return [result, e.op("concat", sides, {"axis": 0})]


def _attend(
    node: Node,
    parts: list[Tensor],
    past: list[Tensor | None],
    mask: Tensor | None,
    bias: Tensor | None,
    e: Emitter,
) -> list[Tensor]:
    """Attention of a query, a key and a value behind those of the past.

    Returns:
        The result [batch, tokens, width] and, where the node has more than one output, the keys
        and values [batch, heads, keys, size] with the past.
    """
    if len([name for name in node.outputs if name]) > (3 if node.op_type != "Attention" else 2):
        raise UserError("returns its scores, which is not supported")
    heads = int(node.required("num_heads"))
    query, key, value = (split_heads(part, heads, e) for part in parts)
    if past[0] is not None and past[1] is not None:
        key = e.op("concat", [past[0], key], {"axis": 2})
        value = e.op("concat", [past[1], value], {"axis": 2})
    (batch, _, tokens, _), keys = query.shape, key.shape[2]
    added = [] if bias is None else [bias]
    if mask is not None:
        hidden = _hidden_keys(mask, batch, tokens, keys, e)
        number = float(node.attr("mask_filter_value", _FILTER))
        chosen = [hidden, *(Tensor.constant(np.float32(n)) for n in (number, 0.0))]
        added.append(e.op("where", chosen))
    if int(node.attr("unidirectional", 0)):
        future = np.triu(np.full((tokens, keys), HIDDEN, np.float32), 1 + keys - tokens)
        added.append(Tensor.constant(future))
    scale = float(node.attr("scale", 0.0)) or None
    result = join_heads(attend(query, key, value, added, e, scale=scale), e)
    return [result, key, value] if any(node.outputs[1:]) else [result]


def _hidden_keys(mask: Tensor, batch: int, tokens: int, keys: int, e: Emitter) -> Tensor:
    """Which keys take no part, as i1 that broadcasts to [batch, heads, tokens, keys].

    Args:
        mask: integers. [batch]: how many keys there are; [2 * batch]: their ends, then their
            starts; [batch, keys] and [batch, tokens, keys]: 0 for what takes no part.
        batch: samples.
        tokens: rows of the query.
        keys: rows of the key.
        e: emits.
    """

    def compare(left: Tensor, right: Tensor, predicate: Compare) -> Tensor:
        return e.op("compare", [left, right], {"predicate": predicate})

    if mask.shape in ((batch, keys), (batch, tokens, keys)):
        shape = (batch, 1, mask.shape[1] if mask.rank == 3 else 1, keys)
        zero = Tensor.constant(np.zeros((), mask.element or np.int32))
        return compare(e.reshape(mask, shape), zero, Compare.LESS_EQUAL)
    if mask.shape not in ((batch,), (2 * batch,)):
        raise UserError(
            f"has a mask {list(mask.shape)} for {batch} samples of {tokens} tokens and {keys} "
            f"keys, expected [{batch}], [{2 * batch}], [{batch}, {keys}] or "
            f"[{batch}, {tokens}, {keys}]"
        )
    places = Tensor.constant(np.arange(keys, dtype=mask.element or np.int32))
    ends = e.reshape(e.slice_axis(mask, 0, 0, batch), (batch, 1, 1, 1))
    hidden = compare(ends, places, Compare.LESS_EQUAL)
    if mask.shape == (batch,):
        return hidden
    starts = e.reshape(e.slice_axis(mask, 0, batch, batch), (batch, 1, 1, 1))
    return e.op("or", [hidden, compare(places, starts, Compare.LESS)])
