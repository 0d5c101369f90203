"""Video networks: slices of frames between 3-D convolutions, local under a group."""

import re

import networks as nets
import numpy as np
import pytest
from checks import compiled, reference
from onnx import helper
from tpuc.compiler import deploy
from tpuc.frontend import import_onnx

# How far results may be off, as a part of the largest: a few roundings of each type.
NEAR = {"F32": 1e-5, "F16": 4e-3, "BF16": 3e-2, "INT8": 6e-2}
CHANNELS, SIZE = 20, 9


def video(frames, *slices):
    """A 3-D convolution, slices (first, last, step) of its frames, one convolution a slice."""
    rng = np.random.default_rng(frames)
    weights = {"w": rng.standard_normal((CHANNELS, 3, 3, 3, 3)) / 9, "axis": np.array([2])}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "conv", pads=[1] * 6),
        helper.make_node("Relu", ["c"], ["r"], "relu"),
    ]
    for i, (first, last, step) in enumerate(slices):
        weights[f"w{i}"] = rng.standard_normal((CHANNELS, CHANNELS, 3, 3, 3)) / 20
        for name, value in (("b", first), ("e", last), ("s", step)):
            weights[f"{name}{i}"] = np.array([value])
        nodes += [
            helper.make_node("Slice", ["r", f"b{i}", f"e{i}", "axis", f"s{i}"], [f"cut{i}"]),
            helper.make_node("Conv", [f"cut{i}", f"w{i}"], [f"y{i}"], f"conv{i}", pads=[1] * 6),
        ]
    weights = {
        name: value if value.dtype == np.int64 else value.astype(np.float32)
        for name, value in weights.items()
    }
    outputs = {f"y{i}": None for i in range(len(slices))}
    return nets.network(nodes, {"x": [1, 3, frames, SIZE, SIZE]}, outputs, weights)


FORMS = {
    "the middle": (8, (2, 6, 1)),
    "every second": (9, (0, 9, 2)),
    "one frame": (5, (3, 4, 1)),
    "two branches": (8, (0, 8, 4), (0, 5, 1)),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("precision", NEAR)
def test_slices_of_frames_compute_what_onnxruntime_does(form, precision):
    model = video(*FORMS[form])
    shape = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]
    data = {"x": np.random.default_rng(1).standard_normal(shape).astype(np.float32)}
    found = compiled(model, precision, data).run(data)
    for name, expected in reference(model, data).items():
        near = NEAR[precision] * np.abs(expected).max()
        assert np.abs(found[name] - expected).max() <= near, name


@pytest.mark.parametrize("form", FORMS)
def test_slices_of_frames_are_local(form, tmp_path):
    module = import_onnx(video(*FORMS[form]), name="net")
    deploy(module, "F16", stop_after="plan")
    module.write(str(tmp_path / "plan.mlir"), text=True)
    slices = re.findall(r"tpu\.slice .*", (tmp_path / "plan.mlir").read_text())
    assert slices
    assert all("tpu.mem = #tpu.local<" in line for line in slices)


@pytest.mark.parametrize("precision", NEAR)
def test_constants_with_the_axis_of_the_batch_are_cut_with_it(precision, tmp_path):
    """allow_split: sums, products and maxima with a table that has an entry an image."""
    rng = np.random.default_rng(2)
    shape = [4, 6, 8, 10]
    names = ("table", "factor", "least")
    weights = {name: rng.standard_normal(shape).astype(np.float32) for name in names}
    model = nets.network(
        [
            helper.make_node("Add", ["x", "table"], ["a"], "add"),
            helper.make_node("Mul", ["a", "factor"], ["m"], "mul"),
            helper.make_node("Max", ["m", "least"], ["y"], "max"),
        ],
        {"x": shape},
        {"y": None},
        weights,
    )
    data = {"x": rng.standard_normal(shape).astype(np.float32)}
    expected = reference(model, data)["y"]
    found = compiled(model, precision, data).run(data)["y"]
    assert np.abs(found - expected).max() <= NEAR[precision] * np.abs(expected).max()
    module = import_onnx(model, name="net")
    deploy(module, "F16", stop_after="layout")
    module.write(str(tmp_path / "layout.mlir"), text=True)
    assert (tmp_path / "layout.mlir").read_text().count("tpu.weight {allow_split}") == 3
