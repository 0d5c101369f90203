"""Tensors of another compiler's .bmodel, from the list that it writes beside it.

The vendor's compiler leaves ``X.bmodel.json`` beside ``X.bmodel``: for each of
its operations where its results lie and the numbers of the last commands. It
calls a result by the ONNX tensor and the operator, ``TENSOR_OPERATOR``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx

from tpuc.debug.tensors import Place, local_strides

_TYPE = re.compile(r"(?:\d+x)*(?:(b?f|[su]?i)(8|16|32))>$")
_QUANTISED = re.compile(r"!quant\.uniform<[su]?\w+:f32, ([0-9.eE+-]+)(?::(-?\d+))?>")
_BASE = re.compile(r", (\d+) : i64>$")
_RANGE = re.compile(r"(\d+):(\d+)")
_LANES_HOLD = ("eu_align", "compact")


def foreign_places(path: Path, graph: onnx.GraphProto) -> list[Place]:
    """The tensors of an ONNX graph that a list knows, in its order.

    Args:
        path: the .bmodel.
        graph: the ONNX graph that it was compiled from.

    Returns:
        Nothing when there is no list, or one of another form.
    """
    tensors = {f"{out}_{node.op_type}": out for node in graph.node for out in node.output if out}
    found = []
    try:
        for entry in json.loads(Path(f"{path}.json").read_text("utf-8")):
            if entry["subnet_id"] == 0 and entry["results"] and entry["results"][0]:
                found += _places(entry, entry["results"][0], tensors)
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return []
    return found


def _places(
    entry: Mapping[str, Any], result: Mapping[str, Any], tensors: Mapping[str, str]
) -> list[Place]:
    kind = _TYPE.search(result["memory_type"])
    if result["name"] not in tensors or not kind or min(result["shape"], default=1) < 1:
        return []
    scale, zero_point = 1.0, 0
    if quantised := _QUANTISED.search(result["type"]):
        scale, zero_point = float(quantised[1]), int(quantised[2] or 0)
    tiu, gdma = entry["tiu_dma_id(after)"]
    tiu_before, gdma_before = entry["tiu_dma_id(before)"]
    common = {
        "name": tensors[result["name"]],
        "dtype": kind[1].replace("si", "i") + kind[2],
        "scale": scale,
        "zero_point": zero_point,
    }
    if not entry["is_local"] or entry["opcode"] == "tpu.Store":
        # A store of a part names the address of the part, its type the whole's.
        base = _BASE.search(result["type"])
        address = int(base[1] if base else result["address"])
        whole = Place(shape=tuple(result["shape"]), address=address, command=int(gdma), **common)
        return [whole] if gdma > gdma_before and result["layout"] == "continuous" else []
    # Local results are those of the TIU; loads bring what is known already.
    if tiu == tiu_before or result["layout"] not in _LANES_HOLD:
        return []
    ranges = [(int(a), int(b)) for a, b in _RANGE.findall(result["slice"])]
    axes = [int(size) for size in result["reshape"].strip("<>").split("x")]
    # n, c, d, h, w; with depth the lanes hold it in another order.
    if len(ranges) != 5 or len(axes) != 5 or axes[2] != 1:
        return []
    n, c, _, h, w = (end - begin for begin, end in ranges)
    dims = (n, c, h, w)
    if min(dims) < 1:
        return []
    part = Place(
        shape=dims, local=True, address=int(result["address"]), dims=dims,
        engine=0, command=int(tiu), whole=(axes[0], axes[1], *axes[3:]),
        begin=tuple(ranges[i][0] for i in (0, 1, 3, 4)), **common,
    )  # fmt: skip
    part.check_type()
    strides = local_strides(dims, part.dtype, 0, result["layout"] == "compact")
    return [replace(part, strides=strides)]
