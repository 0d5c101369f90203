"""Arithmetic, comparison and logic, element by element."""

from __future__ import annotations

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Compare
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, converts, twins

_VARIADIC = {"Max": "max", "Min": "min", "Sum": "add"}
_COMPARE = {
    "Equal": Compare.EQUAL,
    "Less": Compare.LESS,
    "LessOrEqual": Compare.LESS_EQUAL,
    "Greater": Compare.GREATER,
    "GreaterOrEqual": Compare.GREATER_EQUAL,
}
for _kind, _op_type in {
    "abs": "Abs", "neg": "Neg", "sign": "Sign", "exp": "Exp", "log": "Log", "sqrt": "Sqrt",
    "reciprocal": "Reciprocal", "erf": "Erf", "sin": "Sin", "cos": "Cos", "tanh": "Tanh",
    "floor": "Floor", "ceil": "Ceil", "round": "Round", "not": "Not",
    "add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "max": "Max", "min": "Min",
    "pow": "Pow", "and": "And", "or": "Or", "xor": "Xor", "where": "Where",
}.items():  # fmt: skip
    twins(_kind, _op_type)


@converts(*_VARIADIC, "Mean")
def _variadic(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    result = inputs[0]
    for tensor in inputs[1:]:
        result = e.binary(_VARIADIC.get(node.op_type, "add"), result, tensor)
    if node.op_type == "Mean" and len(inputs) > 1:
        result = e.binary("mul", result, 1.0 / len(inputs))
    return result


@converts(*_COMPARE)
def _compare(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    return e.op("compare", inputs, {"predicate": _COMPARE[node.op_type]})


@converts("Pow")
def _pow(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    base, exponent = inputs
    return e.binary("pow", base, e.cast(exponent, base.dtype))


@converts("Mod")
def _mod(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    return e.op("mod", inputs, {"fmod": bool(node.attr("fmod", 0))})


@converts("Identity", "Dropout")
def _identity(node: Node, inputs: Inputs, e: Emitter) -> Tensor | list[Tensor]:
    # Dropout passes its input through at inference; its mask has no use then.
    if node.op_type == "Dropout" and len(inputs) > 2 and inputs[2] is not None:
        training = inputs[2]
        if not training.is_constant or training.array.any():
            raise UserError("is in training mode, export the model for inference")
    if len(node.outputs) > 1 and node.outputs[1]:
        # The mask of an inference keeps all.
        return [inputs[0], Tensor.constant(np.ones(inputs[0].shape, np.bool_))]
    return inputs[0]


@converts("IsNaN")
def _is_nan(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    # NaN is the only value that differs from itself.
    return e.op("compare", [inputs[0], inputs[0]], {"predicate": Compare.NOT_EQUAL})


@converts("IsInf")
def _is_inf(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    # Comparisons only: arithmetic could round a large number to infinity.
    x = inputs[0]
    hits = [
        e.op("compare", [x, e.scalar(infinity, x)], {"predicate": predicate})
        for name, infinity, predicate in (
            ("detect_positive", np.inf, Compare.GREATER_EQUAL),
            ("detect_negative", -np.inf, Compare.LESS_EQUAL),
        )
        if node.attr(name, 1)
    ]
    if not hits:
        return Tensor.constant(np.zeros(x.shape, np.bool_))
    return hits[0] if len(hits) == 1 else e.op("or", hits)
