"""Networks from ONNX to the simulator, against onnxruntime."""

import json
import subprocess
import sys

import networks as nets
import numpy as np
import onnxruntime
import pytest
import tpuc
from onnx import helper
from tpuc.compare import compare


def reference(model, inputs):
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs), strict=True))


@pytest.fixture
def image():
    return np.random.default_rng(5).standard_normal((1, 3, 8, 8)).astype(np.float32)


@pytest.mark.parametrize(
    ("quantize", "cosine"), [("F32", 0.999999), ("F16", 0.9999), ("BF16", 0.999)]
)
def test_small_network_agrees_with_onnxruntime(quantize, cosine, image):
    network = nets.small_convnet()
    actual = tpuc.compile(network, quantize=quantize).run({"x": image})
    result = compare(actual["y"], reference(network, {"x": image})["y"], precision=quantize)
    assert result.within((cosine, 0.9))
    if quantize == "F32":
        assert result.relative <= 1e-4


def test_another_batch_gives_the_same_numbers(image):
    network = nets.small_convnet()
    one = tpuc.compile(network, quantize="F32").run({"x": image})["y"]
    both = tpuc.compile(network, quantize="F32", input_shapes=[[2, 3, 8, 8]])
    two = both.run({"x": np.concatenate([image, image])})["y"]
    assert two.shape == (2, 5)
    np.testing.assert_allclose(two, np.concatenate([one, one]), rtol=1e-5, atol=1e-5)


def test_saved_model_gives_the_same_bits(tmp_path, image):
    model = tpuc.compile(nets.small_convnet())
    model.save(tmp_path / "net.bmodel")
    again = tpuc.Model.load(tmp_path / "net.bmodel")
    np.testing.assert_array_equal(again.run({"x": image})["y"], model.run({"x": image})["y"])
    assert again.inputs == model.inputs
    assert again.profile() == model.profile()


def test_profile_charges_moves_of_one_row_unless_told():
    model = tpuc.compile(nets.small_convnet())
    charged = model.profile().cycles
    assert model.profile(free_zero_row_stride=True).cycles <= charged
    assert model.profile().cycles == charged


def test_compiling_twice_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        tpuc.compile(nets.small_convnet(), name="net").save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_threads_do_not_change_the_result(image):
    model = tpuc.compile(nets.small_convnet())
    results = [model.run({"x": image}, threads=n)["y"] for n in (1, 2, 3)]
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_quantize_table_changes_single_operations(image):
    network = nets.small_convnet()
    mixed = tpuc.compile(network, "F16", quantize_table={"conv": "F32", "fc": "F32"})
    expected = reference(network, {"x": image})["y"]
    plain = compare(tpuc.compile(network, "F16").run({"x": image})["y"], expected)
    assert compare(mixed.run({"x": image})["y"], expected).largest < plain.largest


def test_model_shows_itself():
    model = tpuc.compile(nets.small_convnet(), name="net")
    assert "x f32[1, 3, 8, 8]" in repr(model)
    assert "<table>" in model._repr_html_()
    assert "<svg" in model.profile()._repr_html_()
    assert "id" in model.disassemble()


def test_residual_and_concat():
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], "relu"),
        helper.make_node("Add", ["x", "a"], ["b"], "add"),
        helper.make_node("Concat", ["a", "b"], ["y"], "concat", axis=1),
    ]
    network = nets.network(nodes, {"x": [2, 8, 5, 7]}, {"y": None})
    x = np.random.default_rng(2).standard_normal((2, 8, 5, 7)).astype(np.float32)
    actual = tpuc.compile(network, quantize="F32").run({"x": x})["y"]
    np.testing.assert_array_equal(actual, reference(network, {"x": x})["y"])


def run(*command):
    """A command in a process of its own; returns what it printed."""
    result = subprocess.run(
        [sys.executable, "-m", "tpuc.cli", *map(str, command)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_commands_from_onnx_to_result(tmp_path, image):
    """The commands that the chip's users know, stage by stage."""
    network = nets.small_convnet()
    onnx_path = nets.save(network, tmp_path / "net.onnx")
    np.savez(tmp_path / "in.npz", x=image)
    out = run("model_transform", "--model_name", "net", "--model_def", onnx_path,
              "--input_shapes", "[[1,3,8,8]]", "--mlir", tmp_path / "net.mlir",
              "--test_input", tmp_path / "in.npz",
              "--test_result", tmp_path / "top.npz")  # fmt: skip
    assert "compared with onnxruntime" in out
    run("model_deploy", "--mlir", tmp_path / "net.mlir", "--quantize", "F16", "--chip", "bm1684x",
        "--model", tmp_path / "net.bmodel", "--test_input", tmp_path / "in.npz",
        "--test_reference", tmp_path / "top.npz", "--compare_all",
        "--explain", tmp_path / "why.json")  # fmt: skip
    plan = json.loads((tmp_path / "why.json").read_text())
    assert {"groups", "operators", "values"} <= set(plan)
    assert any(value["place"] == "local memory" for value in plan["values"])
    run("model_runner", "--input", tmp_path / "in.npz", "--model", tmp_path / "net.bmodel",
        "--output", tmp_path / "out.npz")  # fmt: skip
    actual = np.load(tmp_path / "out.npz")["y"]
    expected = reference(network, {"x": image})["y"]
    assert compare(actual, expected, precision="F16").within((0.9999, 0.9))
    assert run("bmodel_dis", tmp_path / "net.bmodel").count("\n") > 4
    run("tpu_profile", tmp_path / "net.bmodel", "-o", tmp_path / "profile")
    assert {p.name for p in (tmp_path / "profile").iterdir()} == {
        "profile.html", "profile.json", "trace.json",
    }  # fmt: skip


def test_front_door(tmp_path, image):
    onnx_path = nets.save(nets.small_convnet(), tmp_path / "net.onnx")
    np.savez(tmp_path / "in.npz", x=image)
    target = tmp_path / "net.bmodel"
    out = run("compile", onnx_path, "--quantize", "f16", "-o", target)
    for word in ("operations", "weights", "DDR read", "roofline", "estimated time"):
        assert word in out
    run("run", target, "--input", tmp_path / "in.npz", "--output", tmp_path / "out.npz")
    run("compare", target, onnx_path, "--input", tmp_path / "in.npz")
    run("debug", onnx_path, "--input", tmp_path / "in.npz")
    profile = json.loads(run("profile", target, "--json"))
    assert list(profile) == [
        "cycles", "ms", "tiu_busy", "gdma_busy", "tiu_commands", "gdma_commands",
        "ddr_read_bytes", "ddr_write_bytes", "roofline_ms", "vendor_ms", "silicon_ms", "parameters",
    ]  # fmt: skip
    assert profile["cycles"] > 0
    assert 0 < profile["gdma_busy"] <= 1


@pytest.mark.parametrize("stage", ["top", "tpu"])
def test_a_stage_can_be_stopped_at_and_resumed_from(stage, tmp_path):
    onnx_path = nets.save(nets.small_convnet(), tmp_path / "net.onnx")
    run("compile", onnx_path, "-o", tmp_path / "whole.bmodel")
    run("compile", onnx_path, "-o", tmp_path / "stage.mlir", "--stop_after", stage)
    run("compile", tmp_path / "stage.mlir", "-o", tmp_path / "resumed.bmodel")
    whole = tpuc.Model.load(tmp_path / "whole.bmodel")
    resumed = tpuc.Model.load(tmp_path / "resumed.bmodel")
    assert whole.disassemble().splitlines()[1:] == resumed.disassemble().splitlines()[1:]
