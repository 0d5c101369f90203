"""Comparisons of zeros of both signs, infinities and NaN, in every precision."""

import networks as nets
import numpy as np
import onnx
import pytest
from checks import compiled
from onnx import TensorProto, helper

VALUES = np.float32([0.0, -0.0, 1.0, -1.0, 0.5, 3.0, np.inf, -np.inf, np.nan, -np.nan, 1024, -6.25])
PAIRS = np.stack(np.meshgrid(VALUES, VALUES), -1).reshape(-1, 2).astype(np.float32)
RELATIONS = {
    "Equal": np.equal, "Less": np.less, "LessOrEqual": np.less_equal, "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal,
}  # fmt: skip
CONSTANTS = {"zero": 0.0, "minus_zero": -0.0, "one": 1.0, "infinity": np.inf, "nan": np.nan}
PRECISIONS = ["F32", "F16", "BF16", "INT8"]


def typed(nodes, inputs, outputs, weights=None):
    """A network whose outputs are truth values."""
    model = nets.network(nodes, inputs, outputs, weights, opset=20)
    for output in model.graph.output:
        output.type.tensor_type.elem_type = TensorProto.BOOL
    return model


def relations(narrow):
    """Every relation of x and y, and of x and constants; ``narrow`` brings them to the precision.

    Returns:
        The network and the expected outputs.
    """
    weights = {name: np.float32([value]) for name, value in CONSTANTS.items()}
    nodes, expected = [], {}
    x, y = PAIRS.T
    names = ("x", "y")
    if narrow:
        nodes = [helper.make_node("Neg", [name], [f"neg_{name}"]) for name in names]
        names, x, y = ("neg_x", "neg_y"), -x, -y
    sides = {names[1]: y, names[0]: x, **CONSTANTS}
    for kind, function in RELATIONS.items():
        for name, other in sides.items():
            nodes.append(helper.make_node(kind, [names[0], name], [f"{kind}_{name}"]))
            expected[f"{kind}_{name}"] = function(x, np.float32(other))
            if name in CONSTANTS:
                nodes.append(helper.make_node(kind, [name, names[0]], [f"{name}_{kind}"]))
                expected[f"{name}_{kind}"] = function(np.float32(other), x)
    for positive in (0, 1):
        for negative in (0, 1):
            name = f"IsInf_{positive}{negative}"
            nodes.append(helper.make_node(
                "IsInf", [names[0]], [name], detect_positive=positive, detect_negative=negative
            ))  # fmt: skip
            expected[name] = np.isinf(x) & np.where(x > 0, positive == 1, negative == 1)
    nodes.append(helper.make_node("IsNaN", [names[0]], ["IsNaN"]))
    expected["IsNaN"] = np.isnan(x)
    nodes.append(helper.make_node("Cast", [names[0]], ["Cast"], to=TensorProto.BOOL))
    expected["Cast"] = x != 0
    shape = [len(PAIRS)]
    return typed(nodes, {"x": shape, "y": shape}, dict.fromkeys(expected, shape), weights), expected


@pytest.mark.parametrize("narrow", [False, True], ids=["as_given", "in_the_precision"])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_relations_are_those_of_numbers(precision, narrow):
    model, expected = relations(narrow)
    data = {"x": PAIRS[:, 0], "y": PAIRS[:, 1]}
    results = compiled(model, precision, data).run(data)
    wrong = {
        name: PAIRS[results[name].astype(bool) != value].tolist()[:4]
        for name, value in expected.items()
        if (results[name].astype(bool) != value).any()
    }
    assert not wrong


@pytest.mark.parametrize("precision", PRECISIONS)
def test_large_numbers_are_not_infinite(precision):
    node = helper.make_node("IsInf", ["x"], ["y"])
    data = {"x": np.float32([1e6, -1e30, np.inf, -np.inf, 65504, 0])}
    model = compiled(typed([node], {"x": [6]}, {"y": [6]}), precision, data)
    assert model.run(data)["y"].tolist() == [0, 0, 1, 1, 0, 0]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_choices_by_special_values(precision):
    """nan_to_num, a guarded softmax of a row of -inf, the first of equal zeros."""
    make = helper.make_node
    nodes = [
        make("IsNaN", ["x"], ["is_nan"]), make("Where", ["is_nan", "zero", "x"], ["clean"]),
        make("Equal", ["x", "x"], ["same"]), make("Where", ["same", "x", "one"], ["kept"]),
        make("Softmax", ["s"], ["p"], axis=1), make("IsNaN", ["p"], ["empty"]),
        make("Where", ["empty", "zero", "p"], ["guarded"]),
        make("ArgMax", ["z"], ["first"], axis=1), make("ArgMin", ["z"], ["least"], axis=1),
    ]  # fmt: skip
    s = np.float32([[1, 2, -np.inf, 0], [-np.inf] * 4])
    data = {
        "x": np.float32([[1.5, np.nan, -2, 0.25]]), "s": s,
        "z": np.float32([[-1, -0.0, 0.0, -2], [5, 0.0, -0.0, 7]]),
    }  # fmt: skip
    outputs = {"clean": [1, 4], "kept": [1, 4], "guarded": [2, 4], "first": [2, 1], "least": [2, 1]}
    model = nets.network(
        nodes, {name: list(value.shape) for name, value in data.items()}, outputs,
        {"zero": np.float32(0), "one": np.float32(1)}, opset=13,
    )  # fmt: skip
    for output in model.graph.output[3:]:
        output.type.tensor_type.elem_type = TensorProto.INT64
    onnx.checker.check_model(model)
    results = compiled(model, precision, data).run(data)
    np.testing.assert_array_equal(results["clean"], [[1.5, 0, -2, 0.25]])
    np.testing.assert_array_equal(results["kept"], [[1.5, 1, -2, 0.25]])
    powers = np.exp(np.float64([1, 2, -np.inf, 0]))
    np.testing.assert_allclose(results["guarded"], [powers / powers.sum(), [0] * 4], atol=4e-3)
    np.testing.assert_array_equal(results["first"], [[1], [3]])
    np.testing.assert_array_equal(results["least"], [[3], [1]])
