"""Pools."""

from __future__ import annotations

import math

from tpuc.errors import UserError
from tpuc.frontend.converters.unpooling import pooled_places
from tpuc.frontend.converters.windows import spatial_attr, window_pads
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Reduce
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, converts


def _window(node: Node, x: Tensor) -> dict:
    if x.rank < 3:
        raise UserError(f"has an input {list(x.shape)}, expected a rank of at least 3")
    count = x.rank - 2
    kernel = [int(k) for k in node.required("kernel_shape")]
    if len(kernel) != count:
        raise UserError(f"has a kernel of {len(kernel)} axes, expected {count}")
    strides = spatial_attr(node, "strides", [1] * count, count)
    dilations = spatial_attr(node, "dilations", [1] * count, count)
    return {
        "kernel": kernel,
        "strides": strides,
        "pads": window_pads(node, x.shape[2:], kernel, strides, dilations),
        "dilations": dilations,
        "ceil_mode": bool(node.attr("ceil_mode", 0)),
    }


@converts("MaxPool")
def _max_pool(node: Node, inputs: Inputs, e: Emitter) -> Tensor | list[Tensor]:
    x, window = inputs[0], _window(node, inputs[0])
    pooled = e.cast(e.op("max_pool", [e.cast(x, "f32")], window), x.dtype)
    if len(node.outputs) > 1 and node.outputs[1]:
        by_columns = bool(node.attr("storage_order", 0))
        return [pooled, pooled_places(x, pooled, window, by_columns, e)]
    return pooled


@converts("AveragePool")
def _average_pool(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    attributes = _window(node, inputs[0])
    attributes["count_include_pad"] = bool(node.attr("count_include_pad", 0))
    return e.op("avg_pool", [inputs[0]], attributes)


@converts("LpPool")
def _lp_pool(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    # The p-th root of the sum of |x|^p, which is the mean times the window.
    order = float(node.attr("p", 2))
    attributes = _window(node, inputs[0])
    attributes["count_include_pad"] = True
    powered = e.binary("pow", e.unary("abs", inputs[0]), order)
    mean = e.op("avg_pool", [powered], attributes)
    total = e.binary("mul", mean, float(math.prod(attributes["kernel"])))
    return e.binary("pow", total, 1.0 / order)


@converts("GlobalAveragePool", "GlobalMaxPool")
def _global_pool(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    count = x.rank - 2
    if not 1 <= count <= 3:
        kind = Reduce.MEAN if node.op_type == "GlobalAveragePool" else Reduce.MAX
        return e.reduce(kind, x, list(range(2, x.rank)))
    attributes = {
        "kernel": list(x.shape[2:]),
        "strides": [1] * count,
        "pads": [0] * (2 * count),
        "dilations": [1] * count,
    }
    return e.op("avg_pool" if node.op_type == "GlobalAveragePool" else "max_pool", [x], attributes)


@converts("GlobalLpPool")
def _global_lp_pool(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    axes = list(range(2, x.rank))
    order = int(node.attr("p", 2))
    if order in (1, 2):
        return e.reduce(Reduce.L1 if order == 1 else Reduce.L2, x, axes)
    powered = e.binary("pow", e.unary("abs", x), float(order))
    return e.binary("pow", e.reduce(Reduce.SUM, powered, axes), 1.0 / order)
