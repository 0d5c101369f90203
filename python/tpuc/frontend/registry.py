"""Which converter imports which operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.graph import Node

Inputs = Sequence[Tensor | None]
Converter = Callable[[Node, Inputs, Emitter], Tensor | Sequence[Tensor]]


@dataclass(frozen=True)
class Twin:
    """An ONNX operator that is an operation of top: same operands, same attributes."""

    op_type: str
    attributes: dict[str, float]  # every one, with ONNX's default


_CONVERTERS: dict[tuple[str, str], Converter] = {}
_TWINS: dict[str, Twin] = {}


def converts(*op_types: str, domain: str = "") -> Callable[[Converter], Converter]:
    """Registers the decorated function for operators of one domain."""

    def register(function: Converter) -> Converter:
        for op_type in op_types:
            _CONVERTERS[domain, op_type] = function
        return function

    return register


def twins(kind: str, op_type: str, **attributes: float) -> None:
    """Declares that ``op_type`` and ``top.<kind>`` mean the same, in either direction.

    The operator is imported as the operation unless ``@converts`` says otherwise, and the
    operation is run as the operator where a network is calibrated.

    Args:
        kind: the mnemonic of an operation with one result.
        op_type: an operator of ONNX's own domain.
        attributes: numbers that both have under one name, with ONNX's defaults.
    """
    _TWINS[kind] = Twin(op_type, attributes)

    def convert(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
        values = {name: float(node.attr(name, value)) for name, value in attributes.items()}
        return e.op(kind, inputs, values)

    _CONVERTERS.setdefault(("", op_type), convert)


def find_twin(kind: str) -> Twin | None:
    """The operator that means the same as an operation, or None."""
    return _TWINS.get(kind)


def find_converter(node: Node) -> Converter | None:
    """The converter of a node's operator, or None when it is not supported."""
    return _CONVERTERS.get((node.domain, node.op_type))


def converters() -> dict[tuple[str, str], Converter]:
    """Every converter by domain and operator."""
    return dict(_CONVERTERS)


def constant_of(tensor: Tensor | None, what: str):  # noqa: ANN201
    """The array of an operand that must be known; None stays None.

    Raises:
        UserError: the operand is computed by the network.
    """
    if tensor is None:
        return None
    if not tensor.is_constant:
        raise UserError(f"{what} is computed at run time, only constants are supported")
    return tensor.array


def ints_of(tensor: Tensor | None, what: str) -> list[int] | None:
    """As ``constant_of``, flattened to integers."""
    array = constant_of(tensor, what)
    return None if array is None else [int(value) for value in array.reshape(-1)]


def scalar_of(tensor: Tensor | None, what: str, default: float) -> float:
    """As ``constant_of``, a single number."""
    array = constant_of(tensor, what)
    if array is None:
        return default
    if array.size != 1:
        raise UserError(f"{what} has {array.size} elements, expected 1")
    return array.reshape(-1)[0].item()


def operand(inputs: Inputs, index: int) -> Tensor | None:
    """An optional operand, None when absent."""
    return inputs[index] if index < len(inputs) else None


def axis_of(axis: int, rank: int) -> int:
    """The axis counted from the front.

    Raises:
        UserError: it is outside the rank.
    """
    if not -rank <= axis < max(rank, 1):
        raise UserError(f"axis {axis} is outside of rank {rank}")
    return axis + rank if axis < 0 else axis


def axes_of(axes: Sequence[int], rank: int) -> list[int]:
    """As ``axis_of``, sorted, each once."""
    result = sorted(axis_of(int(axis), rank) for axis in axes)
    if len(set(result)) != len(result):
        raise UserError(f"axes {list(axes)} name one axis twice")
    return result
