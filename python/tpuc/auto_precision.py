"""Tensors that leave the range of F16 on samples: F32 for what computes and reads them.

Rules on the graph keep what overflows in every network (docs/precision.md); how large activations
get, only samples tell: a calibration table, or the inputs that results are compared on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tpuc import _core
from tpuc.calibration.table import CalibrationTable

# The largest finite number of F16.
LARGEST = 65504.0
# More time than this is not spent without being asked for.
_CHEAP = 0.02


@dataclass(frozen=True)
class Overflow:
    """What of a network leaves the range of F16.

    Attributes:
        magnitudes: the largest magnitude of each tensor that does.
        operations: those that compute or read these tensors, in F16.
    """

    magnitudes: dict[str, float]
    operations: tuple[str, ...]

    def table(self) -> dict[str, str]:
        """F32 for all of them."""
        return dict.fromkeys(self.operations, "F32")

    def describe(self) -> str:
        """It in a few words, with the worst."""
        worst = max(self.magnitudes, key=self.magnitudes.__getitem__)
        count = len(self.magnitudes)
        return (
            f"{count} tensor{'s'[: count > 1]} beyond F16 (65504), the largest is '{worst}' with "
            f"{self.magnitudes[worst]:.4g}"
        )


def find_overflow(
    module: _core.Module, table: CalibrationTable, precisions: Mapping[str, str]
) -> Overflow | None:
    """What of a module leaves the range of F16 that would be computed in F16.

    Args:
        module: in the top dialect.
        table: the ranges of its tensors.
        precisions: of single operations, which keep them.
    """
    assigned = module.clone()
    assigned.run_pipeline("top-assign-precision{precision=F16}")
    graph = _core.read_graph(assigned)
    operations = [op for op in graph.operations if op.kind != "weight"]

    def magnitude(name: str) -> float:
        found = table.ranges.get(name)
        return 0.0 if found is None else max(abs(found.min), abs(found.max))

    def in_half(name: str, attributes: Mapping[str, object]) -> bool:
        return name not in precisions and "top.element" not in attributes

    # Of inputs and operations, and of those only that are computed in F16.
    beyond = {
        graph.values[value].name: magnitude(graph.values[value].name)
        for value in graph.inputs
        if magnitude(graph.values[value].name) > LARGEST
    }
    values = {value for value in graph.inputs if graph.values[value].name in beyond}
    magnitudes: dict[str, float] = {}
    for op in operations:
        if magnitude(op.name) > LARGEST:
            values.update(op.results)
            beyond[op.name] = magnitude(op.name)
            if in_half(op.name, op.attributes):
                magnitudes[op.name] = beyond[op.name]
    readers = [
        op.name
        for op in operations
        if values.intersection(op.operands)
        and op.name not in magnitudes
        and in_half(op.name, op.attributes)
    ]
    if not magnitudes and not readers:
        return None
    wide = [*magnitudes, *dict.fromkeys(readers)]
    # What is computed in F32 already is rounded for a reader.
    return Overflow(magnitudes or beyond, tuple(wide))


def choose_precisions(
    module: _core.Module,
    table: CalibrationTable,
    precisions: Mapping[str, str],
    wanted: bool | None,
    opt: int = 2,
) -> tuple[dict[str, str], str]:
    """Precisions with which no tensor leaves the range of F16, and what to tell the user.

    Args:
        module: in the top dialect; it is not changed.
        table: the ranges of its tensors.
        precisions: of single operations as they are given.
        wanted: whatever it costs (True), never (False), or where it costs under 2 % (None).
        opt: as for deploy().

    Returns:
        The precisions, and an empty text where there is nothing to say.
    """
    from tpuc.compiler import deploy

    given = dict(precisions)
    overflow = None if wanted is False else find_overflow(module, table, given)
    if overflow is None:
        return given, ""
    wider = {**overflow.table(), **given}
    if wanted:
        return wider, f"{overflow.describe()}: computed in F32, with what reads them"
    cycles = [
        deploy(module.clone(), "F16", each, opt=opt).profile("vendor", False)["cycles"]
        for each in (given, wider)
    ]
    more = cycles[1] / cycles[0] - 1
    if more < _CHEAP:
        return wider, (
            f"{overflow.describe()}: computed in F32, with what reads them, for {more:.1%} more "
            f"time (--no-auto_precision to leave them)"
        )
    return given, (
        f"{overflow.describe()}, and become infinite; F32 for them and what reads them costs "
        f"{more:.0%} more time: give --auto_precision, or --quantize BF16"
    )
