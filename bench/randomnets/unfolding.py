"""A network whose fused operators, branches and loops are written out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import numpy_helper

from randomnets.definitions import Body, fused_body
from randomnets.products import qlinear_conv, qlinear_matmul


def unfolded(model: onnx.ModelProto, values: Mapping[str, np.ndarray]) -> onnx.ModelProto:
    """The network of plain operators that the compiler makes of a network.

    Args:
        model: the model.
        values: all its tensors.
    """
    opset = next(entry.version for entry in model.opset_import if not entry.domain)
    result = onnx.ModelProto()
    result.CopyFrom(model)
    del result.graph.node[:]
    for index, node in enumerate(model.graph.node):
        prefix = f"u{index}_"
        body = _written_out(node, prefix, opset, values) or fused_body(node, prefix, opset, values)
        result.graph.node.extend([node] if body is None else body.nodes)
        if body is not None:
            result.graph.initializer.extend(body.constants)
    return result


def _written_out(
    node: onnx.NodeProto, prefix: str, opset: int, values: Mapping[str, np.ndarray]
) -> Body | None:
    body = Body(node, prefix, opset)
    if node.op_type == "If":
        sides = [_inlined(body, body.attr(f"{side}_branch"), []) for side in ("then", "else")]
        pairs = zip(*sides, strict=True)
        body.give(*(body("Where", node.input[0], a, b) for a, b in pairs))
    elif node.op_type == "Loop":
        _unroll_loop(body, int(values[node.input[0]]))
    elif node.op_type == "Scan":
        _unroll_scan(body, values[node.input[1]].shape)
    elif node.op_type == "QLinearConv":
        qlinear_conv(body, values)
    elif node.op_type == "QLinearMatMul":
        qlinear_matmul(body, values)
    else:
        return None
    return body


def _unroll_loop(body: Body, count: int) -> None:
    states, collected = list(body.node.input[2:]), []
    graph = body.attr("body")
    for step in range(count):
        index = body.constant(step, np.int64)
        results = _inlined(body, graph, [index, body.constant(True, np.bool_), *states])
        collected.append(results[1 + len(states) :])
        states = results[1 : 1 + len(states)]
    body.give(*states, *(_stacked(body, list(parts), 0) for parts in zip(*collected, strict=True)))


def _unroll_scan(body: Body, shape: tuple[int, ...]) -> None:
    """One state, one input and one output."""
    state, x = body.node.input
    axis = body.attr("scan_input_axes")[0]
    order = list(range(shape[axis]))
    parts = []
    for step in reversed(order) if body.attr("scan_input_directions")[0] else order:
        part = body("Gather", x, body.constant(step, np.int64), axis=axis)
        state, part = _inlined(body, body.attr("body"), [state, part])
        parts.append(part)
    if body.attr("scan_output_directions")[0]:
        parts.reverse()
    body.give(state, _stacked(body, parts, body.attr("scan_output_axes")[0]))


def _stacked(body: Body, parts: list[str], axis: int) -> str:
    rows = [body("Unsqueeze", part, body.ints(axis)) for part in parts]
    return body("Concat", *rows, axis=axis)


def _inlined(body: Body, graph: onnx.GraphProto, operands: list[str]) -> list[str]:
    """Adds the nodes of a graph; the names of its results."""
    names = {port.name: name for port, name in zip(graph.input, operands, strict=True)}
    for weight in graph.initializer:
        names[weight.name] = body.constant(numpy_helper.to_array(weight))
    for node in graph.node:
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.input[:] = [names.get(name, name) for name in node.input]
        for name in node.output:
            names[name] = f"{body.fresh()}_{name}"
        copy.output[:] = [names[name] for name in node.output]
        copy.name = ""
        body.nodes.append(copy)
    return [names[port.name] for port in graph.output]
