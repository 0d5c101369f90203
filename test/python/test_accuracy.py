"""Networks of real size, compiled and simulated, against onnxruntime."""

from pathlib import Path

import numpy as np
import pytest
import tpuc
from tpuc.compare import compare
from tpuc.compiler import transform
from tpuc.inflate import inflate_to
from tpuc.reference import run_onnx

MODELS = Path(__file__).resolve().parent.parent / "models"


def test_resnet50_in_bf16_agrees_through_the_precision_of_its_early_layers(tmp_path):
    # Rounded to bf16 throughout, the network reaches 0.9987.
    network = tmp_path / "resnet50.onnx"
    inflate_to(MODELS / "resnet50.skeleton.onnx.gz", network)
    model = tpuc.compile(network, quantize="BF16")
    (port,) = model.inputs
    for seed in range(2):
        image = np.random.default_rng(seed).standard_normal(port.shape, dtype=np.float32)
        (expected,) = run_onnx(network, {port.name: image}).values()
        (actual,) = model.run({port.name: image}).values()
        assert compare(actual, expected, precision="BF16").within((0.9991, 0.9))


@pytest.mark.parametrize("precision", ["F32", "F16", "BF16", "INT8"])
@pytest.mark.parametrize("name", ["mobilenet_v2", "deit_tiny"])
def test_no_element_of_a_healthy_network_is_called_wrong(name, precision, tmp_path):
    network = tmp_path / f"{name}.onnx"
    inflate_to(MODELS / f"{name}.skeleton.onnx.gz", network)
    module = transform(network, name)
    (port,) = module.inputs
    rng = np.random.default_rng(3)
    images = [{port.name: rng.standard_normal(port.shape, dtype=np.float32)} for _ in range(3)]
    table = tpuc.calibrate(module, images[1:]) if precision == "INT8" else None
    model = tpuc.compile(network, precision, calibration_table=table)
    assert model.precision == precision
    (expected,) = run_onnx(network, images[0]).values()
    (actual,) = model.run(images[0]).values()
    result = compare(actual, expected, precision=precision)
    assert result.of_allowed <= 1
    # One class of a thousand, away by a fifth of the range.
    least = int(np.argmin(np.abs(expected)))
    actual[0, least] += 0.2 * np.ptp(expected)
    wrong = compare(actual, expected, precision=precision)
    assert wrong.of_allowed > 1.5 * result.of_allowed
    assert precision == "INT8" or wrong.of_allowed > 1
