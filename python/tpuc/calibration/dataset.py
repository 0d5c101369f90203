"""Where a network's inputs come from: files, folders, lists, or an iterable.

Files are read one input at a time, so that their number does not matter.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from tpuc import _core
from tpuc.arrays import BROKEN, match_inputs, read_header
from tpuc.errors import InputTypeError, UserError
from tpuc.outputs import note_inputs, read_text
from tpuc.preprocess import Preprocess, is_picture

_ARRAYS = (".npy", ".npz")


class Dataset:
    """Inputs of a network, in order; each is a list of arrays, one a port.

    Args:
        source: a file, a folder, a list of files, or an iterable of dictionaries by name
            (or of arrays, for a network of one input).
        module: the network.
        count: at most so many; None is all.
        preprocess: how pictures become inputs, by default what the module says.

    Raises:
        UserError: there is nothing that can be read.
    """

    def __init__(
        self,
        source: str | os.PathLike | Sequence[str | os.PathLike] | Iterable[Any],
        module: _core.Module,
        count: int | None = None,
        preprocess: Preprocess | None = None,
    ) -> None:
        if count is not None and not isinstance(count, int):
            raise InputTypeError(
                f"the number of inputs is of type {type(count).__name__}, expected an int"
            )
        if count is not None and count < 1:
            raise UserError(f"the number of inputs is {count}, expected at least 1")
        self.ports = module.inputs
        self._count = count
        self._iterable: Iterable[Any] | None = None
        self._files: list[Path] = []
        self._preprocess = preprocess or Preprocess.load(module)
        if isinstance(source, str | os.PathLike):
            self._files = _expand(Path(source))
        elif isinstance(source, list | tuple) and all(
            isinstance(item, str | os.PathLike) for item in source
        ):
            self._files = [file for item in source for file in _expand(Path(item))]
        elif isinstance(source, Iterable):
            self._iterable = source
        else:
            kind = type(source).__name__
            raise InputTypeError(
                f"the inputs are of type {kind}, give files or an iterable of arrays by name"
            )
        note_inputs(*(self._files or ()))
        if self._iterable is None and not self._files:
            raise UserError("there are no inputs, give pictures, .npy or .npz files")

    @property
    def has_pictures(self) -> bool:
        """Whether the inputs are made from pictures, by the module's preprocessing."""
        return bool(self._files) and all(is_picture(file) for file in self._files)

    def __len__(self) -> int:
        """How many inputs there are; 0 when an iterable does not say."""
        if self._iterable is not None:
            known = len(self._iterable) if hasattr(self._iterable, "__len__") else 0
        else:
            known = sum(self._length(file) for file in self._files)
        return known if self._count is None else min(known or self._count, self._count)

    def __repr__(self) -> str:
        ports = ", ".join(f"{port.name} {list(port.shape)}" for port in self.ports)
        return f"Dataset({len(self) or 'any number of'} inputs for {ports})"

    def __iter__(self) -> Iterator[list[np.ndarray]]:
        """The inputs.

        Raises:
            UserError: one that does not fit, with its file.
        """
        return islice(self._all(), self._count)

    def _all(self) -> Iterator[list[np.ndarray]]:
        if self._iterable is not None:
            for number, item in enumerate(self._iterable):
                yield self._fit(item, f"input {number}")
            return
        pictures: list[np.ndarray] = []
        for file in self._files:
            if is_picture(file):
                pictures.append(self._picture(file))
                if len(pictures) == self.ports[0].shape[0]:
                    yield self._fit({self.ports[0].name: np.concatenate(pictures)}, str(file))
                    pictures = []
            else:
                for item in _stream(file, self.ports):
                    yield self._fit(item, str(file))

    def _length(self, file: Path) -> int:
        if is_picture(file):
            # Pictures share batches; the last one may not be full.
            return 1 if (self.ports[0].shape or [1])[0] == 1 else 0
        return _count_inputs(file, self.ports)

    def _picture(self, file: Path) -> np.ndarray:
        if len(self.ports) != 1:
            names = ", ".join(port.name for port in self.ports)
            raise UserError(
                f"{file}: a picture is for a network of one input, this one has {names}; "
                f"give .npz files"
            )
        if self._preprocess is None:
            raise UserError(
                f"{file}: the network does not say how a picture becomes its input, give "
                f"--mean, --scale and --pixel_format to model_transform (or tpuc compile)"
            )
        return self._preprocess.apply(file, self.ports[0].shape)

    def _fit(self, item: Any, where: str) -> list[np.ndarray]:
        if isinstance(item, Mapping):
            arrays = {port.name: item[port.name] for port in self.ports if port.name in item}
        elif isinstance(item, list | tuple):
            arrays = dict(zip([port.name for port in self.ports], item, strict=False))
        else:
            arrays = {self.ports[0].name: item}
        return match_inputs(arrays, self.ports, where)


def _expand(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if is_picture(p) or p.suffix.lower() in _ARRAYS)
        if not files:
            raise UserError(f"{path}: holds no pictures, .npy or .npz files")
        return files
    if not path.is_file():
        raise UserError(f"{path}: no such file or folder")
    if not is_picture(path) and path.suffix.lower() not in _ARRAYS:
        raise UserError(f"{path}: is no picture, .npy or .npz file")
    return [path]


def read_list(path: str | os.PathLike) -> list[Path]:
    """The files that a list names, one a line; relative to the list.

    Raises:
        UserError: it cannot be read or names nothing.
    """
    path = Path(path)
    lines = read_text(path, "list").splitlines()
    files = []
    for number, line in enumerate(lines, 1):
        name = line.strip()
        if not name or name.startswith("#"):
            continue
        file = path.parent / name
        if not os.path.exists(file):
            raise UserError(f"{path}:{number}: {name} does not exist")
        files.append(file)
    if not files:
        raise UserError(f"{path}: names no files")
    return files


class _Stream:
    """One array of a file, read a batch at a time."""

    def __init__(self, file: Any, size: int, port: _core.Port, where: str) -> None:
        self._shape, self._fortran, self._dtype = read_header(file, size)
        if self._fortran and len(self._shape) > 1:
            raise UserError(f"{where}: the array for '{port.name}' is not one of plain numbers")
        self._file = file
        self._where = where
        self.port = port
        shape = tuple(port.shape)
        if self._shape == shape or self._shape == shape[1:]:
            self.count = 1
        elif shape and self._shape[1:] == shape[1:] and self._shape[0] >= shape[0]:
            self.count = self._shape[0] // shape[0]
        else:
            raise UserError(
                f"{where}: the array for '{port.name}' has the shape {list(self._shape)}, expected "
                f"{list(shape)} or more along the first axis"
            )

    def __iter__(self) -> Iterator[np.ndarray]:
        elements = int(np.prod(self.port.shape, dtype=np.int64))
        for _ in range(self.count):
            try:
                data = self._file.read(elements * self._dtype.itemsize)
            except BROKEN as error:
                raise UserError(f"{self._where}: is no readable array file ({error})") from None
            if len(data) != elements * self._dtype.itemsize:
                raise UserError(f"{self._where}: is cut short")
            yield np.frombuffer(data, self._dtype).reshape(self.port.shape)


def _open(file: Path, ports: Sequence[_core.Port], stack: ExitStack) -> list[_Stream]:
    """One stream a port."""
    try:
        if file.suffix.lower() == ".npy":
            if len(ports) != 1:
                raise UserError(
                    f"{file}: is one array, the network has {len(ports)} inputs; give .npz files"
                )
            opened = stack.enter_context(file.open("rb"))
            return [_Stream(opened, file.stat().st_size, ports[0], str(file))]
        # A handle each: streams of one archive are read in turn.
        names = [n.removesuffix(".npy") for n in zipfile.ZipFile(file).namelist()]
        streams = []
        for port in ports:
            name = port.name
            if name not in names and len(ports) == len(names) == 1:
                name = names[0]
            if name not in names:
                raise UserError(
                    f"{file}: has no array '{port.name}', its arrays are {', '.join(names)}"
                )
            archive = stack.enter_context(zipfile.ZipFile(file))
            info = archive.getinfo(f"{name}.npy")
            member = stack.enter_context(archive.open(info))
            streams.append(_Stream(member, info.file_size, port, str(file)))
        return streams
    except UserError:
        raise
    except BROKEN as error:
        raise UserError(f"{file}: is no readable array file ({error})") from None


def _stream(file: Path, ports: Sequence[_core.Port]) -> Iterator[dict[str, np.ndarray]]:
    with ExitStack() as stack:
        streams = _open(file, ports, stack)
        names = [port.name for port in ports]
        for arrays in zip(*streams, strict=False):
            yield dict(zip(names, arrays, strict=True))


def _count_inputs(file: Path, ports: Sequence[_core.Port]) -> int:
    with ExitStack() as stack:
        return min(stream.count for stream in _open(file, ports, stack))
