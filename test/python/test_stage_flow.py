"""The stages one by one give the bytes of `tpuc compile` with the same settings."""

import networks as nets
import numpy as np
import pytest
import tpuc
from onnx import helper
from PIL import Image
from tpuc.calibration import read_table
from tpuc.cli import front, model_deploy, model_transform, run_calibration, run_qtable
from tpuc.tuning.constants import read_constants

TOLD = ["--mean", "120,110,100", "--scale", "0.01,0.02,0.015", "--pixel_format", "rgb"]


def network():
    """Three layers, of which two have channels that can be made of like sizes."""
    rng = np.random.default_rng(4)
    weights = {
        "w1": (rng.standard_normal((16, 3, 3, 3)) * np.geomspace(0.05, 2, 16).reshape(-1, 1, 1, 1)),
        "b1": rng.standard_normal(16),
        "w2": rng.standard_normal((16, 16, 3, 3)) / 8,
        "fc": rng.standard_normal((5, 16 * 64)) / 30,
        "fb": rng.standard_normal(5),
    }
    weights = {name: array.astype(np.float32) for name, array in weights.items()}
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], "conv1", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"], "relu1"),
        helper.make_node("Conv", ["r1", "w2"], ["c2"], "conv2", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c2"], ["r2"], "relu2"),
        helper.make_node("Flatten", ["r2"], ["f"], "flatten"),
        helper.make_node("Gemm", ["f", "fc", "fb"], ["y"], "fc", transB=1),
    ]
    return nets.network(nodes, {"x": [1, 3, 8, 8]}, {"y": [1, 5]}, weights)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "images").mkdir()
    rng = np.random.default_rng(2)
    for i in range(6):
        pixels = rng.integers(0, 256, (12, 10, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{i}.png")
    nets.save(network(), tmp_path / "net.onnx")
    return tmp_path


def one_command(files, *more):
    target = files / "one.bmodel"
    assert front.main(["compile", str(files / "net.onnx"), *TOLD, "-o", str(target),
                       "--test_num", "0", *more]) == 0  # fmt: skip
    return target.read_bytes()


def stages(files, calibrates=None, *deploys):
    mlir, table, target = (str(files / name) for name in ("net.mlir", "table", "stages.bmodel"))
    assert (
        model_transform.main(["--model_def", str(files / "net.onnx"), "--mlir", mlir, *TOLD]) == 0
    )
    more = []
    if calibrates is not None:
        folder = str(files / "images")
        assert run_calibration.main([mlir, "--dataset", folder, "-o", table, *calibrates]) == 0
        more = ["--calibration_table", table]
    arguments = ["--mlir", mlir, "--model", target, *more, *deploys]
    assert model_deploy.main(arguments) == 0
    return (files / "stages.bmodel").read_bytes()


@pytest.mark.parametrize("quantize", ["F32", "F16", "BF16"])
def test_floats(quantize, files):
    assert stages(files, None, "--quantize", quantize) == one_command(files, "--quantize", quantize)


@pytest.mark.parametrize(
    ("told", "calibrates", "deploys"),
    [
        ([], [], []),
        (["--method", "kl"], ["--use_kl"], []),
        (["--equalize"], ["--equalize"], []),
        (["--no-round_weights"], ["--no-round_weights"], []),
        (["--no-round_weights", "--no-correct_bias"],
         ["--no-round_weights", "--no-correct_bias"], []),
        (["--no-asymmetric"], ["--no-asymmetric"], ["--no-asymmetric"]),
        (["--fuse_preprocess"], [], ["--fuse_preprocess"]),
        (["--quant_input", "--opt", "1"], [], ["--quant_input", "--disable_layer_group"]),
        (["--input_num", "4"], ["--input_num", "4"], []),
    ],
    ids=lambda value: " ".join(value) or "plain",
)  # fmt: skip
def test_int8(told, calibrates, deploys, files):
    folder = ["--calibration", str(files / "images")]
    whole = one_command(files, "--quantize", "INT8", *folder, *told)
    assert stages(files, calibrates, "--quantize", "INT8", *deploys) == whole


def test_int8_with_a_quantize_table(files):
    (files / "qtable").write_text("conv2 F16\n")
    told = ["--quantize", "INT8", "--quantize_table", str(files / "qtable")]
    whole = one_command(files, *told, "--calibration", str(files / "images"))
    assert stages(files, [], *told) == whole


def test_constants_matter_and_belong_to_their_table(files, capsys):
    plain = stages(files, ["--no-round_weights", "--no-correct_bias"], "--quantize", "INT8")
    assert read_constants(files / "table") is None
    assert stages(files, [], "--quantize", "INT8") != plain
    changes = read_constants(files / "table").changes
    assert {change.layer for change in changes} == {"conv1", "conv2", "fc"}
    # The table of one command serves the stages too, and the other way round.
    one_command(files, "--quantize", "INT8", "--calibration_table", str(files / "table"))
    assert (files / "one.bmodel").read_bytes() == (files / "stages.bmodel").read_bytes()
    model = tpuc.compile(files / "net.onnx", "INT8", calibration_table=files / "table", name="net")
    x = np.random.default_rng(1).standard_normal((1, 3, 8, 8)).astype(np.float32)
    expected = tpuc.Model.load(files / "stages.bmodel").run(x)["y"]
    np.testing.assert_array_equal(model.run(x)["y"], expected)
    capsys.readouterr()
    deploy = ["--mlir", str(files / "net.mlir"), "--model", str(files / "x.bmodel"), "--quantize",
              "INT8", "--calibration_table", str(files / "table")]  # fmt: skip
    assert model_deploy.main([*deploy, "--no-asymmetric"]) == 1
    assert "was made with --asymmetric" in capsys.readouterr().err
    constants = files / "table.npz"
    data = constants.read_bytes()
    constants.write_bytes(data[:-1])
    assert model_deploy.main(deploy) == 1
    assert "are the constants of another table" in capsys.readouterr().err
    constants.unlink()
    assert model_deploy.main(deploy) == 1
    assert "are not beside it" in capsys.readouterr().err
    assert not (files / "x.bmodel").exists()


def test_search_for_layers(files, capsys):
    """run_qtable finds the table of `tpuc quantize`, and what is compiled with it is the same."""
    folder = ["--calibration", str(files / "images")]
    told = ["--min-cosine", "0.99999", "--max-drop", "100"]
    assert front.main(["quantize", str(files / "net.onnx"), *TOLD, *folder, *told,
                       "-o", str(files / "one_qtable")]) == 0  # fmt: skip
    mlir = str(files / "net.mlir")
    assert (
        model_transform.main(["--model_def", str(files / "net.onnx"), "--mlir", mlir, *TOLD]) == 0
    )
    assert run_qtable.main([mlir, "--dataset", str(files / "images"), "--expected_cos", "0.99999",
                            "-o", str(files / "two_qtable")]) == 0  # fmt: skip
    assert (files / "one_qtable").read_text() == (files / "two_qtable").read_text()
    ranges = [
        read_table(files / name).ranges
        for name in ("one_qtable_cali_table", "two_qtable_cali_table")
    ]
    assert ranges[0] == ranges[1]
    whole = one_command(files, "--quantize", "INT8", "--calibration_table",
                        str(files / "one_qtable_cali_table"), "--quantize_table",
                        str(files / "one_qtable"))  # fmt: skip
    target = str(files / "two.bmodel")
    assert model_deploy.main(["--mlir", mlir, "--quantize", "INT8", "--model", target,
                              "--calibration_table", str(files / "two_qtable_cali_table"),
                              "--quantize_table", str(files / "two_qtable")]) == 0  # fmt: skip
    assert (files / "two.bmodel").read_bytes() != b"" and whole
    first, second = (tpuc.Model.load(files / n) for n in ("one.bmodel", "two.bmodel"))
    assert first.disassemble().splitlines()[1:] == second.disassemble().splitlines()[1:]
