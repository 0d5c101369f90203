"""Quantize tables: precisions of single operators, by name."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from tpuc import _core
from tpuc.errors import UserError, did_you_mean, unknown
from tpuc.network import find_owners, names_of
from tpuc.outputs import note_inputs

_PRECISIONS = ("F32", "F16", "BF16", "INT8")
# An attribute of @main: a JSON object of the names of source nodes and tensors that were fused into
# other operators or evaluated; what it has for a node is the operator that it was fused into.
FUSED = "top.fused_names"
# An attribute of @main: with what the names of post-processing begin.
POSTPROCESS = "top.postprocess"


def resolve(
    table: Mapping[str, str] | str | os.PathLike | None, module: _core.Module
) -> dict[str, str]:
    """A table by the names that the compiler has for operators.

    An operator may also be named by its tensor, and by the tensor with the ONNX operator's type
    behind it, as tpu-mlir does: ``/conv/Conv_output_0_Conv``. Names of nodes that were fused into
    others are left out.

    Args:
        table: names and precisions, or a file of them.
        module: the network.

    Raises:
        UserError: a table that is broken, or a name that nothing has, with names like it.
    """
    kept = _postprocessing(module)
    if table is None:
        return kept
    if isinstance(table, Mapping):
        where, entries = "quantize_table", _check(table)
    else:
        where, entries = str(table), _read(table)
    aliases, fused = _names(module)
    if not aliases:
        # A module of a later phase has its precisions already.
        return entries
    found = kept
    for name, precision in entries.items():
        known = aliases.get(name) or aliases.get(name.rpartition("_")[0])
        if known is not None:
            found[known] = precision
        elif name not in fused and name.rpartition("_")[0] not in fused:
            hint = did_you_mean(name, [*aliases], 3)
            raise UserError(f"{where}: '{name}' is no operator or tensor of the network{hint}")
    return found


# Operations before post-processing whose results it takes as they are.
_CONTRACTIONS = ("conv", "conv_transpose", "matmul")


def _postprocessing(module: _core.Module) -> dict[str, str]:
    """F32 for post-processing and for what decodes its boxes, where 16 bits hold no pixels."""
    begin = module.attribute(POSTPROCESS)
    if not begin or _core.phase_of(module) != "top":
        return {}
    canonical = module.clone()
    canonical.run_pipeline("top-canonicalize")
    operations = _core.read_graph(canonical).operations
    makers = {value: op for op in operations for value in op.results}
    pending = [op for op in operations if op.name.startswith(begin)]
    found = {}
    while pending:
        op = pending.pop()
        if op.name in found or op.kind in ("weight", *_CONTRACTIONS):
            continue
        found[op.name] = "F32"
        pending += [makers[value] for value in op.operands if value in makers]
    return found


def check_table(table: str | os.PathLike | None) -> None:
    """Refuses a table that is broken, before any work is done.

    Raises:
        UserError: with the file, the line and what is wrong in it.
    """
    if table is not None:
        _read(table)


def _read(table: str | os.PathLike) -> dict[str, str]:
    note_inputs(table)
    return _core.read_quantize_table(str(table))


def _check(table: Mapping[str, str]) -> dict[str, str]:
    for name, precision in table.items():
        if str(precision).upper() not in _PRECISIONS:
            raise unknown(f"quantize_table: '{name}' has the precision", precision, _PRECISIONS)
    return {str(name): str(precision).upper() for name, precision in table.items()}


def _names(module: _core.Module) -> tuple[dict[str, str], set[str]]:
    """Names of operators by all of their names, and names of what was fused."""
    if not any(kind.startswith("top.") for kind in module.count_ops()):
        return {}, set()
    canonical = module.clone()
    canonical.run_pipeline("top-canonicalize")
    names = {**operator_names(module), **operator_names(canonical)}
    return names, set(fused_names(module)) - set(names)


# Kinds of operations that overflow in F16 first, and those that lose most in 16 bits.
_OVERFLOWING = ("layer_norm", "rms_norm", "group_norm", "avg_pool", "reduce")
_SENSITIVE = ("softmax", "exp", "pow", "log", "sqrt", "rsqrt", "reciprocal")


def wider(module: _core.Module, sensitive: bool) -> dict[str, str]:
    """F32 for the operations of a module that overflow in F16 first.

    Args:
        module: in the top dialect.
        sensitive: also for those that lose most in 16 bits.
    """
    kinds = (*_OVERFLOWING, *(_SENSITIVE if sensitive else ()))
    canonical = module.clone()
    canonical.run_pipeline("top-canonicalize")
    return {op.name: "F32" for op in _core.read_graph(canonical).operations if op.kind in kinds}


def operator_names(module: _core.Module) -> dict[str, str]:
    """The compiler's names of a top module's operators, by these and by their tensors' names."""
    names: dict[str, str] = {}
    for operation in _core.read_graph(module).operations:
        if operation.kind != "weight":
            for name in (operation.name, operation.tensor):
                if name:
                    names.setdefault(name, operation.name)
    return names


def record_fused(module: _core.Module, source: Iterable[str], network: Mapping[str, Any]) -> None:
    """Makes a module remember names of the source that no operator has any more.

    Args:
        module: after fusion.
        source: names of operators and tensors before it.
        network: the network before it, see tpuc.network.
    """
    owners = find_owners(network, names_of(_core.read_network(module)))
    fused = {node: owner for node, owner in owners.items() if node != owner}
    lost = set(source) - set(operator_names(module))
    if fused := fused | dict.fromkeys(sorted(lost - set(fused)), ""):
        module.set_attribute(FUSED, json.dumps(fused))


def fused_names(module: _core.Module) -> dict[str, str]:
    """Names that record_fused noted, with the operator that a node was fused into, or ""."""
    fused = json.loads(module.attribute(FUSED) or "{}")
    return fused if isinstance(fused, dict) else dict.fromkeys(fused, "")


def table_text(table: Mapping[str, str]) -> str:
    """A table as its file has it."""
    return "".join(f"{name} {precision}\n" for name, precision in table.items())
