"""One colour for each kind of operation or command, the same in every page, trace and notebook."""

from __future__ import annotations

import zlib

# Of commands that belong to no operation.
REST = "#8c8c8c"
# Kinds that nobody knows: chosen by the name, so that a kind keeps its colour.
_UNKNOWN = ("#5f7d3b", "#9c5b2e", "#3b7f74", "#7a55a8", "#a8506b", "#4a6fa0", "#94802c", "#5b5ea6")

# By kind: parts of names that mean it, the first that fits wins. Kinds of one family have
# neighbouring colours; all can be told apart on light and on dark ground.
_KINDS = (
    ("conv_transpose", "#2f5aa8", ("convtranspose", "deconv")),
    ("conv", "#4477cc", ("conv",)),
    ("attention", "#b8501c", ("attention",)),
    ("matmul", "#e08a2b", ("matmul", "mm", "gemm", "linear", "fc")),
    ("softmax", "#d04a4a", ("softmax",)),
    ("norm", "#8a7bd8", ("norm",)),
    ("cast", "#b455b8", ("cast", "quant", "rqdq", "rq", "dq")),
    ("pool", "#2aa5b5", ("pool", "pord")),
    ("reduce", "#1c7683", ("reduce", "argmax", "argmin", "topk", "sort")),
    ("compare", "#d1b73f", ("compare", "select", "where", "cmp", "sel", "clip", "max", "min")),
    ("scalar", "#84711a", ("scalar", "const", "lin")),
    ("permute", "#d06a9a", ("permute", "transpose", "trans", "relayout")),
    ("concat", "#a33f6e", ("concat", "pack")),
    ("slice", "#e59cba", ("slice", "split")),
    ("broadcast", "#7d5568", ("broadcast", "bc", "tile", "repeat", "expand")),
    ("gather", "#6b8fa8", ("gather", "scatter", "sg", "index", "nonzero", "masked")),
    ("resize", "#7a9a3a", ("resize", "interp", "upsample", "pixelshuffle", "depth2space")),
    ("reshape", "#a9bccb", ("reshape", "squeeze", "flatten", "pad", "copy", "identity")),
    ("store", "#c79a78", ("store",)),
    ("load", "#a0714f", ("load", "dma", "tensor", "matrix", "general", "cwtrans")),
    ("unary", "#3aa35b", (
        "unary", "relu", "silu", "gelu", "sigmoid", "tanh", "active", "activation", "lut", "exp",
        "log", "sqrt", "pow", "sfu", "taylor", "erf", "swish", "elu",
    )),
    ("binary", "#b59a1f", ("binary", "add", "sub", "mul", "div", "ar", "mac")),
)  # fmt: skip


def colour(kind: str) -> str:
    """The colour of a kind, e.g. ``tpu.conv``, or of a command's function, e.g. ``conv.normal``.

    What is fused has the colour of the kind that comes first in the list above: a convolution
    with an activation is a convolution.
    """
    ranks = [rank for part in kind.split("+") if (rank := _rank(part)) is not None]
    if ranks:
        return _KINDS[min(ranks)][1]
    return _UNKNOWN[zlib.crc32(kind.encode()) % len(_UNKNOWN)] if kind not in ("", "none") else REST


def _rank(kind: str) -> int | None:
    words = kind.lower().removeprefix("tpu.").replace("_", "").split(".")
    # The first word tells most: "conv.normal" is a convolution.
    for word in words:
        for rank, (_, _, parts) in enumerate(_KINDS):
            if word.startswith(parts):
                return rank
        for rank, (_, _, parts) in enumerate(_KINDS):
            if any(len(part) > 3 and part in word for part in parts):
                return rank
    return None
