"""Attention as onnxruntime's optimiser writes it, with its masks: com.microsoft."""

from __future__ import annotations

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.converters.fused import DOMAIN, convert, refuse
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Compare
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, converts, operand

# What onnxruntime adds to the scores of masked keys unless the node says otherwise.
_FILTER = -10000.0


@converts("MultiHeadAttention", domain=DOMAIN)
def _multi_head_attention(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    query, key, value = inputs[0], operand(inputs, 1), operand(inputs, 2)
    if key is None or value is None or query.rank != 3 or key.rank != 3:
        raise UserError("has packed operands, export the model with a query, a key and a value")
    _refuse_past(node, inputs, (6, 7))
    if (bias := operand(inputs, 3)) is not None:
        begin, parts = 0, []
        for tensor in (query, key, value):
            part = e.slice_axis(bias, 0, begin, tensor.shape[-1])
            begin += tensor.shape[-1]
            parts.append(e.binary("add", tensor, part))
        query, key, value = parts
    return _attend(node, [query, key, value], operand(inputs, 4), operand(inputs, 5), e)


@converts("Attention", domain=DOMAIN)
def _packed_attention(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    refuse(node, do_rotary=0)
    _refuse_past(node, inputs, (4, 6))
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
    return _attend(node, parts, operand(inputs, 3), operand(inputs, 5), e)


def _refuse_past(node: Node, inputs: Inputs, places: tuple[int, ...]) -> None:
    if any(operand(inputs, index) is not None for index in places):
        raise UserError("has a past, which is not supported, export the model unfused")
    if any(node.outputs[1:]):
        raise UserError("returns its keys and values, which is not supported")


def _attend(
    node: Node, parts: list[Tensor], mask: Tensor | None, added: Tensor | None, e: Emitter
) -> Tensor:
    """The standard operator's attention of a query, a key and a value."""
    heads = int(node.required("num_heads"))
    attributes: dict[str, object] = {"q_num_heads": heads, "kv_num_heads": heads}
    if float(node.attr("scale", 0.0)):
        attributes["scale"] = float(node.attr("scale", 0.0))
    if int(node.attr("unidirectional", 0)):
        attributes["is_causal"] = 1
    if mask is not None:
        query, key = parts[:2]
        hidden = _hidden_keys(mask, query.shape[0], query.shape[1], key.shape[1], e)
        number = float(node.attr("mask_filter_value", _FILTER))
        scores = e.op("where", [hidden, *(Tensor.constant(np.float32(n)) for n in (number, 0.0))])
        added = scores if added is None else e.binary("add", added, scores)
    return convert("Attention", [*parts, added], e, node, **attributes)


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
