"""From pictures to inputs."""

import networks as nets
import numpy as np
import pytest
from tpuc import Preprocess, UserError
from tpuc.calibration import Dataset, read_table
from tpuc.cli import model_transform, run_calibration
from tpuc.compiler import read_module, transform

pillow = pytest.importorskip("PIL.Image")


@pytest.fixture
def picture(tmp_path):
    """Red above, blue below; 16 wide, 8 high."""
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:4, :, 0] = 255
    pixels[4:, :, 2] = 255
    path = tmp_path / "picture.png"
    pillow.fromarray(pixels).save(path)
    return path


SHAPE = [1, 3, 8, 8]


def test_mean_and_scale_are_a_channel_s(picture):
    made = Preprocess(mean=(1, 2, 3), scale=(0.5, 1, 2), pixel_format="rgb").apply(picture, SHAPE)
    assert made.shape == (1, 3, 8, 8)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made[0, :, 0, 0], [(255 - 1) * 0.5, -2, -6])
    np.testing.assert_allclose(made[0, :, 7, 7], [-0.5, -2, (255 - 3) * 2])


def test_pixel_formats_order_the_channels(picture):
    rgb, bgr = (Preprocess(pixel_format=f).apply(picture, SHAPE) for f in ("rgb", "bgr"))
    np.testing.assert_array_equal(rgb, bgr[:, ::-1])
    gray = Preprocess(pixel_format="gray").apply(picture, [1, 1, 8, 8])
    assert gray[0, 0, 0, 0] == 76
    assert Preprocess(pixel_format="rgba").apply(picture, [1, 4, 8, 8])[0, 3, 0, 0] == 255


def test_channels_may_come_last(picture):
    last = Preprocess(channel_format="nhwc").apply(picture, [1, 8, 8, 3])
    first = Preprocess().apply(picture, SHAPE)
    np.testing.assert_array_equal(last.transpose(0, 3, 1, 2), first)


def test_letterbox_keeps_the_whole_picture_and_pads(picture):
    how = {"keep_aspect_ratio": True, "pad_value": 9, "pixel_format": "rgb"}
    made = Preprocess(**how).apply(picture, SHAPE)[0]
    np.testing.assert_array_equal(made[:, 0, 0], [9, 9, 9])
    np.testing.assert_array_equal(made[:, 2, 0], [255, 0, 0])
    np.testing.assert_array_equal(made[:, 5, 0], [0, 0, 255])
    top = Preprocess(**how, pad_type="normal").apply(picture, SHAPE)[0]
    np.testing.assert_array_equal(top[:, 0, 0], [255, 0, 0])
    np.testing.assert_array_equal(top[:, 7, 0], [9, 9, 9])


def test_short_side_is_fitted_and_the_rest_cut(picture):
    made = Preprocess(
        keep_aspect_ratio=True, keep_ratio_mode="short_side_scale", pixel_format="rgb"
    ).pixels(picture, (8, 8))
    source = np.asarray(pillow.open(picture))
    np.testing.assert_array_equal(made, source[:, 4:12])


def test_what_is_resized_larger_is_cut_from_the_middle(picture):
    made = Preprocess(resize_dims=(8, 16), pixel_format="rgb").pixels(picture, (4, 4))
    np.testing.assert_array_equal(made, np.asarray(pillow.open(picture))[2:6, 6:10])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"pixel_format": "yuv"}, "pixel_format 'yuv'"),
        ({"mean": (1, 2)}, "mean has 2 numbers"),
        ({"scale": (1, 2, float("nan"))}, "scale is not finite"),
        ({"resize_dims": (1, 2, 3)}, "resize_dims"),
    ],
)
def test_values_that_are_not_allowed(values, message):
    with pytest.raises(UserError, match=message):
        Preprocess(**values)


def test_wrong_shapes_and_files_are_named(picture, tmp_path):
    with pytest.raises(UserError, match="is no nchw picture of 3 channels"):
        Preprocess().apply(picture, [1, 4, 8, 8])
    with pytest.raises(UserError, match="smaller than the network's"):
        Preprocess(resize_dims=(4, 4)).apply(picture, SHAPE)
    junk = tmp_path / "junk.png"
    junk.write_bytes(b"junk")
    with pytest.raises(UserError, match=r"junk\.png: is no picture"):
        Preprocess().apply(junk, SHAPE)


def test_module_carries_its_preprocessing(tmp_path):
    module = transform(nets.small_convnet(), "main")
    assert Preprocess.load(module) is None
    made = Preprocess(mean=(1, 2, 3), keep_aspect_ratio=True, resize_dims=(9, 10))
    made.store(module)
    module.write(str(tmp_path / "net.mlir"))
    assert Preprocess.load(read_module(tmp_path / "net.mlir")) == made


def test_pictures_fill_the_batch(picture):
    module = transform(nets.small_convnet(batch=2), "main")
    dataset = Dataset([picture] * 5, module, preprocess=Preprocess())
    assert [item[0].shape for item in dataset] == [(2, 3, 8, 8)] * 2


def test_commands_carry_preprocessing_from_the_model_to_the_table(picture, tmp_path):
    nets.save(nets.small_convnet(), tmp_path / "net.onnx")
    mlir, table = str(tmp_path / "net.mlir"), str(tmp_path / "table")
    arguments = ["--model_def", str(tmp_path / "net.onnx"), "--mlir", mlir, "--mean", "255,0,0",
                 "--scale", "1,1,0.5", "--pixel_format", "rgb"]  # fmt: skip
    assert model_transform.main(arguments) == 0
    folder = str(picture.parent)
    assert run_calibration.main([mlir, "--dataset", folder, "-o", table, "--method", "max"]) == 0
    seen = read_table(table).ranges["x"]
    assert (seen.min, seen.max) == (-255, 127.5)
