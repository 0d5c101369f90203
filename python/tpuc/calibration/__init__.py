"""Calibration: the value ranges that INT8 needs, from sample inputs."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

import tpuc
from tpuc import _core
from tpuc.calibration.dataset import Dataset
from tpuc.calibration.gather import by_name, gather
from tpuc.calibration.methods import METHODS, check_method, magnitudes
from tpuc.calibration.table import CalibrationTable, Range, read_table
from tpuc.preprocess import Preprocess

__all__ = [
    "CalibrationTable",
    "Dataset",
    "Range",
    "calibrate",
    "calibrate_module",
    "canonical",
    "read_table",
]

DEFAULT_METHOD = "mse"


def calibrate(
    model: str | os.PathLike | _core.Module | Any,
    data: str | os.PathLike | Sequence[str | os.PathLike] | Iterable[Any],
    *,
    method: str = DEFAULT_METHOD,
    count: int | None = None,
    preprocess: Preprocess | None = None,
    ray: str | None = None,
    input_shapes: Sequence[Sequence[int]] | None = None,
    fix_input: Mapping[str, object] | None = None,
) -> CalibrationTable:
    """Finds the ranges of a network's tensors.

    Args:
        model: an ONNX model (a path or in memory), a .mlir file, or a module.
        data: a folder or files (pictures, .npy, .npz), or an iterable of inputs.
        method: how to choose thresholds: max, percentile, kl, mse or search.
        count: use at most so many inputs.
        preprocess: how pictures become inputs, by default what the module says.
        ray: address of a Ray cluster that shares the work.
        input_shapes: shapes of the inputs of an ONNX model, in order, where it leaves them open.
        fix_input: values of inputs of an ONNX model that become constants, by name.

    Raises:
        UserError: the model or the data cannot be used.

    Example:
        >>> table = tpuc.calibrate("net.onnx", ({"x": x} for x in samples))
        >>> model = tpuc.compile("net.onnx", quantize="INT8", calibration_table=table)
    """
    from tpuc.compiler import read_module, transform

    check_method(method)
    if isinstance(model, _core.Module):
        module = model
    elif isinstance(model, str | os.PathLike) and str(model).lower().endswith((".mlir", ".mlirbc")):
        module = read_module(model)
    else:
        module = transform(model, "main", input_shapes, fix_input=fix_input)
    dataset = Dataset(data, module, count, preprocess)
    return calibrate_module(module, dataset, method, ray=ray)


def calibrate_module(
    module: _core.Module,
    dataset: Dataset,
    method: str = DEFAULT_METHOD,
    advance: Callable[[], None] = lambda: None,
    ray: str | None = None,
) -> CalibrationTable:
    """Finds the ranges of a module's tensors.

    Args:
        module: in the top dialect; it is not changed. Ranges are those of the canonical
            form that compiling brings it to.
        dataset: the inputs.
        method: how to choose thresholds.
        advance: called after each input.
        ray: address of a Ray cluster that shares the work.
    """
    method = check_method(method)
    module = canonical(module)
    histograms, seen = gather_module(module, dataset, advance, ray)
    return make_table(by_name(_core.read_graph(module), histograms), method, seen)


def gather_module(
    module: _core.Module,
    dataset: Iterable[list[np.ndarray]],
    advance: Callable[[], None] = lambda: None,
    ray: str | None = None,
) -> tuple[dict[int, _core.Histogram], int]:
    """Histograms of a canonical module's tensors, by value, and the number of inputs.

    Args:
        module: in canonical form.
        dataset: the inputs.
        advance: called after each input.
        ray: address of a Ray cluster that shares the work.
    """
    seen = 0

    def count() -> None:
        nonlocal seen
        seen += 1
        advance()

    if ray is None:
        return gather(_core.read_graph(module), dataset, count), seen
    from tpuc.calibration.ray_tasks import gather_on_ray

    return gather_on_ray(ray, module, dataset, count), seen


def canonical(module: _core.Module) -> _core.Module:
    """A copy in the form whose tensors a table names: compiling a module makes the same."""
    module = module.clone()
    module.run_pipeline("top-canonicalize")
    return module


def make_table(
    histograms: dict[str, _core.Histogram], method: str, inputs: int
) -> CalibrationTable:
    """Chooses every tensor's threshold by its histogram."""
    table = CalibrationTable(
        comments=[f"tpuc {tpuc.__version__} method {method}", f"sample number: {inputs}"]
    )
    known: dict[int, Range] = {}
    for name, histogram in histograms.items():
        # Tensors that differ in the order of elements share a histogram.
        found = known.get(id(histogram))
        if found is None:
            found = known[id(histogram)] = _range(histogram, method)
        table.ranges[name] = found
    return table


def _range(histogram: _core.Histogram, method: str) -> Range:
    if histogram.non_finite:
        return Range(math.inf, histogram.min or 0.0, histogram.max or 0.0)
    data = magnitudes(histogram)
    # A tensor of zeros has no scale; any will do.
    threshold = METHODS[method](data) if data.largest > 0 else 1.0
    return Range(max(threshold, 1e-30), histogram.min, histogram.max)
