"""Linear layers in INT8, in every form that their columns can have."""

import networks as nets
import numpy as np
import pytest
import tpuc
from onnx import helper
from tpuc.compare import compare

ROWS, DEPTH, COLUMNS = 50, 96, 80


def linear(weight, bias, relu=False):
    """y = act(x w + b) - b, where the last step is left in floats."""
    make = helper.make_node
    nodes = [
        make("MatMul", ["x", "w"], ["p"], "product"),
        make("Add", ["p", "b"], ["s"], "bias"),
        make("Relu" if relu else "Tanh", ["s"], ["r"], "activation"),
        make("Sub", ["r", "b"], ["y"], "difference"),
    ]
    weights = {"w": weight.astype(np.float32), "b": bias.astype(np.float32)}
    return nets.network(nodes, {"x": [ROWS, DEPTH]}, {"y": [ROWS, COLUMNS]}, weights)


def normal(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


CASES = {
    "plain": (normal(1, DEPTH, COLUMNS) / 10, normal(2, COLUMNS)),
    # Added to the sums it would cost them their last bits.
    "large bias": (normal(1, DEPTH, COLUMNS) / 10, normal(2, COLUMNS) + 200.0),
    # Factors below f16's normal numbers.
    "small weights": (normal(1, DEPTH, COLUMNS) * 1e-6, normal(2, COLUMNS)),
    "columns of zeros": (
        normal(1, DEPTH, COLUMNS) / 10 * (np.arange(COLUMNS) % 3 > 0),
        normal(2, COLUMNS),
    ),
    "columns of different size": (
        normal(1, DEPTH, COLUMNS) / 10 * np.geomspace(1e-3, 1, COLUMNS),
        normal(2, COLUMNS),
    ),
}


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_agrees_with_numpy(case, relu, tmp_path):
    weight, bias = CASES[case]
    network = linear(weight, bias, relu)
    x = normal(3, ROWS, DEPTH).astype(np.float32)
    step = np.abs(x).max() / 127
    table = tmp_path / "table"
    table.write_text(f"x {127 * step:.9g} {x.min():.9g} {x.max():.9g}\n")
    model = tpuc.compile(network, quantize="INT8", calibration_table=table)
    got = model.run({"x": x})["y"]
    rounded = np.clip(np.rint(x / step), -128, 127) * step
    s = rounded @ weight + bias
    expected = (np.maximum(s, 0) if relu else np.tanh(s)) - bias
    assert compare(got, expected.astype(np.float32)).within((0.995, 0.9))
