"""Output files that appear complete or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tpuc.errors import UserError


def check_writable(path: str | os.PathLike) -> Path:
    """Refuses a path that cannot become a file, before any work is done.

    Raises:
        UserError: the folder is missing or cannot be written to.
    """
    path = Path(path)
    if not path.name:
        raise UserError(f"'{path}' is not a file name")
    if path.is_dir():
        raise UserError(f"{path}: is a folder, give a file name")
    if path.exists() and not path.is_file():
        raise UserError(f"{path}: is not a regular file, give another output")
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
