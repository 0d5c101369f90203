"""The stages between an ONNX file and a .bmodel.

Each stage takes a module and gives a module or a compiled model; the commands
and the Python API are made of these.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx

from tpuc import _core
from tpuc.errors import UserError
from tpuc.frontend import import_onnx

QUANTIZATIONS = ("F32", "F16", "BF16")


def check_quantize(name: str) -> str:
    """The precision's name in capitals.

    Raises:
        UserError: unknown, or known but not available.
    """
    upper = str(name).upper()
    if upper == "INT8":
        raise UserError(
            "quantize 'INT8' is not available, choose one of " + ", ".join(QUANTIZATIONS)
        )
    if upper not in QUANTIZATIONS:
        raise UserError(f"quantize '{name}' is not known, choose one of {', '.join(QUANTIZATIONS)}")
    return upper


def transform(
    model: str | os.PathLike | onnx.ModelProto,
    name: str,
    input_shapes: Sequence[Sequence[int]] | None = None,
    output_names: Sequence[str] | None = None,
) -> _core.Module:
    """From ONNX to a canonical module of the top dialect."""
    module = import_onnx(model, name=name, input_shapes=input_shapes, output_names=output_names)
    module.run_pipeline("builtin.module(top-canonicalize)")
    return module


def read_module(path: str | os.PathLike) -> _core.Module:
    """Reads a stage file.

    Raises:
        UserError: missing, damaged or not a module.
    """
    path = Path(path)
    if not path.is_file():
        reason = "is a folder" if path.is_dir() else "no such file"
        raise UserError(f"{path}: {reason}, give the .mlir file that model_transform wrote")
    return _core.Module.read(str(path))


def deploy(
    module: _core.Module,
    quantize: str,
    quantize_table: Mapping[str, str] | None = None,
    stop_after: str = "",
) -> _core.Bmodel | None:
    """Lowers a top module to a compiled model.

    Args:
        module: a module in the top dialect; it is changed.
        quantize: precision of every operation that the table does not name.
        quantize_table: precision by operation name.
        stop_after: name of a stage after which to stop; the module holds it.
    """
    return _core.compile(module, check_quantize(quantize), dict(quantize_table or {}), stop_after)


def read_quantize_table(path: str | os.PathLike) -> dict[str, str]:
    """Reads lines of an operation's name and its precision; # begins a comment.

    Raises:
        UserError: missing, or a line that is not such a pair.
    """
    path = Path(path)
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise UserError(f"{path}: no such file, give a quantize table") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {error}") from None
    table = {}
    for number, line in enumerate(text.splitlines(), 1):
        parts = line.split("#", 1)[0].split()
        if not parts:
            continue
        if len(parts) != 2:
            raise UserError(
                f"{path}:{number}: expected an operation's name and a precision, found '{line}'"
            )
        try:
            table[parts[0]] = check_quantize(parts[1])
        except UserError as error:
            raise UserError(f"{path}:{number}: {error}") from None
    return table
