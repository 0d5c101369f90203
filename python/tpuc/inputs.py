"""A network's inputs from what a user names: arrays, pictures, or random numbers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tpuc.arrays import PortLike, load_npy, load_npz, numpy_type
from tpuc.errors import UserError
from tpuc.kinds import ARRAY, ARRAYS, PICTURE, describe, kind_of
from tpuc.preprocess import Preprocess


def read_inputs(
    names: str, ports: Sequence[PortLike], preprocess: Mapping[str, Preprocess]
) -> dict[str, np.ndarray]:
    """Reads inputs from files.

    Args:
        names: an .npz file; or .npy files and pictures, one an input in order, with commas
            or semicolons between them.
        ports: the network's inputs.
        preprocess: how inputs are made from pictures, by name.

    Raises:
        UserError: a file that is missing, broken or of another kind; a picture for an input that
            is made from none.
    """
    files = [names]
    if not os.path.exists(names):
        files = [name.strip() for name in names.replace(";", ",").split(",") if name.strip()]
    if len(files) <= 1 and kind_of(names) not in (ARRAY, PICTURE):
        return load_npz(names)
    if len(files) > len(ports):
        raise UserError(f"{names}: {len(files)} files for {len(ports)} inputs")
    arrays: dict[str, np.ndarray] = {}
    for file, port in zip(files, ports, strict=False):
        arrays[port.name] = _read(file, port, preprocess.get(port.name))
    return arrays


def _read(file: str, port: PortLike, preprocess: Preprocess | None) -> np.ndarray:
    kind = kind_of(file)
    if kind == ARRAY:
        array = load_npy(file)
        shape = tuple(port.shape)
        return array[None] if array.shape == shape[1:] else array
    if kind != PICTURE:
        if not Path(file).exists():
            raise UserError(f"{file}: no such file, give an .npz, an .npy or a picture")
        if kind == ARRAYS:
            raise UserError(f"{file}: is an .npz file of all inputs, give it alone")
        what = describe(kind) if kind else "no file of arrays and no picture"
        raise UserError(f"{file}: is {what}, expected an .npz, an .npy or a picture")
    if preprocess is None:
        raise UserError(
            f"{file}: is a picture, and the model does not say how one becomes its input "
            f"'{port.name}'; compile it with --mean, --scale and --pixel_format, or give an .npz"
        )
    one = preprocess.apply(file, list(port.shape))
    return np.repeat(one, port.shape[0], axis=0)


def random_inputs(ports: Sequence[PortLike], seed: int = 0) -> dict[str, np.ndarray]:
    """Numbers for every input, the same for the same seed.

    Floats are normally distributed, pixels and other bytes evenly. Of integers, which are
    mostly indices, masks are 1, positions count from 0 and others are 0 or 1.
    """
    generator = np.random.default_rng(seed)
    arrays = {}
    for port in ports:
        dtype, shape, name = numpy_type(port.dtype), tuple(port.shape), port.name.lower()
        values = generator.standard_normal(shape)
        if dtype.kind == "f" or port.dtype == "bf16":
            arrays[port.name] = values.astype(np.float16 if dtype == np.float16 else np.float32)
        elif "mask" in name:
            arrays[port.name] = np.ones(shape, dtype)
        elif "position" in name and shape:
            arrays[port.name] = np.broadcast_to(np.arange(shape[-1]), shape).astype(dtype)
        elif dtype.itemsize == 1 and dtype.kind in "iu":
            info = np.iinfo(dtype)
            arrays[port.name] = generator.integers(info.min, info.max, shape, dtype, endpoint=True)
        else:
            arrays[port.name] = (np.abs(values) > 1).astype(dtype)
    return arrays
