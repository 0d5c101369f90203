"""Pieces of an ONNX model: models of some of its nodes, smaller shapes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np
import onnx
from onnx import numpy_helper


class Graph:
    """A model whose nodes can be taken out, and the values of a run of it.

    What a node used and no other node of a piece computes becomes an input of
    the piece, which is fed the value that it had in the run.

    Args:
        model: the model; nodes are in an order in which they can run.
        values: every value of a run by name, inputs and outputs too.
    """

    def __init__(self, model: onnx.ModelProto, values: Mapping[str, np.ndarray]) -> None:
        self.model = model
        self.values = dict(values)
        self.nodes = list(model.graph.node)
        self.weights = {tensor.name: tensor for tensor in model.graph.initializer}
        self.outputs = [output.name for output in model.graph.output]

    def piece(
        self, kept: Iterable[int], outputs: Collection[str] | None = None
    ) -> tuple[onnx.ModelProto, dict[str, np.ndarray]] | None:
        """A model of some nodes, and its inputs; nothing when there is none.

        Args:
            kept: indices of nodes.
            outputs: names to return; by default what no kept node uses, and
                those outputs of the whole that are computed.
        """
        nodes = [self.nodes[i] for i in sorted(kept)]
        computed = {name for node in nodes for name in node.output if name}
        used = dict.fromkeys(name for node in nodes for name in uses(node))
        inputs = [name for name in used if name not in computed and name not in self.weights]
        if outputs is None:
            ends = [name for name in computed if name not in used or name in self.outputs]
            outputs = [name for node in nodes for name in node.output if name in ends]
        # A value that the run did not have cannot be fed or compared.
        outputs = [name for name in outputs if name in self.values and name in computed]
        if not outputs or any(name not in self.values for name in inputs):
            return None
        graph = onnx.helper.make_graph(
            nodes,
            self.model.graph.name or "reduced",
            [self._info(name) for name in inputs],
            [self._info(name) for name in outputs],
            [self.weights[name] for name in used if name in self.weights],
        )
        return self._wrap(graph), {name: self.values[name] for name in inputs}

    def _info(self, name: str) -> onnx.ValueInfoProto:
        array = self.values[name]
        kind = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
        return onnx.helper.make_tensor_value_info(name, kind, array.shape)

    def _wrap(self, graph: onnx.GraphProto) -> onnx.ModelProto:
        model = onnx.ModelProto()
        model.CopyFrom(
            onnx.helper.make_model(
                graph,
                opset_imports=self.model.opset_import,
                functions=self.model.functions,
                producer_name="tpuc debug reduce",
            )
        )
        model.ir_version = self.model.ir_version
        return model


def uses(node: onnx.NodeProto) -> list[str]:
    """The values that a node uses, those of its subgraphs included."""
    names = [name for name in node.input if name]
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            inner = {name for each in graph.node for name in each.output}
            inner.update(info.name for info in graph.input)
            inner.update(tensor.name for tensor in graph.initializer)
            names += [name for each in graph.node for name in uses(each) if name not in inner]
            names += [out.name for out in graph.output if out.name not in inner]
    return names


def all_values(model: onnx.ModelProto) -> list[str]:
    """The names of all values that a model computes."""
    return [name for node in model.graph.node for name in node.output if name]


def sizes(model: onnx.ModelProto) -> list[int]:
    """The sizes of axes of the inputs and the weights, largest first."""
    found: set[int] = set()
    for info in model.graph.input:
        found.update(dim.dim_value for dim in info.type.tensor_type.shape.dim)
    for tensor in model.graph.initializer:
        found.update(tensor.dims)
    return sorted((size for size in found if size > 1), reverse=True)


def resized(
    model: onnx.ModelProto, inputs: Mapping[str, np.ndarray], old: int, new: int
) -> tuple[onnx.ModelProto, dict[str, np.ndarray]]:
    """A model in which every axis of one size has another, smaller one.

    Inputs and weights are cut; lists of integers, which tell shapes, get the new
    number. Whether the result is a model is for others to find out.
    """
    smaller = onnx.ModelProto()
    smaller.CopyFrom(model)
    fed = {name: _cut(array, old, new) for name, array in inputs.items()}
    for info in smaller.graph.input:
        for dim in info.type.tensor_type.shape.dim:
            if dim.dim_value == old:
                dim.dim_value = new
    # Outputs get whatever shape follows; the checker wants their rank.
    for info in smaller.graph.output:
        for dim in info.type.tensor_type.shape.dim:
            dim.ClearField("value")
    del smaller.graph.value_info[:]
    for tensor in smaller.graph.initializer:
        array = numpy_helper.to_array(tensor)
        changed = _cut(array, old, new)
        if array.dtype == np.int64 and array.ndim <= 1:
            changed = np.where(changed == old, new, changed)
        if changed.shape != array.shape or not np.array_equal(changed, array):
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(changed), tensor.name))
    for node in smaller.graph.node:
        _resize_attributes(node, old, new)
    return smaller, fed


def with_output_shapes(
    model: onnx.ModelProto, outputs: Mapping[str, np.ndarray]
) -> onnx.ModelProto:
    """The model with its outputs' shapes as they are in a run."""
    known = onnx.ModelProto()
    known.CopyFrom(model)
    for info in known.graph.output:
        if info.name not in outputs:
            continue
        kind = info.type.tensor_type.elem_type
        shape = outputs[info.name].shape
        info.CopyFrom(onnx.helper.make_tensor_value_info(info.name, kind, shape))
    return known


def _cut(array: np.ndarray, old: int, new: int) -> np.ndarray:
    part = array[tuple(slice(new) if size == old else slice(None) for size in array.shape)]
    return np.ascontiguousarray(part).reshape(part.shape)


def _resize_attributes(node: onnx.NodeProto, old: int, new: int) -> None:
    for attribute in node.attribute:
        if attribute.name in ("kernel_shape", "shape", "split"):
            attribute.ints[:] = [new if value == old else value for value in attribute.ints]
        elif attribute.name in ("group", "hidden_size") and attribute.i == old:
            attribute.i = new
        elif attribute.HasField("t") and list(attribute.t.dims) in ([], [1]):
            continue
        elif attribute.HasField("t") and attribute.t.data_type == onnx.TensorProto.INT64:
            array = numpy_helper.to_array(attribute.t)
            array = np.where(array == old, new, array)
            attribute.t.CopyFrom(numpy_helper.from_array(array, attribute.t.name))
