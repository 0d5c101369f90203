"""Activation functions."""

from __future__ import annotations

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Arg, Compare, Gelu
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, axis_of, converts, operand, scalar_of, twins

twins("relu", "Relu")
twins("sigmoid", "Sigmoid")
twins("hardswish", "HardSwish")
twins("softplus", "Softplus")
twins("softsign", "Softsign")
twins("mish", "Mish")
twins("prelu", "PRelu")
twins("leaky_relu", "LeakyRelu", alpha=0.01)
twins("elu", "Elu", alpha=1.0)
twins("selu", "Selu", alpha=1.67326319217681884765625, gamma=1.05070102214813232421875)
twins("hardsigmoid", "HardSigmoid", alpha=0.2, beta=0.5)


@converts("Relu")
def _relu(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    return e.unary("relu", x) if x.dtype == "f32" else e.binary("max", x, 0)


@converts("Celu")
def _celu(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    # max(x, 0) + min(0, alpha * (exp(x / alpha) - 1)) = alpha * elu(x / alpha)
    alpha = float(node.attr("alpha", 1.0))
    if alpha == 0:
        raise UserError("has alpha 0")
    scaled = e.binary("mul", inputs[0], 1.0 / alpha)
    return e.binary("mul", e.unary("elu", scaled, alpha=1.0), alpha)


@converts("ThresholdedRelu")
def _thresholded_relu(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    alpha = e.scalar(float(node.attr("alpha", 1.0)), x)
    above = e.op("compare", [x, alpha], {"predicate": Compare.GREATER})
    return e.op("where", [above, x, e.scalar(0.0, x)])


@converts("Shrink")
def _shrink(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    lambd, bias = float(node.attr("lambd", 0.5)), float(node.attr("bias", 0.0))
    below = e.op("compare", [x, e.scalar(-lambd, x)], {"predicate": Compare.LESS})
    above = e.op("compare", [x, e.scalar(lambd, x)], {"predicate": Compare.GREATER})
    inner = e.op("where", [above, e.binary("sub", x, bias), e.scalar(0.0, x)])
    return e.op("where", [below, e.binary("add", x, bias), inner])


@converts("Swish")
def _swish(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    alpha = float(node.attr("alpha", 1.0))
    if alpha == 1.0:
        return e.unary("silu", inputs[0])
    gate = e.unary("sigmoid", e.binary("mul", inputs[0], alpha))
    return e.binary("mul", inputs[0], gate)


@converts("Gelu")
def _gelu(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    formula = str(node.attr("approximate", "none"))
    if formula not in ("none", "tanh"):
        raise UserError(f"has approximate '{formula}', expected 'none' or 'tanh'")
    return e.unary("gelu", inputs[0], approximate=Gelu[formula.upper()])


@converts("Gelu", "FastGelu", "BiasGelu", "QuickGelu", domain="com.microsoft")
def _contrib_gelu(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    if (bias := operand(inputs, 1)) is not None:
        x = e.binary("add", x, bias)
    if node.op_type == "QuickGelu":
        alpha = float(node.attr("alpha", 1.702))
        return e.binary("mul", x, e.unary("sigmoid", e.binary("mul", x, alpha)))
    return e.unary("gelu", x, approximate=Gelu.TANH if node.op_type == "FastGelu" else Gelu.NONE)


@converts("Clip")
def _clip(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    low, high = operand(inputs, 1), operand(inputs, 2)
    computed = [t for t in (low, high) if t is not None and not t.is_constant]
    if computed or x.dtype != "f32":
        if low is not None:
            x = e.binary("max", x, low)
        return x if high is None else e.binary("min", x, high)
    smallest = scalar_of(low, "min", float(node.attr("min", -np.inf)))
    largest = scalar_of(high, "max", float(node.attr("max", np.inf)))
    # The operator set's own defaults are the ends of the f32 range.
    end = float(np.finfo(np.float32).max)
    smallest = -np.inf if smallest <= -end else float(smallest)
    largest = np.inf if largest >= end else float(largest)
    if smallest > largest:
        # Every value ends up at the upper limit.
        smallest = largest
    return e.unary("clip", x, min=smallest, max=largest)


def flattened_axis(node: Node, x: Tensor, e: Emitter) -> tuple[Tensor, int]:
    """The operand and axis of a softmax of any opset.

    Before opset 13 the axes from ``axis`` on are one axis.
    """
    if node.opset >= 13:
        return x, axis_of(int(node.attr("axis", -1)), x.rank)
    axis = axis_of(int(node.attr("axis", 1)), x.rank)
    if axis == x.rank - 1:
        return x, axis
    return e.reshape(x, (*x.shape[:axis], int(np.prod(x.shape[axis:])))), axis


@converts("Softmax", "LogSoftmax")
def _softmax(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, axis = flattened_axis(node, inputs[0], e)
    result = e.op("softmax", [x], {"axis": axis, "log": node.op_type == "LogSoftmax"})
    return e.reshape(result, inputs[0].shape)


@converts("Hardmax")
def _hardmax(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, axis = flattened_axis(node, inputs[0], e)
    best = e.op("arg", [x], {"kind": Arg.MAX, "axis": axis, "keepdims": True})
    line = [1] * x.rank
    line[axis] = x.shape[axis]
    places = Tensor.constant(np.arange(x.shape[axis], dtype=np.int64).reshape(line))
    hit = e.op("compare", [places, best], {"predicate": Compare.EQUAL})
    return e.reshape(e.cast(hit, x.dtype), inputs[0].shape)
