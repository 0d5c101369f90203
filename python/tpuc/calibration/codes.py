"""Weights of 4 and 8 bits, whose codes become numbers where a network is calibrated."""

from __future__ import annotations

import numpy as np

from tpuc.calibration.nodes import Call, Nodes, converts

_INT64, _FLOAT = 7, 1  # onnx.TensorProto


@converts("a16_matmul")
def _a16_matmul(call: Call, nodes: Nodes) -> None:
    """Multiplies by (code - zero) * scale; the low bits of a word are the first column."""
    x, codes, scales, zeros = call.inputs
    bits = int(call.get("bits"))
    rows, words = nodes.shape(call.operation.operands[1])
    groups = nodes.shape(call.operation.operands[2])[1]
    count = 32 // bits

    def whole(kind: str, a: str, b: int | list[int]) -> str:
        return nodes.emit(kind, [a, nodes.constant(np.array(b, np.int64))])

    wide = nodes.emit("Cast", [codes], to=_INT64)
    # Words are signed; their remainder is not.
    wide = nodes.emit("Reshape", [whole("Mod", wide, 1 << 32), nodes.ints([rows, words, 1])])
    parts = whole("Div", wide, [1 << (bits * i) for i in range(count)])
    numbers = nodes.emit("Cast", [whole("Mod", parts, 1 << bits)], to=_FLOAT)
    grouped = nodes.emit("Reshape", [numbers, nodes.ints([rows, groups, -1])])
    last = nodes.ints([2])
    offset = nodes.emit("Sub", [grouped, nodes.emit("Unsqueeze", [zeros, last])])
    scaled = nodes.emit("Mul", [offset, nodes.emit("Unsqueeze", [scales, last])])
    weights = nodes.emit("Reshape", [scaled, nodes.ints([rows, -1])])
    nodes.emit("MatMul", [x, nodes.emit("Transpose", [weights], perm=[1, 0])], call.outputs[0])
