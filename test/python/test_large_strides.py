"""Transposed convolutions of strides and dilations beyond the chip's."""

from __future__ import annotations

import numpy as np
import pytest
import tpuc
from checks import reference
from onnx import TensorProto, helper, numpy_helper

CASES = {
    "as segmentation has it": ((1, 3, 5, 4), (3, 1, 64, 64), {"strides": [32, 32], "group": 3}),
    "kernel below the stride": ((1, 4, 3, 3), (4, 2, 7, 9), {"strides": [16, 20]}),
    "padding": ((2, 4, 3, 4), (4, 3, 33, 34), {"strides": [16, 17], "pads": [3, 8, 9, 2]}),
    "output padding": (
        (1, 2, 3, 3), (2, 2, 18, 18), {"strides": [16, 16], "output_padding": [5, 15]},
    ),
    "one large stride": ((1, 2, 6, 3), (2, 3, 3, 40), {"strides": [1, 24]}),
    "one axis": ((2, 4, 11), (4, 3, 64), {"strides": [32], "pads": [16, 16]}),
    "three axes": ((1, 2, 2, 3, 2), (2, 2, 2, 18, 3), {"strides": [2, 16, 1]}),
    "dilation": ((1, 2, 4, 4), (2, 2, 3, 3), {"dilations": [17, 1], "strides": [2, 1]}),
    "both": ((1, 2, 3, 3), (2, 2, 2, 2), {"dilations": [2, 1], "strides": [18, 1]}),
    "larger than its windows": (
        (1, 2, 3, 3), (2, 2, 16, 16), {"strides": [16, 16], "output_shape": [50, 49]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("is_constant", [True, False])
@pytest.mark.parametrize("has_bias", [True, False])
def test_transposed(case, is_constant, has_bias):
    data_shape, filter_shape, attributes = CASES[case]
    rng = np.random.default_rng(4)
    arrays = {"x": data_shape, "w": filter_shape,
              "b": (filter_shape[1] * attributes.get("group", 1),)}  # fmt: skip
    arrays = {n: rng.standard_normal(s).astype(np.float32) for n, s in arrays.items()}
    names = ["x", "w", "b"] if has_bias else ["x", "w"]
    inputs = ["x"] if is_constant else ["x", "w"]
    graph = helper.make_graph(
        [helper.make_node("ConvTranspose", names, ["y"], **attributes)], "g",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, arrays[n].shape) for n in inputs],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(arrays[n], n) for n in names if n not in inputs],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    data = {name: arrays[name] for name in inputs}
    expected = reference(model, data)["y"]
    found = tpuc.compile(model, "F32").run(data)["y"]
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
