"""What a file is, by its first bytes: for messages about files in the wrong place."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from tpuc.errors import UserError

BMODEL, ONNX, MLIR, ARRAYS, ARRAY, PICTURE = "bmodel", "onnx", "mlir", "npz", "npy", "picture"

# By the bytes at the start of a file; a kind that tpuc reads, or only its name.
_MAGIC = (
    (b"\xee\xaa\x55\xff", BMODEL),
    (b"ML\xefR", MLIR),
    (b"\x93NUMPY", ARRAY),
    (b"\x89PNG\r\n\x1a\n", PICTURE),
    (b"\xff\xd8\xff", PICTURE),
    (b"GIF8", PICTURE),
    (b"II*\0", PICTURE),
    (b"MM\0*", PICTURE),
    (b"GGUF", "a GGUF checkpoint"),
    (b"\x89HDF", "an HDF5 file (a Keras model or a data set)"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program or library"),
    (b"\x1f\x8b", "a gzip archive"),
)
_NAMES = {
    BMODEL: "a .bmodel (a compiled model)",
    ONNX: "an ONNX model",
    MLIR: "an MLIR module",
    ARRAYS: "an .npz file of arrays",
    ARRAY: "an .npy file, one unnamed array",
    PICTURE: "a picture",
}
# What to do with a file where another kind is expected, by its kind.
_REMEDIES = {
    BMODEL: "tpuc run, profile, info, dis and compare take it",
    ONNX: "compile it first: tpuc compile",
    MLIR: "tpuc compile and model_deploy take it",
    ARRAYS: "tpuc run takes it as --input",
    PICTURE: "tpuc run takes it as --input, --calibration and --dataset take folders of pictures",
    "a PyTorch checkpoint": "export it with torch.onnx.export first",
    "a TensorFlow Lite model": "convert it to ONNX first, e.g. with tf2onnx",
    "a safetensors checkpoint": "export the network to ONNX first",
}
_SUFFIXES = {".onnx": ONNX, ".mlir": MLIR, ".mlirbc": MLIR, ".safetensors":
             "a safetensors checkpoint", ".pt": "a PyTorch checkpoint",
             ".pth": "a PyTorch checkpoint"}  # fmt: skip


def kind_of(path: str | os.PathLike) -> str:
    """A kind of this module, the name of another one, or "" when it is not known."""
    path = Path(path)
    try:
        # A pipe would wait for somebody to write to it.
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            head = file.read(512)
    except (OSError, ValueError):
        return ""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[4:8] == b"TFL3":
        return "a TensorFlow Lite model"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return PICTURE
    if head.startswith(b"BM") and path.suffix.lower() == ".bmp":
        return PICTURE
    if head.startswith(b"PK\x03\x04"):
        # Archives name their first member behind 30 bytes.
        name = head[30 : 30 + int.from_bytes(head[26:28], "little")]
        if name.endswith(b".npy") or path.suffix.lower() == ".npz":
            return ARRAYS
        return "a PyTorch checkpoint" if b"data.pkl" in head else "a zip archive"
    return _SUFFIXES.get(path.suffix.lower(), "") if head else ""


def describe(kind: str) -> str:
    """A kind in words."""
    return _NAMES.get(kind, kind)


def refuse_other(path: str | os.PathLike, wanted: Collection[str], expected: str) -> None:
    """Refuses a file that is of a known kind and not of a wanted one.

    Args:
        path: the file; one that is missing or of no known kind is left to its reader.
        wanted: kinds.
        expected: what is expected, in words.

    Raises:
        UserError: says what the file is, and what takes it.
    """
    kind = kind_of(path)
    if not kind or kind in wanted:
        return
    remedy = _REMEDIES.get(kind)
    raise UserError(
        f"{path}: is {describe(kind)}, expected {expected}{'; ' + remedy if remedy else ''}"
    )
