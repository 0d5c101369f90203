"""Comparisons of zeros of both signs, infinities and NaN, in every precision."""

import networks as nets
import numpy as np
import onnx
import pytest
from checks import compiled, reference
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


FUNCTIONS = [
    "Relu", "Sigmoid", "HardSwish", "LeakyRelu", "Softplus", "Elu", "Mish", "HardSigmoid", "Erf",
    "Gelu", "Tanh", "Softsign", "Exp", "Log", "Sqrt", "Reciprocal", "Sin", "Floor", "Neg", "Celu",
]  # fmt: skip


@pytest.mark.parametrize("precision", ["F32", "F16", "BF16"])
def test_functions_keep_nan(precision):
    """Of NaN, the infinities too in F32, what onnxruntime gives but where it gives inf / inf."""
    # As many as are computed in 16 bit.
    x = np.tile(np.float32([np.nan, -np.nan, 1, 2, 0.5, 3, np.inf, -np.inf]), 1500)
    nodes = [helper.make_node(kind, ["x"], [kind]) for kind in FUNCTIONS]
    model = nets.network(nodes, {"x": x.shape}, {kind: x.shape for kind in FUNCTIONS}, opset=20)
    results = compiled(model, precision, {"x": x}).run({"x": x})
    expected = reference(model, {"x": x})
    for kind, wanted in expected.items():
        wanted = wanted[:8]
        assert np.isnan(results[kind][:2]).all(), kind
        assert np.isfinite(results[kind][2:6]).all(), kind
        known = slice(2, 6) if precision != "F32" or np.isnan(wanted[6:]).any() else slice(2, 8)
        close = {"F32": 1e-5, "F16": 4e-3, "BF16": 3e-2}[precision]
        np.testing.assert_allclose(
            results[kind][known], wanted[known], close, close, err_msg=kind, equal_nan=True
        )


@pytest.mark.parametrize("columns", [5, 300, 5000])
def test_softmax_of_special_rows_in_f32(columns):
    """Rows of -inf, with +inf and with NaN are NaN; single -inf are 0."""
    x = np.random.default_rng(0).normal(size=(6, columns)).astype(np.float32)
    x[0] = -np.inf
    x[1, 2], x[2, 0], x[3, -1], x[4, 1] = np.inf, np.nan, np.nan, -np.inf
    nodes = [helper.make_node(kind, ["x"], [kind], axis=1) for kind in ("Softmax", "LogSoftmax")]
    shape = list(x.shape)
    model = nets.network(nodes, {"x": shape}, {"Softmax": shape, "LogSoftmax": shape}, opset=13)
    result = compiled(model, "F32", {"x": x}).run({"x": x})
    for kind, wanted in reference(model, {"x": x}).items():
        np.testing.assert_allclose(result[kind], wanted, 1e-5, 1e-5, err_msg=kind)


@pytest.mark.parametrize("precision, close", [("F16", 6e-3), ("BF16", 0.09)])
def test_tails_are_exact_relative_to_themselves(precision, close):
    """Sigmoids and softmaxes near 0, to the step of the type's least numbers."""
    # As many as are computed in 16 bit.
    x = np.linspace(-16, 8, 20000, dtype=np.float32).astype(np.float16).astype(np.float32)
    row = np.tile(x[:1000:10], (2, 50))
    row[:, 7] = 0
    nodes = [
        helper.make_node("Sigmoid", ["x"], ["gate"]),
        helper.make_node("Softmax", ["row"], ["long"], axis=1),
        helper.make_node("Softmax", ["part"], ["short"], axis=1),
    ]  # fmt: skip
    data = {"x": x, "row": row, "part": row[:, :77].copy()}
    shapes = {name: list(value.shape) for name, value in data.items()}
    outputs = {"gate": shapes["x"], "long": shapes["row"], "short": shapes["part"]}
    model = nets.network(nodes, shapes, outputs, opset=13)
    results = compiled(model, precision, data).run(data)
    expected = reference(model, data) | {"gate": 1 / (1 + np.exp(-x.astype(np.float64)))}
    for name, wanted in expected.items():
        np.testing.assert_allclose(results[name], wanted, close, 2.0**-24, err_msg=name)


@pytest.mark.parametrize("precision", ["F16", "BF16"])
@pytest.mark.parametrize("function", ["Sigmoid", "Tanh", "Erf", "Mish", "Gelu"])
def test_few_elements_are_computed_in_f32(function, precision):
    """What whole channels are multiplied by is off by its rounding alone."""
    x = np.linspace(-9, 9, 289, dtype=np.float32).reshape(
        1, 289, 1, 1
    )  # of 4 bits behind the point
    nodes = [helper.make_node(function, ["x"], ["y"])]
    model = nets.network(nodes, {"x": x.shape}, {"y": None}, {}, opset=20)
    result = compiled(model, precision, {"x": x}).run({"x": x})["y"]
    expected = reference(model, {"x": x})["y"]
    unit = {"F16": 2.0**-11, "BF16": 2.0**-8}[precision]
    assert (np.abs(result - expected) <= 1.1 * unit * np.abs(expected) + 1e-6).all()
