"""Values of which the network computes how many entries they have.

Such a value is as large as it may get along one axis; only the first entries there count, and the
rest is anything. An operator that reads one either leaves every entry to itself, so that its
result has as many, or is told which entries count, or is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Compare
from tpuc.frontend.registry import axes_of, axis_of, constant_of, ints_of, operand

if TYPE_CHECKING:
    from tpuc.frontend.graph import Node

Inputs = list[Tensor | None]


@dataclass(frozen=True)
class Bound:
    """The axis along which only the first ``count`` entries count.

    Attributes:
        axis: counted from the front.
        count: [1], i32.
    """

    axis: int
    count: Tensor

    def at(self, axis: int) -> Bound:
        """As many entries along another axis."""
        return Bound(axis, self.count)

    def has_as_many(self, other: Bound) -> bool:
        """Whether both are one number."""
        return self.count.id == other.count.id


def mask_of(bound: Bound, x: Tensor, e: Emitter) -> Tensor:
    """Which entries of x count: [1, ..., size, ..., 1], i1."""
    shape = [1] * x.rank
    shape[bound.axis] = x.shape[bound.axis]
    places = Tensor.constant(np.arange(x.shape[bound.axis], dtype=np.int32).reshape(shape))
    count = e.reshape(bound.count, [1] * x.rank)
    return e.op("compare", [places, count], {"predicate": Compare.LESS})


def _masked(x: Tensor, rest: float, e: Emitter) -> Tensor:
    """A value without a bound, with a number in place of the entries that do not count."""
    plain = x.bounded(None)
    return e.op("where", [mask_of(x.bound, x, e), plain, e.scalar(rest, plain)])


# What an operator reads in place of bounded values, and the bounds of its results.
_Rule = Callable[["Node", Inputs, Emitter], tuple[Inputs, list[Bound | None]]]
_RULES: dict[str, _Rule] = {}
_POINTWISE = frozenset((
    "Abs", "Acos", "Acosh", "Add", "And", "Asin", "Asinh", "Atan", "Atanh", "BitShift",
    "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "Cast", "CastLike", "Ceil", "Celu",
    "Clip", "Cos", "Cosh", "Div", "Elu", "Equal", "Erf", "Exp", "Floor", "Gelu", "Greater",
    "GreaterOrEqual", "HardSigmoid", "HardSwish", "Identity", "IsInf", "IsNaN", "LeakyRelu",
    "Less", "LessOrEqual", "Log", "Max", "Mean", "Min", "Mish", "Mod", "Mul", "Neg", "Not", "Or",
    "Pow", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus",
    "Softsign", "Sqrt", "Sub", "Sum", "Swish", "Tan", "Tanh", "ThresholdedRelu", "Where", "Xor",
))  # fmt: skip
# What a reduction reads in place of entries that do not count.
_NEUTRAL = {
    "ReduceSum": 0.0, "ReduceSumSquare": 0.0, "ReduceL1": 0.0, "ReduceL2": 0.0,
    "ReduceProd": 1.0, "ReduceMax": -np.inf, "ReduceMin": np.inf,
}  # fmt: skip


def is_bounded(inputs: Inputs) -> bool:
    """Whether one of a node's operands is such a value."""
    return any(isinstance(t, Tensor) and t.bound is not None for t in inputs)


def evaluate(
    node: Node, inputs: Inputs, e: Emitter, run: Callable[[Inputs], list[Tensor]]
) -> list[Tensor]:
    """Imports a node of which an operand is bounded.

    Args:
        node: the node.
        inputs: its operands.
        e: the emitter.
        run: imports the node for operands of which none is.

    Raises:
        UserError: the node would take entries that do not count for others.
    """
    if node.domain:
        raise _refused(node, inputs)
    if node.op_type in ("Shape", "Size"):
        sizes = _sizes(node, inputs[0], e)
        e.chosen["sizes", sizes.id] = inputs[0] if sizes.shape == (inputs[0].rank,) else None
        return [sizes]
    rule = _pointwise if node.op_type in _POINTWISE else _RULES.get(node.op_type)
    if rule is None:
        raise _refused(node, inputs)
    inputs, bounds = rule(node, inputs, e)
    results = run([t.bounded(None) if isinstance(t, Tensor) else t for t in inputs])
    for index, bound in enumerate(bounds):
        if bound is not None:
            results[index] = results[index].bounded(bound)
    return results


def _refused(node: Node, inputs: Inputs, reason: str = "") -> UserError:
    index = next(i for i, t in enumerate(inputs) if isinstance(t, Tensor) and t.bound is not None)
    x = inputs[index]
    reason = reason or f"{node.op_type} would take the rest for entries, too"
    return UserError(
        f"reads '{node.inputs[index]}' {list(x.shape)}, of which the network computes how many "
        f"entries along axis {x.bound.axis} there are, and {reason}; end the network before it "
        f"(--output_names) and compute it on the host"
    )


def _rule(*op_types: str) -> Callable[[_Rule], _Rule]:
    def register(function: _Rule) -> _Rule:
        _RULES.update(dict.fromkeys(op_types, function))
        return function

    return register


def _only_first(node: Node, inputs: Inputs) -> Bound:
    """The bound of the first operand; others have none."""
    if is_bounded(inputs[1:]) or inputs[0].bound is None:
        raise _refused(node, inputs)
    return inputs[0].bound


def _sizes(node: Node, x: Tensor, e: Emitter) -> Tensor:
    """What Shape and Size give."""
    count = e.cast(x.bound.count, "i64")
    if node.op_type == "Size":
        rest = math.prod(size for axis, size in enumerate(x.shape) if axis != x.bound.axis)
        return e.reshape(e.binary("mul", count, rest), ())
    axes = range(x.rank)[slice(node.attr("start", 0), node.attr("end"))]
    sizes = np.array([x.shape[axis] for axis in axes], np.int64)
    if x.bound.axis not in axes:
        return Tensor.constant(sizes, from_shape=True)
    at = axes.index(x.bound.axis)
    around = [Tensor.constant(sizes[:at]), count, Tensor.constant(sizes[at + 1 :])]
    parts = [part for part in around if part.size]
    return parts[0] if len(parts) == 1 else e.op("concat", parts, {"axis": 0})


def _pointwise(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    rank = max(t.rank for t in inputs if t is not None)
    found: Bound | None = None
    for t in inputs:
        if t is None or t.bound is None:
            continue
        own = t.bound.at(t.bound.axis + rank - t.rank)
        if found is not None and (found.axis != own.axis or not found.has_as_many(own)):
            raise _refused(
                node, inputs, "its other operand has entries whose number is computed apart"
            )
        found = own
    for t in inputs:
        axis = found.axis - rank + (0 if t is None else t.rank)
        if t is not None and t.bound is None and axis >= 0 and t.shape[axis] != 1:
            raise _refused(
                node, inputs, f"its other operand {list(t.shape)} has as many as there may be"
            )
    return inputs, [found]


@_rule("Transpose")
def _transpose(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    bound = _only_first(node, inputs)
    order = node.attr("perm") or list(range(inputs[0].rank))[::-1]
    return inputs, [bound.at(order.index(bound.axis))]


@_rule("Unsqueeze")
def _unsqueeze(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    bound = _only_first(node, inputs)
    axes = ints_of(operand(inputs, 1), "the list of axes") or node.attr("axes") or []
    rank = inputs[0].rank + len(axes)
    kept = [axis for axis in range(rank) if axis not in axes_of(axes, rank)]
    return inputs, [bound.at(kept[bound.axis])]


@_rule("Squeeze")
def _squeeze(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    x, bound = inputs[0], _only_first(node, inputs)
    axes = ints_of(operand(inputs, 1), "the list of axes") or node.attr("axes")
    axes = axes or [a for a, size in enumerate(x.shape) if size == 1 and a != bound.axis]
    axes = axes_of(axes, x.rank)
    if bound.axis in axes:
        raise _refused(node, inputs, "Squeeze removes this axis")
    plain = [x, Tensor.constant(np.array(axes, np.int64))] if node.opset >= 13 else inputs
    return plain, [bound.at(bound.axis - sum(axis < bound.axis for axis in axes))]


@_rule("Reshape", "Flatten")
def _reshape(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    x, bound = inputs[0], _only_first(node, inputs)
    before, most = math.prod(x.shape[: bound.axis]), x.shape[bound.axis]
    if node.op_type == "Flatten":
        axis = int(node.attr("axis", 1))
        axis = x.rank if axis == x.rank else axis_of(axis, x.rank)
        shape = [math.prod(x.shape[:axis]), math.prod(x.shape[axis:])]
    else:
        target = inputs[1]
        if not target.is_constant:
            raise _refused(node, inputs, "Reshape is to a shape that is computed from it")
        shape = ints_of(target, "the shape")
        shape = [x.shape[a] if s == 0 and a < x.rank else s for a, s in enumerate(shape)]
        free = [a for a, s in enumerate(shape) if s == -1]
        known = math.prod(s for s in shape if s != -1)
        if len(free) == 1 and known and x.size % known == 0:
            shape[free[0]] = x.size // known
    for axis, size in enumerate(shape):
        if math.prod(shape[:axis]) == before == 1 and size % most == 0:
            # Entries that follow each other stay first.
            if size == most:
                return inputs, [bound.at(axis)]
            count = e.binary("mul", bound.count, size // most)
            return inputs, [Bound(axis, count)]
        if math.prod(shape[:axis]) == before and size == most:
            return inputs, [bound.at(axis)]
    raise _refused(node, inputs, f"Reshape to {shape} splits or joins this axis")


@_rule("Expand")
def _expand(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    """To the shape of a value with as many entries: torch's exporter does so to all indices."""
    x, bound = inputs[0], _only_first(node, inputs)
    like = e.chosen.get(("sizes", inputs[1].id))
    if like is None or not bound.has_as_many(like.bound):
        raise _refused(node, inputs)
    if bound.axis - x.rank != like.bound.axis - like.rank:
        raise _refused(node, inputs)
    return [x, Tensor.constant(np.array(like.shape, np.int64))], [like.bound]


def _apart(node: Node, inputs: Inputs, axis: int) -> Bound:
    """The bound of the first operand, which is not along an axis that the node combines."""
    bound = _only_first(node, inputs)
    if bound.axis == axis_of(axis, inputs[0].rank):
        raise _refused(node, inputs)
    return bound


@_rule("Softmax", "LogSoftmax", "Hardmax")
def _softmax(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    if node.opset < 13 and int(node.attr("axis", 1)) not in (-1, inputs[0].rank - 1):
        raise _refused(node, inputs)
    return inputs, [_apart(node, inputs, int(node.attr("axis", -1)))]


@_rule("Split")
def _split(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    bound = _apart(node, inputs, int(node.attr("axis", 0)))
    return inputs, [bound] * len(node.outputs)


@_rule("ArgMax", "ArgMin")
def _arg(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    x, bound = inputs[0], _only_first(node, inputs)
    axis = axis_of(int(node.attr("axis", 0)), x.rank)
    if axis == bound.axis:
        return [_without_rest(x, -1 if node.op_type == "ArgMax" else 1, e)], []
    is_removed = not node.attr("keepdims", 1) and axis < bound.axis
    return inputs, [bound.at(bound.axis - is_removed)]


def _without_rest(x: Tensor, sign: int, e: Emitter) -> Tensor:
    """A value with the least (or largest) number in place of what does not count."""
    largest = np.inf if x.dtype == "f32" else np.iinfo(np.int32).max
    return _masked(x, sign * largest, e)


@_rule("TopK")
def _topk(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    x, bound = inputs[0], _only_first(node, inputs)
    if axis_of(int(node.attr("axis", -1)), x.rank) != bound.axis:
        return inputs, [bound, bound]
    k = constant_of(operand(inputs, 1), "k")
    most = int(node.required("k") if k is None else k.reshape(-1)[0])
    # onnxruntime stops where there are fewer.
    left = Bound(bound.axis, e.binary("min", bound.count, most))
    masked = _without_rest(x, -1 if node.attr("largest", 1) else 1, e)
    return [masked, *inputs[1:]], [left, left]


@_rule("CumSum")
def _cumsum(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    bound = _only_first(node, inputs)
    if node.attr("reverse", 0):
        raise _refused(node, inputs)
    return inputs, [bound]


@_rule(*_NEUTRAL)
def _reduce(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    x, bound = inputs[0], _only_first(node, inputs)
    axes = ints_of(operand(inputs, 1), "the list of axes") or node.attr("axes")
    if not axes and node.attr("noop_with_empty_axes", 0):
        raise _refused(node, inputs)
    axes = axes_of(axes or range(x.rank), x.rank)
    if bound.axis in axes:
        rest = _NEUTRAL[node.op_type]
        if np.isinf(rest):
            return [_without_rest(x, int(np.sign(rest)), e), *inputs[1:]], []
        return [_masked(x, rest, e), *inputs[1:]], []
    removed = 0 if node.attr("keepdims", 1) else sum(axis < bound.axis for axis in axes)
    return inputs, [bound.at(bound.axis - removed)]


@_rule("ReduceMean")
def _mean(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    x, bound = inputs[0], _only_first(node, inputs)
    axes = ints_of(operand(inputs, 1), "the list of axes") or node.attr("axes")
    axes = axes_of(axes or range(x.rank), x.rank)
    if bound.axis not in axes:
        return _reduce(node, inputs, e)
    # The mean of all that there may be of numbers times all by those that count.
    most = float(x.shape[bound.axis])
    count = e.reshape(e.cast(bound.count, "f32"), [1] * x.rank)
    share = e.binary("div", Tensor.constant(np.full([1] * x.rank, most, np.float32)), count)
    return [e.binary("mul", _masked(x, 0.0, e), share), *inputs[1:]], []


@_rule("MatMul")
def _matmul(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    bound = _apart(node, inputs, -1)
    if inputs[1].rank < 2 or inputs[0].rank < inputs[1].rank:
        raise _refused(node, inputs)
    return inputs, [bound]


@_rule("Gemm")
def _gemm(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    bound = _apart(node, inputs, 0 if node.attr("transA", 0) else 1)
    summand = operand(inputs, 2)
    if summand is not None and summand.rank == 2 and summand.shape[0] != 1:
        raise _refused(node, inputs)
    return inputs, [bound.at(0)]


@_rule("Gather")
def _gather(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    x, indices = inputs
    axis = axis_of(int(node.attr("axis", 0)), x.rank)
    if x.bound is None:
        return inputs, [indices.bound.at(axis + indices.bound.axis)]
    if x.bound.axis == axis:
        if indices.bound is None:
            raise _refused(node, inputs, "Gather may take one that there is not")
        return inputs, [indices.bound.at(axis + indices.bound.axis)]
    if indices.bound is not None:
        raise _refused(node, inputs)
    own = x.bound.axis
    return inputs, [x.bound.at(own if own < axis else own - 1 + indices.rank)]


@_rule("GatherND")
def _gather_nd(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    x, indices = inputs
    depth = indices.shape[-1] if indices.rank else 0
    if int(node.attr("batch_dims", 0)) or indices.bound is None:
        raise _refused(node, inputs)
    if indices.bound.axis == indices.rank - 1 or (x.bound and x.bound.axis >= depth):
        raise _refused(node, inputs)
    return inputs, [indices.bound]


@_rule("Concat")
def _concat(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    first = next(t for t in inputs if t.bound is not None)
    if first.bound.axis == axis_of(int(node.required("axis")), first.rank):
        raise _refused(node, inputs, "Concat puts others behind them")
    for t in inputs:
        if t.bound is None or t.bound.axis != first.bound.axis:
            raise _refused(node, inputs, "another operand has as many as there may be")
        if not t.bound.has_as_many(first.bound):
            raise _refused(
                node, inputs, "another operand has entries whose number is computed apart"
            )
    return inputs, [first.bound]


@_rule("Slice")
def _slice(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    x, bound = inputs[0], _only_first(node, inputs)

    def part(index: int, name: str) -> list[int] | None:
        values = ints_of(operand(inputs, index), f"the list of {name}")
        return node.attr(name) if values is None else values

    starts, ends = part(1, "starts"), part(2, "ends")
    axes, steps = part(3, "axes"), part(4, "steps")
    axes = list(range(len(starts))) if axes is None else [axis_of(a, x.rank) for a in axes]
    if bound.axis not in axes:
        return inputs, [bound]
    at = axes.index(bound.axis)
    start, end = starts[at], ends[at]
    if start < 0 or end < 0 or (steps is not None and steps[at] != 1):
        raise _refused(node, inputs, "Slice counts from their end")
    count = e.binary("min", bound.count, min(end, x.shape[bound.axis]))
    if start:
        count = e.binary("max", e.binary("sub", count, start), 0)
    return inputs, [Bound(bound.axis, count)]


@_rule("NonZero")
def _nonzero(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    x = inputs[0]
    key = x.id, "valid"
    if key not in e.chosen:
        valid = mask_of(x.bound, x, e)
        e.chosen[key] = (
            e.op("and", [x.bounded(None), valid]) if x.dtype == "i1" else _masked(x, 0.0, e)
        )
    return [e.chosen[key]], [None]


@_rule("Compress")
def _compress(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    x, chosen = inputs
    axis = node.attr("axis")
    if x.bound is not None and (axis is None or axis_of(int(axis), x.rank) != x.bound.axis):
        raise _refused(node, inputs)
    if chosen.bound is not None:
        valid = mask_of(chosen.bound, chosen, e)
        chosen = e.op("and", [chosen.bounded(None), valid])
    return [x, chosen], [None]


@_rule("NonMaxSuppression")
def _nms(node: Node, inputs: Inputs, e: Emitter) -> tuple[Inputs, list[Bound | None]]:
    boxes, scores = inputs[0], inputs[1]
    if is_bounded(inputs[2:]) or any(t.bound and t.bound.axis != a for t, a in (
        (boxes, 1), (scores, 2)
    )):  # fmt: skip
        raise _refused(node, inputs)
    bound = scores.bound or boxes.bound.at(2)
    if boxes.bound is not None and not boxes.bound.has_as_many(bound):
        raise _refused(node, inputs, "there are not as many scores")
    scores = _masked(scores.bounded(bound), -np.inf, e)
    lowest = np.array([np.finfo(np.float32).min])
    given = [*inputs, None, None, None][2:5]
    if given[2] is None:
        given[2] = Tensor.constant(lowest.astype(np.float32))
    return [boxes, scores, *given], [None]
