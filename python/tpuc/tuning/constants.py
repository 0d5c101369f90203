"""Constants that suit INT8, beside a calibration table.

Ranges and constants are found on the same inputs: channels of like sizes, weights rounded by the
error of results, biases without the mean error. A table names the file of its constants, so that a
module is compiled to the same bytes in one command and stage by stage.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tpuc import _core
from tpuc.arrays import load_npz, save_npz
from tpuc.calibration import CalibrationTable, canonical, read_table
from tpuc.errors import UserError
from tpuc.tuning.bias import Correction
from tpuc.tuning.layers import Trials, find_layers

_WORD = "constants"
_INDEX = "index"


@dataclass(frozen=True)
class Change:
    """A constant of an operation.

    Attributes:
        operation: its number among the operations that are no constants.
        operand: which of its operands.
        layer: the layer that has to compute in INT8 for it, or "" when it is always right.
    """

    operation: int
    operand: int
    layer: str
    array: np.ndarray = field(repr=False, compare=False)


@dataclass(frozen=True)
class Constants:
    """Changes to the constants of a canonical module.

    Attributes:
        changes: of constants; a later one overrules.
        operations: how many operations that are no constants the module has.
        asymmetric: whether zero points may be other than 0.
    """

    changes: tuple[Change, ...] = ()
    operations: int = 0
    asymmetric: bool = True

    @staticmethod
    def between(
        before: _core.Module,
        after: _core.Module,
        corrections: Iterable[Correction],
        asymmetric: bool = True,
    ) -> Constants:
        """What makes one module from another.

        Args:
            before: canonical.
            after: the same with other constants.
            corrections: of the module after.
            asymmetric: whether zero points may be other than 0.
        """
        graphs = [_core.read_graph(module) for module in (before, after)]
        old, new = ([*_operations(graph)] for graph in graphs)
        known = [{op.results[0]: op.constant for op in graph.operations if op.kind == "weight"}
                 for graph in graphs]  # fmt: skip
        changes = []
        pairs = [] if before is after else zip(old, new, strict=True)
        for number, ((_, left), (_, right)) in enumerate(pairs):
            for operand, value in enumerate(right.operands):
                mine = known[1].get(value)
                if mine is None or mine.dtype != np.float32:
                    continue
                source = left.operands[operand] if operand < len(left.operands) else None
                theirs = known[0].get(source)
                if theirs is None or not np.array_equal(mine, theirs, equal_nan=True):
                    changes.append(Change(number, operand, "", np.array(mine)))
        numbers = {index: number for number, (index, _) in enumerate(new)}
        for each in corrections:
            for operand, array in ((1, each.weight), (2, each.bias)):
                if array is not None:
                    changes.append(Change(numbers[each.index], operand, each.name, array))
        return Constants(tuple(changes), len(new), asymmetric)

    def applied(
        self,
        module: _core.Module,
        ranges: CalibrationTable,
        precisions: Mapping[str, str],
        asymmetric: bool = True,
    ) -> _core.Module:
        """A canonical copy of a module with the constants.

        Args:
            module: in the top dialect.
            ranges: of its tensors.
            precisions: of single operations: layers that do not compute in INT8 keep their own.
            asymmetric: whether zero points may be other than 0.

        Raises:
            UserError: the constants are of another module, or were made for other zero points.
        """
        module = canonical(module)
        if not self.changes:
            return module
        graph = _core.read_graph(module)
        indices = [index for index, _ in _operations(graph)]
        if len(indices) != self.operations:
            raise UserError(
                f"the constants beside the calibration table are of a module of {self.operations} "
                f"operations, this one has {len(indices)}; calibrate it again"
            )
        if asymmetric != self.asymmetric:
            flag = "" if self.asymmetric else "no-"
            raise UserError(f"the calibration table was made with --{flag}asymmetric; give the "
                            f"same, or calibrate again")  # fmt: skip
        plain = self._set(module, indices, {""})
        trials = Trials(plain, ranges, asymmetric=asymmetric)
        layers = find_layers(_core.read_graph(plain), trials.quantized_operations(precisions))
        return self._set(module, indices, {"", *(layer.name for layer in layers)})

    def _set(self, module: _core.Module, indices: list[int], layers: set[str]) -> _core.Module:
        """A copy with the changes of some layers."""
        chosen = {
            (change.operation, change.operand): change.array
            for change in self.changes
            if change.layer in layers
        }
        copy = module.clone()
        _core.set_constants(
            copy, [(indices[number], operand, array) for (number, operand), array in chosen.items()]
        )
        return copy

    def save(self, table: str | os.PathLike) -> str:
        """Writes the constants beside a table; returns the comment that names them."""
        path = Path(f"{table}.npz")
        index = {
            "operations": self.operations,
            "asymmetric": self.asymmetric,
            "changes": [[c.operation, c.operand, c.layer] for c in self.changes],
        }
        arrays = {str(number): change.array for number, change in enumerate(self.changes)}
        save_npz(path, {_INDEX: np.frombuffer(json.dumps(index).encode(), np.uint8), **arrays})
        return f"{_WORD} {_digest(path)} {path.name}"


def _operations(graph: _core.Graph) -> Iterator[tuple[int, _core.GraphOperation]]:
    """The operations that are no constants, with their numbers among all."""
    return ((i, op) for i, op in enumerate(graph.operations) if op.kind != "weight")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def save_table(table: CalibrationTable, constants: Constants, path: str | os.PathLike) -> None:
    """Writes a table, and its constants beside it.

    Raises:
        UserError: a file cannot be written.
    """
    comments = [comment for comment in table.comments if not comment.startswith(f"{_WORD} ")]
    if constants.changes:
        comments.append(constants.save(path))
    CalibrationTable(table.ranges, comments).save(path)


def read_constants(path: str | os.PathLike) -> Constants | None:
    """The constants of a table, or None where it names none.

    Raises:
        UserError: they are missing, damaged or another table's.
    """
    path = Path(path)
    words = [line.split(maxsplit=2) for line in read_table(path).comments]
    named = [words[1:] for words in words if len(words) == 3 and words[0] == _WORD]
    if not named:
        return None
    digest, name = named[0]
    file = path.with_name(Path(name).name)
    if not file.is_file():
        raise UserError(
            f"{path}: its constants, {file.name}, are not beside it; copy them too, or calibrate "
            f"with --no-round_weights --no-correct_bias"
        )
    if _digest(file) != digest:
        raise UserError(f"{file}: are the constants of another table; calibrate again")
    arrays = load_npz(file)
    try:
        index = json.loads(arrays[_INDEX].tobytes())
        changes = tuple(
            Change(int(operation), int(operand), str(layer), arrays[str(number)])
            for number, (operation, operand, layer) in enumerate(index["changes"])
        )
        return Constants(changes, int(index["operations"]), bool(index["asymmetric"]))
    except (KeyError, ValueError, TypeError) as error:
        raise UserError(f"{file}: are no constants of a calibration table ({error})") from None


def with_constants(
    module: _core.Module,
    table: str | os.PathLike,
    precisions: Mapping[str, str],
    asymmetric: bool = True,
) -> _core.Module:
    """The module that a table's ranges are for: with its constants where it names some.

    Args:
        module: in the top dialect; it is not changed.
        table: the file.
        precisions: of single operations.
        asymmetric: whether zero points may be other than 0.

    Raises:
        UserError: the constants are missing, or of another module.
    """
    constants = read_constants(table)
    if constants is None:
        return module
    return constants.applied(module, read_table(table), precisions, asymmetric)
