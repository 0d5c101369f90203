"""Operators of com.microsoft that onnxruntime's optimiser writes, against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest
import tpuc
from checks import compiled, reference
from onnx import TensorProto, helper, numpy_helper
from tpuc.errors import UserError

RNG = np.random.default_rng(11)


def normal(*shape):
    return RNG.normal(0, 1, shape).astype(np.float32)


def one_node(kind, operands, unused=0, **attributes):
    """A model of one node and its inputs; tuples are constants, None is left out."""
    names, feeds, constants = [], {}, []
    for index, value in enumerate(operands):
        name = "" if value is None else f"x{index}"
        names.append(name)
        if isinstance(value, tuple):
            constants.append(numpy_helper.from_array(value[0], name))
        elif value is not None:
            feeds[name] = value
    results = [f"y{i}" for i in range(1 + unused)]
    node = helper.make_node(kind, names, results, domain="com.microsoft", name="node", **attributes)
    inputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        for name, array in feeds.items()
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in results[:1]]
    graph = helper.make_graph([node], "g", inputs, ends, constants)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9), feeds


def conv(activation, *rest, **attributes):
    operands = [normal(2, 3, 9, 7), (0.2 * normal(8, 3, 3, 3),), (normal(8),), *rest]
    return one_node(
        "FusedConv", operands, activation=activation, pads=[1] * 4, strides=[2, 1], **attributes
    )


def rotary(x, positions, **attributes):
    angles = np.outer(np.arange(10), 10.0 ** -np.arange(4)).astype(np.float32)
    tables = (np.cos(angles),), (np.sin(angles),)
    return one_node("RotaryEmbedding", [x, (positions,), *tables], **attributes)


MASKS = {
    "lengths": np.int32([4, 6]),
    "ranges": np.int32([5, 6, 1, 0]),
    "keys": np.int32([[1, 1, 1, 0, 1, 0], [1, 1, 1, 1, 1, 1]]),
    "rows_of_keys": (RNG.random((2, 5, 6)) < 0.7).astype(np.int32) | np.eye(5, 6, dtype=np.int32),
}


def embedding_and_attention():
    """An encoder's first layers: the embedding counts the tokens that the attention looks at."""
    tables = [normal(*shape) for shape in ((20, 16), (8, 16), (2, 16), (16,), (16,))]
    weights = [*tables, 0.3 * normal(16, 48), normal(48)]
    feeds = {
        "ids": RNG.integers(0, 20, (2, 6)).astype(np.int32),
        "segments": RNG.integers(0, 2, (2, 6)).astype(np.int32),
        "mask": np.int32([[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]]),
    }
    names = [f"w{i}" for i in range(len(weights))]
    nodes = [
        helper.make_node("EmbedLayerNormalization", ["ids", "segments", *names[:5], "mask"],
                         ["embedded", "counts"], domain="com.microsoft"),
        helper.make_node("Attention", ["embedded", *names[5:], "counts"], ["y0"],
                         domain="com.microsoft", num_heads=2),
    ]  # fmt: skip
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info(n, TensorProto.INT32, a.shape) for n, a in feeds.items()],
        [helper.make_tensor_value_info("y0", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(a, n) for a, n in zip(weights, names, strict=True)],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9), feeds


CASES = {
    "conv_relu": lambda: conv("Relu"),
    "conv_leaky": lambda: conv("LeakyRelu", activation_params=[0.3]),
    "conv_clip": lambda: conv("Clip", activation_params=[-0.5, 2.0]),
    "conv_tanh": lambda: conv("Tanh"),
    "conv_sum": lambda: conv("Relu", normal(2, 8, 5, 7)),
    "matmul": lambda: one_node("FusedMatMul", [normal(2, 4, 6, 8), normal(2, 4, 8, 5)], alpha=0.25),
    "matmul_b": lambda: one_node("FusedMatMul", [normal(2, 6, 8), normal(2, 5, 8)], transB=1),
    "matmul_a": lambda: one_node("FusedMatMul", [normal(8, 6), (normal(8, 5),)], transA=1),
    "matmul_ab": lambda: one_node(
        "FusedMatMul", [normal(3, 8, 6), normal(3, 5, 8)], transA=1, transB=1, alpha=2.0
    ),
    "rms": lambda: one_node(
        "SkipSimplifiedLayerNormalization",
        [normal(2, 7, 48), normal(2, 7, 48), (normal(48),)],
        epsilon=1e-6,
    ),
    "rms_bias": lambda: one_node(
        "SkipSimplifiedLayerNormalization",
        [normal(1, 5, 33), normal(1, 5, 33), (normal(33),), (normal(33),)],
    ),
    "heads": lambda: one_node(
        "MultiHeadAttention", [normal(2, 9, 32), normal(2, 6, 32), normal(2, 6, 32)], num_heads=4
    ),
    "heads_bias": lambda: one_node(
        "MultiHeadAttention",
        [normal(1, 9, 32), normal(1, 9, 32), normal(1, 9, 32), (normal(96),)],
        num_heads=2,
        scale=0.3,
    ),
    "embedding": lambda: one_node(
        "EmbedLayerNormalization",
        [
            RNG.integers(0, 20, (2, 6)).astype(np.int32),
            RNG.integers(0, 2, (2, 6)).astype(np.int32),
            *((normal(*shape),) for shape in ((20, 16), (8, 16), (2, 16), (16,), (16,))),
        ],
        unused=1,
    ),
    "embedding_mask": lambda: embedding_and_attention(),
    **{
        f"keys_{name}": lambda mask=mask: one_node(
            "MultiHeadAttention",
            [normal(2, 5, 32), normal(2, 6, 32), normal(2, 6, 32), None, mask],
            num_heads=4,
        )
        for name, mask in MASKS.items()
        if name != "ranges"
    },
    **{
        f"mask_{name}": lambda mask=mask: one_node(
            "Attention",
            [normal(2, 6, 16), (0.3 * normal(16, 48),), (normal(48),), mask],
            num_heads=2,
        )
        for name, mask in MASKS.items()
        if name != "rows_of_keys"
    },
    "mask_and_bias": lambda: one_node(
        "MultiHeadAttention",
        [
            normal(2, 5, 32),
            normal(2, 6, 32),
            normal(2, 6, 32),
            None,
            MASKS["keys"],
            normal(1, 4, 5, 6),
        ],
        num_heads=4,
        mask_filter_value=-50.0,
    ),
    "packed_attention": lambda: one_node(
        "Attention", [normal(2, 6, 16), (0.3 * normal(16, 48),), (normal(48),)], num_heads=2
    ),
    "causal_attention": lambda: one_node(
        "Attention",
        [normal(1, 7, 16), (0.3 * normal(16, 48),), (normal(48),)],
        num_heads=4,
        unidirectional=1,
    ),
    "rotary": lambda: rotary(
        normal(2, 3, 6, 8), np.int64([[0, 1, 2, 3, 4, 5], [4, 5, 6, 7, 8, 9]])
    ),
    "rotary_pairs": lambda: rotary(normal(1, 2, 5, 8), np.int64([[3, 1, 4, 1, 5]]), interleaved=1),
    "rotary_offset": lambda: rotary(normal(1, 5, 24), np.int64([2]), num_heads=3),
    "rotary_part": lambda: rotary(
        normal(1, 2, 5, 12), np.int64([0]), num_heads=2, rotary_embedding_dim=8
    ),
}


@pytest.mark.parametrize(("precision", "tolerance"), [("F32", 1e-5), ("F16", 4e-3)])
@pytest.mark.parametrize("case", CASES)
def test_agrees_with_onnxruntime(case, precision, tolerance):
    model, feeds = CASES[case]()
    expected = reference(model, feeds)
    results = tpuc.compile(model, precision).run(feeds)
    for name, wanted in expected.items():
        scale = np.abs(wanted).max()
        np.testing.assert_allclose(results[name], wanted, atol=tolerance * scale, rtol=0)


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("points", ["none", "packed", "floats"])
def test_weights_of_few_bits(bits, points):
    rows, depth, block = 13, 70, 32
    blocks, per_byte = -(-depth // block), 8 // bits
    packed = RNG.integers(0, 256, (rows, blocks, block // per_byte), dtype=np.uint8)
    scales = RNG.uniform(0.01, 0.02, rows * blocks).astype(np.float32)
    shifts = np.arange(0, 8, bits)

    def unpacked(data):
        return ((data[..., None] >> shifts) & ((1 << bits) - 1)).reshape(*data.shape[:-1], -1)

    zeros, middle = None, np.full((rows, blocks, 1), float(1 << (bits - 1)))
    if points == "packed":
        zeros = RNG.integers(0, 256, (rows, -(-blocks // per_byte)), dtype=np.uint8)
        middle = unpacked(zeros)[:, :blocks, None]
    elif points == "floats":
        zeros = RNG.uniform(0, 3, rows * blocks).astype(np.float32)
        middle = zeros.reshape(rows, blocks, 1)
    weight = (unpacked(packed) - middle) * scales.reshape(rows, blocks, 1)
    x = normal(2, 3, depth)
    model, feeds = one_node(
        "MatMulNBits",
        [x, (packed,), (scales,), None if zeros is None else (zeros,)],
        K=depth, N=rows, bits=bits, block_size=block,
    )  # fmt: skip
    wanted = x @ weight.reshape(rows, -1)[:, :depth].T
    result = tpuc.compile(model, "F32").run(feeds)["y0"]
    np.testing.assert_allclose(result, wanted, atol=1e-5 * np.abs(wanted).max(), rtol=0)
    # Ranges are found with the numbers of the codes.
    result = compiled(model, "INT8", feeds).run(feeds)["y0"]
    np.testing.assert_allclose(result, wanted, atol=0.03 * np.abs(wanted).max(), rtol=0)


@pytest.mark.parametrize(
    ("kind", "operands", "attributes", "words"),
    [
        ("FusedMatMul", [normal(2, 3, 4), normal(2, 4, 3)], {"transBatchA": 1}, "transBatchA"),
        (
            "FusedConv",
            [normal(1, 2, 5, 5), (normal(2, 2, 3, 3),)],
            {"activation": "Gelus"},
            "Gelus",
        ),
        ("MultiHeadAttention", [normal(1, 4, 8)], {"num_heads": 2}, "packed in no known way"),
        (
            "Attention",
            [normal(1, 4, 8), (normal(8, 24),)],
            {"num_heads": 2, "do_rotary": 1},
            "do_rotary",
        ),
        (
            "RotaryEmbedding",
            [normal(1, 2, 3, 4), (np.int64([0]),), (normal(5, 2),), (normal(5, 2),)],
            {"scale": 2.0},
            "scale",
        ),
        (
            "MatMulNBits",
            [normal(1, 64), (np.zeros((4, 2, 16), np.uint8),), (np.ones(8, np.float32),)],
            {"K": 64, "N": 4, "bits": 3, "block_size": 32},
            "3 bits",
        ),
    ],
)
def test_what_is_refused_says_why(kind, operands, attributes, words):
    model, _ = one_node(kind, operands, **attributes)
    with pytest.raises(UserError, match=words) as error:
        tpuc.compile(model)
    assert "node 'node'" in str(error.value)
