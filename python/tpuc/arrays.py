"""Arrays by name: .npz files, and inputs checked against a model."""

from __future__ import annotations

import lzma
import math
import os
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

import numpy as np

from tpuc.errors import UserError
from tpuc.kinds import ARRAY, ARRAYS, kind_of, refuse_other
from tpuc.outputs import check_input, note_inputs, replacing

DTYPES = {"f32": np.float32, "f16": np.float16, "i64": np.int64, "i32": np.int32,
           "i16": np.int16, "i8": np.int8, "i1": np.bool_, "ui8": np.uint8, "ui16": np.uint16,
           "ui32": np.uint32, "bf16": np.uint16}  # fmt: skip


# What a broken file of arrays makes numpy and zipfile raise.
BROKEN = (
    OSError, ValueError, TypeError, EOFError, KeyError, zipfile.BadZipFile, zlib.error,
    lzma.LZMAError, NotImplementedError, RuntimeError, SyntaxError, OverflowError, RecursionError,
    struct.error,
)  # fmt: skip
# Compressed arrays above this size are only read when they are hardly compressed.
_MOST_EXPANDED, _MOST_RATIO = 1 << 28, 50


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
    path = check_input(path, "give an .npz file with the arrays by name")
    refuse_other(path, (ARRAYS, ARRAY), "an .npz file with the arrays by name")
    if kind_of(path) == ARRAY:
        raise UserError(f"{path}: holds one unnamed array, expected an .npz file")
    arrays: dict[str, np.ndarray] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            _check_expansion(archive)
            for info in archive.infolist():
                name = info.filename.removesuffix(".npy")
                if name in arrays:
                    raise ValueError(f"two arrays have the name '{name}'")
                with archive.open(info) as member:
                    arrays[name] = _read_array(member, info.file_size)
    except BROKEN as error:
        raise UserError(f"{path}: is not a readable .npz file ({error})") from None
    if not arrays:
        raise UserError(f"{path}: holds no arrays")
    return arrays


def load_npy(path: str | os.PathLike) -> np.ndarray:
    """Reads an .npy file.

    Raises:
        UserError: missing, broken, or holding objects instead of numbers.
    """
    path = Path(path)
    note_inputs(path)
    try:
        with path.open("rb") as file:
            return _read_array(file, path.stat().st_size)
    except BROKEN as error:
        raise UserError(f"{path}: is not a readable .npy file ({error})") from None


def read_header(file: IO[bytes], size: int) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether columns come first, and element type of an .npy file of so many bytes.

    The file is at its data afterwards.

    Raises:
        ValueError: it is none, holds objects, or less data than it says.
    """
    version = np.lib.format.read_magic(file)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shape, by_columns, dtype = read(file)
    if dtype.hasobject or dtype.fields is not None:
        raise ValueError("it holds objects, not numbers")
    if min(shape, default=0) < 0:
        raise ValueError(f"it has the shape {list(shape)}")
    needed = math.prod(shape) * dtype.itemsize
    if needed > size:
        raise ValueError(f"its shape {list(shape)} needs {needed} bytes, it has {size}")
    return shape, by_columns, dtype


def _read_array(file: IO[bytes], size: int) -> np.ndarray:
    """The array of an .npy file of so many bytes; none is allocated that the file does not hold.

    Raises:
        ValueError: the file is broken.
    """
    shape, by_columns, dtype = read_header(file, size)
    data = bytearray(math.prod(shape) * dtype.itemsize)
    if (got := file.readinto(data)) != len(data):
        raise ValueError(f"its shape {list(shape)} needs {len(data)} bytes, it has {got}")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if by_columns else "C")


def _check_expansion(archive: zipfile.ZipFile) -> None:
    """Refuses an archive of a few bytes that fills the memory."""
    packed = sum(info.compress_size for info in archive.infolist())
    size = sum(info.file_size for info in archive.infolist())
    if size > max(_MOST_EXPANDED, _MOST_RATIO * packed):
        raise ValueError(f"its {packed} bytes expand to {size}; store it without compression")


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
