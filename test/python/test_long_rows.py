"""Rows of which one does not fit into a lane: norms, softmax and reductions in steps."""

import networks as nets
import numpy as np
import onnxruntime
import pytest
import tpuc

ROW = 100_000


def norm_weights():
    rng = np.random.default_rng(2)
    scale = 1 + 0.1 * rng.standard_normal(ROW)
    return {"s": scale.astype(np.float32), "b": rng.standard_normal(ROW).astype(np.float32)}


@pytest.mark.parametrize("precision", ["F16", "F32"])
@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    "op, attributes",
    [
        ("LayerNormalization", {"axis": -1}),
        ("Softmax", {"axis": -1}),
        ("LogSoftmax", {"axis": -1}),
        ("ReduceMean", {"axes": [-1]}),
        ("ReduceMax", {"axes": [-1]}),
    ],
)
def test_long_rows_are_right(op, attributes, rows, precision, tmp_path):
    weights = norm_weights() if op == "LayerNormalization" else {}
    network = nets.one_node(op, ("x", *weights), (1, rows, ROW), weights, 17, **attributes)
    path = nets.save(network, tmp_path / "net.onnx")
    x = np.random.default_rng(3).standard_normal((1, rows, ROW)).astype(np.float32)
    expected = onnxruntime.InferenceSession(path).run(None, {"x": x})[0]
    given = tpuc.compile(path, quantize=precision).run({"x": x})["y"]
    scale = np.abs(x).max() if op == "ReduceMean" else np.abs(expected).max()
    tolerance = {"F16": 2e-3, "F32": 2e-6}[precision]
    assert np.abs(given - expected).max() <= tolerance * scale


@pytest.mark.parametrize(
    "op, function", [("GlobalAveragePool", np.mean), ("GlobalMaxPool", np.max)]
)
def test_pools_of_large_images_are_right(op, function, tmp_path):
    path = nets.save(nets.one_node(op, shape=(1, 3, 1024, 1024)), tmp_path / "net.onnx")
    x = np.random.default_rng(4).random((1, 3, 1024, 1024)).astype(np.float32)
    expected = function(x.astype(np.float64), axis=(2, 3), keepdims=True)
    given = tpuc.compile(path, quantize="F32").run({"x": x})["y"]
    np.testing.assert_allclose(given, expected, rtol=2e-6)
