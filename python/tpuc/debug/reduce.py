"""Shrinks a model that fails to a small one that fails in the same way.

Candidates are cut out of the model, never made up: first where the failure
begins (outputs) and where it still happens (inputs), then single nodes, outputs
and sizes. A candidate that onnxruntime does not run is no model and is passed
over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx

from tpuc.debug.checks import Check, Outcome, call_isolated, isolated
from tpuc.debug.pieces import Graph, all_values, resized, sizes, with_output_shapes
from tpuc.errors import UserError
from tpuc.reference import run_onnx_proto


@dataclass
class Limits:
    """When to stop looking for a smaller model.

    Attributes:
        checks: how many candidates are tried at most.
        seconds: for all of them.
        check_seconds: for one of them, which then counts as hanging.
    """

    checks: int = 500
    seconds: float = 1800.0
    check_seconds: float = 300.0


@dataclass
class Reduction:
    """The smallest failing model that was found.

    Attributes:
        model: it.
        inputs: on which it fails.
        outcome: how it fails.
        checks: how many candidates were tried.
        invalid: how many of them were no models.
        complete: whether no limit ended the search.
    """

    model: onnx.ModelProto
    inputs: dict[str, np.ndarray]
    outcome: Outcome
    checks: int = 0
    invalid: int = 0
    complete: bool = True


class _LimitError(Exception):
    """The search has used up what it may."""


@dataclass
class _Search:
    check: Check
    limits: Limits
    report: Callable[[str], None]
    original: Outcome = field(default_factory=lambda: Outcome("ok"))
    best: tuple[onnx.ModelProto, dict[str, np.ndarray]] | None = None
    checks: int = 0
    invalid: int = 0
    started: float = field(default_factory=time.monotonic)

    def fails(self, candidate: tuple[onnx.ModelProto, dict[str, np.ndarray]] | None) -> bool:
        """Whether a candidate fails as the model does; the last that does is kept."""
        if candidate is None:
            return False
        spent = time.monotonic() - self.started
        if self.checks >= self.limits.checks or spent > self.limits.seconds:
            raise _LimitError
        self.checks += 1
        outcome = isolated(self.check, *candidate, self.limits.check_seconds)
        self.invalid += outcome.kind == "invalid"
        if not outcome.same_failure(self.original):
            return False
        self.best = candidate
        self.report(
            f"{len(candidate[0].graph.node)} nodes, {len(candidate[0].graph.initializer)} weights "
            f"({self.checks} checks)"
        )
        return True


def reduce_model(
    model: onnx.ModelProto,
    inputs: Mapping[str, np.ndarray],
    check: Check,
    limits: Limits | None = None,
    report: Callable[[str], None] = lambda text: None,
) -> Reduction:
    """Finds a small model that fails as a model does.

    Args:
        model: the model, its weights inside.
        inputs: for its inputs.
        check: the question that it fails.
        limits: of the search.
        report: is told of each smaller model that fails.

    Raises:
        UserError: onnxruntime does not run the model, or it does not fail.
    """
    limits = limits or Limits()
    search = _Search(check, limits, report)
    values = _run(model, inputs, limits)
    search.original = isolated(check, model, dict(inputs), limits.check_seconds)
    if not search.original.failed:
        text = f" ({search.original.text})" if search.original.text else ""
        raise UserError(f"the model does not fail: the check says {search.original.kind}{text}")
    search.best = model, dict(inputs)
    complete = True
    try:
        kept = _drop_nodes(search, Graph(model, values))
        _drop_outputs(search, Graph(model, values), kept)
        _shrink_sizes(search)
    except _LimitError:
        complete = False
    found, fed = search.best
    found = with_output_shapes(found, _run(found, fed, limits))
    return Reduction(found, fed, search.original, search.checks, search.invalid, complete)


def _run(
    model: onnx.ModelProto, inputs: Mapping[str, np.ndarray], limits: Limits
) -> dict[str, np.ndarray]:
    """Every value of a run of the model in onnxruntime."""
    arguments = (model, inputs, all_values(model))
    # Forked like the checks: a process that has run onnxruntime must not fork.
    values = call_isolated(run_onnx_proto, arguments, limits.check_seconds)
    if isinstance(values, UserError):
        raise values
    if isinstance(values, Outcome):
        raise UserError(f"onnxruntime does not run the model: {values.text}")
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    return {**arrays, **inputs}


def _drop_nodes(search: _Search, graph: Graph) -> list[int]:
    """The nodes that are needed for the failure."""
    kept = _cut_end(search, graph, list(range(len(graph.nodes))))
    kept = _cut_start(search, graph, kept)
    # Delta debugging: ever smaller runs of nodes, until none can be spared.
    size = max(1, len(kept) // 2)
    while True:
        start, dropped = 0, False
        while start < len(kept) and len(kept) > 1:
            rest = kept[:start] + kept[start + size :]
            if rest and search.fails(graph.piece(rest)):
                kept, dropped = rest, True
            else:
                start += size
        if size == 1 and not dropped:
            return kept
        size = max(1, size // 2)


def _cut_end(search: _Search, graph: Graph, kept: list[int]) -> list[int]:
    """Bisects for the first node after which the model fails."""
    low, high = 1, len(kept)
    while low < high:
        middle = (low + high) // 2
        if search.fails(graph.piece(kept[:middle])):
            high = middle
        else:
            low = middle + 1
    return kept[:high]


def _cut_start(search: _Search, graph: Graph, kept: list[int]) -> list[int]:
    """Bisects for the last node at which the model can begin."""
    low, high = 0, len(kept) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if search.fails(graph.piece(kept[middle:])):
            low = middle
        else:
            high = middle - 1
    return kept[low:]


def _drop_outputs(search: _Search, graph: Graph, kept: Collection[int]) -> None:
    """Leaves out outputs as long as the model fails."""
    outputs = [info.name for info in search.best[0].graph.output]
    for name in list(outputs):
        fewer = [other for other in outputs if other != name]
        if fewer and search.fails(graph.piece(kept, fewer)):
            outputs = fewer


def _shrink_sizes(search: _Search) -> None:
    """Gives axes smaller sizes, one size after the other."""
    tried: set[tuple[int, int]] = set()
    progress = True
    while progress:
        progress = False
        for size in sizes(search.best[0]):
            for smaller in dict.fromkeys((1, 2, size // 8, size // 4, size // 2, size - 1)):
                if not 0 < smaller < size or (size, smaller) in tried:
                    continue
                tried.add((size, smaller))
                if search.fails(resized(*search.best, size, smaller)):
                    progress = True
                    break
