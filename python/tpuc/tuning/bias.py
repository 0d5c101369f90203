"""Changes constants to those that suit INT8.

Weights become multiples of their scales (tuning/rounding.py). Rounded weights and
activations shift the mean of a channel: the shift is measured for each
contraction on sample inputs and subtracted from its bias. A layer that leaves
bytes has to keep its own constants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from tpuc import _core
from tpuc.calibration import CalibrationTable, canonical
from tpuc.calibration.runner import Runner
from tpuc.console import Steps, no_steps
from tpuc.tuning.layers import MEAN, Layer, Local, Trials, find_layers
from tpuc.tuning.rounding import INPUTS, spread, spread_count, with_rounded_weights

_THREADS = 2


@dataclass(frozen=True)
class Correction:
    """A layer's number in the graph, its name, and the constants tuned for INT8."""

    index: int
    name: str
    bias: np.ndarray | None = field(default=None, repr=False)
    weight: np.ndarray | None = field(default=None, repr=False)


def with_corrections(
    module: _core.Module,
    inputs: Iterable[list[np.ndarray]],
    ranges: CalibrationTable,
    precisions: Mapping[str, str] | None = None,
    *,
    asymmetric: bool = True,
    round_weights: bool = True,
    correct_bias: bool = True,
) -> _core.Module:
    """A canonical copy of a module whose constants are tuned for INT8.

    Args:
        module: in the top dialect.
        inputs: sample inputs, of which the first few are used.
        ranges: of the tensors.
        precisions: of single operations, by name: only layers that stay in INT8 are corrected.
        asymmetric: give activations a zero point where that is more exact.
        round_weights: whether to round weights for the least error of results.
        correct_bias: whether to correct biases by the mean quantisation error.

    Raises:
        UserError: the module cannot be lowered to INT8.
    """
    module = canonical(module)
    apply_corrections(
        module,
        corrections_of(
            module, inputs, ranges, precisions, asymmetric=asymmetric,
            round_weights=round_weights, correct_bias=correct_bias,
        ),
    )  # fmt: skip
    return module


def corrections_of(
    module: _core.Module,
    inputs: Iterable[list[np.ndarray]],
    ranges: CalibrationTable,
    precisions: Mapping[str, str] | None = None,
    *,
    asymmetric: bool = True,
    round_weights: bool = True,
    correct_bias: bool = True,
    steps: Steps = no_steps,
    count: int = INPUTS,
) -> list[Correction]:
    """The constants of a canonical module that suit INT8; see with_corrections().

    Args:
        module: canonical.
        inputs: as for with_corrections().
        ranges: as for with_corrections().
        precisions: as for with_corrections().
        asymmetric: as for with_corrections().
        round_weights: as for with_corrections().
        correct_bias: as for with_corrections().
        steps: shows progress.
        count: how many of the inputs are used.
    """
    if not (round_weights or correct_bias):
        return []
    graph = _core.read_graph(module)
    trials = Trials(module, ranges, asymmetric=asymmetric)
    layers = find_layers(graph, trials.quantized_operations(precisions or {}))
    if round_weights:
        layers = with_rounded_weights(graph, layers, inputs, steps, count)
    return find_corrections(graph, layers, inputs if correct_bias else None, steps, count)


def apply_corrections(
    module: _core.Module, corrections: Iterable[Correction], without: Iterable[str] = ()
) -> None:
    """Changes constants of a canonical module.

    Args:
        module: the module.
        corrections: for it.
        without: names of layers that keep their constants.
    """
    kept = set(without)
    _core.set_constants(module, [
        (c.index, operand, array)
        for c in corrections if c.name not in kept
        for operand, array in ((1, c.weight), (2, c.bias)) if array is not None
    ])  # fmt: skip


def find_corrections(
    graph: _core.Graph,
    layers: Sequence[Layer],
    inputs: Iterable[list[np.ndarray]] | None,
    steps: Steps = no_steps,
    count: int = INPUTS,
) -> list[Correction]:
    """The constants tuned for INT8.

    Args:
        graph: the canonical network.
        layers: of it; those that are no contractions are left out.
        inputs: sample inputs, each a list of arrays, one an input of the network; a few
            of them are used. None: biases stay.
        steps: shows progress.
        count: how many of the inputs are used.
    """
    layers = [layer for layer in layers if layer.is_contraction]
    if inputs is None:
        return [Correction(layer.index, layer.name, None, layer.rounded) for layer in layers]
    with steps("correcting biases", spread_count(inputs, count)) as advance:
        shifts = mean_errors(graph, layers, spread(inputs, count), advance)
    return [
        Correction(layer.index, layer.name,
                   np.float32((0.0 if layer.bias is None else layer.bias) - shift), layer.rounded)
        for layer, shift in zip(layers, shifts, strict=True)
    ]  # fmt: skip


def mean_errors(
    graph: _core.Graph,
    layers: Sequence[Layer],
    inputs: Iterable[list[np.ndarray]],
    advance: Callable[[], None] = lambda: None,
) -> list[np.ndarray | float]:
    """The mean quantisation error of each channel of contractions; advance after each input."""
    locals_ = [Local(graph, layer, MEAN) for layer in layers]
    by_data: dict[int, list[int]] = {}
    for number, layer in enumerate(layers):
        (value,) = layer.data
        by_data.setdefault(value, []).append(number)
    sums: list[np.ndarray | float] = [0.0] * len(layers)
    count = 0
    runner = Runner(graph, sorted(by_data))

    def add(number: int, part: Mapping[int, np.ndarray]) -> None:
        sums[number] = sums[number] + locals_[number].run(part)[MEAN]

    with ThreadPoolExecutor(_THREADS) as pool:
        for arrays in inputs:
            count += 1
            for part in runner.run(arrays):
                numbers = [number for value in part for number in by_data[value]]
                list(pool.map(add, numbers, [part] * len(numbers)))
            advance()
    return [total / max(count, 1) for total in sums]
