"""A random network while it grows: each node is evaluated as it is added.

A node that onnxruntime refuses, or whose result is not finite, too large or too
long, is not added, so that networks are valid and their values in a sane range.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

onnxruntime.set_default_logger_severity(4)

# Elements of a tensor, and multiply-adds of a node for each of them.
LARGEST_TENSOR = 30_000
LARGEST_WORK = 100
SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 15, 16, 17, 24, 31, 32, 33, 48, 49, 63, 64, 65, 67, 96,
         100, 127, 128, 129, 130, 192, 255, 257, 320, 513)  # fmt: skip
OPSETS = (13, 17, 18, 20, 23)
FLOAT = np.dtype(np.float32)


class RejectedError(Exception):
    """The node that was asked for cannot be part of the network."""


@dataclass(eq=False)
class Value:
    """A tensor of the network.

    Attributes:
        name: in the model.
        array: what the float network computes for its sample inputs.
        constant: whether it is an initialiser.
        readers: how many nodes read it.
    """

    name: str
    array: np.ndarray
    constant: bool = False
    readers: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""
        return self.array.shape

    @property
    def rank(self) -> int:
        """Number of axes."""
        return self.array.ndim


@dataclass
class Network:
    """A network of which every value is known.

    Attributes:
        rng: decides everything.
        opset: of the model.
        special: whether inputs hold zeros, negative zeros, tiny and large numbers.
        largest: elements of a tensor, at most.
        families: names of the families that added nodes.
    """

    rng: np.random.Generator
    opset: int
    special: bool = False
    largest: int = LARGEST_TENSOR
    inputs: list[Value] = field(default_factory=list)
    constants: list[Value] = field(default_factory=list)
    computed: list[Value] = field(default_factory=list)
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    families: list[str] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)

    # Chance.

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return bool(self.rng.random() < probability)

    def choose(self, options: Sequence):  # noqa: ANN201
        """One of them."""
        return options[int(self.rng.integers(len(options)))]

    def integer(self, low: int, high: int) -> int:
        """From low to high, both included."""
        return int(self.rng.integers(low, high + 1))

    def size(self, largest: int) -> int:
        """An axis' size; odd ones and those around powers of 2 are as likely as others."""
        return self.choose([size for size in SIZES if size <= max(1, largest)])

    def shape(self, rank: int, largest: int | None = None) -> tuple[int, ...]:
        """Sizes whose product is at most ``largest``."""
        sizes = [1] * rank
        left = largest or self.largest // 5
        for axis in self.rng.permutation(rank):
            sizes[axis] = self.size(left)
            left //= sizes[axis]
        return tuple(sizes)

    def normal(self, shape: Sequence[int], scale: float = 1.0) -> np.ndarray:
        """Random numbers."""
        return (self.rng.standard_normal(tuple(shape)) * scale).astype(np.float32)

    # Growth.

    def input(self, shape: Sequence[int], dtype: np.dtype | type = FLOAT) -> Value:
        """Adds an input with a sample value."""
        name = f"in{len(self.inputs)}"
        value = Value(name, self.sample(shape, np.dtype(dtype)))
        self.inputs.append(value)
        return value

    def sample(self, shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
        """A sample for an input."""
        shape = tuple(shape)
        if dtype == np.bool_:
            return self.rng.random(shape) < 0.5
        if dtype.kind in "iu":
            return self.rng.integers(-9, 10, shape).astype(dtype)
        array = np.asarray(self.rng.standard_normal(shape), np.float32)
        if self.chance(0.2):
            array = np.abs(array)
        if self.chance(0.2):
            # What 16 bits hold exactly.
            array = np.round(array * 4) / 4
        if self.special:
            array = np.where(self.rng.random(shape) < 0.15, 0.0, array)
            array = np.where(self.rng.random(shape) < 0.1, -0.0, array)
            array = np.where(self.rng.random(shape) < 0.05, array * 1e-6, array)
            array = np.where(self.rng.random(shape) < 0.03, array * 300, array)
        return np.asarray(array, np.float32)

    def constant(self, array: np.ndarray | Sequence | float, dtype: type | None = None) -> Value:
        """Adds an initialiser."""
        array = np.asarray(array, dtype)
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        value = Value(f"const{len(self.constants)}", array, constant=True)
        self.constants.append(value)
        return value

    def ints(self, *values: int) -> Value:
        """A list of integers as an initialiser."""
        return self.constant(np.array(values, np.int64))

    def call(self, op: str, *inputs: Value | None, outputs: int = 1, **attributes):  # noqa: ANN201, ANN003
        """Adds a node.

        Values that its bodies read without an operand are given as ``captured``, how large
        its numbers may be as ``limit``.

        Returns:
            Its result, or the list of its results.

        Raises:
            RejectedError: it is no valid node, or its result no sane value.
        """
        domain = attributes.pop("domain", "")
        captured = attributes.pop("captured", ())
        limit = attributes.pop("limit", 30_000 if self.special else 2_000)
        index = len(self.nodes)
        names = [f"t{index}" + ("" if outputs == 1 else f"_{i}") for i in range(outputs)]
        reads = ["" if value is None else value.name for value in inputs]
        while reads and not reads[-1]:
            reads.pop()
        attributes = {key: value for key, value in attributes.items() if value is not None}
        node = helper.make_node(op, reads, names, f"n{index}_{op}", domain=domain, **attributes)
        known = [value for value in (*inputs, *captured) if value is not None]
        arrays = evaluate(node, {value.name: value.array for value in known}, self.opset)
        results = [Value(name, array) for name, array in zip(names, arrays, strict=True)]
        for value in results:
            self._check(value.array, limit)
        for value in known:
            value.readers += 1
        self.nodes.append(node)
        self.computed += results
        return results[0] if outputs == 1 else results

    def _check(self, array: np.ndarray, limit: float) -> None:
        if not 0 < array.size <= self.largest:
            raise RejectedError(f"{array.size} elements")
        if array.dtype.kind == "f":
            if not np.isfinite(array).all():
                raise RejectedError("not finite")
            if np.abs(array).max() > limit:
                raise RejectedError("too large")

    def grow(self, family: Callable[[Network], None], name: str) -> bool:
        """Lets a family add its nodes, all or none; whether it did."""
        before = (len(self.inputs), len(self.constants), len(self.computed), len(self.nodes))
        readers = [(value, value.readers) for value in self.values()]
        try:
            family(self)
        except RejectedError:
            counts = dict(zip(("inputs", "constants", "computed", "nodes"), before, strict=True))
            for key, count in counts.items():
                del getattr(self, key)[count:]
            for value, count in readers:
                value.readers = count
            return False
        self.families.append(name)
        return True

    # Operands.

    def values(self) -> list[Value]:
        """Everything that is no constant."""
        return self.inputs + self.computed

    def pick(self, accept: Callable[[Value], bool] = lambda value: True) -> Value:
        """A float value, more often a late one that nothing reads yet.

        Raises:
            RejectedError: there is none.
        """
        fit = [v for v in self.values() if v.array.dtype == FLOAT and accept(v)]
        if not fit:
            raise RejectedError("no operand")
        fresh = [v for v in fit if not v.readers]
        if fresh and self.chance(0.7):
            return fresh[-1] if self.chance(0.6) else self.choose(fresh)
        return self.choose(fit)

    def ranked(self, *ranks: int, part: float = 1.0) -> Value:
        """A float value of one of these ranks: there already, reshaped, or a new input.

        Args:
            ranks: that fit.
            part: of the largest tensor's size, how much it may have.
        """
        largest = int(self.largest * part)

        def fits(value: Value) -> bool:
            return value.rank in ranks and value.array.size <= largest

        if any(fits(v) and v.array.dtype == FLOAT for v in self.values()) and self.chance(0.8):
            return self.pick(fits)
        rank = self.choose(ranks)
        if self.chance(0.3):
            return self.input(self.shape(rank, min(largest, self.largest // 7)))
        return self.reshaped(self.pick(lambda v: v.array.size <= largest), rank)

    def reshaped(self, value: Value, rank: int) -> Value:
        """The value under another rank."""
        if value.rank == rank:
            return value
        shape = self.factors(value.array.size, rank)
        return self.call("Reshape", value, self.ints(*shape))

    def factors(self, size: int, rank: int) -> list[int]:
        """Random sizes with a given product."""
        if rank == 0:
            if size != 1:
                raise RejectedError("not a scalar")
            return []
        sizes = [1] * rank
        left, prime = size, 2
        primes = []
        while left > 1:
            while left % prime == 0:
                primes.append(prime)
                left //= prime
            prime = prime + 1 if prime * prime <= left else max(left, 2)
        for factor in primes:
            sizes[int(self.rng.integers(rank))] *= factor
        return sizes

    def bounded(self, value: Value, limit: float) -> Value:
        """The value, squeezed by tanh where it is larger than the limit."""
        if np.abs(value.array).max(initial=0) <= limit:
            return value
        return self.call("Tanh", value)

    def work(self, amount: float) -> None:
        """Refuses nodes with more multiply-adds than a test may cost."""
        if amount > LARGEST_WORK * self.largest:
            raise RejectedError("too much work")

    # Result.

    def finish(self) -> None:
        """Chooses outputs: what nothing reads, and sometimes what is read too."""
        computed = {id(value) for value in self.computed}
        leaves = [value for value in self.computed if not value.readers]
        outputs = leaves[-5:]
        inner = [value for value in self.computed if value.readers]
        if inner and self.chance(0.3):
            outputs.append(self.choose(inner))
        if self.constants and self.chance(0.03):
            outputs.append(self.choose(self.constants))
        if self.chance(0.03):
            outputs.append(self.choose(self.inputs))
        order = [int(index) for index in self.rng.permutation(len(outputs))]
        self.outputs = [outputs[index] for index in order]
        assert any(id(value) in computed for value in self.outputs)

    def model(self) -> onnx.ModelProto:
        """The network as an ONNX model."""
        graph = helper.make_graph(
            self.nodes,
            "random",
            [_described(value) for value in self.inputs],
            [_described(value) for value in self.outputs],
            [numpy_helper.from_array(value.array, value.name) for value in self.constants],
        )
        return make_model(graph, self.opset)

    def macs(self, *sizes: int) -> None:
        """As ``work``, for a product of sizes."""
        self.work(math.prod(sizes))


def make_model(graph: onnx.GraphProto, opset: int) -> onnx.ModelProto:
    """A model of one graph."""
    domains = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=domains)
    model.ir_version = 9
    return model


def _described(value: Value) -> onnx.ValueInfoProto:
    kind = helper.np_dtype_to_tensor_dtype(value.array.dtype)
    return helper.make_tensor_value_info(value.name, kind, value.shape)


def open_session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """The model in onnxruntime, as it is written."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def evaluate(node: onnx.NodeProto, arrays: dict[str, np.ndarray], opset: int) -> list[np.ndarray]:
    """The results of one node in onnxruntime.

    Raises:
        RejectedError: onnxruntime refuses it.
    """
    inputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        for name, array in arrays.items()
    ]
    outputs = [onnx.ValueInfoProto(name=name) for name in node.output]
    graph = helper.make_graph([node], "node", inputs, outputs)
    model = make_model(graph, opset)
    try:
        return open_session(model).run(None, arrays)
    except Exception as error:
        raise RejectedError(str(error)) from None
