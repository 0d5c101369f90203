"""INT8 with zero points other than 0."""

import networks as nets
import numpy as np
import onnxruntime
import pytest
import tpuc
from onnx import helper
from tpuc import _core
from tpuc.calibration import canonical, make_table
from tpuc.calibration.gather import by_name, gather
from tpuc.cli import front
from tpuc.compiler import read_module, transform
from tpuc.tuning.layers import Trials, round_weights

LOW, HIGH = -0.3, 2.25


def asymmetric_values(rng, shape):
    """Numbers of which most are positive; the ends of the range are among them."""
    values = rng.uniform(LOW, HIGH, shape).astype(np.float32)
    values.flat[0], values.flat[1] = LOW, HIGH
    return values


def run_onnx(model, feeds):
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, feeds)[0]


def trials_of(model, feeds, **options):
    module = canonical(transform(model, "main"))
    graph = _core.read_graph(module)
    ranges = make_table(by_name(graph, gather(graph, [list(feeds.values())])), "max", 1)
    return Trials(module, ranges, **options)


def quantised(values):
    """Values after asymmetric quantisation."""
    scale = (HIGH - LOW) / 255
    zero = -128 + np.rint(-LOW / scale)
    return ((np.clip(np.rint(values / scale) + zero, -128, 127) - zero) * scale).astype(np.float32)


CONVOLUTIONS = {
    "padded": ([1, 8, 9, 9], [12, 8, 3, 3], {"pads": [1, 1, 2, 1]}),
    "depthwise": ([1, 70, 9, 9], [70, 1, 3, 3], {"pads": [1, 1, 1, 1], "group": 70}),
    "strided": ([1, 3, 32, 32], [16, 3, 3, 3], {"pads": [0, 0, 1, 1], "strides": [2, 2]}),
    "patches": ([1, 3, 32, 32], [16, 3, 16, 16], {"strides": [16, 16]}),
    "grouped": ([1, 16, 9, 9], [32, 8, 3, 3], {"pads": [1, 1, 1, 1], "group": 2}),
    "of rows": ([1, 8, 20], [12, 8, 3], {"pads": [1, 1]}),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolution_takes_the_zero_out_of_its_sums_and_pads_with_it(name):
    shape, filters, attributes = CONVOLUTIONS[name]
    rng = np.random.default_rng(1)
    weights = {"w": rng.standard_normal(filters).astype(np.float32),
               "b": rng.standard_normal(filters[0]).astype(np.float32)}  # fmt: skip
    node = helper.make_node("Conv", ["x", "w", "b"], ["y"], "conv", **attributes)
    model = nets.network([node], {"x": shape}, {"y": None}, weights)
    feeds = {"x": asymmetric_values(rng, shape)}
    trials = trials_of(model, feeds)
    (conv,) = (op for op in trials.quantized_operations({}) if op.kind == "conv")
    assert conv.operands[0].zero_point not in (0, -128)
    (found,) = trials.compile({}).run(feeds).values()
    weights["w"] = round_weights(weights["w"], 0)
    exact = nets.network([node], {"x": shape}, {"y": None}, weights)
    wanted = run_onnx(exact, {"x": quantised(feeds["x"])})
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())


def test_product_of_matrices_takes_the_zero_out_of_its_sums():
    rng = np.random.default_rng(2)
    weights = {"w": rng.standard_normal((40, 24)).astype(np.float32)}
    node = helper.make_node("MatMul", ["x", "w"], ["y"], "product")
    model = nets.network([node], {"x": [1, 70, 40]}, {"y": [1, 70, 24]}, weights)
    feeds = {"x": asymmetric_values(rng, (1, 70, 40))}
    trials = trials_of(model, feeds)
    (product,) = (op for op in trials.quantized_operations({}) if op.kind == "matmul")
    assert product.operands[0].zero_point not in (0, -128)
    (found,) = trials.compile({}).run(feeds).values()
    wanted = quantised(feeds["x"]) @ round_weights(weights["w"], 1)
    # Sums are brought to 16 bits.
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max())


def chain(kind):
    """An asymmetric value that passes through an operation between two convolutions."""
    rng = np.random.default_rng(3)
    weights = {
        "w0": np.abs(rng.standard_normal((8, 8, 1, 1)).astype(np.float32)) / 8,
        "w1": rng.standard_normal((8, 8, 3, 3)).astype(np.float32) / 8,
    }
    make = helper.make_node
    between = {
        "sum": make("Add", ["c", "x"], ["m"], "between"),
        "difference": make("Sub", ["c", "d"], ["m"], "between"),
        "maximum": make("MaxPool", ["c"], ["m"], "between", kernel_shape=[3, 3],
                        pads=[1, 1, 1, 1]),
        "join": make("Concat", ["c", "d"], ["m"], "between", axis=1),
        "padding": make("Pad", ["c", "p"], ["m"], "between"),
        "product": make("Mul", ["c", "x"], ["m"], "between"),
    }[kind]  # fmt: skip
    if kind == "join":
        weights["w1"] = np.concatenate([weights["w1"]] * 2, 1)
    # Only what is computed is rounded.
    weights = {name: round_weights(w, 0) for name, w in weights.items()}
    weights["p"] = np.int64([0, 0, 1, 1, 0, 0, 1, 1])
    used = set(between.input)
    nodes = [
        make("Conv", ["x", "w0"], ["c"], "first"),
        *([make("Conv", ["x", "w0"], ["d0"], "second"),
           make("MaxPool", ["d0"], ["d"], "highest", kernel_shape=[2, 2], pads=[0, 0, 1, 1])]
          if "d" in used else []),
        between,
        make("Conv", ["m", "w1"], ["y"], "last", pads=[1, 1, 1, 1]),
    ]  # fmt: skip
    weights = {name: w for name, w in weights.items() if any(name in n.input for n in nodes)}
    return nets.network(nodes, {"x": [1, 8, 12, 12]}, {"y": None}, weights)


@pytest.mark.parametrize("kind", ["sum", "difference", "maximum", "join", "padding", "product"])
def test_results_are_nearer_to_the_float_network(kind):
    model = chain(kind)
    feeds = {"x": asymmetric_values(np.random.default_rng(4), (1, 8, 12, 12))}
    wanted = run_onnx(model, feeds)
    errors, zeros = [], []
    for asymmetric in (False, True):
        trials = trials_of(model, feeds, asymmetric=asymmetric)
        types = [t for op in trials.quantized_operations({}) for t in op.operands if t]
        zeros.append(any(t.zero_point for t in types))
        (found,) = trials.compile({}).run(feeds).values()
        errors.append(float(np.square(found - wanted).mean()))
    assert zeros[0] is False
    if kind == "product":
        assert errors[1] <= errors[0] * 1.1
    else:
        assert zeros[1] and errors[1] < 0.8 * errors[0]


def test_command_line_switches_it_off(tmp_path, capsys):
    model = chain("maximum")
    x = asymmetric_values(np.random.default_rng(4), (1, 8, 12, 12))
    nets.save(model, tmp_path / "net.onnx")
    np.save(tmp_path / "x.npy", x)
    has_zero = {}
    for flag in ("--asymmetric", "--no-asymmetric"):
        out = tmp_path / f"net{flag}.mlir"
        command = ["compile", str(tmp_path / "net.onnx"), "--quantize", "INT8", "--calibration"]
        command += [str(tmp_path / "x.npy"), "--stop_after", "tpu", flag, "-o", str(out)]
        assert front.main(command) == 0, capsys.readouterr()
        types = (t for op in _core.quantized_operations(read_module(out)) for t in op.operands if t)
        has_zero[flag] = any(t.zero_point for t in types)
    assert has_zero == {"--asymmetric": True, "--no-asymmetric": False}


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("op", ["Add", "Sub"])
def test_sums_of_tensors_on_one_side_of_zero_stay_within_16_bits(op, sign):
    """The distances from two zero points at the end of their ranges add up."""
    rng = np.random.default_rng(5)
    x = (sign * rng.uniform(0.4, 0.8, (1, 16, 8, 8))).astype(np.float32)
    w = rng.standard_normal((8, 16, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Tanh", ["x"], ["b"], "b"),
        helper.make_node("Neg" if op == "Sub" else "Identity", ["x"], ["c"], "c"),
        helper.make_node(op, ["b", "c"], ["d"], "d"),
        helper.make_node("Conv", ["d", "w"], ["y"], "y"),
    ]
    model = nets.network(nodes, {"x": x.shape}, {"y": (1, 8, 6, 6)}, {"w": w})
    expected = run_onnx(model, {"x": x})
    table = tpuc.calibrate(model, [{"x": x}, {"x": x * np.float32(0.7)}], method="max")
    actual = tpuc.compile(model, "INT8", calibration_table=table).run({"x": x})["y"]
    assert np.abs(actual - expected).max() < 0.03 * np.abs(expected).max()
