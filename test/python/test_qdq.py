"""Models that say how they are quantised: pairs of QuantizeLinear and DequantizeLinear."""

import networks as nets
import numpy as np
import onnxruntime
import pytest
import tpuc
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from tpuc import UserError, _core
from tpuc.cli import front
from tpuc.compare import compare
from tpuc.compiler import deploy, transform
from tpuc.reference import run_onnx


class Reader(CalibrationDataReader):
    """Eight inputs."""

    def __init__(self, samples):
        self.samples = iter(samples)

    def get_next(self):
        sample = next(self.samples, None)
        return None if sample is None else {"x": sample}


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(1)
    return [rng.standard_normal((1, 3, 8, 8)).astype(np.float32) for _ in range(8)]


@pytest.fixture
def quantised(tmp_path, samples):
    """Makes a model as onnxruntime's tool quantises it."""

    def make(**options):
        source, result = str(tmp_path / "float.onnx"), str(tmp_path / "qdq.onnx")
        nets.save(nets.small_convnet(), tmp_path / "float.onnx")
        settings = {
            "quant_format": QuantFormat.QDQ, "per_channel": True,
            "activation_type": QuantType.QInt8, "weight_type": QuantType.QInt8,
            "extra_options": {"ActivationSymmetric": True}, **options,
        }  # fmt: skip
        quantize_static(source, result, Reader(samples), **settings)
        return result

    return make


def bytes_of(model):
    module = transform(model, "main")
    deploy(module, "INT8", stop_after="tpu")
    return {op.kind for op in _core.quantized_operations(module) if op.operands[0]}


@pytest.mark.parametrize("kind", [QuantType.QInt8, QuantType.QUInt8])
def test_agrees_with_onnxruntime_in_its_own_scales(quantised, samples, kind):
    path = quantised(activation_type=kind)
    model = tpuc.compile(path, "INT8")
    for sample in samples[:4]:
        (expected,) = run_onnx(path, {"x": sample}).values()
        (actual,) = model.run({"x": sample}).values()
        assert compare(actual, expected).within((0.9998, 0.9))
    assert {"conv", "matmul"} <= bytes_of(path)


def test_layers_whose_weights_are_in_no_pair_compute_in_floats(quantised):
    kinds = bytes_of(quantised(nodes_to_exclude=["fc"]))
    assert "conv" in kinds and "matmul" not in kinds


def test_other_precisions_compute_what_was_not_rounded(quantised, samples):
    path = quantised()
    rounded, exact = (tpuc.compile(path, kind).run({"x": samples[0]})["y"] for kind in
                      ("INT8", "F32"))  # fmt: skip
    assert 0.9 < compare(rounded, exact).cosine < 0.99999


def test_ranges_pass_through_files(quantised, tmp_path):
    path = quantised()
    mlir, model = str(tmp_path / "net.mlir"), str(tmp_path / "net.bmodel")
    transform(path, "main").write(mlir)
    assert _core.has_own_ranges(_core.Module.read(mlir))
    assert front.main(["compile", mlir, "--quantize", "INT8", "-o", model]) == 0
    assert front.main(["compile", path, "--quantize", "INT8", "-o", model]) == 0


def test_a_table_overrules(quantised, samples):
    path = quantised()
    table = tpuc.calibrate(path, samples, method="max")
    own, other = (tpuc.compile(path, "INT8", calibration_table=t) for t in (None, table))
    assert not np.array_equal(own.run({"x": samples[0]})["y"], other.run({"x": samples[0]})["y"])


def pair(
    scale=0.1, zero=0, dtype=np.int8, back=None, between=None, behind=None, output="z", axis=None
):
    """x -> QuantizeLinear -> (between) -> DequantizeLinear -> Gemm."""
    weights = {
        "s": np.array(scale, np.float32), "o": np.full(np.shape(scale), zero, dtype),
        "t": np.array(scale if back is None else back, np.float32),
        "wq": np.arange(12, dtype=np.int8).reshape(4, 3), "ws": np.array(1 / 7, np.float32),
    }  # fmt: skip
    options = {} if axis is None else {"axis": axis}
    nodes = [helper.make_node("QuantizeLinear", ["x", "s", "o"], ["q"], "quantize", **options)]
    value = "q"
    if between:
        nodes.append(between)
        value = "m"
    nodes += [
        helper.make_node("DequantizeLinear", [value, "t", "o"], ["d"], "dequantize", **options),
        helper.make_node("DequantizeLinear", ["wq", "ws"], ["w"], "weights"),
        helper.make_node("MatMul", ["d", "w"], ["z"], "product"),
        *([behind] if behind else []),
    ]
    return nets.network(nodes, {"x": [2, 4]}, {output: None}, weights, opset=21)


@pytest.mark.parametrize(
    ("dtype", "zero", "low", "high"),
    [
        (np.int8, 0, -12.7, 12.7), (np.uint8, 0, 0, 25.5), (np.uint8, 128, -12.7, 12.7),
        (np.int8, -128, 0, 25.5), (np.uint8, 100, -10.0, 15.5),
    ],
)  # fmt: skip
def test_range_is_what_the_bytes_stand_for(dtype, zero, low, high):
    module = transform(pair(dtype=dtype, zero=zero), "main")
    assert _core.get_ranges(module)["x"] == pytest.approx((low, high))


def test_bytes_have_the_scale_of_the_model():
    module = transform(pair(scale=0.25), "main")
    deploy(module, "INT8", stop_after="tpu")
    (product,) = (op for op in _core.quantized_operations(module) if op.kind == "matmul")
    assert product.operands[0].scale == pytest.approx(0.25)


def test_moves_between_a_pair_are_moves():
    model = pair(between=helper.make_node("Identity", ["q"], ["m"], "same"))
    x = np.float32([[1, 2, 3, 4], [5, 6, 7, 8]])
    found = tpuc.compile(model, "INT8").run({"x": x})["z"]
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]
    np.testing.assert_allclose(found, expected, rtol=0.02, atol=0.02 * np.abs(expected).max())


@pytest.mark.parametrize("axis", [0, 1])
def test_constants_are_evaluated_along_their_axis(axis):
    rng = np.random.default_rng(1)
    counts = rng.integers(-127, 128, (4, 3)).astype(np.int8)
    scale = rng.uniform(0.1, 1, counts.shape[axis]).astype(np.float32)
    weights = {"q": counts, "s": scale, "o": np.zeros(len(scale), np.int8)}
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "s", "o"], ["w"], "weights", axis=axis),
        helper.make_node("MatMul", ["x", "w"], ["y"], "product"),
    ]
    model = nets.network(nodes, {"x": [2, 4]}, {"y": None}, weights)
    x = rng.standard_normal((2, 4)).astype(np.float32)
    expected = x @ (counts * (scale[:, None] if axis == 0 else scale))
    found = tpuc.compile(model, "F32").run({"x": x})["y"]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_float_constants_are_rounded_to_their_steps():
    weights = {"w": np.float32([[0.04], [0.06], [99]]), "s": np.float32(0.1), "o": np.int8(0)}
    nodes = [
        helper.make_node("QuantizeLinear", ["w", "s", "o"], ["q"], "quantize"),
        helper.make_node("DequantizeLinear", ["q", "s", "o"], ["d"], "dequantize"),
        helper.make_node("MatMul", ["x", "d"], ["y"], "product"),
    ]
    model = nets.network(nodes, {"x": [3, 3]}, {"y": None}, weights)
    found = tpuc.compile(model, "F32").run({"x": np.eye(3, dtype=np.float32)})["y"]
    np.testing.assert_allclose(found.reshape(-1), [0, 0.1, 12.7], rtol=1e-5)


def integers_as_input():
    model = pair()
    del model.graph.node[0]
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("q", TensorProto.INT8, [2, 4]))
    return model


COMPUTED = {
    "channels": lambda: pair(scale=[0.1] * 4, axis=1),
    "wide": lambda: pair(dtype=np.int16),
    "other scale": lambda: pair(back=0.2),
    "no pair": integers_as_input,
    "output": lambda: pair(output="q"),
}


@pytest.mark.parametrize("case", COMPUTED)
def test_integers_of_no_pair_are_computed(case):
    model = COMPUTED[case]()
    port = model.graph.input[0]
    shape = [d.dim_value for d in port.type.tensor_type.shape.dim]
    x = np.random.default_rng(3).uniform(-9, 9, shape)
    if port.type.tensor_type.elem_type == TensorProto.FLOAT:
        x = x.astype(np.float32)
    else:
        x = x.astype(np.int8)
    # onnxruntime leaves pairs of 16 bits out.
    (expected,) = ReferenceEvaluator(model).run(None, {port.name: x})
    (found,) = tpuc.compile(model, "F32").run({port.name: x}).values()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


REFUSED = {
    "negative": (lambda: pair(scale=-0.1), "quantize", "not a positive number"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_supported_names_the_node(case):
    make, node, message = REFUSED[case]
    with pytest.raises(UserError) as caught:
        transform(make(), "main")
    assert f"'{node}'" in str(caught.value) and message in str(caught.value)


def test_models_without_pairs_still_need_ranges():
    with pytest.raises(UserError, match="needs the ranges"):
        tpuc.compile(nets.small_convnet(), "INT8")
    assert not _core.has_own_ranges(transform(nets.small_convnet(), "main"))
