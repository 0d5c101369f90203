"""Skeleton models: real graphs whose weights are drawn from a seed, or stored in 16 bits.

A skeleton is a gzipped ONNX file whose large initialisers hold no values. Its
metadata has for each of them the recipe ``name -> [seed, mean, std]``. The
numbers come from numpy's PCG64, so that every machine makes the same model.
Another entry lists trained weights that are stored as f16 and become f32.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from tpuc.errors import UserError
from tpuc.outputs import replacing

RECIPES_KEY = "random_weights"
HALVES_KEY = "half_weights"


def _draw(shape: tuple[int, ...], seed: int, mean: float, std: float | list[float]) -> np.ndarray:
    """One weight; a list of deviations has one an output channel."""
    values = np.random.Generator(np.random.PCG64(seed)).standard_normal(shape, dtype=np.float32)
    if isinstance(std, list):
        if shape[1] > 1:
            # Filters without a mean keep the activations' scale in a deep network.
            values -= values.mean(axis=(1, 2, 3), keepdims=True)
        factor = np.asarray(std, np.float32).reshape(-1, 1, 1, 1)
    else:
        factor = np.float32(std)
    values *= factor
    values += np.float32(mean)
    return values


def inflate(skeleton: str | os.PathLike) -> onnx.ModelProto:
    """Reads a skeleton and fills in its weights.

    Raises:
        UserError: it cannot be read.
    """
    path = Path(skeleton)
    if not path.is_file():
        raise UserError(f"{path}: no such file, give the path of a skeleton model")
    try:
        model = onnx.load_model_from_string(gzip.decompress(path.read_bytes()))
    except Exception as error:
        raise UserError(f"{path}: is not a gzipped ONNX model ({error})") from None
    recipes, halves = _take(model, RECIPES_KEY, "{}"), _take(model, HALVES_KEY, "[]")
    for tensor in model.graph.initializer:
        if tensor.name in recipes:
            values = _draw(tuple(tensor.dims), *recipes[tensor.name])
        elif tensor.name in halves:
            values = onnx.numpy_helper.to_array(tensor).astype(np.float32)
        else:
            continue
        tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    return model


def deflate(model: onnx.ModelProto) -> bytes:
    """A skeleton of a trained network, whose f32 weights are rounded to f16."""
    halves = []
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if tensor.data_type == onnx.TensorProto.FLOAT and values.size > 1:
            halves.append(tensor.name)
            values = values.astype(np.float16)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    model.metadata_props.add(key=HALVES_KEY, value=json.dumps(halves))
    return gzip.compress(model.SerializeToString(), 9, mtime=0)


def _take(model: onnx.ModelProto, key: str, otherwise: str) -> Any:
    """A JSON entry of the metadata, which is removed."""
    for entry in list(model.metadata_props):
        if entry.key == key:
            model.metadata_props.remove(entry)
            return json.loads(entry.value)
    return json.loads(otherwise)


def inflate_to(skeleton: str | os.PathLike, target: str | os.PathLike) -> Path:
    """Writes the filled model, unless the file is already there and newer."""
    skeleton, target = Path(skeleton), Path(target)
    if target.exists() and target.stat().st_mtime >= skeleton.stat().st_mtime:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    model = inflate(skeleton)
    with replacing(target) as temporary:
        onnx.save(model, str(temporary))
    return target


def main(argv: Sequence[str] | None = None) -> int:
    """``python -m tpuc.inflate SKELETON.onnx.gz OUT.onnx``."""
    from tpuc.cli.common import run_command

    def command(arguments: Sequence[str]) -> None:
        if len(arguments) != 2:
            raise UserError("usage: python -m tpuc.inflate SKELETON.onnx.gz OUT.onnx")
        inflate_to(arguments[0], arguments[1])

    return run_command(command, argv)


if __name__ == "__main__":
    sys.exit(main())
