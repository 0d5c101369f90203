"""Output files that appear complete or not at all, and never in place of an input."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tpuc.errors import UserError

# The files that the running command reads, by device and inode; None outside of
# commands: a program may well replace a file that it has read.
_inputs: dict[tuple[int, int], str] | None = None


@contextmanager
def keeping_inputs() -> Iterator[None]:
    """Within the block, what ``note_inputs`` was told of is not written to."""
    global _inputs
    outer, _inputs = _inputs, {}
    try:
        yield
    finally:
        _inputs = outer


def note_inputs(*paths: str | os.PathLike | None) -> None:
    """Says which files are read; None and files that do not exist count for nothing."""
    if _inputs is None:
        return
    for path in paths:
        if path is not None:
            with suppress(OSError, ValueError):
                status = os.stat(path)
                _inputs.setdefault((status.st_dev, status.st_ino), str(path))


def _check_no_input(path: Path) -> None:
    """Refuses a file that is read, by whatever name."""
    if not _inputs:
        return
    with suppress(OSError):
        status = path.stat()
        name = _inputs.get((status.st_dev, status.st_ino))
        if name is not None:
            also = "" if name == str(path) else f" the same file as {name},"
            raise UserError(f"{path}: is{also} an input, give another file to write")


def check_writable(path: str | os.PathLike) -> Path:
    """Refuses a path that cannot become a file, before any work is done.

    Raises:
        UserError: the folder is missing or cannot be written to, or the file is an input.
    """
    path = Path(path)
    if not path.name:
        raise UserError(f"'{path}' is not a file name")
    if path.is_dir():
        raise UserError(f"{path}: is a folder, give a file name")
    if path.exists() and not path.is_file():
        raise UserError(f"{path}: is not a regular file, give another output")
    _check_no_input(path)
    folder = path.parent
    if not folder.is_dir():
        raise UserError(f"{path}: the folder {folder} does not exist, create it first")
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise UserError(f"{path}: cannot be written, permission denied")
    return path


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a temporary name that becomes ``path`` when the block succeeds.

    Raises:
        UserError: the file cannot be written.
    """
    path = check_writable(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_bytes(path: str | os.PathLike, data: bytes | memoryview) -> None:
    """Writes a whole file."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Writes a whole text file."""
    write_bytes(path, text.encode())
