"""Arrays by name: .npz files, and inputs checked against a model."""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from tpuc.errors import UserError
from tpuc.kinds import ARRAY, ARRAYS, refuse_other
from tpuc.outputs import note_inputs, replacing

DTYPES = {"f32": np.float32, "f16": np.float16, "i64": np.int64, "i32": np.int32,
           "i16": np.int16, "i8": np.int8, "i1": np.bool_, "ui8": np.uint8, "ui16": np.uint16,
           "ui32": np.uint32, "bf16": np.uint16}  # fmt: skip


class PortLike(Protocol):
    """A named tensor of a network's interface."""

    name: str
    dtype: str
    shape: Sequence[int]


def load_npz(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Reads all arrays of an .npz file.

    Raises:
        UserError: missing, broken, or holding objects instead of numbers.
    """
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path}: no such file, give an .npz file with the arrays by name")
    note_inputs(path)
    refuse_other(path, (ARRAYS, ARRAY), "an .npz file with the arrays by name")
    try:
        file = np.load(path, allow_pickle=False)
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise UserError(f"{path}: holds one unnamed array, expected an .npz file")
        with file:
            # By the members' full names: 'a' and 'a.npy' are two arrays.
            arrays = {name.removesuffix(".npy"): file[name] for name in file.zip.namelist()}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, KeyError) as error:
        raise UserError(f"{path}: is not a readable .npz file ({error})") from None
    if not arrays:
        raise UserError(f"{path}: holds no arrays")
    return arrays


def save_npz(path: str | os.PathLike, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes arrays by name, whatever the names: ``np.savez`` takes some for its arguments."""
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, array in arrays.items():
            # An array may be larger than the 2 GiB that a member holds by default.
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


def numpy_type(dtype: str) -> np.dtype:
    """The numpy type of a module's element type."""
    try:
        return np.dtype(DTYPES[dtype])
    except KeyError:
        raise UserError(f"element type {dtype} has no counterpart in numpy") from None


def match_inputs(
    arrays: Mapping[str, np.ndarray], ports: Sequence[PortLike], where: str
) -> list[np.ndarray]:
    """The arrays in the order of the inputs, in the inputs' types.

    Raises:
        UserError: a name, shape or type that does not fit.
    """
    names = [port.name for port in ports]
    unknown = [name for name in arrays if name not in names]
    missing = [name for name in names if name not in arrays]
    if missing:
        raise UserError(
            f"{where}: the input '{missing[0]}' is missing, the model's inputs are "
            f"{', '.join(names)}"
        )
    if unknown:
        raise UserError(
            f"{where}: '{unknown[0]}' is not an input, the model's inputs are {', '.join(names)}"
        )
    return [_fit(arrays[port.name], port, where) for port in ports]


def _fit(array: np.ndarray, port: PortLike, where: str) -> np.ndarray:
    array = np.asarray(array)
    if array.shape != tuple(port.shape):
        raise UserError(
            f"{where}: the input '{port.name}' has the shape {list(array.shape)}, expected "
            f"{list(port.shape)}"
        )
    wanted = numpy_type(port.dtype)
    if array.dtype == wanted:
        return np.asarray(array, order="C")
    if array.dtype.kind not in "fiub" and not re.search("float|int", array.dtype.name):
        raise UserError(
            f"{where}: the input '{port.name}' has the type {array.dtype}, expected {wanted}"
        )
    if array.dtype.kind == "f" and wanted.kind != "f":
        raise UserError(
            f"{where}: the input '{port.name}' has the type {array.dtype}, expected {wanted}"
        )
    if wanted.kind in "iu" and array.size:
        info = np.iinfo(wanted)
        if array.min() < info.min or array.max() > info.max:
            raise UserError(
                f"{where}: the input '{port.name}' has values that do not fit into {wanted}"
            )
    return array.astype(wanted, order="C")
