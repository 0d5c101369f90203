"""Takes the mean of the error that bytes make out of the bias.

Rounded weights and activations shift the mean of a channel. The shift is
measured for each contraction on sample inputs and subtracted from its bias.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

import numpy as np

from tpuc import _core
from tpuc.calibration import canonical, make_table
from tpuc.calibration.gather import by_name, gather
from tpuc.calibration.runner import Runner
from tpuc.calibration.table import Range
from tpuc.tuning.contractions import Local, contractions_of

# Means settle with few inputs; each costs every contraction twice.
_INPUTS = 8


def with_corrected_biases(
    module: _core.Module, inputs: Iterable[list[np.ndarray]], method: str
) -> _core.Module:
    """A canonical copy of a module whose biases make up for bytes.

    Args:
        module: in the top dialect.
        inputs: sample inputs that can be read twice; the first few are used.
        method: how ranges are chosen.
    """
    module = canonical(module)
    graph = _core.read_graph(module)
    histograms = by_name(graph, gather(graph, islice(iter(inputs), _INPUTS)))
    ranges = make_table(histograms, method, 0).ranges
    correct_biases(module, islice(iter(inputs), _INPUTS), ranges)
    return module


def correct_biases(
    module: _core.Module,
    inputs: Iterable[list[np.ndarray]],
    ranges: Mapping[str, Range],
) -> int:
    """Changes the biases of a module.

    Args:
        module: canonical.
        inputs: each a list of arrays, one an input of the network.
        ranges: of the tensors, by name.

    Returns:
        How many biases were changed.
    """
    graph = _core.read_graph(module)
    chosen = [c for c in contractions_of(graph) if graph.values[c.data].name in ranges]
    locals_ = [Local(graph, c) for c in chosen]
    by_data: dict[int, list[int]] = {}
    for number, contraction in enumerate(chosen):
        by_data.setdefault(contraction.data, []).append(number)
    shifts: list[np.ndarray | float] = [0.0] * len(chosen)
    count = 0
    runner = Runner(graph, sorted(by_data))
    for arrays in inputs:
        count += 1
        for part in runner.run(arrays):
            for value, array in part.items():
                for number in by_data[value]:
                    exact, rounded = locals_[number].run(array, ranges[graph.values[value].name])
                    axis = chosen[number].channel_axis % exact.ndim
                    axes = tuple(a for a in range(exact.ndim) if a != axis)
                    shifts[number] = shifts[number] + (rounded - exact).mean(axis=axes)
    changes = []
    for contraction, shift in zip(chosen, shifts, strict=True):
        bias = 0.0 if contraction.bias is None else contraction.bias
        changes.append((contraction.index, 2, np.float32(bias - shift / max(count, 1))))
    _core.set_constants(module, changes)
    return len(changes)
