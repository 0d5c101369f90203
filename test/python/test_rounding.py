"""Weights that are rounded for the least error of results."""

import networks as nets
import numpy as np
import pytest
from onnx import helper
from tpuc import _core
from tpuc.calibration import canonical, make_table
from tpuc.calibration.gather import by_name, gather
from tpuc.compiler import transform
from tpuc.tuning.bias import with_corrections
from tpuc.tuning.layers import Layer, Trials, find_layers, round_weights
from tpuc.tuning.rounding import round_rows, spread, with_rounded_weights


def alike(rng, groups, places, depth):
    """Inputs that have much in common."""
    common = rng.uniform(0, 2, (groups, places, 1))
    return (common + 0.2 * rng.standard_normal((groups, places, depth))).astype(np.float32)


def products(samples):
    return np.matmul(samples.transpose(0, 2, 1), samples)


def error(samples, rows, rounded):
    return float(np.square(np.matmul(samples, (rounded - rows).transpose(0, 2, 1))).mean())


def nearest(rows):
    return round_weights(rows.reshape(-1, rows.shape[2]), 0).reshape(rows.shape)


@pytest.mark.parametrize(("groups", "results", "depth"), [(1, 20, 200), (30, 1, 9), (4, 3, 70)])
def test_results_are_nearer_than_with_the_nearest_weights(groups, results, depth):
    rng = np.random.default_rng(1)
    samples = alike(rng, groups, 500, depth)
    rows = rng.standard_normal((groups, results, depth)).astype(np.float32)
    rounded = round_rows(rows, [products(samples)])
    assert error(samples, rows, rounded) < 0.5 * error(samples, rows, nearest(rows))


def test_many_inputs_are_rounded_in_blocks():
    rng = np.random.default_rng(1)
    samples = alike(rng, 1, 300, 1100)
    rows = rng.standard_normal((1, 2, 1100)).astype(np.float32)
    moments = [products(samples[..., :1024]), products(samples[..., 1024:])]
    rounded = round_rows(rows, moments)
    assert error(samples, rows, rounded) < 0.5 * error(samples, rows, nearest(rows))


def test_compiler_rounds_to_the_same_integers_again():
    rng = np.random.default_rng(2)
    rows = rng.standard_normal((2, 5, 30)).astype(np.float32)
    rows[0, 0] = 0
    rounded = round_rows(rows, [products(alike(rng, 2, 100, 30))])
    np.testing.assert_array_equal(np.abs(rounded).max(2), np.abs(rows).max(2))
    np.testing.assert_allclose(nearest(rounded), rounded, rtol=1e-6)


def test_inputs_without_a_sample_leave_the_nearest():
    rows = np.random.default_rng(2).standard_normal((1, 5, 30)).astype(np.float32)
    rounded = round_rows(rows, [np.zeros((1, 30, 30), np.float32)])
    np.testing.assert_allclose(rounded, nearest(rows), rtol=1e-6)


def convolution(shape, filters, **attributes):
    """A network of one convolution."""
    rng = np.random.default_rng(3)
    weights = {"w": rng.standard_normal(filters).astype(np.float32)}
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], "conv", **attributes)]
    return nets.network(nodes, {"x": shape}, {"y": None}, weights)


CONVOLUTIONS = {
    "plain": ([2, 4, 9, 8], [6, 4, 3, 3], {"pads": [1, 1, 1, 1]}),
    "strided": ([1, 4, 12, 12], [6, 4, 3, 2], {"strides": [2, 3], "pads": [0, 1, 1, 0]}),
    "dilated": ([1, 4, 12, 12], [6, 4, 3, 3], {"dilations": [2, 3]}),
    "depthwise": ([1, 8, 12, 12], [8, 1, 3, 3], {"group": 8, "pads": [1, 1, 1, 1]}),
    "grouped": ([1, 8, 12, 12], [6, 4, 3, 3], {"group": 2}),
    "of rows": ([1, 8, 40], [6, 8, 5], {"strides": [2], "pads": [2, 2]}),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_inputs_of_filters_are_those_of_the_convolution(name):
    shape, filters, attributes = CONVOLUTIONS[name]
    model = convolution(shape, filters, **attributes)
    module = canonical(transform(model, "main"))
    graph = _core.read_graph(module)
    rng = np.random.default_rng(4)
    inputs = [[rng.uniform(1, 1.5, shape).astype(np.float32)] for _ in range(4)]
    ranges = make_table(by_name(graph, gather(graph, inputs)), "max", 4)
    (layer,) = find_layers(graph, Trials(module, ranges).quantized_operations({}))
    (rounded,) = with_rounded_weights(graph, [layer], inputs)
    exact = run(graph, layer, layer.weight, inputs)
    assert rounded.rounded.shape == layer.weight.shape
    by_error, by_weight = (
        np.square(run(graph, layer, weight, inputs) - exact).mean()
        for weight in (rounded.rounded, round_weights(layer.weight, 0))
    )
    # Inputs are alike: errors of nearest weights add up.
    assert by_error < 0.5 * by_weight


def run(graph, layer: Layer, weight, inputs):
    """The results of a convolution with other weights."""
    from tpuc.calibration.nodes import Call, Nodes, convert
    from tpuc.calibration.runner import describe, make_model, open_session

    nodes = Nodes(graph.values)
    data, result = layer.operation.operands[0], layer.result
    convert(Call(layer.operation, [f"v{data}", nodes.constant(weight)], [f"v{result}"]), nodes)
    session = open_session(
        make_model(nodes, [describe(graph.values, data)], [describe(graph.values, result)], {})
    )
    return np.stack([session.run(None, {f"v{data}": array})[0] for (array,) in inputs])


@pytest.fixture
def module():
    return canonical(transform(nets.small_convnet(), "main"))


@pytest.fixture
def inputs():
    rng = np.random.default_rng(1)
    return [[rng.uniform(0, 1, (1, 3, 8, 8)).astype(np.float32)] for _ in range(4)]


def weights_of(module):
    graph = _core.read_graph(module)
    constants = {op.results[0]: op.constant for op in graph.operations if op.kind == "weight"}
    return {op.kind: constants[op.operands[1]] for op in graph.operations
            if op.kind in ("conv", "matmul")}  # fmt: skip


def test_layers_in_int8_get_them_and_others_do_not(module, inputs):
    graph = _core.read_graph(module)
    ranges = make_table(by_name(graph, gather(graph, inputs)), "max", 4)
    layers = find_layers(graph, Trials(module, ranges).quantized_operations({}))
    before = weights_of(module)
    changed = weights_of(with_corrections(module, inputs, ranges, {layers[0].name: "F16"}))
    np.testing.assert_array_equal(changed["conv"], before["conv"])
    axis = layers[1].weight_axis
    np.testing.assert_allclose(round_weights(changed["matmul"], axis), changed["matmul"], rtol=1e-6)
    assert np.abs(changed["matmul"] - before["matmul"]).max() > 0
    kept = weights_of(with_corrections(module, inputs, ranges, round_weights=False))
    np.testing.assert_array_equal(kept["matmul"], before["matmul"])


def test_inputs_are_taken_from_all_of_them():
    assert list(spread([[n] for n in range(27)], 8)) == [[n] for n in range(0, 24, 3)]
    assert list(spread([[0], [1]], 8)) == [[0], [1]]
    assert list(spread(([n] for n in range(27)), 2)) == [[0], [1]]
