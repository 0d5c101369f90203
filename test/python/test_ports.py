"""What a compiled network takes and gives: pictures as bytes, quantised inputs and outputs."""

import networks as nets
import numpy as np
import pytest
import tpuc
from tpuc import Preprocess, UserError
from tpuc.cli import front, model_deploy, model_transform
from tpuc.compare import compare
from tpuc.compiler import deploy, fuse_preprocess, transform
from tpuc.model import Model
from tpuc.reference import run_module

MEAN, SCALE = (120.0, 110.0, 100.0), (0.01, 0.02, 0.015)


@pytest.fixture
def pixels():
    """[1, 3, 8, 8], red first."""
    return np.random.default_rng(2).integers(0, 256, (1, 3, 8, 8), np.uint8)


def scaled(pixels):
    mean, scale = (np.float32(each).reshape(1, 3, 1, 1) for each in (MEAN, SCALE))
    return (pixels.astype(np.float32) - mean) * scale


def make_module():
    module = transform(nets.small_convnet(), "net")
    Preprocess(mean=MEAN, scale=SCALE, pixel_format="rgb").store(module)
    return module


def make_table(folder, pixels):
    path = folder / "table"
    tpuc.calibrate(make_module(), [{"x": scaled(pixels)}], method="max").save(path)
    return path


def only(results):
    (array,) = results.values()
    return array


@pytest.mark.parametrize(
    ("form", "arrange"),
    [
        (None, lambda x: x),
        ("rgb_planar", lambda x: x),
        ("BGR_PLANAR", lambda x: x[:, ::-1]),
        ("RGB_PACKED", lambda x: x.transpose(0, 2, 3, 1)),
        ("BGR_PACKED", lambda x: x[:, ::-1].transpose(0, 2, 3, 1)),
    ],
)
@pytest.mark.parametrize("quantize", ["F32", "F16", "INT8"])
def test_fused_preprocessing_takes_bytes_and_computes_the_same(
    tmp_path, pixels, form, arrange, quantize
):
    table = make_table(tmp_path, pixels) if quantize == "INT8" else None
    module = make_module()
    expected = only(run_module(module, {"x": scaled(pixels)}, "the test"))
    fuse_preprocess(module, form)
    given = np.ascontiguousarray(arrange(pixels))
    np.testing.assert_allclose(
        only(run_module(module, {"x": given}, "the test")), expected, rtol=1e-4, atol=1e-5
    )
    model = Model(deploy(module, quantize, calibration_table=table))
    (port,) = model.inputs
    assert (port.name, port.dtype, port.shape) == ("x", "ui8", given.shape)
    found = only(model.run({"x": given}))
    least = {"F32": 1 - 1e-6, "F16": 0.99999, "INT8": 0.995}[quantize]
    assert compare(found, expected, precision=quantize).within((least, 0.5))
    # Floats of whole pixels are the same pixels.
    np.testing.assert_array_equal(only(model.run({"x": given.astype(np.float32)})), found)


def test_ports_have_the_types_of_the_network(tmp_path, pixels):
    image = scaled(pixels)
    expected = only(run_module(make_module(), {"x": image}, "the test"))
    for quantize, dtype, least in (("F16", "f16", 0.99999), ("INT8", "i8", 0.99)):
        table = make_table(tmp_path, pixels) if quantize == "INT8" else None
        core = deploy(make_module(), quantize, None, "", table, quant_input=True, quant_output=True)
        model = Model(core)
        assert [port.dtype for port in model.inputs] == [dtype]
        stored = model.run({"x": image})
        assert only(stored).dtype != np.float32
        found = only(model.real_results(stored))
        assert compare(found, expected, precision=quantize).within((least, 0.5))


def test_a_quantised_input_has_the_scale_of_its_bytes(tmp_path, pixels):
    model = Model(
        deploy(make_module(), "INT8", None, "", make_table(tmp_path, pixels), quant_input=True)
    )
    (port,) = model.inputs
    image = scaled(pixels)
    # The least number is -128, the largest 127.
    assert port.scale == pytest.approx(255 / (image.max() - image.min()), rel=1e-4)
    assert port.zero_point == -128 - round(float(image.min()) * port.scale)


def test_commands_take_the_options(tmp_path, pixels):
    path = nets.save(nets.small_convnet(), tmp_path / "net.onnx")
    numbers = ["--mean", "120,110,100", "--scale", "0.01,0.02,0.015", "--pixel_format", "rgb"]
    mlir, first, second = (str(tmp_path / name) for name in ("n.mlir", "a.bmodel", "b.bmodel"))
    assert model_transform.main(["--model_def", path, "--mlir", mlir, *numbers]) == 0
    options = ["--fuse_preprocess", "--customization_format", "BGR_PACKED", "--quant_output"]
    packed = np.ascontiguousarray(pixels[:, ::-1].transpose(0, 2, 3, 1))
    np.savez(tmp_path / "in.npz", x=packed)
    given = ["--test_input", str(tmp_path / "in.npz"), "--tolerance", "0.999,0.99"]
    arguments = ["--mlir", mlir, "--quantize", "F16", "--model", first]
    assert model_deploy.main([*arguments, *options, *given]) == 0
    assert front.main(["compile", path, "-o", second, *numbers, *options]) == 0
    models = [tpuc.Model.load(each) for each in (first, second)]
    results = [only(model.run({"x": packed})) for model in models]
    assert results[0].dtype == np.float16
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--fuse_preprocess"], "no input says how it is made from a picture"),
        (["--fuse_preprocess", "--customization_format", "YUV"], "'YUV' is not known, choose one"),
        (["--customization_format", "RGB_PACKED"], "needs --fuse_preprocess"),
    ],
)
def test_what_cannot_be_fused_is_refused(tmp_path, capsys, options, message):
    path = nets.save(nets.small_convnet(), tmp_path / "net.onnx")
    mlir, bmodel = str(tmp_path / "n.mlir"), tmp_path / "n.bmodel"
    assert model_transform.main(["--model_def", path, "--mlir", mlir]) == 0
    arguments = ["--mlir", mlir, "--quantize", "F16", "--model", str(bmodel), *options]
    assert model_deploy.main(arguments) == 1
    assert message in capsys.readouterr().err
    assert not bmodel.exists()


def test_fused_twice_is_an_error():
    module = make_module()
    fuse_preprocess(module)
    with pytest.raises(UserError, match="takes pixels already"):
        fuse_preprocess(module)
