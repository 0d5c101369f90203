"""Operators that stand for several, replaced by the operator set's own definition of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import helper

from randomnets.cells import cell_body

_EXPANDED = {
    "Softmax", "LogSoftmax", "LayerNormalization", "Gelu", "Mish", "Softplus", "Elu", "Selu",
    "Celu", "Softsign", "HardSigmoid", "HardSwish", "GroupNormalization", "ReduceL1",
    "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare",
}  # fmt: skip


def expanded(model: onnx.ModelProto, values: Mapping[str, np.ndarray]) -> onnx.ModelProto:
    """A model of simpler operators.

    Args:
        model: the model.
        values: all its tensors, for their types.
    """
    opset = next(entry.version for entry in model.opset_import if not entry.domain)
    result = onnx.ModelProto()
    result.CopyFrom(model)
    del result.graph.node[:]
    for index, node in enumerate(model.graph.node):
        steps = cell_body(node, f"x{index}_", opset, values)
        if steps is not None:
            result.graph.initializer.extend(steps.constants)
            result.graph.node.extend(steps.nodes)
            continue
        node = _with_axes(node, f"x{index}_axes", result.graph)
        body = _normalisation(node, values, opset) or _body(node, values, opset)
        inner = [node] if body is None else _inlined(node, body, f"x{index}_")
        for place, part in enumerate(inner):
            # Celu is an Elu, which stands for several itself.
            deeper = (
                _body(part, values, opset) if body is not None and node.op_type != "Exp" else None
            )
            nodes = [part] if deeper is None else _inlined(part, deeper, f"x{index}_{place}_")
            result.graph.node.extend(nodes)
    return result


def _with_axes(node: onnx.NodeProto, name: str, graph: onnx.GraphProto) -> onnx.NodeProto:
    """A reduction whose axes are an operand, as definitions have it."""
    axes = [a for a in node.attribute if a.name == "axes"]
    if node.op_type not in _EXPANDED or not axes:
        return node
    graph.node.append(helper.make_node("Constant", [], [name], value_ints=list(axes[0].ints)))
    result = onnx.NodeProto()
    result.CopyFrom(node)
    result.input.append(name)
    result.attribute.remove(axes[0])
    return result


def _body(
    node: onnx.NodeProto, values: Mapping[str, np.ndarray], opset: int
) -> onnx.FunctionProto | None:
    if node.op_type == "Exp" and not node.domain:
        return _exponential(opset)
    if node.op_type not in _EXPANDED or node.domain:
        return None
    name = node.input[0]
    if name not in values:
        # A tensor within an operator: of floats.
        values = {**values, name: np.zeros((), np.float32)}
    elif not values[name].ndim:
        # Definitions have constants of rank 1.
        return None
    schema = onnx.defs.get_schema(node.op_type, opset)
    if not schema.has_function and not schema.has_context_dependent_function:
        # Definitions came later than most operators.
        schema = onnx.defs.get_schema(node.op_type)
    if schema.has_function:
        data = schema.get_function_with_opset_version(
            _version(schema.function_opset_versions, opset)
        )
    elif schema.has_context_dependent_function:
        types = [
            helper.make_tensor_type_proto(
                helper.np_dtype_to_tensor_dtype(values[name].dtype), values[name].shape
            ).SerializeToString()
            if name in values
            else onnx.TypeProto().SerializeToString()
            for name in node.input
        ]
        data = schema.get_context_dependent_function_with_opset_version(
            _version(schema.context_dependent_function_opset_versions, opset),
            node.SerializeToString(),
            types,
        )
    else:
        return None
    return onnx.FunctionProto.FromString(data)


def _exponential(opset: int) -> onnx.FunctionProto:
    """Exp as every machine computes it: a power of 2 of the operand times log2(e)."""
    make = helper.make_node

    def constant(name: str, value: float) -> onnx.NodeProto:
        tensor = helper.make_tensor(name, onnx.TensorProto.FLOAT, [], [value])
        return make("Constant", [], [name], value=tensor)

    nodes = [
        constant("binary", math.log2(math.e)),
        constant("natural", math.log(2)),
        make("Mul", ["x", "binary"], ["exponent"]),
        make("Mul", ["exponent", "natural"], ["back"]),
        make("Exp", ["back"], ["y"]),
    ]
    return helper.make_function(
        "", "exponential", ["x"], ["y"], nodes, [helper.make_opsetid("", opset)]
    )


def _version(versions: Sequence[int], opset: int) -> int:
    """The latest definition in an operator set, or the first one that came later."""
    return max((v for v in versions if v <= opset), default=min(versions))


def _inlined(node: onnx.NodeProto, body: onnx.FunctionProto, prefix: str) -> list[onnx.NodeProto]:
    """The body's nodes with the node's operands, results and attributes."""
    names = {formal: actual for formal, actual in zip(body.input, node.input, strict=False)}
    names.update({formal: "" for formal in list(body.input)[len(node.input) :]})
    names.update({f: a for f, a in zip(body.output, node.output, strict=False) if a})
    given = {attribute.name: attribute for attribute in node.attribute}
    defaults = {attribute.name: attribute for attribute in body.attribute_proto}
    schema = onnx.defs.get_schema(node.op_type, body.opset_import[0].version)
    for name, attribute in schema.attributes.items():
        if attribute.default_value.name:
            defaults.setdefault(name, attribute.default_value)
    nodes = []
    for inner in body.node:
        copy = onnx.NodeProto()
        copy.CopyFrom(inner)
        copy.name = ""
        if copy.op_type == "CastLike":
            # It came with operator set 15, and everything here is float.
            copy = helper.make_node("Cast", [], [], to=onnx.TensorProto.FLOAT)
        reads = inner.input if inner.op_type != "CastLike" else inner.input[:1]
        copy.input[:] = [names.get(n, prefix + n if n else "") for n in reads]
        copy.output[:] = [names.get(n, prefix + n if n else "") for n in inner.output]
        nodes.append(copy)
        if inner.op_type == "CastLike":
            continue
        del copy.attribute[:]
        for attribute in inner.attribute:
            if not attribute.ref_attr_name:
                copy.attribute.append(attribute)
                if copy.op_type == "Cast" and attribute.i == onnx.TensorProto.DOUBLE:
                    # Sums that are careful in the definition are so in no kernel.
                    copy.attribute[-1].i = onnx.TensorProto.FLOAT
                continue
            source = given.get(attribute.ref_attr_name, defaults.get(attribute.ref_attr_name))
            if source is not None:
                copy.attribute.append(source)
                copy.attribute[-1].name = attribute.name
    return nodes


def _normalisation(
    node: onnx.NodeProto, values: Mapping[str, np.ndarray], opset: int
) -> onnx.FunctionProto | None:
    """Normalisations without a definition, or with one that cancels, as one by other operators."""
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    rank = values[node.input[0]].ndim if node.input[0] in values else 0
    if node.op_type == "InstanceNormalization":
        axes, epsilon = list(range(2, rank)), attributes.get("epsilon", 1e-5)
    elif node.op_type == "MeanVarianceNormalization":
        axes, epsilon = list(attributes.get("axes", (0, 2, 3))), 1e-9
    else:
        return None
    make = helper.make_node
    float_, integer = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64

    def constant(name: str, kind: int, shape: list[int], data: list) -> onnx.NodeProto:
        return make("Constant", [], [name], value=helper.make_tensor(name, kind, shape, data))

    def mean(x: str, y: str) -> onnx.NodeProto:
        if opset >= 18:
            return make("ReduceMean", [x, "axes"], [y])
        return make("ReduceMean", [x], [y], axes=axes)

    nodes = [
        constant("axes", integer, [len(axes)], axes),
        constant("epsilon", float_, [], [epsilon]),
        mean("x", "mean"),
        make("Sub", ["x", "mean"], ["low"]),
        make("Mul", ["low", "low"], ["squares"]),
        mean("squares", "variance"),
        make("Add", ["variance", "epsilon"], ["more"]),
        make("Sqrt", ["more"], ["root"]),
    ]
    if len(node.input) == 1:
        nodes += [make("Div", ["low", "root"], ["y"])]
    else:
        nodes += [
            make("Div", ["low", "root"], ["normal"]),
            constant("shape", integer, [rank - 1], [-1, *[1] * (rank - 2)]),
            make("Reshape", ["scale", "shape"], ["factor"]),
            make("Reshape", ["shift", "shape"], ["summand"]),
            make("Mul", ["normal", "factor"], ["scaled"]),
            make("Add", ["scaled", "summand"], ["y"]),
        ]
    operands = ["x", "scale", "shift"][: len(node.input)]
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_function("", "normalisation", operands, ["y"], nodes, opsets)
