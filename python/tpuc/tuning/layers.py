"""Operations that the compiler computes in INT8, and the error that this makes.

Which they are, and their scales and zero points, is read from the lowered module:
nothing here decides about scales. Weights have a scale for each output channel.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from onnx import helper

from tpuc import _core
from tpuc.calibration.nodes import Call, Nodes, convert, onnx_type
from tpuc.calibration.runner import describe, make_model, open_session
from tpuc.calibration.table import CalibrationTable
from tpuc.compiler import deploy
from tpuc.model import Model

_CONTRACTIONS = ("conv", "matmul")
# What the operations are called when they are lowered.
_LOWERED = {"conv": _CONTRACTIONS, "matmul": _CONTRACTIONS,
            "add": ("binary",), "sub": ("binary",), "mul": ("binary",)}  # fmt: skip


class Trials:
    """A network that is compiled again and again, each time in a context of its own.

    Args:
        module: canonical, in the top dialect; it is not changed.
        ranges: of its tensors.
        prepare: changes a copy of the module before it is compiled with precisions of single
            operations, by name.
        asymmetric: give activations a zero point where that is more exact.
    """

    def __init__(
        self,
        module: _core.Module,
        ranges: CalibrationTable,
        prepare: Callable[[_core.Module, Mapping[str, str]], None] = lambda *_: None,
        asymmetric: bool = True,
    ) -> None:
        self._asymmetric = asymmetric
        self._prepare = prepare
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self._module, self._ranges = folder / "module.mlirbc", folder / "ranges"
        module.write(str(self._module))
        ranges.save(self._ranges)

    def compile(self, precisions: Mapping[str, str], quantize: str = "INT8") -> Model:
        """The compiled network.

        Args:
            precisions: those of single operations, by name.
            quantize: that of the others.

        Raises:
            UserError: it cannot be compiled.
        """
        module = self._read(precisions)
        core = deploy(
            module,
            quantize,
            precisions,
            calibration_table=self._ranges,
            asymmetric=self._asymmetric,
        )
        return Model(core, "the model")

    def quantized_operations(self, precisions: Mapping[str, str]) -> list[_core.QuantizedOperation]:
        """What the network computes in INT8, as lowered."""
        module = self._read(precisions)
        deploy(
            module, "INT8", precisions, stop_after="tpu", calibration_table=self._ranges,
            asymmetric=self._asymmetric,
        )  # fmt: skip
        return _core.quantized_operations(module)

    def _read(self, precisions: Mapping[str, str]) -> _core.Module:
        module = _core.Module.read(str(self._module))
        self._prepare(module, precisions)
        return module


@dataclass(frozen=True)
class Layer:
    """An operation that computes in INT8.

    Attributes:
        index: its number in the graph.
        operation: the operation.
        constants: those of its operands that are constant.
        data: the others: the value's number to its quantised type.
        rounded: a contraction's quantised weights; None: the nearest.
    """

    index: int
    operation: _core.GraphOperation
    constants: dict[int, np.ndarray] = field(repr=False)
    data: dict[int, _core.QuantType]
    rounded: np.ndarray | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """By which quantize tables know it."""
        return self.operation.name

    @property
    def result(self) -> int:
        """The value that it makes."""
        return self.operation.results[0]

    @property
    def is_contraction(self) -> bool:
        """Whether it sums products with constant weights."""
        return self.operation.kind in _CONTRACTIONS

    @property
    def weight(self) -> np.ndarray:
        """A contraction's weights."""
        return self.constants[self.operation.operands[1]]

    @property
    def bias(self) -> np.ndarray | None:
        """A contraction's bias."""
        rest = self.operation.operands[2:]
        return self.constants[rest[0]] if rest else None

    @property
    def weight_axis(self) -> int:
        """The axis of the weights along which output channels lie."""
        if self.operation.kind == "conv":
            return 0
        return 0 if self.operation.attributes.get("right_transpose", False) else 1

    @property
    def channel_axis(self) -> int:
        """The axis of the result along which channels lie."""
        return 1 if self.operation.kind == "conv" else -1


def find_layers(graph: _core.Graph, lowered: Sequence[_core.QuantizedOperation]) -> list[Layer]:
    """The operations of a graph that compute in INT8, in order.

    Args:
        graph: of the canonical module.
        lowered: what became of it.
    """
    known = {op.results[0]: op.constant for op in graph.operations if op.kind == "weight"}
    by_name: dict[str, list[_core.QuantizedOperation]] = {}
    for operation in lowered:
        by_name.setdefault(operation.name, []).append(operation)
        # A step of an operation: its name, a colon, the step's kind.
        by_name.setdefault(operation.name.rpartition(":")[0], []).append(operation)
    layers = []
    for index, operation in enumerate(graph.operations):
        kinds = _LOWERED.get(operation.kind, ())
        twins = [op for op in by_name.get(operation.name, ()) if op.kind in kinds]
        data = [value for value in operation.operands if value not in known]
        if len(twins) != 1 or (operation.kind in _CONTRACTIONS and len(data) != 1):
            continue
        types = twins[0].operands[: len(data)]
        if all(types):
            constants = {value: known[value] for value in operation.operands if value in known}
            layers.append(Layer(index, operation, constants, dict(zip(data, types, strict=True))))
    return layers


def round_weights(weight: np.ndarray, axis: int) -> np.ndarray:
    """Weights quantised and back in floats, with one scale for each entry of an axis."""
    axes = tuple(other for other in range(weight.ndim) if other != axis)
    scale = np.abs(weight).max(axis=axes, keepdims=True) / 127
    scale = np.where(scale > 0, scale, 1).astype(np.float32)
    return (np.rint(weight / scale) * scale).astype(np.float32)


@dataclass
class Plain:
    """An operation that is like one of a graph, without the ReLU behind it."""

    kind: str
    location: str
    operands: list[int]
    results: list[int]
    attributes: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, operation: _core.GraphOperation) -> Plain:
        """The plain form of an operation."""
        attributes = {
            name: value
            for name, value in operation.attributes.items()
            if name not in ("do_relu", "relu_limit")
        }
        return cls(operation.kind, operation.location, operation.operands, operation.results,
                   attributes)  # fmt: skip


def _round(nodes: Nodes, name: str, kind: _core.QuantType) -> str:
    steps = nodes.emit("Div", [name, nodes.real(kind.scale)])
    low, high = (nodes.real(limit - kind.zero_point) for limit in (kind.low, kind.high))
    kept = nodes.emit("Clip", [nodes.emit("Round", [steps]), low, high])
    return nodes.emit("Mul", [kept, nodes.real(kind.scale)])


MEAN, POWERS, ERROR = "mean", "powers", "error"


class Local:
    """A layer alone, in floats and in INT8, without a ReLU.

    Args:
        graph: the network.
        layer: of it.
        wanted: of its results: MEAN is the mean error of each channel; POWERS the sums of the
            squares of the exact result, of the INT8 result and of their difference; ERROR the
            difference.
    """

    def __init__(self, graph: _core.Graph, layer: Layer, *wanted: str) -> None:
        self._layer = layer
        self._wanted = wanted
        nodes = Nodes(graph.values)
        operation = Plain.of(layer.operation)
        exact, rounded = {}, {}
        for value in operation.operands:
            if value in layer.data:
                exact[value] = f"v{value}"
                rounded[value] = _round(nodes, exact[value], layer.data[value])
            else:
                exact[value] = rounded[value] = nodes.constant(layer.constants[value])
        if layer.is_contraction:
            weight = layer.rounded
            if weight is None:
                weight = round_weights(layer.weight, layer.weight_axis)
            rounded[operation.operands[1]] = nodes.constant(weight)
        for names, result in ((exact, "exact"), (rounded, "rounded")):
            convert(Call(operation, [names[v] for v in operation.operands], [result]), nodes)
        self._measure(graph, nodes)
        inputs = [describe(graph.values, value) for value in layer.data]
        outputs = [helper.make_tensor_value_info(name, onnx_type("f32"), None) for name in wanted]
        self._session = open_session(make_model(nodes, inputs, outputs, {}), threads=1)

    def _measure(self, graph: _core.Graph, nodes: Nodes) -> None:
        nodes.emit("Sub", ["rounded", "exact"], ERROR)
        if MEAN in self._wanted:
            rank = len(graph.values[self._layer.result].shape)
            axes = [a for a in range(rank) if a != self._layer.channel_axis % rank]
            nodes.emit("ReduceMean", [ERROR, nodes.ints(axes)], MEAN, keepdims=0)
        if POWERS in self._wanted:
            sums = [
                nodes.emit("ReduceSumSquare", [name], keepdims=0)
                for name in ("exact", "rounded", ERROR)
            ]
            ones = [nodes.emit("Unsqueeze", [name, nodes.ints([0])]) for name in sums]
            nodes.emit("Concat", ones, POWERS, axis=0)

    def run(self, tensors: Mapping[int, np.ndarray]) -> dict[str, np.ndarray]:
        """The wanted results.

        Args:
            tensors: at least the layer's operands, by value.
        """
        feeds = {f"v{value}": tensors[value] for value in self._layer.data}
        return dict(zip(self._wanted, self._session.run(None, feeds), strict=True))
