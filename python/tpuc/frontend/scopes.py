"""Which name stands for what, in the graph and in the bodies of its control flow."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import onnx
from onnx import numpy_helper

from tpuc.errors import UserError
from tpuc.frontend.graph import Node, body_nodes, needed_nodes


@dataclass
class Scope:
    """The names of a graph; those of the graphs around it are seen as well."""

    parent: Scope | None = None
    # What distinguishes the names of one run of a body from those of another.
    suffix: str = ""
    # None stands for an operand that is left out.
    values: dict[str, object] = field(default_factory=dict)
    # Nodes that only bodies use, by their results: imported when one does.
    deferred: dict[str, Node] = field(default_factory=dict)
    # Results of refused nodes; what depends on them is not looked at.
    unknown: set[str] = field(default_factory=set)

    def owner(self, name: str) -> Scope | None:
        """The scope in which a name stands for something, None when none does."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values or name in scope.deferred or name in scope.unknown:
                return scope
            scope = scope.parent
        return None

    def is_unknown(self, name: str) -> bool:
        """Whether a node that gives the value was refused."""
        owner = self.owner(name)
        return owner is not None and name in owner.unknown and name not in owner.values

    def defer(self, nodes: list[Node], kept: list[Node]) -> None:
        """Remembers the nodes that are not kept."""
        names = {id(node) for node in kept}
        for node in nodes:
            if id(node) not in names:
                self.deferred.update((name, node) for name in node.outputs if name)


class Body:
    """A graph inside a node, with its nodes in order."""

    def __init__(self, graph: onnx.GraphProto, opset: int, source: str) -> None:
        self.inputs = [port.name for port in graph.input]
        self.outputs = [port.name for port in graph.output]
        self.nodes = body_nodes(graph, opset, source)
        self.kept = needed_nodes(self.nodes, self.outputs)
        self.constants: dict[str, np.ndarray] = {}
        for tensor in graph.initializer:
            try:
                self.constants[tensor.name] = numpy_helper.to_array(tensor)
            except Exception as error:
                raise UserError(
                    f"initialiser '{tensor.name}' of its body is broken: {error}"
                ) from None

    @staticmethod
    def of(node: Node, attribute: str, source: str) -> Body:
        """The body that an attribute of a node holds; the same for every run of it."""
        return _body(node, attribute, source)


@cache
def _body(node: Node, attribute: str, source: str) -> Body:
    return Body(node.attributes[attribute].g, node.opset, source)
