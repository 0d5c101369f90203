"""Summaries that the commands print."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from tpuc import _core
from tpuc.calibration.table import CalibrationTable
from tpuc.compare import Similarity
from tpuc.console import print_table
from tpuc.errors import UserError
from tpuc.model import Model


def report_module(path: str, module: _core.Module) -> None:
    """One line about a written module."""
    counts = module.count_ops()
    skipped = ("top.weight", "builtin.module", "func.func", "func.return")
    operations = sum(count for name, count in counts.items() if name not in skipped)
    print(f"{path}: {operations} operations, {counts.get('top.weight', 0)} weights")


def warn_of(table: CalibrationTable) -> None:
    """Says which tensors have no range."""
    if text := table.warning():
        print(f"warning: {text}", file=sys.stderr)


def report_model(
    path: str,
    model: Model,
    operations: int | None,
    seconds: Mapping[str, float],
    more: Sequence[tuple[str, str]] = (),
) -> None:
    """The table after a compilation; ``more`` are rows of its caller."""
    rows = list(model.profile().rows())
    if operations is not None:
        rows.insert(0, ("operations", f"{operations:,}"))
    rows += more
    rows.append(("compiled in", f"{sum(seconds.values()):.1f} s"))
    print_table(path, rows)


def check_comparison(
    reference: str, results: Sequence[Similarity], tolerance: tuple[float, float]
) -> None:
    """Prints a comparison.

    Raises:
        UserError: a tensor is below the tolerance, or an element of it is wrong.
    """
    rows = [
        (r.name, f"{r.cosine:.8f}", f"{r.euclidean:.6f}", f"{r.largest:.3e}", f"{r.relative:.3e}",
         f"{r.of_allowed:.2f}")
        for r in results
    ]  # fmt: skip
    header = (
        "tensor", "cosine", "euclidean", "largest difference", "of range", "of what is allowed"
    )  # fmt: skip
    print_table(f"compared with {reference}", rows, header)
    for result in results:
        if not result.within(tolerance):
            raise UserError(
                f"'{result.name}' differs from {reference}: {result.describe(tolerance)}"
            )
