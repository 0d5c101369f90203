"""Operators without a definition in the operator set, written as others.

Those of ``unfolded`` stand for operators of a network: the compiler imports them as
such, and each of their tensors is a tensor of the network. Those of ``cell`` are
computed as one, and what lies within is rounded as within an operator.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import onnx
from onnx import helper, numpy_helper

Values = Mapping[str, np.ndarray]


class Body:
    """Nodes that compute a node's results.

    Args:
        node: that they stand for.
        prefix: of the names of tensors.
        opset: of the model.
    """

    def __init__(self, node: onnx.NodeProto, prefix: str, opset: int) -> None:
        self.node = node
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._prefix = prefix
        self._attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}

    def attr(self, name: str, default: object = None):  # noqa: ANN201
        """An attribute of the node."""
        value = self._attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else value

    def operand(self, index: int) -> str:
        """The name of an operand, empty without one."""
        return self.node.input[index] if index < len(self.node.input) else ""

    def fresh(self) -> str:
        """A name that nothing has."""
        return f"{self._prefix}{len(self.nodes)}_{len(self.constants)}"

    def constant(self, array: object, dtype: type = np.float32) -> str:
        """The name of a constant."""
        name = f"{self._prefix}c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array, dtype), name))
        return name

    def ints(self, *values: int) -> str:
        """The name of a list of integers."""
        return self.constant(values, np.int64)

    def __call__(self, op: str, *inputs: str, **attributes: object) -> str:
        """Adds a node with one result; its name."""
        name = self.fresh()
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def part(self, x: str, axis: int, begin: int, end: int) -> str:
        """Elements of an axis."""
        return self("Slice", x, self.ints(begin), self.ints(end), self.ints(axis))

    def give(self, *results: str) -> None:
        """Names the results of the node."""
        for name, result in zip(self.node.output, results, strict=False):
            if name:
                self.nodes.append(helper.make_node("Identity", [result], [name]))

    def mean(self, x: str, axis: int) -> str:
        """The mean over an axis, which stays."""
        if self.opset >= 18:
            return self("ReduceMean", x, self.ints(axis))
        return self("ReduceMean", x, axes=[axis])


def _fused_conv(body: Body, values: Values) -> None:
    kept = {a.name: body.attr(a.name) for a in body.node.attribute}
    kind, numbers = kept.pop("activation"), kept.pop("activation_params", [])
    y = body("Conv", *body.node.input[:3], **kept)
    if body.operand(3):
        y = body("Add", y, body.operand(3))
    if kind == "Clip":
        y = body("Clip", y, *(body.constant(number) for number in numbers))
    else:
        names = {"LeakyRelu": ("alpha",), "HardSigmoid": ("alpha", "beta")}.get(kind, ())
        y = body(kind, y, **dict(zip(names, numbers, strict=False)))
    body.give(y)


def _fused_matmul(body: Body, values: Values) -> None:
    sides = []
    for name, flag in zip(body.node.input, ("transA", "transB"), strict=True):
        rank = values[name].ndim
        order = [*range(rank - 2), rank - 1, rank - 2]
        sides.append(body("Transpose", name, perm=order) if body.attr(flag, 0) else name)
    body.give(body("Mul", body("MatMul", *sides), body.constant(body.attr("alpha", 1.0))))


def _matmul_bits(body: Body, values: Values) -> None:
    bits, block = body.attr("bits"), body.attr("block_size")
    rows, depth = body.attr("N"), body.attr("K")
    mask, shifts = (1 << bits) - 1, np.arange(0, 8, bits, dtype=np.uint8)

    def unpacked(array: np.ndarray) -> np.ndarray:
        numbers = (array.reshape(rows, -1)[..., None] >> shifts) & mask
        return numbers.reshape(rows, -1).astype(np.float32)

    blocks = -(-depth // block)
    numbers = unpacked(values[body.operand(1)]).reshape(rows, blocks, block)
    points = np.float32(1 << (bits - 1))
    if body.operand(3):
        points = unpacked(values[body.operand(3)])[:, :blocks, None]
    scales = values[body.operand(2)].reshape(rows, blocks, 1)
    weights = ((numbers - points) * scales).reshape(rows, -1)[:, :depth]
    body.give(body("MatMul", body.operand(0), body.constant(weights.T)))


def _skip_norm(body: Body, values: Values) -> None:
    simple = body.node.op_type == "SkipSimplifiedLayerNormalization"
    bias = body.operand(3 if simple else 4)
    x = body("Add", body.operand(0), body.operand(1))
    x = body("Add", x, bias) if bias else x
    shift = "" if simple else body.operand(3)
    _norm(body, x, body.operand(2), shift, not simple, body.attr("epsilon", 1e-12))


def _rms_norm(body: Body, values: Values) -> None:
    _norm(body, body.operand(0), body.operand(1), "", False, body.attr("epsilon", 1e-5))


def _norm(body: Body, x: str, scale: str, shift: str, centred: bool, epsilon: float) -> None:
    low = body("Sub", x, body.mean(x, -1)) if centred else x
    variance = body.mean(body("Mul", low, low), -1)
    root = body("Sqrt", body("Add", variance, body.constant(epsilon)))
    y = body("Mul", body("Div", low, root), scale)
    body.give(body("Add", y, shift) if shift else y)


def _fused_gelu(body: Body, values: Values) -> None:
    x, kind = body.operand(0), body.node.op_type
    if body.operand(1):
        x = body("Add", x, body.operand(1))
    half = body.constant(0.5)
    if kind == "QuickGelu":
        gate = body("Sigmoid", body("Mul", x, body.constant(body.attr("alpha", 1.702))))
        return body.give(body("Mul", x, gate))
    if kind == "FastGelu":
        cube = body("Mul", body("Mul", x, x), x)
        inner = body("Add", x, body("Mul", cube, body.constant(0.044715)))
        inner = body("Tanh", body("Mul", inner, body.constant(math.sqrt(2 / math.pi))))
    else:
        inner = body("Erf", body("Mul", x, body.constant(math.sqrt(0.5))))
    gate = body("Add", body("Mul", inner, half), half)
    return body.give(body("Mul", x, gate))


def _multi_head_attention(body: Body, values: Values) -> None:
    heads = body.attr("num_heads")
    if body.node.op_type == "Attention":
        packed = body("Add", body("MatMul", body.operand(0), body.operand(1)), body.operand(2))
        width = values[body.operand(1)].shape[1] // 3
        parts = [body.part(packed, 2, i * width, (i + 1) * width) for i in range(3)]
        extra = ""
    else:
        parts, width = list(body.node.input[:3]), values[body.operand(0)].shape[2]
        if body.operand(3):
            biases = [body.part(body.operand(3), 0, i * width, (i + 1) * width) for i in range(3)]
            parts = [body("Add", x, b) for x, b in zip(parts, biases, strict=True)]
        extra = body.operand(5)
    n, s, _ = values[body.operand(0)].shape
    shape = body.ints(n, s, heads, width // heads)
    q, k, v = (body("Transpose", body("Reshape", x, shape), perm=[0, 2, 1, 3]) for x in parts)
    scores = body("MatMul", q, body("Transpose", k, perm=[0, 1, 3, 2]))
    scores = body("Mul", scores, body.constant(1 / math.sqrt(width // heads)))
    if extra:
        scores = body("Add", scores, extra)
    if body.attr("unidirectional", 0):
        scores = body("Add", scores, body.constant(np.triu(np.full((s, s), -1e4), 1)))
    y = body("MatMul", body("Softmax", scores, axis=-1), v)
    y = body("Transpose", y, perm=[0, 2, 1, 3])
    body.give(body("Reshape", y, body.ints(n, s, width)))


def _rotary(body: Body, values: Values) -> None:
    x, tables = body.operand(0), (1, 2, 3)
    if body.node.domain:
        tables = (2, 3, 1)
    cosines, sines, positions = (body.operand(i) for i in tables)
    n, heads, s, d = values[x].shape
    rows = body.ints(n, 1, s, d // 2)
    cosine, sine = (
        body("Reshape", body("Gather", table, positions, axis=0), rows)
        for table in (cosines, sines)
    )
    mixed = body.attr("interleaved", 0)
    if mixed:
        pairs = body("Reshape", x, body.ints(n, heads, s, d // 2, 2))
        left, right = (body("Gather", pairs, body.constant(i, np.int64), axis=4) for i in range(2))
    else:
        left, right = body.part(x, 3, 0, d // 2), body.part(x, 3, d // 2, d)
    a = body("Sub", body("Mul", left, cosine), body("Mul", right, sine))
    b = body("Add", body("Mul", left, sine), body("Mul", right, cosine))
    if mixed:
        sides = [body("Unsqueeze", side, body.ints(4)) for side in (a, b)]
        return body.give(body("Reshape", body("Concat", *sides, axis=4), body.ints(n, heads, s, d)))
    return body.give(body("Concat", a, b, axis=3))


def _attention(body: Body, values: Values) -> None:
    heads, groups = body.attr("q_num_heads"), body.attr("kv_num_heads")
    n, s, width = values[body.operand(0)].shape
    size = width // heads
    q, k, v = (
        body("Transpose", body("Reshape", body.operand(i), body.ints(n, s, count, size)),
             perm=[0, 2, 1, 3])
        for i, count in enumerate((heads, groups, groups))
    )  # fmt: skip
    if heads != groups:
        rows = body.constant(np.repeat(np.arange(groups), heads // groups), np.int64)
        k, v = (body("Gather", x, rows, axis=1) for x in (k, v))
    scores = body("MatMul", q, body("Transpose", k, perm=[0, 1, 3, 2]))
    scores = body("Mul", scores, body.constant(body.attr("scale") or 1 / math.sqrt(size)))
    cap = body.attr("softcap", 0.0)
    if cap:
        scores = body("Tanh", body("Mul", scores, body.constant(1 / cap)))
        scores = body("Mul", scores, body.constant(cap))
    if body.operand(3):
        mask = values[body.operand(3)]
        added = mask if mask.dtype == np.float32 else np.where(mask, 0, -1e4)
        scores = body("Add", scores, body.constant(added))
    if body.attr("is_causal", 0):
        scores = body("Add", scores, body.constant(np.triu(np.full((s, s), -1e4), 1)))
    y = body("Transpose", body("MatMul", body("Softmax", scores, axis=-1), v), perm=[0, 2, 1, 3])
    body.give(body("Reshape", y, body.ints(n, s, width)))


_FUSED: dict[tuple[str, str], Callable[[Body, Values], None]] = {
    ("com.microsoft", "FusedConv"): _fused_conv,
    ("com.microsoft", "FusedMatMul"): _fused_matmul,
    ("com.microsoft", "MatMulNBits"): _matmul_bits,
    ("com.microsoft", "SkipLayerNormalization"): _skip_norm,
    ("com.microsoft", "SkipSimplifiedLayerNormalization"): _skip_norm,
    ("com.microsoft", "Gelu"): _fused_gelu,
    ("com.microsoft", "BiasGelu"): _fused_gelu,
    ("com.microsoft", "FastGelu"): _fused_gelu,
    ("com.microsoft", "QuickGelu"): _fused_gelu,
    ("com.microsoft", "Attention"): _multi_head_attention,
    ("com.microsoft", "MultiHeadAttention"): _multi_head_attention,
    ("com.microsoft", "RotaryEmbedding"): _rotary,
    ("", "RotaryEmbedding"): _rotary,
    ("", "RMSNormalization"): _rms_norm,
    ("", "SimplifiedLayerNormalization"): _rms_norm,
    ("", "Attention"): _attention,
}


def fused_body(node: onnx.NodeProto, prefix: str, opset: int, values: Values) -> Body | None:
    """What an operator of several stands for, or None."""
    define = _FUSED.get((node.domain, node.op_type))
    if define is None:
        return None
    body = Body(node, prefix, opset)
    define(body, values)
    return body
