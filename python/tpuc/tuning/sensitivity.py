"""How much each layer's quantisation changes the network's results.

One layer at a time computes in INT8, the others in floats: the layer's error is
measured alone and then added to its result in a run of the whole network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from onnx import helper

from tpuc import _core
from tpuc.calibration.nodes import Call, Nodes, convert, onnx_type
from tpuc.calibration.runner import Runner, describe, make_model, open_session
from tpuc.tuning.layers import ERROR, POWERS, Layer, Local, Plain


@dataclass
class Effect:
    """The error of a layer in INT8.

    Attributes:
        layer: the layer.
        cosine: of its own result with the exact one.
        sqnr: signal to noise of its own result, in decibels.
        output_error: of the network's results, when only this layer is in INT8: squared
            error by squared magnitude, the mean of inputs and results.
    """

    layer: Layer
    cosine: float = 1.0
    sqnr: float = np.inf
    output_error: float = 0.0


class Disturbed:
    """A network to whose layers errors can be added.

    Args:
        graph: the network.
        layers: those whose results, before a ReLU, can be changed.
    """

    def __init__(self, graph: _core.Graph, layers: Sequence[Layer]) -> None:
        nodes = Nodes(graph.values)
        changed = {layer.index: layer for layer in layers}
        constants, inputs = {}, [describe(graph.values, value) for value in graph.inputs]
        self._inputs = [f"v{value}" for value in graph.inputs]
        self._still: dict[str, np.ndarray] = {}
        for index, operation in enumerate(graph.operations):
            if operation.kind == "weight":
                constants[operation.results[0]] = operation.constant
                continue
            names = [f"v{value}" for value in operation.operands]
            results = [f"v{value}" for value in operation.results]
            if index not in changed:
                convert(Call(operation, names, results), nodes)
                continue
            error = f"error{index}"
            inputs.append(helper.make_tensor_value_info(error, onnx_type("f32"), None))
            rank = len(graph.values[operation.results[0]].shape)
            self._still[error] = np.zeros((1,) * rank, np.float32)
            convert(Call(Plain.of(operation), names, [f"plain{index}"]), nodes)
            nodes.emit("Add", [f"plain{index}", error], f"sum{index}")
            _limit(operation, nodes, f"sum{index}", results[0])
        used = {name for node in nodes.nodes for name in node.input}
        constants = {value: array for value, array in constants.items() if f"v{value}" in used}
        # A result may be an input, a constant, or one twice.
        self._outputs = []
        for number, value in enumerate(graph.outputs):
            self._outputs.append(nodes.emit("Identity", [f"v{value}"], f"result{number}"))
            if (array := _constant(graph, value)) is not None:
                constants[value] = array
        results_info = [
            helper.make_tensor_value_info(name, onnx_type(graph.values[value].dtype), None)
            for name, value in zip(self._outputs, graph.outputs, strict=True)
        ]
        self._session = open_session(make_model(nodes, inputs, results_info, constants))

    def run(
        self, inputs: Sequence[np.ndarray], errors: Mapping[int, np.ndarray]
    ) -> list[np.ndarray]:
        """The network's results.

        Args:
            inputs: one array an input.
            errors: what to add to results of layers, by the layers' indices.
        """
        feeds = {**dict(zip(self._inputs, inputs, strict=True)), **self._still}
        feeds.update((f"error{index}", array) for index, array in errors.items())
        return self._session.run(None, feeds)


def _constant(graph: _core.Graph, value: int) -> np.ndarray | None:
    for operation in graph.operations:
        if operation.kind == "weight" and operation.results[0] == value:
            return operation.constant
    return None


def _limit(operation: _core.GraphOperation, nodes: Nodes, name: str, result: str) -> None:
    """The ReLU that is part of an operation."""
    if not operation.attributes.get("do_relu", False):
        nodes.emit("Identity", [name], result)
        return
    limit = operation.attributes.get("relu_limit", -1.0)
    if limit < 0:
        nodes.emit("Relu", [name], result)
    else:
        nodes.emit("Clip", [name, nodes.real(0.0), nodes.real(limit)], result)


def relative_error(found: Sequence[np.ndarray], exact: Sequence[np.ndarray]) -> float:
    """Squared error by squared magnitude, the mean of all arrays of reals."""
    errors = []
    for a, b in zip(found, exact, strict=True):
        if b.dtype != np.float32 or not b.size:
            continue
        power = float(np.square(b, dtype=np.float64).sum())
        error = float(np.square(a.astype(np.float64) - b).sum())
        errors.append(error / power if power else float(error > 0))
    return float(np.mean(errors)) if errors else 0.0


def measure_effects(
    graph: _core.Graph,
    layers: Sequence[Layer],
    inputs: Sequence[list[np.ndarray]],
    advance: Callable[[], None] = lambda: None,
) -> list[Effect]:
    """The error of each layer in INT8, in the order of the layers.

    Args:
        graph: the canonical network.
        layers: of it.
        inputs: each a list of arrays, one an input of the network.
        advance: called for each layer and input.
    """
    effects = [Effect(layer) for layer in layers]
    locals_ = [Local(graph, layer, POWERS, ERROR) for layer in layers]
    powers = np.zeros((len(layers), 3))
    network = Disturbed(graph, layers)
    runner = Runner(graph, sorted({value for layer in layers for value in layer.data}))
    for arrays in inputs:
        exact = network.run(arrays, {})
        known: dict[int, np.ndarray] = {}
        waiting = list(range(len(layers)))
        for part in runner.run(arrays):
            known.update(part)
            ready = [n for n in waiting if layers[n].data.keys() <= known.keys()]
            waiting = [n for n in waiting if n not in ready]
            for number in ready:
                found = locals_[number].run(known)
                powers[number] += found[POWERS]
                results = network.run(arrays, {layers[number].index: found[ERROR]})
                effects[number].output_error += relative_error(results, exact) / len(inputs)
                advance()
            needed = {value for number in waiting for value in layers[number].data}
            known = {value: array for value, array in known.items() if value in needed}
    for effect, (exact_power, rounded_power, error_power) in zip(effects, powers, strict=True):
        both = (exact_power + rounded_power - error_power) / 2
        if exact_power and rounded_power:
            effect.cosine = min(1.0, float(both / np.sqrt(exact_power * rounded_power)))
        elif error_power:
            effect.cosine = 0.0
        if error_power:
            effect.sqnr = 10 * float(np.log10(max(exact_power, 1e-300) / error_power))
    return effects
