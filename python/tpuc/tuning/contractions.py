"""Convolutions and products with constant weights, and what bytes make of them.

The rounding here is the compiler's: symmetric, weights with a scale for each
output channel, activations with one for the tensor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tpuc import _core
from tpuc.calibration.runner import Part, make_session
from tpuc.calibration.table import Range


@dataclass
class Operation:
    """An operation that is like one of a graph, with other attributes."""

    kind: str
    location: str
    operands: list[int]
    results: list[int]
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Contraction:
    """An operation that sums products with constant weights.

    Attributes:
        index: the operation's number in the graph.
        operation: the operation.
        weight, bias: the constants; the bias may be none.
        out_axis, in_axis: the axes of the weights along which results and operands lie.
        is_depthwise: each channel is convolved with itself alone; both axes are 0.
    """

    index: int
    operation: _core.GraphOperation
    weight: np.ndarray
    bias: np.ndarray | None
    out_axis: int
    in_axis: int
    is_depthwise: bool = False

    @property
    def data(self) -> int:
        """The value that is no constant."""
        return self.operation.operands[0]

    @property
    def result(self) -> int:
        """The value it makes."""
        return self.operation.results[0]

    @property
    def channel_axis(self) -> int:
        """The axis of data and result along which channels lie."""
        return 1 if self.operation.kind == "conv" else -1


def constants_of(graph: _core.Graph) -> dict[int, np.ndarray]:
    """The constants by value."""
    return {op.results[0]: op.constant for op in graph.operations if op.kind == "weight"}


def contractions_of(graph: _core.Graph) -> list[Contraction]:
    """All contractions, in order."""
    constants = constants_of(graph)
    found = []
    for index, operation in enumerate(graph.operations):
        if operation.kind not in ("conv", "matmul"):
            continue
        data, weight, *rest = operation.operands
        if weight not in constants or data in constants or any(v not in constants for v in rest):
            continue
        array = constants[weight]
        bias = constants[rest[0]] if rest else None
        if operation.kind == "matmul":
            if array.ndim != 2 or operation.attributes.get("left_transpose", False):
                continue
            out = 0 if operation.attributes.get("right_transpose", False) else 1
            found.append(Contraction(index, operation, array, bias, out, 1 - out))
            continue
        groups = operation.attributes.get("group", 1)
        depthwise = groups > 1 and array.shape[1] == 1 and array.shape[0] == groups
        if groups > 1 and not depthwise:
            found.append(Contraction(index, operation, array, bias, 0, -1))
        else:
            in_axis = 0 if depthwise else 1
            found.append(Contraction(index, operation, array, bias, 0, in_axis, depthwise))
    return found


def round_weights(weight: np.ndarray, out_axis: int) -> np.ndarray:
    """Weights as bytes have them, one scale an output channel."""
    axes = tuple(axis for axis in range(weight.ndim) if axis != out_axis)
    scale = np.abs(weight).max(axis=axes, keepdims=True) / 127
    scale = np.where(scale > 0, scale, 1).astype(np.float32)
    return (np.rint(weight / scale) * scale).astype(np.float32)


def round_activation(array: np.ndarray, seen: Range) -> np.ndarray:
    """An activation as bytes have it, one scale a tensor."""
    low, high = max(seen.min, -seen.threshold), min(seen.max, seen.threshold)
    if low >= high:
        low, high = -seen.threshold, seen.threshold
    least, most = (-128, 127) if low < 0 else (0, 255)
    scale = np.float32(max(-low, high) / most) or np.float32(1)
    return np.clip(np.rint(array / scale), least, most) * scale


class Local:
    """A contraction alone, in floats and in bytes, without a ReLU.

    Args:
        graph: the network.
        contraction: of it.
    """

    def __init__(self, graph: _core.Graph, contraction: Contraction) -> None:
        self._contraction = contraction
        operation = contraction.operation
        attributes = {
            k: v for k, v in operation.attributes.items() if k not in ("do_relu", "relu_limit")
        }
        alone = Operation(
            operation.kind, operation.location, operation.operands, operation.results, attributes
        )
        part = Part([alone], [contraction.data], [contraction.result])
        known = constants_of(graph)
        floats: Mapping[int, np.ndarray] = {v: known[v] for v in operation.operands[1:]}
        rounded = {
            **floats,
            operation.operands[1]: round_weights(contraction.weight, contraction.out_axis),
        }
        self._sessions = [make_session(graph, part, weights) for weights in (floats, rounded)]

    def run(self, data: np.ndarray, seen: Range) -> tuple[np.ndarray, np.ndarray]:
        """The result in floats, and in bytes of a range."""
        name = f"v{self._contraction.data}"
        exact = self._sessions[0].run(None, {name: data})[0]
        return exact, self._sessions[1].run(None, {name: round_activation(data, seen)})[0]
