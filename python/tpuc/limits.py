"""Inputs that are row numbers of a table, and which rows there are.

The chip reads a row that does not exist as zeros, silently: a token above the vocabulary would
only make a network worse. So a compiled model remembers how many rows the tables have that its
inputs index, and running it refuses other numbers, as onnxruntime does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np

from tpuc.errors import UserError

# The attribute of @main, and the key of the explanation: rows by the name of an input.
ATTRIBUTE = "top.index_limits"
KEY = "index_limits"


class IndexTracker:
    """Which tensors hold numbers of an input, unchanged, and the tables that these index."""

    # Operations whose results have all numbers of their first operand and no others. Of a slice
    # the rest of the input may be anything.
    _MOVES = frozenset(("broadcast", "cast", "permute", "reshape", "tile"))

    def __init__(self) -> None:
        self._inputs: dict[int, str] = {}
        self.rows: dict[str, int] = {}

    def add_input(self, tensor: int, name: str) -> None:
        """Says that a tensor is an input."""
        self._inputs[tensor] = name

    def follow(self, operation: str, operands: Sequence[int], results: Sequence[int]) -> None:
        """Sees an operation of the top dialect, by its mnemonic."""
        if operation in self._MOVES and operands and operands[0] in self._inputs:
            self._inputs |= dict.fromkeys(results, self._inputs[operands[0]])

    def limit(self, tensor: int | None, rows: int) -> None:
        """Says that a tensor's numbers are rows of a table of `rows`."""
        name = self._inputs.get(tensor)
        if name is not None:
            self.rows[name] = min(rows, self.rows.get(name, rows))


def parse(text: str) -> dict[str, int]:
    """The rows by input, from an attribute or an explanation; nothing from other texts."""
    try:
        data = json.loads(text or "{}")
        found = data.get(KEY, {}) if isinstance(data, dict) else {}
        return {str(name): int(rows) for name, rows in found.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def check_indices(arrays: Mapping[str, np.ndarray], rows: Mapping[str, int], source: str) -> None:
    """Refuses numbers that are no row of the table that an input indexes.

    Raises:
        UserError: names the input, the number and the rows that there are.
    """
    for name, count in rows.items():
        array = arrays.get(name)
        if array is None or array.size == 0 or array.dtype.kind not in "iu":
            continue
        for worst in (int(array.min()), int(array.max())):
            if not -count <= worst < count:
                raise UserError(
                    f"{source}: the input '{name}' holds {worst}, but indexes a table of {count} "
                    f"rows; give numbers from 0 to {count - 1}"
                )
