"""What a compiled operation stands for: nodes of the source model, kinds, tensors.

Read from the compiler's explanation: operators that were joined are computed by the commands of
one of them, and ``network`` (tpuc.network) has the nodes that became one operator.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


class Fusions:
    """Of one model.

    Args:
        explanation: a JSON text; another one, or none, tells nothing.
    """

    def __init__(self, explanation: str) -> None:
        self._operators: dict[str, dict[str, Any]] = {}
        self._values: list[tuple[str, list[int]]] = []
        self._members: dict[str, dict[str, None]] = {}
        self._kinds: dict[str, dict[str, None]] = {}
        self._writers: dict[int, str] = {}
        try:
            parsed = json.loads(explanation)
            self._read_joins(parsed["operators"])
            self._read_network(parsed.get("network", {}))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            # Another compiler's text, or a damaged one.
            self._operators, self._members, self._kinds = {}, {}, {}

    def _read_joins(self, operators: list[dict[str, Any]]) -> None:
        into = {o["name"]: o["fused_into"] for o in operators if "fused_into" in o}
        for operator in operators:
            owner, passed = operator["name"], {}
            while owner in into and owner not in passed:
                passed[owner] = None
                owner = into[owner]
            # Later operators do not go the same way again.
            into.update(dict.fromkeys([each for each in passed if each != owner], owner))
            self._members.setdefault(owner, {})[operator["name"]] = None
            self._kinds.setdefault(owner, {})[str(operator["kind"])] = None

    def _read_network(self, network: dict[str, Any]) -> None:
        self._values = [(str(dtype), list(shape)) for dtype, shape in network.get("values", ())]
        for operator in network.get("operators", ()):
            for value in (*operator["inputs"], *operator["results"]):
                if not (isinstance(value, int) and 0 <= value < len(self._values)):
                    raise ValueError(value)
            self._operators[operator["name"]] = {
                "nodes": [str(node) for node in operator["nodes"]],
                **operator,
            }
            self._writers.update(dict.fromkeys(operator["results"], operator["name"]))
        inputs = zip(network.get("inputs", ()), network.get("input_names", ()), strict=False)
        self._writers.update(inputs)

    def nodes(self, name: str) -> tuple[str, ...]:
        """The source's nodes that an operation computes, in their order; () where unknown."""
        members = (self._operators.get(member, {}) for member in self._members.get(name, ()))
        return tuple(dict.fromkeys(node for member in members for node in member.get("nodes", ())))

    def kind(self, name: str, kind: str) -> str:
        """Its kind, e.g. ``tpu.conv+unary`` where two operators were joined."""
        kinds = dict.fromkeys([*self._kinds.get(name, ()), kind] if kind else ())
        first, *others = kinds or [kind]
        return "+".join([first, *(other.rpartition(".")[2] for other in others)])

    def tensors(self, name: str) -> tuple[list[str], list[str]]:
        """Its inputs and its results: shape, type and where inputs come from."""
        operators = [
            self._operators[m] for m in self._members.get(name, ()) if m in self._operators
        ]
        inner = {value for operator in operators for value in operator["results"]}
        inputs = [
            f"{self._text(value)} of {self._writers.get(value, '?')}"
            for operator in operators
            for value in operator["inputs"]
            if value not in inner
        ]
        read = {value for operator in operators for value in operator["inputs"]}
        # What joined operators pass on to each other stays inside.
        results = [self._text(v) for o in operators for v in o["results"] if v not in read]
        last = operators[-1]["results"] if operators else []
        return inputs, results or [self._text(value) for value in last]

    def _text(self, value: int) -> str:
        dtype, shape = self._values[value]
        return f"{'x'.join(map(str, shape)) or 'one'} {dtype}"


def nodes_text(name: str, nodes: Sequence[str]) -> str:
    """Nodes as one name: ``/stem/{Conv, Sigmoid, Mul}``."""
    if len(nodes) < 2:
        return name
    # What sorts first and last has what all have in common.
    first, last = min(nodes), max(nodes)
    common = next((i for i, c in enumerate(first) if c != last[i : i + 1]), len(first))
    prefix = first[: first.rfind("/", 0, common) + 1]
    return f"{prefix}{{{', '.join(node[len(prefix) :] for node in nodes)}}}"
