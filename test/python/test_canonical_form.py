"""Two spellings of one network become one program, and it computes the same."""

import re
from pathlib import Path

import numpy as np
import pytest
from onnx import numpy_helper
from tpuc import _core
from tpuc.frontend import import_onnx
from tpuc.inflate import inflate

MODELS = Path(__file__).parents[1] / "models"


def perturbed(name):
    """The model with its uniform scales and biases varied, as trained ones are."""
    model = inflate(MODELS / f"{name}.skeleton.onnx.gz")
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype == np.float32 and array.ndim == 1 and array.size > 1 and np.ptp(array) == 0:
            noise = np.random.default_rng(array.size).standard_normal(array.shape)
            varied = (array + 0.2 * noise).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(varied, tensor.name))
    return model


def without_names(module):
    """The program's text without the names of values, resources and nodes."""
    lines = []
    for line in str(module).splitlines():
        if line.lstrip().startswith(("#", "{-#")):
            break
        line = re.sub(r"%\w+", "%", line)
        line = re.sub(r"dense(_resource)?<[^>]*>", "weight", line)
        lines.append(re.sub(r" loc\(.*\)$", "", line))
    return lines


@pytest.mark.parametrize(
    "forms", [("swin_t", "swin_t_raw"), ("bert_base", "bert_base_raw")], ids=["swin", "bert"]
)
def test_simplified_and_raw_form_are_one_program(forms):
    modules = [import_onnx(inflate(MODELS / f"{form}.skeleton.onnx.gz")) for form in forms]
    for module in modules:
        module.run_pipeline("top-canonicalize")
    simplified, raw = map(without_names, modules)
    assert [line for line in simplified if "top." in line]
    assert simplified == raw


@pytest.mark.parametrize("name", ["mobilenet_v2", "swin_t_raw", "deit_tiny", "mobilevit_s"])
def test_canonical_form_computes_the_same(name):
    module = import_onnx(perturbed(name))
    (port,) = module.inputs
    image = np.random.default_rng(0).standard_normal(port.shape).astype(np.float32)
    (before,) = _core.evaluate(module, [image]).values()
    module.run_pipeline("top-canonicalize")
    (after,) = _core.evaluate(module, [image]).values()
    assert np.abs(after - before).max() <= 1e-5 * np.abs(before).max()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("swin_t_raw", {"top.layer_norm": 29, "top.gelu": 12, "top.softmax": 12, "top.erf": 0}),
        ("bert_base_raw", {"top.layer_norm": 25, "top.gelu": 12, "top.softmax": 12, "top.sqrt": 0}),
        ("yolo_s", {"top.silu": 57}),
    ],
)
def test_composite_ops_are_recognised(name, expected):
    module = import_onnx(perturbed(name))
    module.run_pipeline("top-canonicalize")
    counts = module.count_ops()
    assert {op: counts.get(op, 0) for op in expected} == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # One relayout between two blocks that differ in their windows, none
        # within a block; channels go behind patches, then patches into windows;
        # the mean is over the last axes.
        ("swin_t_raw", {"tpu.attention": 12, "tpu.relayout": 10, "tpu.permute": 3}),
        # Rows of patches become channels, channels go behind patches.
        ("deit_tiny", {"tpu.attention": 12, "tpu.relayout": 0, "tpu.permute": 2}),
        # Pixels of patches and back, each a transposition and a move of rows.
        ("mobilevit_s", {"tpu.attention": 9, "tpu.relayout": 0, "tpu.permute": 12}),
        ("bert_base_raw", {"tpu.attention": 12, "tpu.relayout": 0, "tpu.permute": 0}),
    ],
)
def test_attention_is_fused_and_moves_vanish(name, expected):
    module = import_onnx(perturbed(name))
    module.run_pipeline("top-canonicalize")
    _core.compile(module, "F16", "", "tpu")
    module.run_pipeline("func.func(tpu-fuse-attention),canonicalize,cse")
    counts = module.count_ops()
    assert {op: counts.get(op, 0) for op in expected} == expected
    assert not counts.get("tpu.slice", 0) or name == "deit_tiny"  # the class token
    assert not counts.get("tpu.softmax", 0)
