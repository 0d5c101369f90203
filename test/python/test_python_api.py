"""What users of the Python package meet: types, errors, reprs, names."""

import subprocess
import sys

import networks as nets
import numpy as np
import pytest
import tpuc
from onnx import helper
from tpuc import UserError
from tpuc.calibration.accuracy import Sample


@pytest.fixture(scope="module")
def model():
    return tpuc.compile(nets.small_convnet(), name="net")


@pytest.fixture
def image():
    return np.random.default_rng(5).standard_normal((1, 3, 8, 8)).astype(np.float32)


def test_one_array_is_the_one_input(model, image):
    expected = model.run({"x": image})["y"]
    np.testing.assert_array_equal(model.run(image)["y"], expected)
    np.testing.assert_array_equal(model.run(image.tolist())["y"], expected)


def test_one_array_is_not_enough_for_two_inputs(image):
    nodes = [helper.make_node("Add", ["a", "b"], ["y"], "add")]
    two = tpuc.compile(nets.network(nodes, {"a": [2, 3], "b": [2, 3]}, {"y": None}))
    with pytest.raises(TypeError, match="for 2 inputs, give a dictionary of a, b"):
        two.run(np.zeros((2, 3), np.float32))


@pytest.mark.parametrize("value", [object(), "text", None, {"nested": 1}, [[1], [1, 2]]])
def test_what_is_no_array_is_a_type_error(model, value):
    with pytest.raises(TypeError, match="the input 'x' is a"):
        model.run({"x": value})


@pytest.mark.parametrize("value", [7, object(), ["net.onnx"], np.zeros(3)])
def test_what_is_no_model_is_a_type_error(value):
    with pytest.raises(TypeError, match=r"give the path of an ONNX file or an onnx\.ModelProto"):
        tpuc.compile(value)
    with pytest.raises(TypeError, match=r"give the path of an ONNX file or an onnx\.ModelProto"):
        tpuc.calibrate(value, [])


def test_what_is_no_compiled_model_is_a_type_error():
    with pytest.raises(
        TypeError, match=r"comes from tpuc\.compile or tpuc\.Model\.load, not a str"
    ):
        tpuc.Model("net.bmodel")


def test_arguments_of_other_types_are_one_clear_error(model, image):
    network = nets.small_convnet()
    with pytest.raises(UserError, match="quantize '3' is not known"):
        tpuc.compile(network, quantize=3)
    with pytest.raises(UserError, match="'None' is not known"):
        tpuc.calibrate(network, [image], method=None)
    with pytest.raises(TypeError, match="the inputs are of type int, give files"):
        tpuc.calibrate(network, 3)
    with pytest.raises(TypeError, match="the number of inputs is of type str, expected an int"):
        tpuc.calibrate(network, [image], count="two")
    with pytest.raises(UserError, match="'3'"):
        model.profile(3)


def test_wrong_names_and_shapes_stay_user_errors(model, image):
    with pytest.raises(UserError, match="'x' is missing"):
        model.run({"z": image})
    with pytest.raises(UserError, match="has the shape"):
        model.run(image[:, :, :4])


def test_precision_is_named_when_it_is_almost_right():
    with pytest.raises(UserError, match="did you mean 'INT8'"):
        tpuc.compile(nets.small_convnet(), quantize="INT 8")


def test_reprs_have_no_arrays(model, image):
    table = tpuc.calibrate(nets.small_convnet(), [image])
    shown = [
        model.profile(), model.profile().commands, table, model.inputs[0],
        Sample({"x": image}, {"y": image}), model.profile().layers[0],
    ]  # fmt: skip
    for each in shown:
        text = repr(each)
        assert "array(" not in text and len(text) < 600, text
    assert repr(table) == f"CalibrationTable({len(table.ranges)} tensors)"


def test_calibration_table_keeps_the_level_of_optimisation(image, monkeypatch):
    import tpuc.model

    levels = []
    known = tpuc.compilation.deploy

    def deploy(*arguments, **options):
        levels.append(options["opt"])
        return known(*arguments, **options)

    monkeypatch.setattr("tpuc.compilation.deploy", deploy)
    network = nets.small_convnet()
    table = tpuc.calibrate(network, [image])
    tpuc.compile(network, "INT8", calibration_table=table, opt=1)
    tpuc.compile(network, "INT8", calibration_table=table, quantize_table={"fc": "F16"}, opt=3)
    assert levels == [1, 3]


def test_dir_shows_what_there_is():
    done = subprocess.run(
        [sys.executable, "-c", "import tpuc; print(*dir(tpuc))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = done.stdout.split()
    assert {"compile", "Model", "calibrate", "CalibrationTable", "Profile"} <= set(names)
    assert not {"TYPE_CHECKING", "Any", "annotations"} & set(names)


def test_both_times_are_shown(model):
    profile = model.profile()
    assert profile.ms == profile.vendor_ms < profile.silicon_ms == model.profile("silicon").ms
    text = f"{profile.vendor_ms:.3f} ms (vendor's cycle model), {profile.silicon_ms:.3f} ms"
    for shown in (repr(profile), str(profile), profile._repr_html_(), repr(model)):
        assert text in shown.replace("&#x27;", "'")


def test_operations_are_shown_by_node_and_kind(image):
    from tpuc.compiler import deploy, transform
    from tpuc.debug.ir import show

    module = transform(nets.small_convnet(), "net")
    everything = show(module)
    assert "top.conv" in everything and "top.matmul" in everything
    conv = show(module, kinds="conv")
    assert "top.conv" in conv and "matmul" not in conv
    assert show(module, nodes="fc").count("top.matmul") == 1
    deploy(module, "F16", stop_after="commands")
    commands = show(module, kinds="bm1684x.", nodes="conv")
    assert commands and all("bm1684x." in line for line in commands.splitlines())
    assert show(module, limit=2).splitlines()[-1].startswith("... and ")
