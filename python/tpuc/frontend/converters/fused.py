"""Operators that onnxruntime's optimiser makes of several: com.microsoft."""

from __future__ import annotations

import numpy as np
from onnx import helper

from tpuc.errors import UserError
from tpuc.frontend.converters.norm import add_skip
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Reduce
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, constant_of, converts, find_converter, operand

DOMAIN = "com.microsoft"
# The operator set in which operators have the attributes that are written here.
_OPSET = 23
_CONV = ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")


def convert(
    op_type: str, inputs: Inputs, e: Emitter, node: Node, domain: str = "", **attributes: object
) -> Tensor:
    """What another operator, a standard one unless ``domain`` says so, makes of tensors."""
    names = [f"{node.name}:{i}" if tensor is not None else "" for i, tensor in enumerate(inputs)]
    proto = helper.make_node(op_type, names, ["y"], name=node.name, domain=domain, **attributes)
    made = Node(proto, _OPSET)
    converter = find_converter(made)
    if converter is None:
        raise UserError(f"computes {op_type}, which is not supported")
    result = converter(made, inputs, e)
    return result if isinstance(result, Tensor) else result[0]


def refuse(node: Node, **neutral: float) -> None:
    """Refuses attributes that are not computed, unless they have their neutral values."""
    for name, value in neutral.items():
        if node.attr(name, value) != value:
            raise UserError(f"has {name}, which is not supported, export the model unfused")


@converts("FusedConv", domain=DOMAIN)
def _fused_conv(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    attributes = {name: node.attr(name) for name in _CONV if name in node.attributes}
    result = convert("Conv", inputs[:3], e, node, **attributes)
    if (summand := operand(inputs, 3)) is not None:
        result = e.binary("add", result, summand)
    kind = str(node.attr("activation", ""))
    numbers = [float(x) for x in node.attr("activation_params", [])]
    if not kind:
        return result
    if kind == "Clip":
        if len(numbers) != 2:
            raise UserError(f"clips to {numbers}, expected two limits")
        limits = [e.scalar(number, result) for number in numbers]
        return convert("Clip", [result, *limits], e, node)
    names = {"LeakyRelu": ("alpha",), "HardSigmoid": ("alpha", "beta")}.get(kind, ())
    return convert(kind, [result], e, node, **dict(zip(names, numbers, strict=False)))


@converts("FusedMatMul", domain=DOMAIN)
def _fused_matmul(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    refuse(node, transBatchA=0, transBatchB=0)
    sides = [
        _transposed(tensor, e) if int(node.attr(name, 0)) else tensor
        for tensor, name in zip(inputs[:2], ("transA", "transB"), strict=True)
    ]
    result = convert("MatMul", sides, e, node)
    alpha = float(node.attr("alpha", 1.0))
    return result if alpha == 1.0 else e.binary("mul", result, alpha)


def _transposed(tensor: Tensor, e: Emitter) -> Tensor:
    """With the last two axes exchanged; a vector stays one."""
    if tensor.rank < 2:
        return tensor
    order = [*range(tensor.rank - 2), tensor.rank - 1, tensor.rank - 2]
    return e.permute(tensor, order)


@converts("SkipSimplifiedLayerNormalization", domain=DOMAIN)
def _skip_rms_norm(node: Node, inputs: Inputs, e: Emitter) -> list[Tensor]:
    x = add_skip(node, inputs, operand(inputs, 3), e)
    epsilon = float(node.attr("epsilon", 1e-12))
    result = convert("RMSNormalization", [x, inputs[2]], e, node, axis=-1, epsilon=epsilon)
    return [result, x, x, x][: len(node.outputs)]


@converts("MatMulNBits", domain=DOMAIN)
def _matmul_bits(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, bits = inputs[0], int(node.attr("bits", 4))
    refuse(node, weight_prepacked=0)
    rows, depth = int(node.required("N")), int(node.required("K"))
    block = int(node.required("block_size"))
    if bits not in (2, 4, 8) or block < 1:
        raise UserError(f"has weights of {bits} bits in blocks of {block}, expected 2, 4 or 8 bits")
    if operand(inputs, 4) is not None:
        raise UserError("has its columns in another order (g_idx), export the model without")
    blocks = -(-depth // block)
    packed = np.asarray(constant_of(inputs[1], "the weight"), np.uint8).reshape(rows, blocks, -1)
    numbers = _unpacked(packed, bits)[..., :block]
    scales = np.asarray(constant_of(inputs[2], "the scale"), np.float32).reshape(rows, blocks, 1)
    zeros = constant_of(operand(inputs, 3), "the zero point")
    if zeros is None:
        points = np.float32(1 << (bits - 1))
    elif zeros.dtype == np.uint8:
        points = _unpacked(zeros.reshape(rows, -1), bits)[:, :blocks, None]
    else:
        points = np.asarray(zeros, np.float32).reshape(rows, blocks, 1)
    if numbers.shape[-1] != block:
        raise UserError(f"has {packed.shape[-1]} bytes a block, expected {block * bits // 8}")
    if bits in (4, 8) and depth % block == 0 and depth * bits % 32 == 0:
        words = np.ascontiguousarray(packed).reshape(rows, -1).view(np.int32)
        zero_points = np.ascontiguousarray(np.broadcast_to(points, scales.shape), np.float32)
        operands = [words, scales.reshape(rows, -1), zero_points.reshape(rows, -1)]
        result = e.op("a16_matmul", [x, *map(Tensor.constant, operands)], {"bits": bits})
        bias = operand(inputs, 5)
        return result if bias is None else e.binary("add", result, bias)
    weight = ((numbers - points) * scales).reshape(rows, blocks * block)[:, :depth]
    result = e.op("matmul", [x, Tensor.constant(np.ascontiguousarray(weight.T, np.float32))])
    bias = operand(inputs, 5)
    return result if bias is None else e.binary("add", result, bias)


def _unpacked(packed: np.ndarray, bits: int) -> np.ndarray:
    """Numbers of 2, 4 or 8 bits, the lowest of a byte first, as f32."""
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    numbers = (packed[..., None] >> shifts) & np.uint8((1 << bits) - 1)
    return numbers.reshape(*packed.shape[:-1], -1).astype(np.float32)


@converts("RotaryEmbedding", domain=DOMAIN)
def _rotary(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    refuse(node, scale=1.0, is_packed_batching=0)
    x, positions, cosines, sines = inputs[:4]
    heads = int(node.attr("num_heads", 0))
    turned = int(node.attr("rotary_embedding_dim", 0)) or 2 * cosines.shape[-1]
    if x.rank == 3:
        heads = heads or x.shape[2] // turned
        split = e.reshape(x, (*x.shape[:2], heads, x.shape[2] // heads))
        result = e.permute(split, (0, 2, 1, 3))
    else:
        result = x
    batch, _, tokens, size = result.shape
    if positions.size == 1 and tokens > 1:
        # The position of the first token.
        steps = Tensor.constant(np.arange(tokens, dtype=np.int64))
        positions = e.binary("add", e.reshape(positions, (1,)), steps)
    rows = (1, 1, tokens) if positions.size == tokens else (batch, 1, tokens)
    tables = [
        e.reshape(convert("Gather", [table, positions], e, node, axis=0), (*rows, table.shape[-1]))
        for table in (cosines, sines)
    ]
    if int(node.attr("interleaved", 0)):
        pairs = e.reshape(e.slice_axis(result, 3, 0, turned), (*result.shape[:3], turned // 2, 2))
        sides = [e.reshape(e.slice_axis(pairs, 4, i, 1), pairs.shape[:4]) for i in (0, 1)]
    else:
        sides = [e.slice_axis(result, 3, i * (turned // 2), turned // 2) for i in (0, 1)]
    (left, right), (cosine, sine) = sides, tables
    new = [
        e.binary("sub", e.binary("mul", left, cosine), e.binary("mul", right, sine)),
        e.binary("add", e.binary("mul", left, sine), e.binary("mul", right, cosine)),
    ]
    if int(node.attr("interleaved", 0)):
        columns = [e.reshape(side, (*side.shape, 1)) for side in new]
        joined = e.op("concat", columns, {"axis": 4})
        new = [e.reshape(joined, (*result.shape[:3], turned))]
    rest = [e.slice_axis(result, 3, turned, size - turned)] if size > turned else []
    result = e.op("concat", [*new, *rest], {"axis": 3}) if len(new) + len(rest) > 1 else new[0]
    if x.rank == 4:
        return result
    return e.reshape(e.permute(result, (0, 2, 1, 3)), x.shape)


@converts("EmbedLayerNormalization", domain=DOMAIN)
def _embedding(node: Node, inputs: Inputs, e: Emitter) -> list[Tensor]:
    ids, segments, words, places = inputs[:4]
    positions = operand(inputs, 8)
    if positions is None:
        positions = Tensor.constant(np.arange(ids.shape[1], dtype=np.int64)[None])
    total = convert("Gather", [words, ids], e, node, axis=0)
    total = e.binary("add", total, convert("Gather", [places, positions], e, node, axis=0))
    if (table := operand(inputs, 4)) is not None:
        if segments is None:
            segments = Tensor.constant(np.zeros(ids.shape, np.int64))
        total = e.binary("add", total, convert("Gather", [table, segments], e, node, axis=0))
    norm = [total, inputs[5], operand(inputs, 6)]
    epsilon = float(node.attr("epsilon", 1e-12))
    result = convert("LayerNormalization", norm, e, node, axis=-1, epsilon=epsilon)
    counts = Tensor.constant(np.zeros(ids.shape[0], np.int32))
    if (mask := operand(inputs, 7)) is not None:
        counts = e.reduce(Reduce.SUM, mask, [1], keepdims=False)
    return [result, counts, total][: len(node.outputs)]
