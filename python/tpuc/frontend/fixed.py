"""Inputs that are given once and for all: ``--fix_input sr=16000``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping

import numpy as np
import onnx

from tpuc.errors import UserError, unknown
from tpuc.frontend.load import LoadedModel, load_model

# What numpy makes an array of.
FixedInputs = Mapping[str, object]


def parse_fixed(texts: Iterable[str]) -> dict[str, object]:
    """The values of ``NAME=VALUE``; a value is a number, true, false, or nested lists of them.

    Raises:
        UserError: anything else, or one name twice.
    """
    values: dict[str, object] = {}
    for text in texts:
        name, equals, value = str(text).rpartition("=")
        if not equals or not name:
            raise UserError(f"--fix_input '{text}' is not NAME=VALUE, write it like sr=16000")
        if name in values:
            raise UserError(f"--fix_input gives '{name}' twice")
        try:
            values[name] = json.loads(value)
        except (ValueError, RecursionError):
            raise UserError(
                f"--fix_input '{name}' is '{value}', expected a number or a list like [1,2]"
            ) from None
    return values


def fix_inputs(model: LoadedModel, fixed: FixedInputs) -> None:
    """Makes inputs constants of the model.

    A number stands for all elements of an input whose shape is known.

    Raises:
        UserError: there is no such input, or the value does not fit it.
    """
    inputs = {port.name: port for port in model.proto.graph.input if port.name not in model.weights}
    for name, value in fixed.items():
        if name not in inputs:
            raise unknown("--fix_input: the input", name, inputs)
        model.weights[name] = _array(name, value, inputs[name], model.source)


def fixed_arrays(path: str | os.PathLike, fixed: FixedInputs) -> dict[str, np.ndarray]:
    """The arrays that stand for the inputs of a model, for whoever runs it as it is."""
    if not fixed:
        return {}
    model = load_model(path)
    fix_inputs(model, fixed)
    return {name: model.weights[name] for name in fixed}


def _array(name: str, value: object, port: onnx.ValueInfoProto, source: str) -> np.ndarray:
    where = f"{source}: --fix_input '{name}'"
    tensor = port.type.tensor_type
    try:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        given = np.asarray(value)
        array = given.astype(dtype)
    except (KeyError, TypeError, ValueError):
        raise UserError(f"{where} is no number or list of numbers of one length") from None
    is_rounded = given.dtype.kind == "f" and dtype.kind == "f"
    is_held = given.dtype.kind in "biuf" and (array.astype(given.dtype) == given).all()
    if not (is_rounded or is_held):
        raise UserError(f"{where} has a value that the type {dtype.name} does not hold")
    if not tensor.HasField("shape"):
        return array
    sizes = [d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim]
    if array.ndim == 0 and None not in sizes:
        return np.full(sizes, array)
    if len(sizes) != array.ndim or any(
        size not in (None, found) for size, found in zip(sizes, array.shape, strict=True)
    ):
        shown = [size if size is not None else "?" for size in sizes]
        raise UserError(f"{where} has the shape {list(array.shape)}, the model says {shown}")
    return array
