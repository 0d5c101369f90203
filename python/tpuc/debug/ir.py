"""Shows the operations of a module, at any level, by node and by kind."""

from __future__ import annotations

from collections.abc import Sequence

from tpuc import _core


def show(
    module: _core.Module,
    nodes: str | Sequence[str] = (),
    kinds: str | Sequence[str] = (),
    limit: int = 0,
) -> str:
    """Operations as text, a line each.

    Args:
        module: of the top, tpu or bm1684x dialect.
        nodes: parts of the names of source nodes; operations of others are left out.
        kinds: parts of operations' names, e.g. ``matmul``, ``bm1684x.``.
        limit: at most so many operations; the number of the others is said. 0 for all.
    """
    wanted_nodes, wanted_kinds = ([x] if isinstance(x, str) else x for x in (nodes, kinds))
    lines = [
        text
        for kind, node, text in module.operations()
        if (not wanted_nodes or any(part in node for part in wanted_nodes))
        and (not wanted_kinds or any(part in kind for part in wanted_kinds))
    ]
    if limit and len(lines) > limit:
        lines = [*lines[:limit], f"... and {len(lines) - limit} more"]
    return "\n".join(lines)
