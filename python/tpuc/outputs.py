"""Output files that appear complete or not at all, and never in place of an input."""

from __future__ import annotations

import glob
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tpuc.errors import UserError

# The files that the running command reads, by device and inode; None outside of
# commands: a program may well replace a file that it has read.
_inputs: dict[tuple[int, int], str] | None = None
# The files that the running command writes, to find what it leaves when it is ended.
_outputs: set[Path] = set()
_started = time.time()
# More than a table, list or configuration has bytes.
_LONGEST_TEXT = 1 << 26
# Letters of a file's name that its temporary name repeats.
_SHORT_NAME = 50


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
    """Says which files are read; None and files that do not exist count for nothing.

    Raises:
        UserError: a pipe or a device, which may never end.
    """
    for path in paths:
        try:
            status = None if path is None else os.stat(path)
        except (OSError, ValueError):
            continue
        if status is None or stat.S_ISDIR(status.st_mode):
            continue
        if not stat.S_ISREG(status.st_mode):
            raise UserError(f"{path}: is a pipe or a device, give a regular file")
        if _inputs is not None:
            _inputs.setdefault((status.st_dev, status.st_ino), str(path))


def check_input(path: str | os.PathLike, remedy: str) -> Path:
    """Says which file is read, and refuses what is none.

    Args:
        path: the file.
        remedy: what to give instead, for messages.

    Raises:
        UserError: missing, a folder, a pipe or a device.
    """
    path = Path(path)
    note_inputs(path)
    if not path.is_file():
        reason = "is a folder" if path.is_dir() else "no such file"
        raise UserError(f"{path}: {reason}, {remedy}")
    return path


def read_text(path: str | os.PathLike, what: str) -> str:
    """The text of an input file.

    Args:
        path: the file.
        what: what it should be, for messages.

    Raises:
        UserError: it cannot be read, is no UTF-8, or larger than any such file.
    """
    note_inputs(path)
    try:
        with Path(path).open("rb") as file:
            data = file.read(_LONGEST_TEXT + 1)
        text = data.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: is no {what} that can be read ({error})") from None
    if len(data) > _LONGEST_TEXT:
        raise UserError(f"{path}: is no {what}, it has more than {_LONGEST_TEXT >> 20} MiB")
    return text


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


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def check_writable(path: str | os.PathLike) -> Path:
    """Refuses a path that cannot become a file, before any work is done.

    Raises:
        UserError: the folder is missing or cannot be written to, or the file is an input.
    """
    path = Path(path)
    if not path.name:
        raise UserError(f"'{path}' is not a file name")
    try:
        status = path.stat()
    except FileNotFoundError:
        status = None
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be written: {_reason(error)}") from None
    if status is not None and stat.S_ISDIR(status.st_mode):
        raise UserError(f"{path}: is a folder, give a file name")
    if status is not None and not stat.S_ISREG(status.st_mode):
        raise UserError(f"{path}: is not a regular file, give another output")
    _check_no_input(path)
    folder = path.parent
    if not folder.is_dir():
        raise UserError(f"{path}: the folder {folder} does not exist, create it first")
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise UserError(f"{path}: cannot be written, permission denied")
    if _inputs is not None:
        _outputs.add(path)
    return path


def remove_temporaries() -> None:
    """Removes what this process has begun to write, when it is about to end."""
    for path in list(_outputs):
        names = f"{path.name}.tmp*", f".{path.name[:_SHORT_NAME]}.{os.getpid()}.tmp*"
        for name in names:
            for left in path.parent.glob(glob.escape(name[:-1]) + "*"):
                with suppress(OSError):
                    if left.stat().st_mtime >= _started - 1:
                        left.unlink()


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a temporary name that becomes ``path`` when the block succeeds.

    Raises:
        UserError: the file cannot be written.
    """
    path = check_writable(path)
    # The name is cut, so that one of the greatest length still has a temporary name.
    temporary = path.with_name(f".{path.name[:_SHORT_NAME]}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {_reason(error)}") from None
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
