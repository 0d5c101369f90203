"""Attention of com.microsoft with keys and values of earlier tokens, against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest
import tpuc
from checks import reference
from onnx import TensorProto, helper, numpy_helper
from tpuc.errors import UserError

RNG = np.random.default_rng(3)
CLOSE = {"F32": 1e-5, "F16": 4e-3}


def normal(*shape):
    return RNG.normal(0, 1, shape).astype(np.float32)


def tables(places, half):
    angles = np.outer(np.arange(places), 10.0 ** -np.arange(half)).astype(np.float32)
    return np.cos(angles), np.sin(angles)


def model_of(kind, operands, constants, outputs, **attributes):
    """A model of one node; ``operands`` by name in order, None for those left out."""
    names = ["" if value is None else name for name, value in operands.items()]
    feeds = {n: v for n, v in operands.items() if v is not None and n not in constants}
    node = helper.make_node(kind, names, outputs, domain="com.microsoft", name="node", **attributes)
    graph = helper.make_graph(
        [node], "g",
        [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
         for n, v in feeds.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs],
        [numpy_helper.from_array(operands[n], n) for n in constants if operands[n] is not None],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9), feeds


def grouped(
    tokens, past, lengths, fixed, total=None, size=16, extra=(), packed=False, **attributes
):
    """A GroupQueryAttention of 4 heads and 2 groups; ``lengths`` with the new tokens."""
    batch = len(lengths)
    total = past + tokens if total is None else total
    operands = {
        "query": normal(batch, tokens, (8 if packed else 4) * size),
        "key": None if packed else normal(batch, tokens, 2 * size),
        "value": None if packed else normal(batch, tokens, 2 * size),
        "past_key": normal(batch, 2, past, size) if past else None,
        "past_value": normal(batch, 2, past, size) if past else None,
        "seqlens_k": np.int32(lengths) - 1,
        "total": np.int32(total),
    }
    if attributes.get("do_rotary"):
        operands["cos"], operands["sin"] = tables(32, size // 2)
    else:
        operands |= {"cos": None, "sin": None}
    operands |= dict(extra)
    fixed = {"total", "cos", "sin", *fixed} & operands.keys()
    outputs = ["y", "present_key", "present_value"]
    return model_of(
        "GroupQueryAttention", operands, fixed, outputs, num_heads=4, kv_num_heads=2, **attributes
    )


def check(model, feeds, precision, lengths=None, tokens=0):
    """Compares what is specified: queries of real tokens, and places that are taken."""
    expected = reference(model, feeds)
    results = tpuc.compile(model, precision).run(feeds)
    for name, wanted in expected.items():
        found = results[name]
        assert found.shape == wanted.shape
        for sample, length in enumerate(lengths or ()):
            rows = (min(tokens, length), wanted.shape[1]) if name == "y" else (length, 0)
            for array in (found, wanted):
                if name == "y":
                    array[sample, rows[0] :] = 0
                else:
                    array[sample, :, length:] = 0
        atol = CLOSE[precision] * np.abs(wanted).max()
        np.testing.assert_allclose(found, wanted, atol=atol, rtol=0, err_msg=name)


GROUPED = {
    "prompt": {"tokens": 6, "past": 0, "lengths": [6, 6]},
    "padded_prompt": {"tokens": 6, "past": 0, "lengths": [6, 3]},
    "decode": {"tokens": 1, "past": 9, "lengths": [10]},
    "decode_of_two": {"tokens": 1, "past": 9, "lengths": [10, 5]},
    "buffer": {"tokens": 1, "past": 16, "lengths": [7, 12], "total": 12},
    "chunk": {"tokens": 3, "past": 9, "lengths": [12]},
    "chunk_in_buffer": {"tokens": 3, "past": 16, "lengths": [8], "total": 8},
}
FORMS = {
    "plain": {},
    "rotary": {"do_rotary": 1},
    "pairs": {"do_rotary": 1, "rotary_interleaved": 1, "packed": True},
    "window": {"local_window_size": 4, "scale": 0.2},
    "softcap": {"softcap": 2.0, "smooth_softmax": 1},
}


@pytest.mark.parametrize("fixed", [(), ("seqlens_k",)], ids=["computed", "constant"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", GROUPED)
def test_grouped_attention(kind, form, fixed):
    case = GROUPED[kind]
    model, feeds = grouped(**case, **FORMS[form], fixed=fixed)
    check(model, feeds, "F32", case["lengths"], case["tokens"])


@pytest.mark.parametrize("kind", ["padded_prompt", "decode_of_two", "chunk"])
def test_grouped_attention_in_f16(kind):
    case = GROUPED[kind]
    model, feeds = grouped(**case, do_rotary=1, fixed=())
    check(model, feeds, "F16", case["lengths"], case["tokens"])


def test_grouped_attention_with_a_bias_and_sinks():
    extra = {"positions": None, "bias": normal(1, 4, 5, 5), "sink": normal(4)}
    model, feeds = grouped(5, 0, [5, 5], (), extra=extra.items())
    check(model, feeds, "F32")


def heads_with_past(past, mask=None, **attributes):
    operands = {name: normal(2, 5, 32) for name in ("query", "key", "value")}
    operands |= {"bias": normal(96), "mask": mask, "added": normal(1, 4, 5, past + 5)}
    operands |= {name: normal(2, 4, past, 8) for name in ("past_key", "past_value")}
    outputs = ["y", "present_key", "present_value"]
    return model_of("MultiHeadAttention", operands, {"bias"}, outputs, num_heads=4, **attributes)


def packed_with_past(past, **attributes):
    operands = {
        "x": normal(2, 5, 16), "w": 0.3 * normal(16, 48), "b": normal(48), "mask": None,
        "past": normal(2, 2, 2, past, 8),
    }  # fmt: skip
    return model_of("Attention", operands, {"w", "b"}, ["y", "present"], num_heads=2, **attributes)


UNGROUPED = {
    "heads": lambda: heads_with_past(7),
    "heads_causal": lambda: heads_with_past(7, unidirectional=1),
    "heads_masked": lambda: heads_with_past(3, np.int32([[1, 1, 0, 1, 1, 1, 0, 1]] * 2)),
    "packed": lambda: packed_with_past(6),
    "packed_causal": lambda: packed_with_past(6, unidirectional=1),
}


@pytest.mark.parametrize("precision", CLOSE)
@pytest.mark.parametrize("case", UNGROUPED)
def test_attention_with_a_past(case, precision):
    check(*UNGROUPED[case](), precision)


@pytest.mark.parametrize("packed", [3, 2])
def test_operands_in_one(packed):
    """[batch, tokens, heads, 3, size], or 2 for key and value; onnxruntime has neither on CPUs."""
    sides = [normal(2, 5, 4, 8) for _ in range(3)]
    names = ("query", "key", "value")
    operands = {n: v.reshape(2, 5, 32) for n, v in zip(names, sides, strict=True)}
    (expected,) = reference(
        *model_of("MultiHeadAttention", operands, set(), ["y"], num_heads=4)
    ).values()
    first = {} if packed == 3 else {"query": operands["query"]}
    one = {**first, "packed": np.stack(sides[-packed:], 3)}
    model, feeds = model_of("MultiHeadAttention", one, set(), ["y"], num_heads=4)
    result = tpuc.compile(model, "F32").run(feeds)["y"]
    np.testing.assert_allclose(result, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"causal": 0}, "causal"),
        ({"sliding_window_cache": 1, "local_window_size": 4}, "sliding_window_cache"),
        ({"k_quant_type": "PER_TENSOR"}, "quantised"),
        ({"qk_output": 1}, "qk_output"),
        ({"do_rotary": 1, "extra": {"cos": None}}, "cosines"),
    ],
)
def test_what_is_refused_says_why(attributes, words):
    model, _ = grouped(1, 4, [5], (), **attributes)
    with pytest.raises(UserError, match=words) as error:
        tpuc.compile(model)
    assert "node 'node'" in str(error.value)
