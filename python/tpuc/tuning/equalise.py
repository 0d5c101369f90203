"""Gives the channels of tensors like sizes before the network is calibrated.

What can be scaled, and by how much, is decided by the compiler's pass
(`top-equalize-channels`); here the magnitudes of channels are measured.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tpuc import _core
from tpuc.calibration import canonical
from tpuc.calibration.runner import Runner
from tpuc.tuning.rounding import spread

_CONTRACTIONS = {"conv": 1, "matmul": -1}


def with_equalised_channels(
    module: _core.Module, inputs: Iterable[list[np.ndarray]]
) -> _core.Module:
    """A canonical copy of a module that computes the same with channels of like sizes.

    Args:
        module: in the top dialect.
        inputs: sample inputs, each a list of arrays, one an input of the network; a few of
            them are used.

    Raises:
        UserError: the network cannot be run.
    """
    module = canonical(module)
    magnitudes = channel_magnitudes(_core.read_graph(module), inputs)
    lines = [f"{name} {','.join(f'{x:.7g}' for x in sizes)}" for name, sizes in magnitudes.items()]
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "channels"
        table.write_text("\n".join(lines) + "\n")
        module.run_pipeline(f"func.func(top-equalize-channels{{table={table}}})")
    return module


def channel_magnitudes(
    graph: _core.Graph, inputs: Iterable[list[np.ndarray]]
) -> dict[str, np.ndarray]:
    """The largest magnitude of each channel that a contraction reads, by the tensor's name."""
    constants = {op.results[0] for op in graph.operations if op.kind == "weight"}
    axes = {
        op.operands[0]: _CONTRACTIONS[op.kind]
        for op in graph.operations
        if op.kind in _CONTRACTIONS and op.operands[0] not in constants
        and op.operands[1] in constants
    }  # fmt: skip
    found: dict[int, np.ndarray] = {}
    runner = Runner(graph, sorted(axes))
    for arrays in spread(inputs):
        for part in runner.run(arrays):
            for value, tensor in part.items():
                others = tuple(a for a in range(tensor.ndim) if a != axes[value] % tensor.ndim)
                sizes = np.abs(tensor).max(axis=others)
                found[value] = np.maximum(found.get(value, 0), sizes)
    return {graph.values[value].name: sizes for value, sizes in found.items()}
