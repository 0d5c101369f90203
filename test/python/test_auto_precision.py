"""Tensors that leave the range of F16 on samples are found, and computed in F32."""

from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import onnx
import pytest
import tpuc
from onnx import TensorProto, helper, numpy_helper
from tpuc.errors import ModelWarning

RNG = np.random.default_rng(5)
X = RNG.normal(0, 1, (3, 16)).astype(np.float32)


def network(gain):
    """Two products with a row-wise maximum between them that reaches about 25 * `gain`."""
    left = (RNG.normal(0, 1, (16, 24)) * gain).astype(np.float32)
    right = (RNG.normal(0, 1, (24, 5)) / gain).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "left"], ["a"], name="first"),
        helper.make_node("Relu", ["a"], ["b"], name="relu"),
        helper.make_node("MatMul", ["b", "right"], ["y"], name="second"),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [3, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [3, 5])],
        [numpy_helper.from_array(left, "left"), numpy_helper.from_array(right, "right")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def error(compiled, model):
    """The largest error, by the largest result; infinite where results are not finite."""
    weights = {w.name: numpy_helper.to_array(w) for w in model.graph.initializer}
    hidden = np.maximum(X.astype(np.float64) @ weights["left"], 0)
    wanted = hidden @ weights["right"]
    worst = np.abs(compiled.run(X)["y"] - wanted).max() / np.abs(wanted).max()
    return worst if np.isfinite(worst) else np.inf


def test_what_leaves_f16_is_computed_in_f32():
    model = network(gain=16000.0)
    table = tpuc.calibrate(model, [{"x": X}], method="max")
    assert error(tpuc.compile(model), model) > 0.02
    with pytest.warns(UserWarning, match=r"beyond F16 \(65504\), the largest is '(first|relu)'"):
        wide = tpuc.compile(model, calibration_table=table, auto_precision=True)
    assert error(wide, model) < 1e-5


def test_an_input_beyond_f16_is_not_rounded_for_its_readers():
    model = network(gain=1.0)
    large = {"x": X * np.float32(1e6)}
    table = tpuc.calibrate(model, [large], method="max")
    # What comes behind it is as large; the input itself is one of them.
    with pytest.warns(UserWarning, match="beyond F16"):
        wide = tpuc.compile(model, calibration_table=table, auto_precision=True)
    wanted = tpuc.compile(model, "F32").run(large)["y"]
    result = wide.run(large)["y"]
    np.testing.assert_allclose(result, wanted, atol=1e-5 * np.abs(wanted).max(), rtol=0)


def test_what_stays_within_f16_is_left_alone():
    model = network(gain=1.0)
    table = tpuc.calibrate(model, [{"x": X}], method="max")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        narrow = tpuc.compile(model, calibration_table=table)
    assert narrow.precision == "F16"


def test_not_where_it_is_not_wanted():
    model = network(gain=16000.0)
    table = tpuc.calibrate(model, [{"x": X}], method="max")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        left = tpuc.compile(model, calibration_table=table, auto_precision=False)
    assert error(left, model) > 0.02


def test_a_table_of_precisions_is_obeyed():
    model = network(gain=16000.0)
    table = tpuc.calibrate(model, [{"x": X}], method="max")
    given = {"first": "F16", "relu": "F16", "second": "F16"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        left = tpuc.compile(
            model, calibration_table=table, auto_precision=True, quantize_table=given
        )
    assert error(left, model) > 0.02


@pytest.mark.parametrize("flag", ["--auto_precision", "--no-auto_precision"])
def test_on_the_inputs_that_are_compared(flag, tmp_path):
    model = network(gain=16000.0)
    onnx.save(model, tmp_path / "net.onnx")
    np.savez(tmp_path / "in.npz", x=X)
    command = [
        sys.executable, "-m", "tpuc.cli", "compile", str(tmp_path / "net.onnx"),
        "-o", str(tmp_path / "net.bmodel"), "--test_input", str(tmp_path / "in.npz"), flag,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == (0 if flag == "--auto_precision" else 1), done.stderr
    assert ("beyond F16 (65504)" in done.stdout) == (flag == "--auto_precision")


def test_a_result_that_is_not_finite_is_pointed_out():
    """Without samples only the run shows that a tensor leaves the range of F16."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["wide"]),
        helper.make_node("MatMul", ["wide", "v"], ["y"]),
    ]
    w, v = np.full((8, 8), 300, np.float32), np.eye(8, dtype=np.float32) * 1e-4
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(w, "w"), numpy_helper.from_array(v, "v")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    data = {"x": np.full((2, 8), 100, np.float32)}
    with pytest.warns(ModelWarning, match="'y' is not finite everywhere.*sample inputs"):
        tpuc.compile(model, "F16").run(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tpuc.compile(model, "BF16").run(data)
        tpuc.compile(model, "F16").run({"x": np.full((2, 8), np.inf, np.float32)})
