"""By how much the results of a network may differ when every tensor is rounded.

A precision rounds each tensor by at most half a step. The network is therefore
run in onnxruntime several times with every computed tensor and every constant
moved by a random part of half a step, and what the results move by is what
rounding explains. Operators that stand for several (softmax, normalisations,
GELU) are moved inside too, at each tensor of the operator set's own definition.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from randomnets.expansion import expanded
from randomnets.network import open_session
from randomnets.steps import EXACT, HALF_STEPS, half_steps, has_absolute_error
from randomnets.unfolding import unfolded

# Kernels round several times inside of one operator, by no more than this many halves
# of a step together; differences between two orders of a sum are of this size too.
AMPLITUDE = 4.0
# Of networks that seem wrong more is drawn: few draws seldom show all that comparisons,
# roundings and sums may do.
_DRAWS = (4, 60, 600)
_COUNTED = -(2**31), 2**31 - 1
_FLUSH, _ZERO = "flush", "zero"
# A draw has no quantisation, or that which the network states.
_LEFT_OUT = "left_out"
_BEFORE = "_before"


@dataclass
class Difference:
    """The worst element of an output.

    Attributes:
        output: its name.
        index: of the element.
        expected, actual, allowed: there.
        count: how many elements are beyond what is allowed, of how many.
        shapes: the actual and the expected one, where they differ.
    """

    output: str
    index: tuple[int, ...]
    expected: float
    actual: float
    allowed: float
    count: tuple[int, int] = (0, 0)
    shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None

    def __str__(self) -> str:
        if self.shapes:
            return f"output '{self.output}' is {self.shapes[0]}, expected {self.shapes[1]}"
        return (
            f"output '{self.output}'{list(self.index)} is {self.actual:.7g}, onnxruntime gives "
            f"{self.expected:.7g}, rounding explains {self.allowed:.3g}; "
            f"{self.count[0]} of {self.count[1]} elements are beyond"
        )


class Bounds:
    """What rounding explains for one network and one set of inputs.

    Args:
        model: the network.
        inputs: by name.
        precision: F32, F16, BF16 or INT8.
        seed: of the random parts.
    """

    def __init__(
        self,
        model: onnx.ModelProto,
        inputs: Mapping[str, np.ndarray],
        precision: str,
        seed: int = 0,
    ) -> None:
        self._inputs = dict(inputs)
        self._precision = precision
        self._rng = np.random.default_rng(seed)
        values = all_values(model, inputs)
        self.expected = {output.name: values[output.name] for output in model.graph.output}
        self._model = unfolded(model, values)
        self.values = all_values(self._model, inputs)
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._session = None
        self._inner: dict[str, np.ndarray] = {}
        self._draws: list[dict[str, np.ndarray]] = []
        # Integers that INT8 rounds, unless the operator stays in F16.
        self._integers: set[str] = set()

    def differences(self, actual: Mapping[str, np.ndarray]) -> list[Difference]:
        """The outputs that differ by more than rounding explains."""
        found: list[Difference] = []
        for count in _DRAWS:
            self._draw(count)
            found = self._beyond(actual)
            if not found:
                break
        return found

    def _beyond(self, actual: Mapping[str, np.ndarray]) -> list[Difference]:
        found = []
        for name, expected in self.expected.items():
            result = np.asarray(actual[name])
            if result.shape != expected.shape:
                shapes = (result.shape, expected.shape)
                found.append(Difference(name, (), math.nan, math.nan, 0, shapes=shapes))
                continue
            if expected.dtype == np.int64:
                # Constants beyond the 32 bits of the chip become the nearest, with a warning.
                expected = np.clip(expected, *_COUNTED)
            allowed = self._allowed(name, expected)
            with np.errstate(invalid="ignore", over="ignore"):
                result = result.astype(np.float64)
                excess = np.abs(result - expected.astype(np.float64)) - allowed
            same = (result == expected) | (np.isnan(result) & np.isnan(expected.astype(np.float64)))
            wrong = ~same & ~(excess <= 0)
            if wrong.any():
                score = np.where(wrong, np.nan_to_num(excess, nan=np.inf), -1)
                index = np.unravel_index(int(score.argmax()), score.shape) if score.ndim else ()
                found.append(
                    Difference(
                        name, tuple(int(i) for i in index), float(expected[index]),
                        float(result[index]), float(allowed[index]),
                        (int(wrong.sum()), wrong.size),
                    )
                )  # fmt: skip
        return found

    def _allowed(self, name: str, expected: np.ndarray) -> np.ndarray:
        exact = expected.astype(np.float64)
        with np.errstate(invalid="ignore"):
            moved = [np.abs(draw[name].astype(np.float64) - exact) for draw in self._draws]
        spread = np.max(moved, axis=0)
        # A result that a draw makes infinite may be anything.
        spread = np.where(np.isnan(spread), np.inf, spread)
        if (exact == np.round(exact)).all():
            # Positions and counts: where a draw finds another one, any may be found.
            spread = np.where(spread > 0.9, np.inf, spread)
        if expected.dtype.kind != "f":
            return spread
        kept = "F16" if expected.dtype == np.float16 else self._precision
        relative, smallest = HALF_STEPS[kept]
        if self._precision != "F32" and self._precision != "BF16":
            spread = np.where(np.abs(exact) > 60_000, np.inf, spread)
        return spread + 2 * relative * np.abs(exact) + 2 * smallest

    def _draw(self, count: int) -> None:
        if self._session is None:
            self._session = open_session(self._moved())
        for index in range(count):
            feeds = dict(self._inputs)
            feeds[_FLUSH] = np.array(index % 4 >= 2, np.float32)
            feeds[_LEFT_OUT] = np.array(index // 4 % 2 == 1)
            for name, shape in self._shapes.items():
                if name in self._integers and index // 2 % 2:
                    noise = np.zeros(shape, np.float32)
                elif index % 2:
                    # All elements the same way: kernels err on one side.
                    noise = np.full(shape, self._rng.choice((-1, 1)), np.float32)
                else:
                    noise = self._rng.uniform(-1, 1, shape).astype(np.float32)
                feeds[name] = noise
            results = self._session.run(list(self.expected), feeds)
            self._draws.append(dict(zip(self.expected, results, strict=True)))

    # The moved network.

    def _moved(self) -> onnx.ModelProto:
        """The model with an input of random parts for every tensor that is rounded."""
        model = expanded(self._model, self.values)
        # Its own tensors, and those within operators.
        self._inner = all_values(model, self._inputs)
        graph = onnx.GraphProto()
        graph.name = "moved"
        graph.input.extend(model.graph.input)
        graph.input.append(helper.make_tensor_value_info(_FLUSH, TensorProto.FLOAT, ()))
        graph.input.append(helper.make_tensor_value_info(_LEFT_OUT, TensorProto.BOOL, ()))
        graph.initializer.append(numpy_helper.from_array(np.zeros((), np.float32), _ZERO))
        renamed: dict[str, str] = {}
        outputs = {output.name for output in model.graph.output}
        # Parameters of an operator are no tensors.
        parameters = {
            name
            for node in model.graph.node
            if node.op_type in ("Resize", "Pow", "Pad", "STFT")
            for name in node.input[1:]
        }
        for weight in model.graph.initializer:
            graph.initializer.append(weight)
            array = numpy_helper.to_array(weight)
            if array.dtype == np.float32 and weight.name not in parameters:
                self._move(graph, weight.name, array, None, renamed)
        for port in model.graph.input:
            array = np.asarray(self._inputs[port.name])
            if array.dtype == np.float32:
                self._move(graph, port.name, array, None, renamed)
        final: dict[str, str] = {}
        pairs = _pairs(model)
        makers = {name: node for node in model.graph.node for name in node.output}
        for node in model.graph.node:
            copy = onnx.NodeProto()
            copy.CopyFrom(node)
            copy.input[:] = [renamed.get(name, name) for name in node.input]
            if node.op_type == "Cast" and node.attribute[0].i == TensorProto.BOOL:
                copy.input[0] = self._vanishing(graph, node.input[0], copy.input[0], makers)
            # The moved tensor takes the name where it is an output.
            for position, name in enumerate(node.output):
                if name in outputs:
                    final[name] = copy.output[position] = name + _BEFORE
            pair = pairs.get(node.output[0])
            if pair is None:
                graph.node.append(copy)
            else:
                # The chip need not round where a network only says how it could be.
                given, copy.output[0] = copy.output[0], f"{node.output[0]}_rounded"
                operands = [_LEFT_OUT, renamed.get(pair, pair), copy.output[0]]
                graph.node.extend([copy, helper.make_node("Where", operands, [given])])
            for name in node.output:
                given = final.get(name, name)
                array = self._inner.get(name)
                if array is not None and array.dtype == np.float32:
                    self._move(graph, given, array, node, renamed)
                    if name != given:
                        renamed[name] = renamed.get(given, given)
                elif name != given:
                    renamed[name] = given
        for name in final:
            graph.node.append(helper.make_node("Identity", [renamed[name]], [name]))
        graph.output.extend(model.graph.output)
        result = onnx.ModelProto()
        result.CopyFrom(model)
        result.graph.CopyFrom(graph)
        return result

    def _vanishing(
        self, graph: onnx.GraphProto, name: str, moved: str, makers: Mapping[str, onnx.NodeProto]
    ) -> str:
        """A tensor of which in some draws 0 is what rounding may make 0: sums cancel exactly."""
        maker, relative = makers.get(name), HALF_STEPS[self._precision][0]
        if maker is None or self._inner[name].dtype != np.float32:
            return moved
        terms = [self._inner[x] for x in maker.input if x in self._inner]
        size = max((float(np.abs(x).max(initial=0)) for x in terms if x.dtype == np.float32),
                   default=0.0)  # fmt: skip
        parts = ("least", "high", "limit", "low", "kept")
        least, high, limit, low, kept = (f"{name}_{part}_of_{len(graph.node)}" for part in parts)
        value = np.array(AMPLITUDE * relative * size, np.float32)
        graph.initializer.append(numpy_helper.from_array(value, least))
        graph.node.extend(
            [
                helper.make_node("Abs", [moved], [high]),
                helper.make_node("Mul", [least, _FLUSH], [limit]),
                helper.make_node("Less", [high, limit], [low]),
                helper.make_node("Where", [low, _ZERO, moved], [kept]),
            ]
        )
        return kept

    def _move(
        self,
        graph: onnx.GraphProto,
        name: str,
        array: np.ndarray,
        node: onnx.NodeProto | None,
        renamed: dict[str, str],
    ) -> None:
        """Adds noise to a tensor, unless it is exact."""
        named = name.removesuffix(_BEFORE) in self.values
        relative, smallest = half_steps(self._precision, array, node, self._inner, named)
        if not relative and not smallest:
            return
        op = "" if node is None else node.op_type
        bounded = has_absolute_error(op, self._precision)
        noise, end = f"{name}_noise", f"{name}_moved"
        if self._precision == "INT8" and op in EXACT and (array == np.round(array)).all():
            self._integers.add(noise)
        self._shapes[noise] = array.shape
        # Without a shape: of pools that round up ONNX infers another one than there is.
        graph.input.append(helper.make_tensor_value_info(noise, TensorProto.FLOAT, None))
        for suffix, factor in (("r", relative), ("s", smallest)):
            value = np.array(factor * AMPLITUDE, np.float32)
            graph.initializer.append(numpy_helper.from_array(value, f"{name}_{suffix}"))
        parts = ("size", "scaled", "twice", "fixed", "total", "by")
        size, scaled, twice, fixed, total, moved = (f"{name}_{part}" for part in parts)
        graph.node.extend(
            [
                helper.make_node("Abs", [name], [size]),
                helper.make_node("Mul", [size, f"{name}_r"], [scaled]),
                # What is less than half a step becomes 0 at worst, and a zero stays one, but for
                # functions whose error does not vanish with them.
                helper.make_node("Add", [size, size], [twice]),
                helper.make_node("Min", [twice, f"{name}_s"], [fixed]),
                helper.make_node("Add", [scaled, f"{name}_s" if bounded else fixed], [total]),
                helper.make_node("Mul", [total, noise], [moved]),
                helper.make_node("Add", [name, moved], [end]),
            ]
        )
        if self._precision in ("F16", "INT8") and node is not None and named:
            # What is below half of the smallest step becomes 0, in some of the draws;
            # constants within a kernel need not.
            graph.node[-1].output[0] = f"{name}_unflushed"
            graph.initializer.append(
                numpy_helper.from_array(np.array(smallest, np.float32), f"{name}_least")
            )
            graph.node.extend(
                [
                    helper.make_node("Abs", [f"{name}_unflushed"], [f"{name}_high"]),
                    helper.make_node("Mul", [f"{name}_least", _FLUSH], [f"{name}_limit"]),
                    helper.make_node("Less", [f"{name}_high", f"{name}_limit"], [f"{name}_low"]),
                    helper.make_node("Where", [f"{name}_low", _ZERO, f"{name}_unflushed"], [end]),
                ]
            )
        if not np.signbit(array).any():
            # Rounding never makes a tensor negative that is not; -0 may be what is left of a tail.
            graph.node[-1].output[0] = f"{name}_signed"
            graph.node.append(helper.make_node("Relu", [f"{name}_signed"], [end]))
        renamed[name] = end


def _pairs(model: onnx.ModelProto) -> dict[str, str]:
    """What DequantizeLinear gives for what QuantizeLinear took, by the names of both."""
    makers = {name: node for node in model.graph.node for name in node.output}
    pairs = {}
    for node in model.graph.node:
        maker = makers.get(node.input[0]) if node.op_type == "DequantizeLinear" else None
        if maker is not None and maker.op_type == "QuantizeLinear":
            pairs[node.output[0]] = maker.input[0]
    return pairs


def all_values(model: onnx.ModelProto, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every tensor of a model, by name, as onnxruntime computes it without optimisations."""
    values = {weight.name: numpy_helper.to_array(weight) for weight in model.graph.initializer}
    values.update({name: np.asarray(array) for name, array in inputs.items()})
    extended = onnx.ModelProto()
    extended.CopyFrom(model)
    names = [name for node in model.graph.node for name in node.output if name]
    del extended.graph.output[:]
    extended.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    feeds = {port.name: values[port.name] for port in model.graph.input}
    results = open_session(extended).run(names, feeds)
    values.update(zip(names, results, strict=True))
    return values
