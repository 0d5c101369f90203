"""Calibration tables: ranges of tensors as text.

A line a tensor: its name, the threshold, the smallest and the largest element
seen. Lines that begin with ``#`` are comments. The compiler reads the same
lines (include/Dialect/Top/Transforms/Calibration.h).
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from tpuc.errors import UserError
from tpuc.outputs import read_text, write_text

_LARGEST = 3.4028234663852886e38


@dataclass(frozen=True)
class Range:
    """What a table says of a tensor.

    Attributes:
        threshold: the largest magnitude to represent; infinite for a tensor with elements that
            are not finite, which stays in floats.
        min, max: the smallest and largest finite element seen.
    """

    threshold: float
    min: float
    max: float


@dataclass(repr=False)
class CalibrationTable:
    """Ranges by tensor, in the network's order, and comments for the head."""

    ranges: dict[str, Range] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"CalibrationTable({len(self.ranges)} tensors)"

    def __str__(self) -> str:
        lines = [f"# {comment}" for comment in self.comments]
        lines += ["###", "# op_name    threshold    min    max"]
        lines += [
            f"{name} {r.threshold:.7g} {r.min:.7g} {r.max:.7g}" for name, r in self.ranges.items()
        ]
        return "\n".join(lines) + "\n"

    def warning(self) -> str | None:
        """What to say of the tensors without a range, the first of which is where it begins."""
        names = [name for name, found in self.ranges.items() if math.isinf(found.threshold)]
        if not names:
            return None
        return (
            f"{len(names)} of {len(self.ranges)} tensors have infinities or NaNs on these inputs "
            f"and stay in floats, the first is '{names[0]}'"
        )

    def save(self, path: str | os.PathLike) -> None:
        """Writes the table.

        Raises:
            UserError: the file cannot be written.
        """
        write_text(path, str(self))


def read_table(path: str | os.PathLike, names: Sequence[str] | None = None) -> CalibrationTable:
    """Reads a table.

    Args:
        path: the file.
        names: the tensors that it must name, and no others; None checks no names.

    Raises:
        UserError: a line that is no entry, a number that is none, a minimum or maximum that is
            not finite, a threshold that is not positive, a tensor named twice, missing or
            unknown; with file, line and tensor.
    """
    text = read_text(path, "calibration table")
    table = CalibrationTable()
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            if line.strip("# ") and not table.ranges:
                table.comments.append(line.strip("# "))
            continue
        where = f"{path}:{number}"
        name, values = _parse(line, where)
        if name in lines:
            raise UserError(
                f"{where}: '{name}' is in line {lines[name]} already, expected one entry a tensor"
            )
        if names is not None and name not in names:
            raise UserError(
                f"{where}: '{name}' is no tensor of the network; calibrate the module that is "
                f"compiled"
            )
        lines[name] = number
        table.ranges[name] = values
    missing = [name for name in names or () if name not in lines]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UserError(f"{path}: has no entry for '{missing[0]}'{more}; calibrate again")
    # The head's last line names the columns.
    table.comments = [c for c in table.comments if not c.startswith("op_name")]
    return table


def _parse(line: str, where: str) -> tuple[str, Range]:
    # Names of tensors may have blanks in them.
    words = line.rsplit(maxsplit=3)
    if len(words) < 4:
        raise UserError(
            f"{where}: '{line}' is no entry, expected a tensor's name, threshold, minimum and "
            f"maximum"
        )
    name, numbers = words[0], []
    for kind, word in zip(("threshold", "minimum", "maximum"), words[1:], strict=True):
        try:
            numbers.append(float(word))
        except ValueError:
            raise UserError(f"{where}: {kind} of '{name}' is '{word}', expected a number") from None
        if math.isnan(numbers[-1]) if kind == "threshold" else not math.isfinite(numbers[-1]):
            raise UserError(
                f"{where}: {kind} of '{name}' is {word}, expected a finite number; calibrate on "
                f"other inputs"
            )
        # Infinity itself says that a tensor stays in floats.
        if abs(numbers[-1]) > _LARGEST and "inf" not in word.lower():
            raise UserError(f"{where}: {kind} of '{name}' is {word}, beyond the numbers of F32")
    if numbers[0] <= 0:
        raise UserError(f"{where}: threshold of '{name}' is {words[1]}, expected a positive number")
    if numbers[1] > numbers[2]:
        raise UserError(f"{where}: minimum of '{name}' is {words[2]}, above its maximum {words[3]}")
    return name, Range(*numbers)
