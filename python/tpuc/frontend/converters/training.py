"""Steps of optimisers, as networks that learn on the device have them."""

from __future__ import annotations

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Compare
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, converts

_DOMAIN = "ai.onnx.preview.training"


def _groups(inputs: Inputs, parts: int) -> list[tuple[Tensor, ...]]:
    """The tensors of each optimised one: itself, its gradient, its states."""
    rest = list(inputs[2:])
    if len(rest) % parts:
        raise UserError(f"has {len(rest)} tensors, expected {parts} for each that is optimised")
    count = len(rest) // parts
    return list(zip(*(rest[i * count : (i + 1) * count] for i in range(parts)), strict=True))


def _joined(results: list[tuple[Tensor, ...]]) -> list[Tensor]:
    """All new tensors, then all states of a kind, and so on."""
    return [tensor for kind in zip(*results, strict=True) for tensor in kind]


def _gradient(node: Node, x: Tensor, gradient: Tensor, e: Emitter) -> Tensor:
    coefficient = float(node.attr("norm_coefficient", 0.0))
    return e.binary("add", e.binary("mul", x, coefficient), gradient) if coefficient else gradient


def _later(step: Tensor, value: Tensor, first: Tensor, e: Emitter) -> Tensor:
    """A value from the second step on."""
    later = e.op("compare", [step, e.scalar(0, step)], {"predicate": Compare.GREATER})
    return e.op("where", [later, value, first])


@converts("Adagrad", domain=_DOMAIN)
def _adagrad(node: Node, inputs: Inputs, e: Emitter) -> list[Tensor]:
    rate, step = inputs[:2]
    decay = e.binary("mul", e.cast(step, "f32"), float(node.attr("decay_factor", 0.0)))
    rate = e.binary("div", rate, e.binary("add", decay, 1.0))
    results = []
    for x, gradient, squares in _groups(inputs, 3):
        g = _gradient(node, x, gradient, e)
        squares = e.binary("add", squares, e.binary("mul", g, g))
        root = e.binary("add", e.unary("sqrt", squares), float(node.attr("epsilon", 1e-6)))
        move = e.binary("div", e.binary("mul", g, rate), root)
        results.append((e.binary("sub", x, move), squares))
    return _joined(results)


@converts("Adam", domain=_DOMAIN)
def _adam(node: Node, inputs: Inputs, e: Emitter) -> list[Tensor]:
    rate, step = inputs[:2]
    alpha, beta = float(node.attr("alpha", 0.9)), float(node.attr("beta", 0.999))
    after = float(node.attr("norm_coefficient_post", 0.0))
    count = e.cast(step, "f32")

    def rest(base: float) -> Tensor:
        power = e.op("pow", [e.scalar(base, count), count])
        return e.binary("add", e.unary("neg", power), 1.0)

    scaled = e.binary("div", e.binary("mul", rate, e.unary("sqrt", rest(beta))), rest(alpha))
    rate = _later(step, scaled, rate, e)
    results = []
    for x, gradient, mean, squares in _groups(inputs, 4):
        g = _gradient(node, x, gradient, e)
        mean = e.binary("add", e.binary("mul", mean, alpha), e.binary("mul", g, 1 - alpha))
        squares = e.binary(
            "add", e.binary("mul", squares, beta), e.binary("mul", e.binary("mul", g, g), 1 - beta)
        )
        root = e.binary("add", e.unary("sqrt", squares), float(node.attr("epsilon", 1e-6)))
        new = e.binary("sub", x, e.binary("div", e.binary("mul", mean, rate), root))
        results.append((e.binary("mul", new, 1 - after) if after else new, mean, squares))
    return _joined(results)


@converts("Momentum", domain=_DOMAIN)
def _momentum(node: Node, inputs: Inputs, e: Emitter) -> list[Tensor]:
    rate, step = inputs[:2]
    alpha, beta = float(node.required("alpha")), float(node.required("beta"))
    mode = str(node.required("mode"))
    if mode not in ("standard", "nesterov"):
        raise UserError(f"has mode '{mode}', expected standard or nesterov")
    share = _later(step, e.scalar(beta, rate), e.scalar(1.0, rate), e)
    results = []
    for x, gradient, velocity in _groups(inputs, 3):
        g = _gradient(node, x, gradient, e)
        velocity = e.binary("add", e.binary("mul", velocity, alpha), e.binary("mul", g, share))
        move = velocity
        if mode == "nesterov":
            move = e.binary("add", g, e.binary("mul", velocity, alpha))
        results.append((e.binary("sub", x, e.binary("mul", move, rate)), velocity))
    return _joined(results)
