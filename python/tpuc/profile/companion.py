"""Operations of another compiler's .bmodel, from the list that it writes beside it.

The vendor's compiler leaves ``X.bmodel.json`` beside ``X.bmodel``: for each of
its operations the numbers of the last commands before and after it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

# Exporters call a node's output after the node; the compiler appends the type.
_NODE = re.compile(r"^(?:load_)?(.+?)_output_\d+_")

Names = list[tuple[str, str]]


def read_companion(path: Path, counts: Sequence[int]) -> tuple[Names, np.ndarray] | None:
    """Name and kind of each operation, and the operation of each command.

    Args:
        path: the .bmodel.
        counts: commands of the TIU and of the GDMA.

    Returns:
        Nothing when there is no list, or one that does not fit the commands.
    """
    try:
        entries = json.loads(Path(f"{path}.json").read_text("utf-8"))
        return _assign(entries, counts)
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


class _Nodes:
    """The ONNX node of each operation of a list.

    What brings an operand counts for the operation that wants it, what stores
    or casts a result for the operation that computed it.
    """

    def __init__(self, entries: Sequence[dict]) -> None:
        self._makers: dict[str, dict] = {}
        self._users: dict[str, dict] = {}
        for entry in entries:
            for tensor in filter(None, entry["results"]):
                self._makers.setdefault(tensor["name"], entry)
            for tensor in filter(None, entry["operands"]):
                self._users.setdefault(tensor["name"], entry)

    def name(self, entry: dict) -> str:
        """The node's name where the tensors' names tell it."""
        seen = []
        while entry not in seen:
            seen.append(entry)
            entry = self._related(entry) or entry
        return _node_name(entry)

    def _related(self, entry: dict) -> dict | None:
        kind = entry["opcode"].lower()
        if kind == "tpu.load" and entry["results"]:
            return self._users.get(entry["results"][0]["name"])
        if kind in ("tpu.store", "tpu.cast") and entry["operands"]:
            return self._makers.get(entry["operands"][0]["name"])
        return None


def _assign(entries: list[dict], counts: Sequence[int]) -> tuple[Names, np.ndarray] | None:
    numbers: dict[tuple[str, str], int] = {}
    nodes = _Nodes(entries)
    layers = [np.full(count, -1, np.int32) for count in counts]
    for entry in entries:
        if entry["subnet_id"] != 0:
            return None
        # In our own spelling, so that kinds of both compilers can be joined.
        label = (nodes.name(entry), entry["opcode"].lower())
        number = numbers.setdefault(label, len(numbers))
        spans = zip(entry["tiu_dma_id(before)"], entry["tiu_dma_id(after)"], strict=True)
        for layer, (before, after) in zip(layers, spans, strict=True):
            if not 0 <= before <= after <= len(layer) or (layer[before:after] >= 0).any():
                return None
            layer[before:after] = number
    assigned = np.concatenate(layers)
    return (list(numbers), assigned) if (assigned >= 0).all() else None


def _node_name(entry: dict) -> str:
    """The ONNX node's name where the tensor's name tells it."""
    tensors = entry["results"] or entry["operands"]
    name = tensors[0]["name"] if tensors else entry["opcode"]
    match = _NODE.match(name)
    return match[1] if match else name
