"""The operators of a compiled network, and which nodes of the source each stands for.

A network is what ``_core.read_network`` returns: ``values`` (element type and shape),
``inputs`` and ``outputs`` (numbers of values), and ``operators``, dictionaries of ``kind``,
``names`` (of nodes), ``inputs`` and ``results`` (numbers of values).
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Collection, Mapping
from typing import Any

from tpuc import _core, limits
from tpuc.errors import UserError

Network = dict[str, Any]
# The attribute of @main that `store` writes: compressed, as it is of no use to a reader.
ATTRIBUTE = "top.source_network"


def find_owners(network: Network, survivors: Collection[str]) -> dict[str, str]:
    """Which operator later computes what each operator of a network did.

    An operator whose name is gone was fused into one that reads it, the nearest that is left;
    where nothing reads it, into the one that computes its operand.

    Args:
        network: before the fusion.
        survivors: names of operators after it.

    Returns:
        The survivor of each name, in the order of the operators; no entry where there is none.
    """
    operators = network["operators"]
    kept = set(survivors)
    readers: dict[int, list[int]] = {}
    writers: dict[int, int] = {}
    for number, operator in enumerate(operators):
        for value in operator["inputs"]:
            readers.setdefault(value, []).append(number)
        for value in operator["results"]:
            writers[value] = number
    owners: list[str | None] = [
        next((name for name in operator["names"] if name in kept), None) for operator in operators
    ]
    for number in reversed(range(len(operators))):
        following = (r for value in operators[number]["results"] for r in readers.get(value, ()))
        owners[number] = owners[number] or next(filter(None, (owners[r] for r in following)), None)
    for number, operator in enumerate(operators):
        before = (owners[writers[value]] for value in operator["inputs"] if value in writers)
        owners[number] = owners[number] or next(filter(None, before), None)
    result: dict[str, str] = {}
    for operator, owner in zip(operators, owners, strict=True):
        for name in operator["names"]:
            if owner is not None:
                result.setdefault(name, name if name in kept else owner)
    return result


def names_of(network: Network) -> dict[str, None]:
    """The names of a network's operators, in their order."""
    return {name: None for operator in network["operators"] for name in operator["names"]}


def with_nodes(top: Network, fused: Mapping[str, str], lowered: Network) -> Network:
    """A network in the tpu dialect whose operators have ``nodes``, those of the source.

    Args:
        top: the network in the top dialect.
        fused: the operator of `top` that each node stands in which was fused before.
        lowered: the network in the tpu dialect.
    """
    members: dict[str, list[str]] = {}
    for node, owner in fused.items():
        members.setdefault(owner, []).append(node)
    nodes: dict[str, list[str]] = {}
    for name, owner in find_owners(top, names_of(lowered)).items():
        nodes.setdefault(owner, []).extend([*members.get(name, ()), name])
    operators = [
        {**operator, "nodes": [node for name in operator["names"] for node in nodes.get(name, ())]}
        for operator in lowered["operators"]
    ]
    return {**lowered, "operators": operators}


def contract(network: Network, kinds: Mapping[str, list[str]]) -> Network:
    """A network of the operators that were compiled: one of each name.

    Args:
        network: in the tpu dialect, its operators with ``nodes``.
        kinds: the kinds of compiled operators by name, in their order.

    Returns:
        `network` with other operators: each has ``name``, ``kinds``, ``nodes`` (all that it
        stands for), ``inputs`` and ``results``.
    """
    owners = find_owners(network, kinds)
    operators = {
        name: {"name": name, "kinds": kind, "nodes": [], "inputs": [], "results": []}
        for name, kind in kinds.items()
    }
    for operator in network["operators"]:
        if owner := next(filter(None, map(owners.get, operator["names"])), None):
            for key in ("nodes", "inputs", "results"):
                operators[owner][key] += operator[key]
    for operator in operators.values():
        operator["nodes"] = list(dict.fromkeys(operator["nodes"]))
    _cut_inner(network, list(operators.values()))
    return {**network, "operators": list(operators.values())}


def _cut_inner(network: Network, operators: list[dict[str, Any]]) -> None:
    """Leaves values out that are made and read in one operator alone."""
    readers: dict[int, set[str]] = {value: {""} for value in network["outputs"]}
    for operator in operators:
        for value in operator["inputs"]:
            readers.setdefault(value, set()).add(operator["name"])
    for operator in operators:
        made = dict.fromkeys(operator["results"])
        operator["inputs"] = [v for v in dict.fromkeys(operator["inputs"]) if v not in made]
        operator["results"] = [v for v in made if readers.get(v, set()) - {operator["name"]}]


def store(module: _core.Module, network: Network) -> None:
    """Makes a module of the tpu dialect remember a network, see `with_nodes`."""
    text = json.dumps(network, separators=(",", ":")).encode()
    module.set_attribute(ATTRIBUTE, base64.b64encode(zlib.compress(text, 9)).decode())


def stored(module: _core.Module) -> Network | None:
    """The network that a module remembers, or None."""
    try:
        return json.loads(zlib.decompress(base64.b64decode(module.attribute(ATTRIBUTE))))
    except (UserError, ValueError, zlib.error):
        # A module from elsewhere, whose function may have any name.
        return None


def explain(
    explanation: str,
    network: Network,
    names: tuple[list[str], list[str]],
    rows: Mapping[str, int],
) -> str:
    """A compiler's explanation with the network, see `contract`, as ``network``.

    Args:
        explanation: a JSON text.
        network: as stored.
        names: of inputs and outputs.
        rows: of the tables that inputs index, see `limits`.
    """
    parsed = json.loads(explanation)
    kinds: dict[str, list[str]] = {}
    for operator in parsed["operators"]:
        known = kinds.setdefault(operator["name"], [])
        if operator["kind"] not in known:
            known.append(operator["kind"])
    ports = {"input_names": names[0], "output_names": names[1]}
    parsed["network"] = {**contract(network, kinds), **ports}
    if rows:
        parsed[limits.KEY] = dict(rows)
    return json.dumps(parsed, separators=(",", ":"))
