"""If, Loop and Scan: branches are chosen or computed both, loops are unrolled.

A condition or a number of runs that is known is followed. Of a condition that the network
computes, both branches are computed, and one's results selected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import axis_of
from tpuc.frontend.scopes import Body

# No network of use has more; it stops loops that a file makes endless.
MAX_RUNS = 1 << 14

Values = list  # of tensors, sequences, and None for an operand that is left out
RunBody = Callable[[Body, Sequence, str], Values]
_FIX = (
    "fix the input that it depends on with --fix_input NAME=VALUE, or export the model without it"
)


class Runner(Protocol):
    """Who imports the nodes of a body."""

    emitter: Emitter

    def body(self, node: Node, attribute: str) -> Body:
        """The body that an attribute of a node holds."""

    def run_body(self, body: Body, inputs: Sequence, suffix: str) -> Values:
        """The results of a body; ``suffix`` distinguishes the names of this run."""


def is_control(node: Node) -> bool:
    """Whether the node has bodies that are imported here."""
    return not node.domain and node.op_type in OPERATORS


def evaluate(node: Node, inputs: Values, runner: Runner) -> Values:
    """The results of a node with bodies.

    Raises:
        UserError: a condition or count is not known.
    """
    return OPERATORS[node.op_type](node, inputs, runner)


def _truth(tensor: object, what: str) -> bool:
    if not isinstance(tensor, Tensor) or not tensor.is_constant:
        raise UserError(f"{what}; {_FIX}")
    if tensor.size != 1:
        raise UserError(f"has a condition of {tensor.size} elements, expected 1")
    return bool(tensor.array.reshape(-1)[0])


def _if(node: Node, inputs: Values, runner: Runner) -> Values:
    condition = inputs[0]
    if isinstance(condition, Tensor) and condition.size != 1:
        raise UserError(f"has a condition of {condition.size} elements, expected 1")
    if isinstance(condition, Tensor) and condition.is_constant:
        taken = "then_branch" if _truth(condition, "") else "else_branch"
        return runner.run_body(runner.body(node, taken), [], "")
    found = [
        runner.run_body(runner.body(node, branch), [], "")
        for branch in ("then_branch", "else_branch")
    ]
    return [
        _select(node, condition, chosen, other, runner.emitter)
        for chosen, other in zip(*found, strict=True)
    ]


def _select(node: Node, condition: Tensor, chosen: object, other: object, e: Emitter) -> Tensor:
    name = node.inputs[0]
    if not isinstance(chosen, Tensor) or not isinstance(other, Tensor):
        raise UserError(f"gives sequences by the condition '{name}' of the network; {_FIX}")
    if (chosen.shape, chosen.dtype) != (other.shape, other.dtype):
        raise UserError(
            f"has the condition '{name}', which is computed at run time, and branches that give "
            f"{chosen.dtype}{list(chosen.shape)} and {other.dtype}{list(other.shape)}; {_FIX}"
        )
    if chosen is other:
        return chosen
    if chosen.dtype == "i1":
        both = [e.cast(tensor, "i32") for tensor in (chosen, other)]
        zero = e.scalar(0, both[0])
        whole = e.op("where", [_flat(condition, chosen.rank, e), *both])
        return e.op("compare", [whole, zero], {"predicate": 1})
    return e.op("where", [_flat(condition, chosen.rank, e), chosen, other])


def _flat(condition: Tensor, rank: int, e: Emitter) -> Tensor:
    return e.reshape(e.cast(condition, "i1"), (1,) * rank)


def _loop(node: Node, inputs: Values, runner: Runner) -> Values:
    count, condition, *carried = inputs
    body = runner.body(node, "body")
    if len(body.inputs) != 2 + len(carried) or len(body.outputs) < 1 + len(carried):
        raise UserError(
            f"carries {len(carried)} values, its body has {len(body.inputs)} inputs and "
            f"{len(body.outputs)} outputs"
        )
    runs = None
    if count is not None:
        if not count.is_constant:
            raise UserError(f"runs as often as '{node.inputs[0]}' says, which is "
                            f"computed at run time; {_FIX}")  # fmt: skip
        runs = int(count.array.reshape(-1)[0])
    computed = "goes on while '{}' holds, which is computed at run time".format
    going = condition is None or _truth(condition, computed(node.inputs[1]))
    collected: list[Values] = [[] for _ in body.outputs[1 + len(carried) :]]
    run = 0
    while going and (runs is None or run < runs):
        if run == MAX_RUNS:
            raise UserError(f"runs more than {MAX_RUNS} times, which is not unrolled")
        number = Tensor.constant(np.array(run, np.int64))
        flag = Tensor.constant(np.array(True))
        results = runner.run_body(body, [number, flag, *carried], f"#{run}")
        going = _truth(results[0], computed(body.outputs[0]))
        carried = results[1 : 1 + len(carried)]
        for values, value in zip(collected, results[1 + len(carried) :], strict=True):
            values.append(value)
        run += 1
    stacks = [
        _stack(values, 0, runner.emitter) if name else None
        for values, name in zip(
            collected, [*node.outputs[len(carried) :], *collected], strict=False
        )
    ]
    return [*carried, *stacks]


def _scan(node: Node, inputs: Values, runner: Runner) -> Values:
    if node.opset < 9:
        raise UserError("is of opset 8, which is not supported; export the model with a newer one")
    count = int(node.required("num_scan_inputs"))
    states, scanned = list(inputs[: len(inputs) - count]), inputs[len(inputs) - count :]
    body = runner.body(node, "body")
    outputs = len(body.outputs) - len(states)
    if count < 1 or len(body.inputs) != len(inputs) or outputs < 0:
        raise UserError(f"has {len(inputs)} inputs, its body {len(body.inputs)}")
    axes = [
        axis_of(axis, tensor.rank)
        for axis, tensor in zip(_entries(node, "scan_input_axes", count), scanned, strict=True)
    ]
    lengths = {tensor.shape[axis] for tensor, axis in zip(scanned, axes, strict=True)}
    if len(lengths) != 1:
        raise UserError(f"goes over inputs of different lengths {sorted(lengths)}")
    (length,) = lengths
    if length > MAX_RUNS:
        raise UserError(f"runs {length} times, more than {MAX_RUNS}, which is not unrolled")
    backwards = _entries(node, "scan_input_directions", count)
    collected: list[Values] = [[] for _ in range(outputs)]
    for run in range(length):
        parts = [
            _part(tensor, axis, length - 1 - run if back else run, runner.emitter)
            for tensor, axis, back in zip(scanned, axes, backwards, strict=True)
        ]
        results = runner.run_body(body, [*states, *parts], f"#{run}")
        states = results[: len(states)]
        for values, value in zip(collected, results[len(states) :], strict=True):
            values.append(value)
    places = _entries(node, "scan_output_axes", outputs)
    reverses = _entries(node, "scan_output_directions", outputs)
    stacks = [
        _stack(values[::-1] if back else values, axis, runner.emitter)
        for values, axis, back in zip(collected, places, reverses, strict=True)
    ]
    return [*states, *stacks]


def _entries(node: Node, name: str, count: int) -> list[int]:
    values = list(node.attr(name) or [0] * count)
    if len(values) != count:
        raise UserError(f"has {len(values)} entries in '{name}', expected {count}")
    return [int(value) for value in values]


def _part(tensor: Tensor, axis: int, index: int, e: Emitter) -> Tensor:
    """The entry ``index`` of an axis, which is left out."""
    if tensor.is_constant:
        return Tensor.constant(tensor.array.take(index, axis))
    shape = tensor.shape[:axis] + tensor.shape[axis + 1 :]
    return e.reshape(e.slice_axis(tensor, axis, index, 1), shape)


def _stack(values: Values, axis: int, e: Emitter) -> Tensor:
    """All values side by side on a new axis."""
    if not values:
        raise UserError("runs not once, so that its collected outputs are empty")
    if not all(isinstance(value, Tensor) for value in values):
        raise UserError("collects sequences, which is not supported")
    if len({value.shape for value in values}) > 1:
        raise UserError("collects values of different shapes, which is not supported")
    axis = axis_of(axis, values[0].rank + 1)
    if all(value.is_constant for value in values):
        return Tensor.constant(np.stack([value.array for value in values], axis))
    shape = values[0].shape
    columns = [e.reshape(value, (*shape[:axis], 1, *shape[axis:])) for value in values]
    return columns[0] if len(columns) == 1 else e.op("concat", columns, {"axis": axis})


OPERATORS: dict[str, Callable[[Node, Values, Runner], Values]] = {
    "If": _if, "Loop": _loop, "Scan": _scan,
}  # fmt: skip
