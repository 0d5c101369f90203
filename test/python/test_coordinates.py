"""Places in pictures that are computed: 16 bits would hold them to an eighth of a pixel."""

from __future__ import annotations

import numpy as np
import pytest
import tpuc
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator


@pytest.mark.parametrize(("precision", "limit"), [("F32", 1e-5), ("F16", 3e-3), ("BF16", 2e-2)])
def test_offsets_in_a_wide_picture(precision, limit):
    rng = np.random.default_rng(0)
    width = 190
    inputs = {
        "x": rng.standard_normal((1, 4, 6, width)).astype(np.float32),
        "o": (rng.integers(1, 32, (1, 2, 6, width)) / 32).astype(np.float32),
    }
    weights = {"w": (rng.standard_normal((3, 4, 1, 1)) * 0.3).astype(np.float32),
               "eye": np.eye(2, dtype=np.float32).reshape(2, 2, 1, 1)}  # fmt: skip
    nodes = [
        # What the convolution gives is exact in 16 bits; the place beside it is not.
        helper.make_node("Conv", ["o", "eye"], ["offsets"]),
        helper.make_node("DeformConv", ["x", "w", "offsets"], ["y"], kernel_shape=[1, 1]),
    ]
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, a.shape) for n, a in inputs.items()],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(a, n) for n, a in weights.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=9)
    expected = ReferenceEvaluator(model).run(None, inputs)[0]
    found = tpuc.compile(model, precision).run(inputs)["y"]
    assert np.abs(found - expected).max() <= limit * np.abs(expected).max()
