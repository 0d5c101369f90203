"""`tpuc compile` from a configuration file, with calibration and accuracy."""

import json
import re
from pathlib import Path

import networks as nets
import numpy as np
import pytest
import yaml
from tpuc import UserError
from tpuc.calibration.accuracy import float_results, measure, read_labels
from tpuc.cli import front
from tpuc.compilation import compile as compile_model
from tpuc.compiler import transform
from tpuc.config import CompileConfig, make_config

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "compile.yaml"


@pytest.fixture
def net(tmp_path):
    return nets.save(nets.small_convnet(), tmp_path / "net.onnx")


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(1)
    folder = tmp_path / "data"
    folder.mkdir()
    np.save(folder / "x.npy", rng.standard_normal((10, 3, 8, 8)).astype(np.float32))
    return str(folder)


def test_example_has_every_key_in_order_with_its_default_or_a_value():
    values = yaml.safe_load(EXAMPLE.read_text())
    assert list(values) == list(CompileConfig.model_fields)
    config = make_config(EXAMPLE, {})
    assert config.preprocess().resize_dims == (256, 256)
    assert config.source == str(EXAMPLE.parent / "swin_t.onnx")


def test_every_key_is_an_argument_with_a_description(capsys):
    with pytest.raises(SystemExit):
        front.main(["compile", "--help"])
    text = capsys.readouterr().out
    for name, field in CompileConfig.model_fields.items():
        assert field.description
        assert name == "source" or f"--{name}" in text


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_arguments_overrule_the_file(tmp_path, suffix):
    path = tmp_path / f"c.{suffix}"
    values = {"source": "a.onnx", "quantize": "int8", "input_num": 5, "mean": [1, 2, 3]}
    path.write_text(json.dumps(values) if suffix == "json" else yaml.safe_dump(values))
    config = make_config(path, {"input_num": "7", "scale": "2,2,2", "quantize": None})
    assert (config.input_num, config.quantize) == (7, "INT8")
    assert config.source == str(tmp_path / "a.onnx")
    assert config.preprocess().scale == (2, 2, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("quantise: INT8", r"c\.yaml: quantise is not known"),
        ("quantize: INT9", r"c\.yaml: quantize 'INT9'"),
        ("input_num: 0", r"c\.yaml: input_num '0'"),
        ("- 1", "no list of keys"),
        ("a: [", "is no YAML"),
        ("input_shapes: [[1, -3]]", "input shape 0 has the size -3"),
    ],
)
def test_broken_files_are_named_with_the_key(tmp_path, text, message):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=message) as error:
        config = make_config(path, {})
        pytest.fail(str(config))
    assert "\n" not in str(error.value)


def test_one_command_from_onnx_and_inputs_to_accuracy(net, data, tmp_path, capsys):
    output = tmp_path / "net.bmodel"
    arguments = ["compile", net, "--quantize", "INT8", "--calibration", data, "--input_num", "6",
                 "--test_num", "3", "-o", str(output)]  # fmt: skip
    assert front.main(arguments) == 0
    text = capsys.readouterr().out
    assert "3 held-out inputs" in text
    assert float(re.search(r"cosine with float +([0-9.]+)", text)[1]) > 0.99
    assert output.exists()
    table = (tmp_path / "net_cali_table").read_text()
    assert "sample number: 6" in table
    assert front.main(["compile", net, "--quantize", "INT8", "--calibration_table",
                       str(tmp_path / "net_cali_table"), "-o", str(output)]) == 0  # fmt: skip


def test_inputs_that_were_calibrated_on_are_called_so(net, data, tmp_path, capsys):
    arguments = ["compile", net, "--quantize", "INT8", "--calibration", data, "-o",
                 str(tmp_path / "net.bmodel")]  # fmt: skip
    assert front.main(arguments) == 0
    assert "inputs that were calibrated on" in capsys.readouterr().out


def test_labels_give_top_1_of_both_networks(net, data, tmp_path, capsys):
    (tmp_path / "labels").write_text("0\n1\n2\n3\n4\n0\n0\n0\n0\n0\n")
    arguments = ["compile", net, "--test_data", data, "--labels", str(tmp_path / "labels"), "-o",
                 str(tmp_path / "net.bmodel")]  # fmt: skip
    assert front.main(arguments) == 0
    assert re.search(r"top-1 +\d+\.\d+% \(float \d+\.\d+%\)", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no model is given"),
        (["net.onnx"], "no file to write"),
        (["net.onnx", "-o", "x", "--calibration", "a", "--data_list", "b"], "alternatives"),
        (["net.onnx", "-o", "x", "--labels", "a"], "--labels needs --test_data"),
        (["net.onnx", "-o", "x", "--pad_value", "300"], "--pad_value '300'"),
        (["--config", "nothing.yaml"], "nothing.yaml: is no configuration"),
    ],
)
def test_wrong_arguments_are_one_line(capsys, arguments, message):
    assert front.main(["compile", *arguments]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_accuracy_counts_what_differs():
    network = nets.small_convnet()
    module = transform(network, "main")
    rng = np.random.default_rng(1)
    inputs = [[rng.standard_normal((1, 3, 8, 8)).astype(np.float32)] for _ in range(4)]
    samples = list(float_results(module, inputs))
    found = measure(compile_model(network, "F32"), samples)
    assert (found.inputs, found.agree, found.right) == (4, 4, None)
    assert found.worst == pytest.approx(1, abs=1e-6)
    for sample in samples[:1]:
        sample.results["y"][:] = np.roll(sample.results["y"], 1, 1)
    labels = np.array([9, *(s.results["y"].argmax() for s in samples[1:])])
    found = measure(compile_model(network, "F32"), samples, labels)
    assert (found.agree, found.right, found.float_right) == (3, 3, 3)
    with pytest.raises(UserError, match="2 labels, fewer than inputs"):
        measure(compile_model(network, "F32"), samples, labels[:2])


def test_labels_that_are_none_are_refused(tmp_path):
    (tmp_path / "labels").write_text("one two")
    with pytest.raises(UserError, match="no list of classes"):
        read_labels(tmp_path / "labels")
    np.savez(tmp_path / "l.npz", other=[1])
    with pytest.raises(UserError, match="has no array 'label'"):
        read_labels(tmp_path / "l.npz")
