"""Takes the mean of the error that bytes make out of the bias.

Rounded weights and activations shift the mean of a channel. The shift is
measured for each contraction on sample inputs and subtracted from its bias. A
layer that leaves bytes has to keep its own bias.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np

from tpuc import _core
from tpuc.calibration import CalibrationTable, canonical
from tpuc.calibration.runner import Runner
from tpuc.tuning.layers import MEAN, Layer, Local, Trials, find_layers

# Means settle with few inputs; each costs every contraction twice.
_INPUTS = 8
_THREADS = 2


@dataclass(frozen=True)
class Correction:
    """A layer's number in the graph, its name, and the bias that suits bytes."""

    index: int
    name: str
    bias: np.ndarray


def with_corrected_biases(
    module: _core.Module,
    inputs: Iterable[list[np.ndarray]],
    ranges: CalibrationTable,
    precisions: Mapping[str, str] | None = None,
) -> _core.Module:
    """A canonical copy of a module whose biases make up for bytes.

    Args:
        module: in the top dialect.
        inputs: sample inputs, of which the first few are used.
        ranges: of the tensors.
        precisions: of single operations, by name: only what is left in bytes is corrected.

    Raises:
        UserError: the module cannot be lowered to bytes.
    """
    module = canonical(module)
    graph = _core.read_graph(module)
    lowered = Trials(module, ranges).byte_operations(precisions or {})
    apply_corrections(module, find_corrections(graph, find_layers(graph, lowered), inputs))
    return module


def apply_corrections(
    module: _core.Module, corrections: Iterable[Correction], without: Iterable[str] = ()
) -> None:
    """Changes biases of a canonical module.

    Args:
        module: the module.
        corrections: for it.
        without: names of layers that keep their biases.
    """
    kept = set(without)
    _core.set_constants(module, [(c.index, 2, c.bias) for c in corrections if c.name not in kept])


def find_corrections(
    graph: _core.Graph, layers: Sequence[Layer], inputs: Iterable[list[np.ndarray]]
) -> list[Correction]:
    """The biases that suit bytes.

    Args:
        graph: the canonical network.
        layers: of it; those that are no contractions are left out.
        inputs: sample inputs, each a list of arrays, one an input of the network; the first
            few are used.
    """
    layers = [layer for layer in layers if layer.is_contraction]
    shifts = mean_errors(graph, layers, islice(iter(inputs), _INPUTS))
    return [
        Correction(layer.index, layer.name,
                   np.float32((0.0 if layer.bias is None else layer.bias) - shift))
        for layer, shift in zip(layers, shifts, strict=True)
    ]  # fmt: skip


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
