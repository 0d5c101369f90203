"""The operators of a compiled network, and which nodes of the source each stands for.

A network is what ``_core.read_network`` returns: ``values`` (element type and shape),
``inputs`` and ``outputs`` (numbers of values), and ``operators``, dictionaries of ``kind``,
``names`` (of nodes), ``inputs`` and ``results`` (numbers of values).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from tpuc import _core

Network = dict[str, Any]


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


def is_of(network: Network, dialect: str) -> bool:
    """Whether a network has operators of a dialect."""
    return any(operator["kind"].startswith(f"{dialect}.") for operator in network["operators"])


def describe(
    top: Network, fused: Mapping[str, str], lowered: Network, kinds: Mapping[str, list[str]]
) -> Network:
    """The network of the operators that were compiled: one of each name.

    Args:
        top: the network in the top dialect.
        fused: the operator of `top` that each node stands in which was fused before.
        lowered: the network in the tpu dialect.
        kinds: the kinds of compiled operators by name, in their order.

    Returns:
        `lowered` with other operators: each has ``name``, ``kinds``, ``nodes`` (of the source,
        all that it stands for), ``inputs`` and ``results``.
    """
    members: dict[str, list[str]] = {}
    for node, owner in fused.items():
        members.setdefault(owner, []).append(node)
    of_lowered = find_owners(lowered, kinds)
    operators = {
        name: {"name": name, "kinds": kind, "nodes": [], "inputs": [], "results": []}
        for name, kind in kinds.items()
    }
    for name, owner in find_owners(top, names_of(lowered)).items():
        if final := operators.get(of_lowered.get(owner, "")):
            final["nodes"] += [*members.get(name, ()), name]
    for operator in lowered["operators"]:
        owners = (of_lowered.get(name) for name in operator["names"])
        if owner := next(filter(None, owners), None):
            for key in ("inputs", "results"):
                operators[owner][key] += operator[key]
    _cut_inner(lowered, list(operators.values()))
    return {**lowered, "operators": list(operators.values())}


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


def record(core: _core.Bmodel, top: Network, fused: Mapping[str, str], lowered: Network) -> None:
    """Puts the network, see `describe`, into a compiled model's explanation as ``network``."""
    if not core.explanation:
        return
    explanation = json.loads(core.explanation)
    kinds: dict[str, list[str]] = {}
    for operator in explanation["operators"]:
        known = kinds.setdefault(operator["name"], [])
        if operator["kind"] not in known:
            known.append(operator["kind"])
    explanation["network"] = {
        **describe(top, fused, lowered, kinds),
        "input_names": [port.name for port in core.inputs],
        "output_names": [port.name for port in core.outputs],
    }
    core.explanation = json.dumps(explanation, separators=(",", ":"))
