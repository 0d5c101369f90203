"""What random cases of grid.py have in common: operands, models, what may be lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

PRECISIONS = ("F32", "F16", "BF16", "INT8")
# Half a unit in the last place, relative.
UNITS = {"F32": 2.0**-24, "F16": 2.0**-11, "BF16": 2.0**-8}


# Multiply-accumulates and weights of a case; both bound its time.
MOST_PRODUCTS = 1_000_000_000
MOST_WEIGHTS = 40_000_000


@dataclass
class Case:
    """A model, its inputs and what must come out.

    Attributes:
        text: what it computes.
        precision, opt, quant_output: how it is compiled.
        model, inputs: the network.
        ranges: the range of each tensor, for INT8.
        expected: the exact result, f64.
        magnitude: for each element the sum of the magnitudes that it adds up.
        terms: how many products each element sums.
        size: the largest magnitude that is rounded on the way to each element.
        roundings: how often an element is rounded to the result's precision.
        result_precision: in which that is.
        shifted: for INT8 what shifts to 16 bits lose.
    """

    text: str
    precision: str
    opt: int
    quant_output: bool
    model: onnx.ModelProto
    inputs: dict[str, np.ndarray]
    ranges: list[tuple[str, tuple[float, float]]]
    expected: np.ndarray
    magnitude: np.ndarray
    terms: int
    size: np.ndarray
    roundings: int
    result_precision: str
    shifted: np.ndarray | None = None


def log_uniform(rng: np.random.Generator, low: int, high: int) -> int:
    """An integer between both, small ones as often as large ones."""
    return int(math.exp(rng.uniform(math.log(low), math.log(high + 1))))


def odd_size(rng: np.random.Generator, low: int, high: int) -> int:
    """Between both; often odd, or beside a multiple of a lane count or vector."""
    size = log_uniform(rng, low, high)
    kind = rng.random()
    if kind < 0.5:
        size |= 1
    elif kind < 0.7:
        size = round(size / 64) * 64 + int(rng.integers(-1, 2))
    return min(max(size, low), high)


def chance(rng: np.random.Generator, probability: float) -> bool:
    """True as often as `probability` says."""
    return bool(rng.random() < probability)


def pick(rng: np.random.Generator, values: Sequence, weights: Sequence[float]) -> object:
    """One of the values."""
    return values[int(rng.choice(len(values), p=np.array(weights) / sum(weights)))]


def _rounded(array: np.ndarray, precision: str) -> np.ndarray:
    """The nearest numbers of a precision, as f32."""
    array = array.astype(np.float32)
    if precision == "F16":
        return array.astype(np.float16).astype(np.float32)
    if precision == "BF16":
        bits = array.view(np.uint32).astype(np.uint64)
        return (
            ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)
        )
    return array


class Values:
    """Operands that are exact in a precision, so that no rounding of theirs counts.

    Of INT8 they are integers times a step, and each channel of weights has a
    largest magnitude of 127 steps: then quantisation loses nothing.
    """

    def __init__(self, rng: np.random.Generator, precision: str) -> None:
        self.rng = rng
        self.precision = precision
        # So small that sums of thousands stay in the range of F16.
        self.step = 2.0 ** -float(rng.integers(6, 10))
        self.ranges: list[tuple[str, tuple[float, float]]] = []
        # Most and least integer of inputs: symmetric, unsigned or lopsided.
        self.low, self.high = pick(rng, [(-127, 127), (0, 255), (-20, 235)], [2, 1, 1])

    def input(self, name: str, shape: Sequence[int]) -> np.ndarray:
        """An input of the network."""
        if self.precision != "INT8":
            return _rounded(self.rng.standard_normal(shape, np.float32), self.precision)
        numbers = self.rng.integers(self.low, self.high + 1, shape)
        self.ranges.append((name, (self.low * self.step, self.high * self.step)))
        return (numbers * self.step).astype(np.float32)

    def weights(self, shape: Sequence[int], channel_axis: int) -> np.ndarray:
        """Weights whose channels lie on an axis, each channel of its own magnitude."""
        scales_shape = [1] * len(shape)
        scales_shape[channel_axis] = shape[channel_axis]
        scales = 2.0 ** self.rng.integers(-2, 3, scales_shape).astype(np.float32)
        if self.precision != "INT8":
            return _rounded(self.rng.standard_normal(shape, np.float32) * scales, self.precision)
        numbers = self.rng.integers(-127, 128, shape).astype(np.float32)
        first = [slice(0, 1)] * len(shape)
        first[channel_axis] = slice(None)
        numbers[tuple(first)] = 127
        return numbers * (scales * np.float32(self.step))

    def bias(self, channels: int) -> np.ndarray:
        """A bias; of INT8 whole steps of every product."""
        if self.precision != "INT8":
            return _rounded(self.rng.standard_normal(channels, np.float32) * 3, self.precision)
        return (self.rng.integers(-64, 65, channels) * 4 * self.step**2).astype(np.float32)


def _model(
    nodes: list[onnx.NodeProto],
    inputs: dict[str, np.ndarray],
    weights: dict[str, np.ndarray],
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "grid",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, a.shape) for n, a in inputs.items()],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(a, n) for n, a in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    return model


def finish(
    rng: np.random.Generator,
    text: str,
    values: Values,
    nodes: list[onnx.NodeProto],
    inputs: dict[str, np.ndarray],
    weights: dict[str, np.ndarray],
    sums: tuple[np.ndarray, np.ndarray],
    terms: int,
    bias: np.ndarray | None,
    most: np.ndarray | float,
) -> Case:
    """Adds an activation to the node that makes "s", and what may be lost.

    `sums` are the exact sums and those of magnitudes, `most` the largest sums that
    the weights allow, from which INT8 chooses its shifts.
    """
    expected, magnitude = sums
    if bias is not None:
        expected, magnitude = expected + bias, magnitude + np.abs(bias)
    size = np.abs(expected)
    activation = pick(rng, ["", "Relu", "Clip"], [5, 3, 1])
    if activation == "Clip":
        limit = np.float32(6)
        weights |= {"low": np.float32(0), "high": limit}
        nodes.append(helper.make_node("Clip", ["s", "low", "high"], ["y"], "activation"))
        expected = np.clip(expected, 0, limit)
    elif activation == "Relu":
        nodes.append(helper.make_node("Relu", ["s"], ["y"], "activation"))
        expected = np.maximum(expected, 0)
    else:
        nodes[-1].output[0] = "y"
    precision = values.precision
    roundings, shifted, quant_output = 1, None, False
    if precision == "INT8":
        # A cast, a factor, a product, a summand.
        roundings = 5
        shifted = np.broadcast_to(np.asarray(2 * np.max(most) / 32767 * 4), expected.shape)
        shifted = np.minimum(shifted, magnitude)
        largest = float(np.abs(expected).max()) or 1.0
        edge = values.step * math.ceil(largest / values.step)
        values.ranges.append(("s", (-edge, edge)))
        values.ranges.append(("y", (0.0 if activation else -edge, edge)))
        quant_output = chance(rng, 0.4)
    elif bias is not None:
        roundings = 2
    opt = int(pick(rng, [2, 1], [4, 1]))
    return Case(
        f"{precision} opt {opt} {text} {'bias ' if bias is not None else ''}{activation}"
        f"{' bytes' if quant_output else ''}",
        precision,
        opt,
        quant_output,
        _model(nodes, inputs, weights),
        inputs,
        values.ranges,
        expected,
        magnitude,
        terms,
        size,
        roundings,
        "F16" if precision == "INT8" else precision,
        shifted,
    )


def range_of(array: np.ndarray, step: float) -> tuple[float, float]:
    """A symmetric range of whole steps."""
    edge = step * math.ceil((float(np.abs(array).max()) or 1.0) / step)
    return -edge, edge
