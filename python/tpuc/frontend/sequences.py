"""Sequences of tensors: lists of this program, of which the network sees the tensors alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import axis_of, ints_of


class TensorSequence:
    """The value of a name that stands for a sequence."""

    __slots__ = ("items",)

    def __init__(self, items: list[Tensor]) -> None:
        self.items = items


def handles(node: Node, inputs: list) -> bool:
    """Whether the node makes, reads or passes on a sequence."""
    if node.domain or node.op_type not in OPERATORS:
        return False
    return node.op_type != "Identity" or isinstance(inputs[0], TensorSequence)


def evaluate(node: Node, inputs: list, e: Emitter) -> list:
    """The results of such a node.

    Raises:
        UserError: it cannot be followed.
    """
    return [OPERATORS[node.op_type](node, inputs, e)]


def refuse(inputs: list) -> None:
    """Raises a UserError when an operand of another node is a sequence."""
    if any(isinstance(value, TensorSequence) for value in inputs):
        raise UserError("reads a sequence, which only operators of sequences do")


def _items(value: object) -> list[Tensor]:
    if not isinstance(value, TensorSequence):
        raise UserError("reads a tensor, expected a sequence")
    return value.items


def _place(position: Tensor | None, size: int, last: int) -> int:
    """A position from -size to ``last``, counted from the front."""
    if position is None:
        return last
    (index,) = ints_of(position, "the position")
    if not -size <= index <= last:
        raise UserError(f"has the position {index} in a sequence of {size}")
    return index + size if index < 0 else index


def _operand(inputs: list, index: int) -> Tensor | None:
    return inputs[index] if index < len(inputs) else None


def _at(node: Node, inputs: list, e: Emitter) -> Tensor:
    items = _items(inputs[0])
    return items[_place(inputs[1], len(items), len(items) - 1)]


def _insert(node: Node, inputs: list, e: Emitter) -> TensorSequence:
    items = list(_items(inputs[0]))
    items.insert(_place(_operand(inputs, 2), len(items), len(items)), inputs[1])
    return TensorSequence(items)


def _erase(node: Node, inputs: list, e: Emitter) -> TensorSequence:
    items = list(_items(inputs[0]))
    del items[_place(_operand(inputs, 1), len(items), len(items) - 1)]
    return TensorSequence(items)


def _length(node: Node, inputs: list, e: Emitter) -> Tensor:
    return Tensor.constant(np.array(len(_items(inputs[0])), np.int64))


def _split(node: Node, inputs: list, e: Emitter) -> TensorSequence:
    tensor = inputs[0]
    axis = axis_of(int(node.attr("axis", 0)), tensor.rank)
    size = tensor.shape[axis]
    sizes = ints_of(_operand(inputs, 1), "the split")
    squeezes = sizes is None and not node.attr("keepdims", 1)
    if sizes is None:
        sizes = [1] * size
    elif inputs[1].rank == 0:
        (part,) = sizes
        if part < 1:
            raise UserError(f"splits in parts of {part}")
        sizes = [min(part, size - begin) for begin in range(0, size, part)]
    if sum(sizes) != size or min(sizes, default=1) < 1:
        raise UserError(f"splits {size} entries in parts of {sizes}")
    items, begin = [], 0
    for part in sizes:
        item = (
            Tensor.constant(tensor.array.take(range(begin, begin + part), axis))
            if tensor.is_constant
            else e.slice_axis(tensor, axis, begin, part)
        )
        items.append(e.reshape(item, _without(item.shape, axis)) if squeezes else item)
        begin += part
    return TensorSequence(items)


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return shape[:axis] + shape[axis + 1 :]


def _concat(node: Node, inputs: list, e: Emitter) -> Tensor:
    items = _items(inputs[0])
    if not items:
        raise UserError("joins a sequence without tensors")
    is_new = bool(node.attr("new_axis", 0))
    axis = axis_of(int(node.required("axis")), items[0].rank + is_new)
    if is_new:
        items = [e.reshape(t, (*t.shape[:axis], 1, *t.shape[axis:])) for t in items]
    if all(item.is_constant for item in items):
        return Tensor.constant(np.concatenate([item.array for item in items], axis))
    return items[0] if len(items) == 1 else e.op("concat", items, {"axis": axis})


def _same(node: Node, inputs: list, e: Emitter) -> object:
    return inputs[0]


def _optional(node: Node, inputs: list, e: Emitter) -> object:
    if not inputs or inputs[0] is None:
        raise UserError("makes an optional without a value, which is not supported")
    return inputs[0]


OPERATORS: dict[str, Callable[[Node, list, Emitter], object]] = {
    "ConcatFromSequence": _concat,
    "Identity": _same,
    "Optional": _optional,
    "OptionalGetElement": _same,
    "OptionalHasElement": lambda node, inputs, e: Tensor.constant(
        np.array(bool(inputs) and inputs[0] is not None)
    ),
    "SequenceAt": _at,
    "SequenceConstruct": lambda node, inputs, e: TensorSequence(list(inputs)),
    "SequenceEmpty": lambda node, inputs, e: TensorSequence([]),
    "SequenceErase": _erase,
    "SequenceInsert": _insert,
    "SequenceLength": _length,
    "SplitToSequence": _split,
}
