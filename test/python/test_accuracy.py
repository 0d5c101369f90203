"""Networks of real size, compiled and simulated, against onnxruntime."""

from pathlib import Path

import numpy as np
import tpuc
from tpuc.compare import compare
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
        assert compare(actual, expected).cosine >= 0.9991
