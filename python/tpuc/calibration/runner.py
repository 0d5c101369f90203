"""Runs a top module in onnxruntime and hands out every tensor.

The module that is compiled is run, not the file that it came from, so that each
tensor of the compiler has its own numbers under its own name. The network runs
in parts, one after the other, whose results have a bounded size; what no later
part reads is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

import tpuc.calibration.codes  # registers conversions, as do the moves
import tpuc.calibration.moves  # noqa: F401
from tpuc import _core
from tpuc.calibration.nodes import OPSET, Call, Nodes, convert, onnx_type
from tpuc.errors import UserError

# Results of one part, and weights of one part. Small parts cost calls, large
# ones memory.
PART_BYTES = 96 << 20


def source_of(graph: _core.Graph) -> dict[int, int]:
    """For each result that has its operand's elements in another order, the operand.

    What the operand is in turn made of is followed.
    """
    sources: dict[int, int] = {}
    for operation in graph.operations:
        if operation.reorders:
            operand = operation.operands[0]
            sources[operation.results[0]] = sources.get(operand, operand)
    return sources


@dataclass
class Part:
    """Consecutive operations, the values that they read and those that they give."""

    operations: list[_core.GraphOperation] = field(default_factory=list)
    reads: list[int] = field(default_factory=list)
    gives: list[int] = field(default_factory=list)


class Runner:
    """A network that gives the tensors that are asked for.

    Args:
        graph: the network.
        wanted: values to hand out.
        part_bytes: the least size of the results or weights of a part.
    """

    def __init__(
        self, graph: _core.Graph, wanted: Sequence[int], part_bytes: int = PART_BYTES
    ) -> None:
        self._graph = graph
        self._constants = {
            operation.results[0]: operation.constant
            for operation in graph.operations
            if operation.kind == "weight"
        }
        self._wanted = set(wanted) - set(self._constants)
        self._parts = self._split(part_bytes)
        self._link()
        self._sessions = [self._session(part) for part in self._parts]

    def constants_among(self, values: Sequence[int]) -> dict[int, np.ndarray]:
        """Those of some values that are constants, which no run hands out."""
        return {v: np.asarray(self._constants[v]) for v in values if v in self._constants}

    def run(self, inputs: Sequence[np.ndarray]) -> Iterator[dict[int, np.ndarray]]:
        """The wanted tensors by value, those of a part at a time.

        Args:
            inputs: one array an input of the network, in the inputs' types.
        """
        live = dict(zip(self._graph.inputs, inputs, strict=True))
        yield {value: array for value, array in live.items() if value in self._wanted}
        for index, (part, session) in enumerate(zip(self._parts, self._sessions, strict=True)):
            feeds = {f"v{value}": live[value] for value in part.reads}
            try:
                results = session.run(None, feeds)
            except Exception as error:
                raise UserError(f"onnxruntime cannot run the network: {error}") from None
            given = dict(zip(part.gives, results, strict=True))
            del results
            yield {value: array for value, array in given.items() if value in self._wanted}
            later = {value for other in self._parts[index + 1 :] for value in other.reads}
            live.update(given)
            live = {value: array for value, array in live.items() if value in later}

    def _bytes(self, value: int) -> int:
        described = self._graph.values[value]
        width = {"f32": 4, "i32": 4, "i64": 8}.get(described.dtype, 1)
        return int(np.prod(described.shape, dtype=np.int64)) * width

    def _split(self, part_bytes: int) -> list[Part]:
        parts = [Part()]
        results = weights = 0
        seen: set[int] = set()
        for operation in self._graph.operations:
            if operation.kind == "weight":
                continue
            if max(results, weights) >= part_bytes:
                parts.append(Part())
                results = weights = 0
                seen.clear()
            parts[-1].operations.append(operation)
            results += sum(self._bytes(v) for v in operation.results if v in self._wanted)
            new = {v for v in operation.operands if v in self._constants} - seen
            weights += sum(self._bytes(v) for v in new)
            seen |= new
        return [part for part in parts if part.operations]

    def _link(self) -> None:
        """Finds what each part reads and gives."""
        later: set[int] = set()
        for part in reversed(self._parts):
            made = {v for operation in part.operations for v in operation.results}
            used = {v for operation in part.operations for v in operation.operands}
            part.gives = sorted(made & (self._wanted | later))
            part.reads = sorted(used - made - set(self._constants))
            later |= set(part.reads)
        self._parts = [part for part in self._parts if part.gives]

    def _session(self, part: Part) -> Any:
        return make_session(self._graph, part, self._constants)


def make_session(graph: _core.Graph, part: Part, constants: Mapping[int, np.ndarray]) -> Any:
    """Consecutive operations in onnxruntime; a value is called by ``v`` and its number.

    Args:
        graph: the network.
        part: the operations, what they read and what is wanted of them.
        constants: arrays of values that are not computed.

    Raises:
        UserError: onnxruntime refuses the operations.
    """
    return open_session(_make_model(graph, part, constants))


def open_session(model: onnx.ModelProto, threads: int = 0) -> Any:
    """A model in onnxruntime.

    Args:
        model: the model.
        threads: how many one run uses; 0 for all.

    Raises:
        UserError: onnxruntime refuses it.
    """
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # What is freed between two parts is memory for the next one.
    options.enable_cpu_mem_arena = False
    try:
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise UserError(f"onnxruntime refuses the network: {error}") from None


def _make_model(
    graph: _core.Graph, part: Part, constants: Mapping[int, np.ndarray]
) -> onnx.ModelProto:
    values = graph.values
    nodes = Nodes(values)
    used: dict[int, None] = {}
    for operation in part.operations:
        used.update(dict.fromkeys(v for v in operation.operands if v in constants))
        inputs, outputs = (
            [f"v{value}" for value in ids] for ids in (operation.operands, operation.results)
        )
        convert(Call(operation, inputs, outputs), nodes)

    def described(ids: list[int]) -> list[onnx.ValueInfoProto]:
        return [describe(values, v) for v in ids]

    return make_model(
        nodes, described(part.reads), described(part.gives), {v: constants[v] for v in used}
    )


def describe(values: Sequence[_core.GraphValue], number: int) -> onnx.ValueInfoProto:
    """A value as an input or output."""
    value = values[number]
    return helper.make_tensor_value_info(f"v{number}", onnx_type(value.dtype), value.shape)


def make_model(
    nodes: Nodes,
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    constants: Mapping[int, np.ndarray],
) -> onnx.ModelProto:
    """A model of nodes; the constants are called by ``v`` and their values' numbers."""
    weights = [numpy_helper.from_array(np.asarray(a), f"v{v}") for v, a in constants.items()]
    graph = helper.make_graph(nodes.nodes, "part", inputs, outputs, [*weights, *nodes.constants])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 9
    return model
