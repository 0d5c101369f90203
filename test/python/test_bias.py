"""Biases that make up for the mean INT8 error."""

import networks as nets
import numpy as np
import pytest
from tpuc import UserError, _core
from tpuc.calibration import canonical, make_table
from tpuc.calibration.gather import by_name, gather
from tpuc.compiler import transform
from tpuc.tuning.bias import with_corrections
from tpuc.tuning.layers import ERROR, MEAN, POWERS, Local, Trials, find_layers, round_weights


def ranges_of(module, inputs):
    graph = _core.read_graph(module)
    return make_table(by_name(graph, gather(graph, inputs)), "max", len(inputs))


def layers_of(module, ranges, precisions=()):
    lowered = Trials(module, ranges).quantized_operations(dict(precisions))
    return find_layers(_core.read_graph(module), lowered)


def bias_of(module, kind):
    graph = _core.read_graph(module)
    constants = {op.results[0]: op.constant for op in graph.operations if op.kind == "weight"}
    (operation,) = (op for op in graph.operations if op.kind == kind)
    return constants[operation.operands[2]]


@pytest.fixture
def inputs():
    rng = np.random.default_rng(1)
    return [[rng.uniform(0, 1, (1, 3, 8, 8)).astype(np.float32)] for _ in range(4)]


@pytest.fixture
def module():
    return canonical(transform(nets.small_convnet(), "main"))


def test_mean_error_of_each_channel_is_gone(module, inputs):
    corrected = with_corrections(module, inputs, ranges_of(module, inputs), round_weights=False)
    after = _core.read_graph(corrected)
    ranges = ranges_of(module, inputs)
    before, changed = (layers_of(m, ranges)[0] for m in (module, corrected))
    local = Local(after, changed, MEAN)
    shift = sum(local.run({after.inputs[0]: array})[MEAN] for (array,) in inputs) / len(inputs)
    np.testing.assert_allclose(changed.bias + shift, before.bias, atol=1e-5)
    assert np.abs(shift).max() > 1e-4


def test_layers_in_floats_keep_their_biases(module, inputs):
    ranges = ranges_of(module, inputs)
    first = layers_of(module, ranges)[0]
    corrected = with_corrections(module, inputs, ranges, {first.name: "F16"})
    assert np.array_equal(bias_of(module, "conv"), bias_of(corrected, "conv"))
    assert not np.array_equal(bias_of(module, "matmul"), bias_of(corrected, "matmul"))


def test_module_itself_is_not_changed(module, inputs):
    text = str(module)
    with_corrections(module, inputs, ranges_of(module, inputs))
    assert str(module) == text


def test_layers_are_those_that_lowering_leaves_in_int8(module, inputs):
    ranges = ranges_of(module, inputs)
    first, second = layers_of(module, ranges)
    assert [first.operation.kind, second.operation.kind] == ["conv", "matmul"]
    (kind,) = first.data.values()
    assert (kind.low, kind.high, kind.zero_point) == (0, 255, 0)
    assert kind.scale == pytest.approx(max(array.max() for (array,) in inputs) / 255)
    assert [layer.name for layer in layers_of(module, ranges, {first.name: "F16"})] == [second.name]


def test_rounding_alone_is_what_the_chip_does(module, inputs):
    layer = layers_of(module, ranges_of(module, inputs))[0]
    graph = _core.read_graph(module)
    found = Local(graph, layer, POWERS, ERROR).run({graph.inputs[0]: inputs[0][0]})
    exact, rounded, error = found[POWERS]
    assert error == pytest.approx(np.square(found[ERROR]).sum(), rel=1e-5)
    assert 0 < error < 1e-3 * exact
    assert rounded == pytest.approx(exact, rel=0.05)


def test_weights_round_by_output_channel():
    weight = np.float32([[1, 0.5], [100, 0.1]])
    rounded = round_weights(weight, 0)
    assert rounded[0, 0] == 1
    assert np.abs(rounded - weight)[0].max() <= 0.5 / 127
    assert np.abs(rounded - weight)[1].max() <= 50 / 127


def test_constants_that_do_not_fit_are_refused(module):
    with pytest.raises(UserError, match="no operation 1000"):
        _core.set_constants(module, [(1000, 0, np.zeros(1, np.float32))])
    operations = enumerate(_core.read_graph(module).operations)
    index = next(number for number, operation in operations if operation.kind == "conv")
    with pytest.raises(UserError):
        _core.set_constants(module, [(index, 2, np.zeros(3, np.float32))])
    with pytest.raises(UserError, match="no operand 9"):
        _core.set_constants(module, [(index, 9, np.zeros(4, np.float32))])
