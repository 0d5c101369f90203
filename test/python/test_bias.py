"""Biases that make up for the mean error of bytes."""

import networks as nets
import numpy as np
import pytest
from tpuc import UserError, _core
from tpuc.calibration import make_table
from tpuc.calibration.gather import by_name, gather
from tpuc.compiler import transform
from tpuc.tuning.bias import with_corrected_biases
from tpuc.tuning.contractions import Local, contractions_of, round_weights


@pytest.fixture
def inputs():
    rng = np.random.default_rng(1)
    return [[rng.uniform(0, 1, (1, 3, 8, 8)).astype(np.float32)] for _ in range(4)]


def test_mean_error_of_each_channel_is_gone(inputs):
    module = transform(nets.small_convnet(), "main")
    corrected = with_corrected_biases(module, inputs, "max")
    graph, after = _core.read_graph(module), _core.read_graph(corrected)
    ranges = make_table(by_name(after, gather(after, inputs)), "max", 4).ranges
    before, changed = contractions_of(graph)[0], contractions_of(after)[0]
    local = Local(after, changed)
    shift = 0
    for (array,) in inputs:
        exact, rounded = local.run(array, ranges["x"])
        shift = shift + (rounded - exact).mean(axis=(0, 2, 3)) / len(inputs)
    np.testing.assert_allclose(changed.bias + shift, before.bias, atol=1e-5)
    assert np.abs(shift).max() > 1e-4


def test_module_itself_is_not_changed(inputs):
    module = transform(nets.small_convnet(), "main")
    text = str(module)
    with_corrected_biases(module, inputs, "max")
    assert str(module) == text


def test_weights_round_by_output_channel():
    weight = np.float32([[1, 0.5], [100, 0.1]])
    rounded = round_weights(weight, 0)
    assert rounded[0, 0] == 1
    assert np.abs(rounded - weight)[0].max() <= 0.5 / 127
    assert np.abs(rounded - weight)[1].max() <= 50 / 127


def test_constants_that_do_not_fit_are_refused():
    module = transform(nets.small_convnet(), "main")
    with pytest.raises(UserError, match="no operation 1000"):
        _core.set_constants(module, [(1000, 0, np.zeros(1, np.float32))])
    index = contractions_of(_core.read_graph(module))[0].index
    with pytest.raises(UserError):
        _core.set_constants(module, [(index, 2, np.zeros(3, np.float32))])
    with pytest.raises(UserError, match="no operand 9"):
        _core.set_constants(module, [(index, 9, np.zeros(4, np.float32))])
