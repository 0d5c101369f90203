"""Model-local functions: newer exporters write parts of a network as functions and call them.

Every call is replaced by the function's nodes before anything else looks at the
graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import onnx
import onnx.inliner

from tpuc.errors import UserError

# No network has more; it stops files of a few functions that call each other into memory.
MAX_NODES = 1 << 20

_Key = tuple[str, str, str]


def inline_functions(model: onnx.ModelProto, source: str) -> onnx.ModelProto:
    """The model with the nodes of its functions in place of their calls.

    Args:
        model: a model; it is not changed.
        source: what messages call it.

    Raises:
        UserError: a function calls itself, the calls make too many nodes, or they do not fit
            the functions.
    """
    if not model.functions:
        return model
    functions = {(f.domain, f.name, f.overload): f for f in model.functions}
    counts: dict[_Key, int | None] = {}
    try:
        total = _count(model.graph.node, functions, counts, source)
    except RecursionError:
        raise UserError(f"{source}: its functions are nested too deep") from None
    if total > MAX_NODES:
        raise UserError(f"{source}: its functions make more than {MAX_NODES} nodes")
    try:
        return onnx.inliner.inline_local_functions(model, convert_version=True)
    except Exception as error:
        raise UserError(
            f"{source}: its functions cannot be put in place of their calls ({error}), "
            f"export the model without functions"
        ) from None


def _count(
    nodes: Iterable[onnx.NodeProto],
    functions: dict[_Key, onnx.FunctionProto],
    counts: dict[_Key, int | None],
    source: str,
) -> int:
    """How many nodes there are once all calls are replaced; ``counts`` has those of functions."""
    total = 0
    for node in _with_bodies(nodes):
        key = (node.domain, node.op_type, node.overload)
        if key not in functions:
            total += 1
            continue
        if key not in counts:
            counts[key] = None
            counts[key] = _count(functions[key].node, functions, counts, source)
        inner = counts[key]
        if inner is None:
            raise UserError(
                f"{source}: the function '{node.op_type}' calls itself, export the model again"
            )
        total += inner
    return total


def _with_bodies(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """Nodes, and those of their subgraphs."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                yield from _with_bodies(graph.node)
