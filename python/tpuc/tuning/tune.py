"""From a network and sample inputs to ranges, biases and a quantize table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

import tpuc
from tpuc import _core
from tpuc.calibration import CalibrationTable, Dataset, canonical, gather_module, make_table
from tpuc.calibration.accuracy import Accuracy, Sample, float_results, measure
from tpuc.calibration.gather import by_name
from tpuc.console import Steps, counted_steps
from tpuc.model import Model
from tpuc.tuning.bias import apply_corrections, find_corrections
from tpuc.tuning.constants import Constants
from tpuc.tuning.equalise import with_equalised_channels
from tpuc.tuning.layers import Trials, find_layers
from tpuc.tuning.rounding import with_rounded_weights
from tpuc.tuning.search import Result, Target, costs_of, most_steps, search
from tpuc.tuning.sensitivity import measure_effects

# Inputs on which every layer is measured by itself, spread over all.
_EFFECT_INPUTS = 4


@dataclass(frozen=True)
class Tuning:
    """A network that is ready to be compiled.

    Attributes:
        module: canonical, with constants tuned for the layers that stay in INT8.
        graph: of the module before, to which the layers belong.
        ranges: of its tensors.
        constants: what makes the module from the canonical one, for any quantize table.
        histograms: of its tensors, by name.
        target: what was asked for.
        inputs: how many inputs there were.
        result: which layers fall back to F16, and why.
    """

    module: _core.Module
    graph: _core.Graph
    ranges: CalibrationTable
    constants: Constants
    histograms: dict[str, _core.Histogram]
    target: Target
    inputs: int
    result: Result

    def table(self) -> str:
        """The quantize table as text, with its reasons."""
        return quantize_table(self)


class _Samples:
    """Inputs with the float network's results; inputs are read again each time."""

    def __init__(self, module: _core.Module, inputs: Dataset, advance: Callable[[], None]) -> None:
        self._inputs = inputs
        self._names = [port.name for port in module.inputs]
        self._results: list[dict[str, np.ndarray]] = []
        for sample in float_results(module, inputs):
            self._results.append(sample.results)
            advance()

    def __iter__(self) -> Iterator[Sample]:
        for arrays, results in zip(self._inputs, self._results, strict=True):
            yield Sample(dict(zip(self._names, arrays, strict=True)), results)


def tune(
    module: _core.Module,
    inputs: Dataset,
    method: str,
    target: Target,
    *,
    asymmetric: bool = True,
    equalize: bool = False,
    round_weights: bool = True,
    correct_bias: bool = True,
    ray: str | None = None,
    ranges: CalibrationTable | None = None,
    steps: Steps = counted_steps,
) -> Tuning:
    """Finds ranges, constants, and the layers that have to fall back to F16.

    Args:
        module: in the top dialect; it is not changed.
        inputs: sample inputs, which are read several times.
        method: how ranges are chosen.
        target: the accuracy that is asked for, on these inputs.
        asymmetric: give activations a zero point where that is more exact.
        equalize: whether to give channels similar ranges by factors in the weights.
        round_weights: whether to round weights for the least error of results.
        correct_bias: whether to correct biases by the mean quantisation error.
        ray: address of a Ray cluster that shares the search for ranges.
        ranges: of the tensors, where they are known already.
        steps: shows progress.

    Raises:
        UserError: the network cannot be run or compiled, or there are no inputs.
    """
    plain = module = canonical(module)
    if equalize:
        with steps("equalising channels", 0):
            module = with_equalised_channels(plain, inputs)
    graph = _core.read_graph(module)
    with steps("calibrating", len(inputs)) as advance:
        histograms, count = gather_module(module, inputs, advance, ray)
    named = by_name(graph, histograms)
    ranges = ranges or make_table(named, method, count)
    layers = find_layers(
        graph, Trials(module, ranges, asymmetric=asymmetric).quantized_operations({})
    )
    if round_weights:
        layers = with_rounded_weights(graph, layers, inputs, steps)
    corrections = find_corrections(graph, layers, inputs if correct_bias else None, steps)
    trials = Trials(
        module, ranges, lambda copy, table: apply_corrections(copy, corrections, without=table),
        asymmetric=asymmetric,
    )  # fmt: skip
    chosen = list(islice(iter(inputs), 0, None, max(1, count // _EFFECT_INPUTS)))[:_EFFECT_INPUTS]
    with steps("measuring layers", len(layers) * len(chosen)) as advance:
        effects = measure_effects(graph, layers, chosen, advance)
    with steps("timing layers", len(layers)) as advance:
        order = costs_of(trials, effects, advance)
    with steps("running the float network", len(inputs)) as advance:
        samples = _Samples(module, inputs, advance)

    with steps("choosing layers", most_steps(len(order)) * count) as advance:

        def accuracy(model: Model) -> Accuracy:
            return measure(model, samples, advance=advance)

        result = search(trials, order, accuracy, target)
    constants = Constants.between(plain, module, corrections, asymmetric)
    corrected = constants.applied(plain, ranges, result.precisions(), asymmetric)
    return Tuning(corrected, graph, ranges, constants, named, target, count, result)


def quantize_table(tuning: Tuning) -> str:
    """The quantize table of a search, as text with its reasons."""
    result, target = tuning.result, tuning.target
    total = sum(choice.effect.output_error for choice in result.order) or 1.0
    asked = f"at most {target.max_drop:g} points of top-1 lost"
    if target.min_cosine > -1:
        asked += f", cosine at least {target.min_cosine:g}"
    lines = [
        f"# tpuc {tpuc.__version__}, on {tuning.inputs} inputs: {asked}",
        f"# {len(result.chosen)} of {len(result.order)} layers fall back to F16",
    ]
    for step in (result.steps[0], result.best):
        if step is not None:
            lines.append(
                f"# {step.layers} layers in F16: {step.time}, "
                f"{target.drop(step.accuracy):.2f} points lost, "
                f"cosine {step.accuracy.cosine:.5f}"
            )
    lines += ["#", "# layer  precision  # its part of the error, what F16 costs, its result alone"]
    for choice in result.chosen:
        effect = choice.effect
        lines.append(
            f"{effect.layer.name} F16  # {100 * effect.output_error / total:.1f} % of the error, "
            f"{choice.microseconds:+.2f} us, cosine {effect.cosine:.5f}, SQNR {effect.sqnr:.1f} dB"
        )
    return "\n".join(lines) + "\n"
