"""The nodes of a model in an order in which they can be evaluated.

Checks what the format promises and files break: names defined once, inputs
that exist, no cycles, arguments and attributes as the operator set says.
"""

from __future__ import annotations

import ast
import contextlib
import heapq
from collections import Counter
from collections.abc import Iterable

import numpy as np
import onnx

from tpuc.errors import UserError
from tpuc.frontend.load import LoadedModel

STANDARD_DOMAINS = ("", "ai.onnx")


# Where torch.export writes the modules that a node comes from, as a list from the outermost to
# the node's own operation, and the most that is read of it.
_SCOPES = "pkg.torch.onnx.name_scopes"
_LONGEST_SCOPES = 10_000


def _module_of(proto: onnx.NodeProto) -> str:
    """The user's module that a node of PyTorch's exporter comes from, as "layer1.0.conv"."""
    for entry in proto.metadata_props:
        if entry.key == _SCOPES and len(entry.value) <= _LONGEST_SCOPES:
            with contextlib.suppress(ValueError, SyntaxError, MemoryError, RecursionError):
                scopes = ast.literal_eval(entry.value)
                if isinstance(scopes, list) and len(scopes) > 1 and isinstance(scopes[-2], str):
                    return scopes[-2]
    return ""


class Node:
    """One node: operator, names, attributes as Python values."""

    __slots__ = (
        "attributes", "captures", "domain", "input_types", "inputs", "name", "op_type", "opset",
        "output_types", "outputs", "proto",
    )  # fmt: skip

    def __init__(self, proto: onnx.NodeProto, opset: int) -> None:
        self.proto = proto
        self.op_type = proto.op_type
        self.domain = "" if proto.domain in STANDARD_DOMAINS else proto.domain
        self.inputs = list(proto.input)
        self.outputs = list(proto.output)
        own = proto.name or next((o for o in self.outputs if o), proto.op_type)
        module = _module_of(proto)
        self.name = f"{module}.{own}" if module else own
        self.opset = opset
        self.attributes = {a.name: a for a in proto.attribute}
        # Values from around the node that its bodies use.
        self.captures = sorted(_captures(proto))
        # The element types that the model gives operands and results, where they are known.
        self.input_types: list[np.dtype | None] = []
        self.output_types: list[np.dtype | None] = []

    def attr(self, name: str, default: object = None) -> object:
        """An attribute's value, strings decoded, or the default."""
        attribute = self.attributes.get(name)
        if attribute is None:
            return default
        value = onnx.helper.get_attribute_value(attribute)
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if isinstance(value, list) and value and isinstance(value[0], bytes):
            return [item.decode("utf-8", "replace") for item in value]
        return value

    def required(self, name: str) -> object:
        """An attribute's value; a UserError when it is absent."""
        if name not in self.attributes:
            raise UserError(f"has no attribute '{name}', which {self.op_type} needs")
        return self.attr(name)

    def describe(self) -> str:
        """How messages name the node."""
        domain = f"{self.domain}::" if self.domain else ""
        return f"node '{self.name}' ({domain}{self.op_type})"


def _captures(proto: onnx.NodeProto) -> set[str]:
    names: set[str] = set()
    for attribute in proto.attribute:
        for graph in (attribute.g, *attribute.graphs):
            used = {output.name for output in graph.output}
            defined = {port.name for port in (*graph.input, *graph.initializer)}
            for node in graph.node:
                used.update(node.input)
                used |= _captures(node)
                defined.update(node.output)
            names |= used - defined
    return names - {""}


def network_inputs(model: LoadedModel) -> list[onnx.ValueInfoProto]:
    """The inputs that the user feeds: those without an initialiser."""
    return [i for i in model.proto.graph.input if i.name not in model.weights]


def ordered_nodes(model: LoadedModel) -> list[Node]:
    """All nodes, every one after those whose results it uses.

    Raises:
        UserError: the graph is broken; the text names the node or value.
    """
    source, graph = model.source, model.proto.graph
    nodes = [Node(proto, model.opset) for proto in graph.node]
    inputs = [i.name for i in graph.input]
    for name, count in Counter(inputs).items():
        if count > 1 or not name:
            what = f"two inputs named '{name}'" if name else "an input without a name"
            raise UserError(f"{source}: the graph has {what}")
    defined: dict[str, Node | None] = dict.fromkeys([*inputs, *model.weights])
    for node in nodes:
        for name in node.outputs:
            if not name:
                continue
            if name in defined:
                other = defined[name]
                owner = "an input or initialiser" if other is None else other.describe()
                raise UserError(
                    f"{source}: the name '{name}' is defined twice, by {node.describe()} and "
                    f"{owner}"
                )
            defined[name] = node
    for node in nodes:
        for name in (*node.inputs, *node.captures):
            if name and name not in defined:
                raise UserError(f"{source}: {node.describe()} uses '{name}', which nothing defines")
    if not graph.output:
        raise UserError(f"{source}: the graph has no output")
    for output in graph.output:
        if output.name not in defined:
            raise UserError(f"{source}: the graph's output '{output.name}' is not defined")
    for node in nodes:
        _check_signature(node, source)
    return _sort(nodes, source)


def body_nodes(graph: onnx.GraphProto, opset: int, source: str) -> list[Node]:
    """The nodes of a graph inside a node, every one after those whose results it uses.

    Raises:
        UserError: the graph is broken.
    """
    nodes = [Node(proto, opset) for proto in graph.node]
    defined = {port.name for port in (*graph.input, *graph.initializer)}
    for node in nodes:
        for name in filter(None, node.outputs):
            if name in defined:
                raise UserError(f"{source}: the name '{name}' is defined twice in one body")
            defined.add(name)
    # What nothing in the body defines is the business of the graphs around it.
    for node in nodes:
        _check_signature(node, source)
    return _sort(nodes, source)


def needed_nodes(nodes: list[Node], outputs: Iterable[str]) -> list[Node]:
    """The nodes that an output depends on, in the same order."""
    needed = set(outputs)
    kept = []
    for node in reversed(nodes):
        if needed.intersection(node.outputs):
            kept.append(node)
            needed.update(node.inputs)
    return kept[::-1]


def _sort(nodes: list[Node], source: str) -> list[Node]:
    """The nodes in their order, but each after those whose results it uses."""
    makers = {name: index for index, node in enumerate(nodes) for name in node.outputs if name}
    waits = [
        {makers[name] for name in (*node.inputs, *node.captures) if name in makers}
        for node in nodes
    ]
    users: list[list[int]] = [[] for _ in nodes]
    for index, makers_of in enumerate(waits):
        for maker in makers_of:
            users[maker].append(index)
    ready = [index for index, makers_of in enumerate(waits) if not makers_of]
    left = [len(makers_of) for makers_of in waits]
    order: list[Node] = []
    while ready:
        index = heapq.heappop(ready)
        order.append(nodes[index])
        for user in users[index]:
            left[user] -= 1
            if not left[user]:
                heapq.heappush(ready, user)
    if len(order) < len(nodes):
        blocked = next(node for index, node in enumerate(nodes) if left[index])
        raise UserError(
            f"{source}: the graph has a cycle through {blocked.describe()}, export the model again"
        )
    return order


def _check_signature(node: Node, source: str) -> None:
    """Checks counts and attribute types against the operator set."""
    if node.domain:
        return
    try:
        schema = onnx.defs.get_schema(node.op_type, node.opset, node.domain)
    except Exception:
        # An unknown operator is reported with all the others.
        return
    count = len(node.inputs)
    if not schema.min_input <= count <= schema.max_input:
        raise UserError(
            f"{source}: {node.describe()} has {count} inputs, opset {node.opset} wants "
            f"{_range(schema.min_input, schema.max_input)}"
        )
    count = len(node.outputs)
    if not schema.min_output <= count <= schema.max_output:
        raise UserError(
            f"{source}: {node.describe()} has {count} outputs, opset {node.opset} wants "
            f"{_range(schema.min_output, schema.max_output)}"
        )
    optional = onnx.defs.OpSchema.FormalParameterOption.Optional
    for index, name in enumerate(node.inputs):
        if not name and schema.inputs[min(index, len(schema.inputs) - 1)].option != optional:
            raise UserError(f"{source}: {node.describe()} leaves out its input {index}")
    for name, attribute in node.attributes.items():
        expected = schema.attributes.get(name)
        if expected is None:
            raise UserError(
                f"{source}: {node.describe()} has the attribute '{name}', which opset "
                f"{node.opset} does not know"
            )
        if int(expected.type) != int(attribute.type):
            raise UserError(
                f"{source}: {node.describe()} has the attribute '{name}' of the wrong type, "
                f"expected {expected.type.name}"
            )
    for name, expected in schema.attributes.items():
        if expected.required and name not in node.attributes:
            raise UserError(f"{source}: {node.describe()} has no attribute '{name}'")


def _range(low: int, high: int) -> str:
    if low == high:
        return str(low)
    return f"at least {low}" if high > 1 << 20 else f"{low} to {high}"
