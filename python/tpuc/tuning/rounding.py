"""Rounds weights by the error of results, not by that of weights.

Neighbouring inputs of a contraction are alike: errors of its weights that have
one sign add up, those that take turns cancel out. Weights are rounded one after
the other, and what rounding adds is taken back by those that are not rounded
yet, as the second moments of the inputs say (E. Frantar et al., GPTQ, 2022).
The scale of a channel stays that of its largest weight, which keeps its value,
so that the compiler rounds to the same integers again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from dataclasses import replace
from itertools import islice

import numpy as np

from tpuc import _core
from tpuc.calibration.runner import Runner
from tpuc.console import Steps, no_steps
from tpuc.tuning.layers import Layer

# Moments settle with few inputs, and with a part of their places.
INPUTS = 8
_PLACES = 512
# More inputs of a result are rounded in blocks: work grows with the cube of them.
_BLOCK = 1024
# Inputs whose errors are passed on to the others at once.
_STRIP = 64
# What is added to the moments' diagonal, as a part of its mean: few samples say
# nothing of some directions.
_DAMPING = 0.01


def with_rounded_weights(
    graph: _core.Graph,
    layers: Sequence[Layer],
    inputs: Iterable[list[np.ndarray]],
    steps: Steps = no_steps,
    count: int = INPUTS,
) -> list[Layer]:
    """Layers whose contractions have rounded weights.

    Args:
        graph: the canonical network.
        layers: of it.
        inputs: sample inputs, each a list of arrays, one an input of the network.
        steps: shows progress.
        count: how many of the inputs are used.
    """
    moments: dict[int, list[np.ndarray]] = {}
    by_data: dict[int, list[int]] = {}
    for number, layer in enumerate(layers):
        if layer.is_contraction:
            by_data.setdefault(next(iter(layer.data)), []).append(number)
    runner = Runner(graph, sorted(by_data))
    with steps("measuring inputs of layers", spread_count(inputs, count)) as advance:
        for arrays in spread(inputs, count):
            for part in runner.run(arrays):
                for value, tensor in part.items():
                    for number in by_data[value]:
                        found = _moments(layers[number], tensor)
                        known = moments.get(number)
                        moments[number] = found if known is None else [
                            a + b for a, b in zip(known, found, strict=True)
                        ]  # fmt: skip
            advance()
    result = list(layers)
    with steps("rounding weights", len(moments)) as advance:
        for number, layer in enumerate(layers):
            if number in moments:
                result[number] = replace(layer, rounded=_rounded(layer, moments.pop(number)))
                advance()
    return result


def spread_count(inputs: Iterable[list[np.ndarray]], count: int = INPUTS) -> int:
    """How many inputs spread() gives at most."""
    return min(count, len(inputs) or count) if isinstance(inputs, Sized) else count


def spread(inputs: Iterable[list[np.ndarray]], count: int = INPUTS) -> Iterator[list[np.ndarray]]:
    """Some of the inputs: from all of them where their number is known, else the first."""
    every = max(1, len(inputs) // count) if isinstance(inputs, Sized) else 1
    return islice(iter(inputs), 0, every * count, every)


def _blocks(depth: int) -> list[slice]:
    """The inputs of a result, in parts that are rounded alone."""
    return [slice(at, at + _BLOCK) for at in range(0, depth, _BLOCK)]


def _moments(layer: Layer, tensor: np.ndarray) -> list[np.ndarray]:
    """The sums of products of a contraction's inputs: groups x inputs x inputs a block."""
    samples = _patches(layer, tensor) if layer.operation.kind == "conv" else _rows(tensor)
    return [
        np.matmul(samples[..., block].transpose(0, 2, 1), samples[..., block])
        for block in _blocks(samples.shape[2])
    ]


def _choose(count: int) -> np.ndarray:
    """Some of a number of places, the same for each input."""
    if count <= _PLACES:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, _PLACES, replace=False))


def _rows(tensor: np.ndarray) -> np.ndarray:
    rows = tensor.reshape(-1, tensor.shape[-1])
    return rows[_choose(len(rows))][None]


def _patches(layer: Layer, tensor: np.ndarray) -> np.ndarray:
    """What filters of a convolution meet: groups x places x inputs of a result."""
    get = layer.operation.attributes.get
    kernel = layer.weight.shape[2:]
    rank = len(kernel)
    strides, dilations = (list(get(key, [1] * rank)) for key in ("strides", "dilations"))
    pads = list(get("pads", [0] * 2 * rank))
    around = [(0, 0), (0, 0), *zip(pads[:rank], pads[rank:], strict=True)]
    padded = np.pad(tensor, around)
    sizes = [
        (size - dilation * (width - 1) - 1) // stride + 1
        for size, dilation, width, stride in zip(
            padded.shape[2:], dilations, kernel, strides, strict=True)
    ]  # fmt: skip
    chosen = np.unravel_index(_choose(len(padded) * int(np.prod(sizes))), (len(padded), *sizes))
    batch, places = chosen[0], chosen[1:]
    indices = []
    for axis in range(rank):
        shape = [1] * (rank + 1)
        shape[axis + 1] = kernel[axis]
        steps = np.arange(kernel[axis]).reshape(shape) * dilations[axis]
        indices.append(places[axis].reshape([-1] + [1] * rank) * strides[axis] + steps)
    # Places, then the kernel, then channels.
    found = padded[(batch.reshape([-1] + [1] * rank), slice(None), *indices)]
    found = np.moveaxis(found, -1, 1).reshape(len(batch), get("group", 1), -1)
    return np.ascontiguousarray(found.transpose(1, 0, 2))


def _rounded(layer: Layer, moments: Sequence[np.ndarray]) -> np.ndarray:
    """The quantised weights of a layer."""
    weight = np.moveaxis(layer.weight, layer.weight_axis, 0)
    rows = weight.reshape(len(moments[0]), -1, int(np.prod(weight.shape[1:])))
    found = round_rows(rows, moments).reshape(weight.shape)
    return np.ascontiguousarray(np.moveaxis(found, 0, layer.weight_axis))


def round_rows(rows: np.ndarray, moments: Sequence[np.ndarray]) -> np.ndarray:
    """Weights rounded to 127 steps of each sign, of the size that the largest of a row needs.

    Args:
        rows: groups x results x inputs, f32.
        moments: for each block of 1024 inputs groups x inputs x inputs.
    """
    largest = np.abs(rows).max(axis=2, keepdims=True).astype(np.float64)
    scale = np.where(largest > 0, largest, 1) / 127
    # The largest keeps its value: the scale is found by it.
    top = np.abs(rows) == largest
    rounded = np.empty_like(rows)
    for block, sums in zip(_blocks(rows.shape[2]), moments, strict=True):
        part = _round_block(rows[..., block] / scale, top[..., block], sums.astype(np.float64))
        rounded[..., block] = part * scale
    return rounded


def _round_block(steps: np.ndarray, fixed: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """Rounds weights in units of their scales, those with the largest inputs first.

    With the moments as R'R, R upper triangular, the squared error of a result is that of
    R (weights - rounded): from the last row up each has one weight that is not rounded yet.
    """
    diagonal = np.einsum("gkk->gk", moments)
    damping = _DAMPING * diagonal.mean(axis=1) + np.finfo(np.float64).tiny
    np.einsum("gkk->gk", moments)[...] += damping[:, None]
    order = np.argsort(diagonal, axis=1, kind="stable")
    groups = np.arange(len(steps))[:, None]
    factor = np.linalg.cholesky(
        moments[groups[..., None], order[:, :, None], order[:, None, :]]
    ).transpose(0, 2, 1)
    carry = (factor / np.einsum("gkk->gk", factor)[..., None]).astype(np.float32)
    # Inputs before results: what is done with one input is next to each other.
    wanted = steps.transpose(0, 2, 1)[groups, order].astype(np.float32)
    fixed = fixed.transpose(0, 2, 1)[groups, order]
    errors = np.zeros_like(wanted)
    for last in range(wanted.shape[1], 0, -_STRIP):
        first = max(last - _STRIP, 0)
        strip = wanted[:, first:last] + carry[:, first:last, last:] @ errors[:, last:]
        for at in range(last - 1, first - 1, -1):
            later = carry[:, at, None, at + 1 : last] @ errors[:, at + 1 : last]
            aim = strip[:, at - first] + later[:, 0]
            byte = np.clip(np.rint(aim), -127, 127)
            byte = np.where(fixed[:, at], np.rint(wanted[:, at]), byte)
            errors[:, at] = wanted[:, at] - byte
    found = np.empty_like(errors)
    found[groups, order] = wanted - errors
    return np.rint(found).transpose(0, 2, 1)
