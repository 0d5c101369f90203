"""Operators that the operator set defines by others: their nodes, for one call.

What no converter takes is imported by its function body, with the element types and attributes
of the call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx
from onnx import defs

from tpuc.frontend.graph import Node


def body_of(node: Node, shapes: Sequence[Sequence[int] | None], prefix: str) -> list[Node]:
    """The nodes that compute what a node does; [] when the operator set has none.

    Args:
        node: the call; it knows the element types of its operands.
        shapes: of its operands, None for one that is left out.
        prefix: put before the names of values that only the body knows.
    """
    schema = _schema(node)
    function = None if schema is None else _function(schema, node, shapes)
    if function is None:
        return []
    names = {"": ""}
    for formal, actual in zip(function.input, _padded(node.inputs, function.input), strict=True):
        names[formal] = actual
    for formal, actual in zip(function.output, _padded(node.outputs, function.output), strict=True):
        if actual:
            names[formal] = actual
    attributes = {name: a.default_value for name, a in schema.attributes.items()
                  if a.default_value.type}  # fmt: skip
    attributes.update(node.attributes)
    opset = next((o.version for o in function.opset_import if not o.domain), node.opset)
    return [Node(_renamed(proto, names, attributes, prefix), opset) for proto in function.node]


def _padded(names: Sequence[str], formals: Sequence[str]) -> list[str]:
    return [*names, *[""] * (len(formals) - len(names))]


def _schema(node: Node) -> defs.OpSchema | None:
    for version in (node.opset, 1):
        try:
            return defs.get_schema(node.op_type, version, node.domain)
        except defs.SchemaError:
            # Operators of other domains have versions of their own.
            continue
    return None


def _function(
    schema: defs.OpSchema, node: Node, shapes: Sequence[Sequence[int] | None]
) -> onnx.FunctionProto | None:
    if schema.has_function:
        return schema.function_body
    if not schema.has_context_dependent_function:
        return None
    protos = []
    for dtype, shape in zip(node.input_types, shapes, strict=True):
        proto = onnx.TypeProto()
        if dtype is not None and shape is not None:
            element = onnx.helper.np_dtype_to_tensor_dtype(dtype)
            proto = onnx.helper.make_tensor_type_proto(element, shape)
        protos.append(proto.SerializeToString())
    versions = schema.context_dependent_function_opset_versions
    version = max((v for v in versions if v <= node.opset), default=max(versions))
    data = schema.get_context_dependent_function_with_opset_version(
        version, node.proto.SerializeToString(), protos
    )
    return onnx.FunctionProto.FromString(data) if data else None


def _renamed(
    proto: onnx.NodeProto,
    names: dict[str, str],
    attributes: Mapping[str, onnx.AttributeProto],
    prefix: str,
) -> onnx.NodeProto:
    """A node of a body with the names and attributes of the call."""
    result = onnx.NodeProto()
    result.CopyFrom(proto)
    result.name = f"{prefix}{proto.name or proto.output[0]}"
    for index, name in enumerate(proto.input):
        result.input[index] = names.get(name, prefix + name)
    for index, name in enumerate(proto.output):
        result.output[index] = names.setdefault(name, prefix + name)
    del result.attribute[:]
    for attribute in proto.attribute:
        if not attribute.ref_attr_name:
            result.attribute.append(attribute)
            _rename_graph(result.attribute[-1].g, names, attributes, prefix)
        elif attribute.ref_attr_name in attributes:
            given = result.attribute.add()
            given.CopyFrom(attributes[attribute.ref_attr_name])
            given.name = attribute.name
    return result


def _rename_graph(
    graph: onnx.GraphProto,
    names: dict[str, str],
    attributes: Mapping[str, onnx.AttributeProto],
    prefix: str,
) -> None:
    """As ``_renamed``, for the graph that a node of a body has as an attribute."""
    inner = dict(names)
    for port in (*graph.input, *graph.initializer):
        inner[port.name] = prefix + port.name
    nodes = [_renamed(node, inner, attributes, prefix) for node in graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    for port in (*graph.input, *graph.initializer, *graph.output):
        port.name = inner.get(port.name, prefix + port.name)
