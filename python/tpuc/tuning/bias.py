"""Takes the mean of the error that bytes make out of the bias.

Rounded weights and activations shift the mean of a channel. The shift is
measured for each contraction on sample inputs and subtracted from its bias.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np

from tpuc import _core
from tpuc.calibration import CalibrationTable, canonical, make_table
from tpuc.calibration.gather import by_name, gather
from tpuc.calibration.runner import Runner
from tpuc.tuning.layers import MEAN, Layer, Local, Trials, find_layers

# Means settle with few inputs; each costs every contraction twice.
_INPUTS = 8
_THREADS = 2


def with_corrected_biases(
    module: _core.Module,
    inputs: Iterable[list[np.ndarray]],
    method: str,
    precisions: Mapping[str, str] | None = None,
) -> _core.Module:
    """A canonical copy of a module whose biases make up for bytes.

    Args:
        module: in the top dialect.
        inputs: sample inputs that can be read twice; the first few are used.
        method: how ranges are chosen.
        precisions: of single operations, by name: only what is left in bytes is corrected.

    Raises:
        UserError: the module cannot be lowered to bytes.
    """
    module = canonical(module)
    graph = _core.read_graph(module)
    histograms = by_name(graph, gather(graph, islice(iter(inputs), _INPUTS)))
    ranges = make_table(histograms, method, 0)
    correct_biases(module, islice(iter(inputs), _INPUTS), ranges, precisions)
    return module


def correct_biases(
    module: _core.Module,
    inputs: Iterable[list[np.ndarray]],
    ranges: CalibrationTable,
    precisions: Mapping[str, str] | None = None,
) -> int:
    """Changes the biases of a module.

    Args:
        module: canonical.
        inputs: each a list of arrays, one an input of the network.
        ranges: of the tensors.
        precisions: of single operations, by name.

    Returns:
        How many biases were changed.
    """
    graph = _core.read_graph(module)
    lowered = Trials(module, ranges).byte_operations(precisions or {})
    layers = [layer for layer in find_layers(graph, lowered) if layer.is_contraction]
    shifts = mean_errors(graph, layers, inputs)
    changes = []
    for layer, shift in zip(layers, shifts, strict=True):
        bias = 0.0 if layer.bias is None else layer.bias
        changes.append((layer.index, 2, np.float32(bias - shift)))
    _core.set_constants(module, changes)
    return len(changes)


def mean_errors(
    graph: _core.Graph, layers: Sequence[Layer], inputs: Iterable[list[np.ndarray]]
) -> list[np.ndarray | float]:
    """What bytes add to each channel of contractions on average."""
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
    return [total / max(count, 1) for total in sums]
