"""Inputs of sizes that no stage of a file has: the nearest stage that they fit into.

Inputs are padded with zeros at the end of each axis. Outputs are cut where an axis has the
size of a padded axis of an input in every stage; other axes keep the stage's size. Samples of a
batch, the first axis of all inputs and outputs, do not see each other; whether padding along other
axes changes the rest is the network's affair: zeros in a mask input are what most networks take
for "not there".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Ports:
    """The shapes of a stage's inputs and outputs by name."""

    inputs: Shapes
    outputs: Shapes


def nearest(stages: Sequence[Ports], wanted: Shapes) -> int | None:
    """The stage with the fewest elements in its inputs into which inputs fit.

    Returns:
        Its number; None when the inputs fit into none, or have other names or ranks.
    """
    fitting = [
        (sum(map(math.prod, stage.inputs.values())), number)
        for number, stage in enumerate(stages)
        if stage.inputs.keys() == wanted.keys()
        and all(_fits(wanted[name], shape) for name, shape in stage.inputs.items())
    ]
    return min(fitting)[1] if len(stages) > 1 and fitting else None


def _fits(wanted: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return len(wanted) == len(shape) and all(
        0 < size <= limit for size, limit in zip(wanted, shape, strict=True)
    )


def pad(inputs: Mapping[str, np.ndarray], shapes: Shapes) -> dict[str, np.ndarray]:
    """The inputs with zeros behind them."""
    return {
        name: np.pad(array, [(0, s - n) for n, s in zip(array.shape, shapes[name], strict=True)])
        for name, array in inputs.items()
    }


def cut(
    results: Mapping[str, np.ndarray], stages: Sequence[Ports], stage: int, wanted: Shapes
) -> dict[str, np.ndarray]:
    """The results without what padding made.

    Args:
        results: of the stage, by name.
        stages: all of them.
        stage: the number of the one that ran.
        wanted: the shapes of the inputs before they were padded.
    """
    sizes = _known_sizes(stages, stage, wanted)
    return {
        name: array[tuple(slice(sizes.get(key)) for key in _axis_sizes(stages, name))]
        for name, array in results.items()
    }


def _known_sizes(stages: Sequence[Ports], stage: int, wanted: Shapes) -> dict[tuple[int, ...], int]:
    """The size before padding of an axis that has these sizes in the stages.

    Axes that are padded to different degrees though they go together decide nothing.
    """
    found: dict[tuple[int, ...], set[int]] = {}
    for name, shape in stages[stage].inputs.items():
        for axis in range(len(shape)):
            key = tuple(each.inputs[name][axis] for each in stages)
            if len(set(key)) > 1:
                found.setdefault(key, set()).add(wanted[name][axis])
    return {key: sizes.pop() for key, sizes in found.items() if len(sizes) == 1}


def _axis_sizes(stages: Sequence[Ports], name: str) -> list[tuple[int, ...]]:
    return list(zip(*(each.outputs[name] for each in stages), strict=True))


def beyond_batch(stages: Sequence[Ports], stage: int, wanted: Shapes) -> list[str]:
    """The inputs whose padding the network sees.

    It does not see that along a batch: the first axis of all inputs and of all outputs, which has
    the same sizes in all of them.
    """
    firsts = {
        tuple(ports[name][:1] for ports in kind)
        for kind in ([each.inputs for each in stages], [each.outputs for each in stages])
        for name in kind[0]
    }
    start = 1 if len(firsts) == 1 else 0
    return [
        name
        for name, shape in stages[stage].inputs.items()
        if wanted[name][start:] != shape[start:]
    ]
