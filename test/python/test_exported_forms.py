"""What exporters write in several forms, which all have to become the same network."""

import checks
import networks as nets
import numpy as np
import pytest
from onnx import helper
from tpuc.compare import compare

node = helper.make_node
RNG = np.random.default_rng(9)
FILTER = (RNG.standard_normal((8, 4, 3, 3)) / 6).astype(np.float32)


def run(nodes, data, weights, precision):
    model = nets.network(nodes, {k: v.shape for k, v in data.items()}, {"y": None}, weights)
    compiled = checks.compiled(model, precision, data)
    return compiled, compiled.run(data)["y"], checks.reference(model, data)["y"]


def pads(*sizes):
    return {"p": np.array(sizes, np.int64)}


WINDOWS = {
    "conv": (pads(0, 0, 1, 2, 0, 0, 0, 3), 0.0, node("Conv", ["b", "w"], ["y"])),
    "conv_of_many": (pads(0, 0, 17, 0, 0, 0, 16, 1), 0.0, node("Conv", ["b", "w"], ["y"])),
    "conv_of_ones": (pads(0, 0, 1, 1, 0, 0, 1, 1), 1.0, node("Conv", ["b", "w"], ["y"])),
    "most": (
        pads(0, 0, 0, 1, 0, 0, 1, 1), -np.inf,
        node("MaxPool", ["b"], ["y"], kernel_shape=[3, 3], strides=[2, 2]),
    ),
    "most_of_positive": (
        pads(0, 0, 1, 1, 0, 0, 1, 1), 0.0,
        node("MaxPool", ["b"], ["y"], kernel_shape=[3, 2], ceil_mode=1, strides=[2, 2]),
    ),
    "mean": (
        pads(0, 0, 1, 1, 0, 0, 1, 1), 0.0,
        node("AveragePool", ["b"], ["y"], kernel_shape=[3, 3], strides=[2, 1]),
    ),
    "mean_of_two_pads": (
        pads(0, 0, 1, 1, 0, 0, 1, 1), 0.0,
        node("AveragePool", ["b"], ["y"], kernel_shape=[3, 3], pads=[1, 0, 0, 1]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("precision", ["F32", "F16", "INT8"])
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("case", WINDOWS)
def test_pads_before_windows(case, positive, precision):
    sizes, value, window = WINDOWS[case]
    weights = sizes | {"v": np.array(value, np.float32)}
    if window.op_type == "Conv":
        weights["w"] = FILTER
    nodes = [
        node("Relu" if positive else "Tanh", ["x"], ["a"]),
        node("Pad", ["a", "p", "v"], ["b"]),
        window,
    ]
    data = {"x": RNG.standard_normal((2, 4, 11, 13)).astype(np.float32)}
    _, result, expected = run(nodes, data, weights, precision)
    close = compare(result, expected, "y", precision)
    assert close.of_allowed <= 1 and close.cosine > 0.999, close


def guarded():
    """Attention that replaces the NaN of rows that are masked as a whole."""
    return [
        node("MatMul", ["q", "k"], ["s"]),
        node("Add", ["s", "m"], ["masked"]),
        node("Softmax", ["masked"], ["p"], axis=-1),
        node("IsNaN", ["p"], ["n"]),
        node("Where", ["n", "zero", "p"], ["g"]),
        node("MatMul", ["g", "v"], ["y"]),
    ]


@pytest.mark.parametrize("precision", ["F32", "F16", "BF16"])
def test_guards_of_softmax(precision):
    data = {
        "q": RNG.standard_normal((1, 2, 24, 16)).astype(np.float32),
        "k": RNG.standard_normal((1, 2, 16, 24)).astype(np.float32),
        "v": RNG.standard_normal((1, 2, 24, 16)).astype(np.float32),
        "m": np.where(np.arange(24) < np.arange(24)[:, None], 0, -np.inf).astype(np.float32)[None],
    }
    weights = {"zero": np.zeros((), np.float32)}
    compiled, result, expected = run(guarded(), data, weights, precision)
    assert np.isfinite(expected).all()  # the first row is masked
    assert np.abs(result - expected).max() < {"F32": 1e-5, "F16": 4e-3, "BF16": 3e-2}[precision]
    kinds = " ".join(layer.kind for layer in compiled.profile().layers)
    assert ("select" in kinds) == (precision == "F32")


@pytest.mark.parametrize("precision", ["F32", "F16", "INT8"])
@pytest.mark.parametrize("start", [0, 1])
def test_assignments_to_slices(start, precision):
    """x[:, start:, start:] = y, as ScatterND by constant indices."""
    shape = (2, 9, 7)
    box = np.indices((2, 9 - start, 7 - start)).transpose(1, 2, 3, 0)
    box += np.array([0, start, start])
    nodes = [
        node("Relu", ["x"], ["a"]),
        node("ScatterND", ["a", "i", "b"], ["c"]),
        node("Mul", ["c", "c"], ["y"]),
    ]
    data = {
        "x": RNG.standard_normal(shape).astype(np.float32),
        "b": RNG.standard_normal(box.shape[:-1]).astype(np.float32),
    }
    _, result, expected = run(nodes, data, {"i": box.astype(np.int64)}, precision)
    assert compare(result, expected, "y", precision).of_allowed <= 1


@pytest.mark.parametrize("precision", ["F32", "F16"])
@pytest.mark.parametrize("kernel", [(1, 1), (1, 3)])
def test_windows_of_pads_alone(kernel, precision):
    """Of an image that is too large for one tile."""
    weights = {"w": (RNG.standard_normal((24, 2, *kernel)) / 3).astype(np.float32)}
    pads = [1, kernel[1], 1, 0]
    nodes = [node("Relu", ["x"], ["a"]), node("Conv", ["a", "w"], ["b"], pads=pads)]
    nodes.append(node("Relu", ["b"], ["y"]))
    data = {"x": RNG.standard_normal((1, 2, 190, 201)).astype(np.float32)}
    _, result, expected = run(nodes, data, weights, precision)
    assert compare(result, expected, "y", precision).of_allowed <= 1
