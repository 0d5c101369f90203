"""tpuc run and model_runner: arrays, pictures by the recorded preprocessing, random numbers."""

import networks as nets
import numpy as np
import pytest
import tpuc
from PIL import Image
from tpuc.cli import front, model_deploy, model_runner, model_transform
from tpuc.preprocess import Preprocess

TOLD = ["--mean", "120,110,100", "--scale", "0.01,0.02,0.015", "--pixel_format", "rgb"]


@pytest.fixture
def files(tmp_path):
    """A network that takes 8 x 8 pictures, and a picture of another size."""
    pixels = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "cat.png")
    return nets.save(nets.small_convnet(), tmp_path / "net.onnx"), str(tmp_path / "cat.png")


def compiled(files, tmp_path, *more):
    target = str(tmp_path / "net.bmodel")
    assert front.main(["compile", files[0], *TOLD, "-o", target, *more]) == 0
    return target


def result(path):
    with np.load(path) as arrays:
        return arrays["y"]


def test_picture_becomes_an_input_as_it_was_told(files, tmp_path):
    target, out = compiled(files, tmp_path), str(tmp_path / "out.npz")
    assert front.main(["run", target, "--input", files[1], "--output", out]) == 0
    how = Preprocess(mean=(120, 110, 100), scale=(0.01, 0.02, 0.015), pixel_format="rgb")
    model = tpuc.Model.load(target)
    assert model.preprocess == {"x": how}
    expected = model.run({"x": how.apply(files[1], [1, 3, 8, 8])})["y"]
    np.testing.assert_array_equal(result(out), expected)


@pytest.mark.parametrize("form", ["", "BGR_PACKED"])
def test_picture_for_a_network_that_scales_pixels_itself(form, files, tmp_path):
    plain = tpuc.Model.load(compiled(files, tmp_path))
    how = plain.preprocess["x"]
    expected = plain.run(how.apply(files[1], [1, 3, 8, 8]))["y"]
    more = ["--fuse_preprocess", *(["--customization_format", form] if form else [])]
    target, out = compiled(files, tmp_path, *more), str(tmp_path / "out.npz")
    assert front.main(["run", target, "--input", files[1], "--output", out]) == 0
    assert np.abs(result(out) - expected).max() <= 0.01 * np.abs(expected).max()


def test_stages_carry_it_too(files, tmp_path):
    mlir, target, out = (str(tmp_path / name) for name in ("net.mlir", "net.bmodel", "out.npz"))
    assert model_transform.main(["--model_def", files[0], "--mlir", mlir, *TOLD,
                                 "--test_input", files[1]]) == 0  # fmt: skip
    arguments = ["--mlir", mlir, "--quantize", "F16", "--model", target, "--test_input", files[1]]
    assert model_deploy.main(arguments) == 0
    assert model_runner.main(["--model", target, "--input", files[1], "--output", out]) == 0
    one = tpuc.Model.load(compiled(files, tmp_path))
    np.testing.assert_array_equal(
        result(out), one.run(one.preprocess["x"].apply(files[1], [1, 3, 8, 8]))["y"]
    )


def test_later_stages_keep_what_was_told(files, tmp_path):
    tpu = str(tmp_path / "tpu.mlir")
    assert front.main(["compile", files[0], *TOLD, "-o", tpu, "--stop_after", "tpu"]) == 0
    target = str(tmp_path / "net.bmodel")
    assert front.main(["compile", tpu, "-o", target]) == 0
    assert tpuc.Model.load(target).preprocess["x"].mean == (120, 110, 100)


@pytest.mark.parametrize("name", ["net.bmodel", "net.mlir", "net.onnx"])
def test_without_input_there_are_random_numbers(name, files, tmp_path, capsys):
    if name == "net.bmodel":
        compiled(files, tmp_path)
    elif name == "net.mlir":
        model_transform.main(["--model_def", files[0], "--mlir", str(tmp_path / name)])
    capsys.readouterr()
    outs = [str(tmp_path / f"{i}.npz") for i in range(2)]
    for out in outs:
        assert front.main(["run", str(tmp_path / name), "--output", out]) == 0
        assert "runs on random numbers" in capsys.readouterr().err
    np.testing.assert_array_equal(result(outs[0]), result(outs[1]))
    assert np.abs(result(outs[0])).max() > 0


def test_array_without_a_name(files, tmp_path):
    target, out = compiled(files, tmp_path), str(tmp_path / "out.npz")
    x = np.random.default_rng(3).standard_normal((1, 3, 8, 8)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    arguments = ["run", target, "--input", str(tmp_path / "x.npy"), "--output", out]
    assert front.main(arguments) == 0
    np.testing.assert_array_equal(result(out), tpuc.Model.load(target).run(x)["y"])


def test_random_inputs_suit_their_types():
    from tpuc.inputs import random_inputs
    from tpuc.model import TensorSpec

    made = random_inputs([
        TensorSpec("x", "f32", (2, 3)), TensorSpec("attention_mask", "i32", (1, 4)),
        TensorSpec("position_ids", "i64", (2, 4)), TensorSpec("ids", "i32", (1, 100)),
        TensorSpec("pixels", "ui8", (1, 1000)), TensorSpec("b", "bf16", (4,)),
    ])  # fmt: skip
    assert made["x"].dtype == np.float32
    assert (made["attention_mask"] == 1).all()
    np.testing.assert_array_equal(made["position_ids"], [[0, 1, 2, 3]] * 2)
    assert set(np.unique(made["ids"])) == {0, 1}
    assert made["pixels"].dtype == np.uint8 and made["pixels"].max() > 200
    assert made["b"].dtype == np.float32
