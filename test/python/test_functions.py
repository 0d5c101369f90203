"""Model-local functions, which newer exporters write: put in place of their calls."""

import networks as nets
import numpy as np
import onnx
import pytest
import tpuc
from checks import reference
from onnx import helper
from tpuc import UserError

DOMAIN = "pkg.test"
OPSETS = [helper.make_opsetid("", 18), helper.make_opsetid(DOMAIN, 1)]
make = helper.make_node


def call(name, inputs, outputs, **attributes):
    return make(name, inputs, outputs, domain=DOMAIN, **attributes)


def function(name, inputs, outputs, nodes, attributes=()):
    return helper.make_function(DOMAIN, name, inputs, outputs, nodes, OPSETS, list(attributes))


SILU = function(
    "silu", ["X"], ["Y"], [make("Sigmoid", ["X"], ["s"]), make("Mul", ["X", "s"], ["Y"])]
)
# Twice the same inner names, and a constant of its own.
TWICE = function(
    "twice", ["X"], ["Y"],
    [call("silu", ["X"], ["s"]), make("Constant", [], ["c"], value_float=0.5),
     make("Add", ["s", "c"], ["t"]), call("silu", ["t"], ["Y"])],
)  # fmt: skip


def leaky():
    """A function whose attribute is given to a node inside."""
    node = make("LeakyRelu", ["X"], ["Y"])
    node.attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=1))
    return function("leaky", ["X"], ["Y"], [node], ["slope"])


def network(nodes, functions, weights=None):
    model = nets.network(nodes, {"x": [2, 8]}, {"y": None}, weights, opset=18)
    model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    model.functions.extend(functions)
    return model


def large():
    """A weight that is not read by protobuf."""
    return {"s": np.random.default_rng(0).standard_normal((8, 8)).astype(np.float32)}


MODELS = {
    # The weight has the name of a value inside the function.
    "one": lambda: network(
        [make("MatMul", ["x", "s"], ["t"]), call("silu", ["t"], ["y"])], [SILU], large()
    ),
    "nested": lambda: network([call("twice", ["x"], ["t"]), call("twice", ["t"], ["y"])],
                              [TWICE, SILU]),
    "attribute": lambda: network([call("leaky", ["x"], ["y"], slope=0.25)], [leaky()]),
    "unused": lambda: network([make("Neg", ["x"], ["y"])], [SILU]),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_functions_compute_what_they_say(name, tmp_path):
    model = MODELS[name]()
    data = {"x": np.random.default_rng(1).standard_normal((2, 8)).astype(np.float32)}
    expected = reference(model, data)["y"]
    path = nets.save(model, tmp_path / "net.onnx")
    for source in (model, path):
        result = tpuc.compile(source, "F32").run(data)["y"]
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)
    ranges = tpuc.calibrate(path, [data])
    result = tpuc.compile(path, "INT8", calibration_table=ranges).run(data)["y"]
    np.testing.assert_allclose(result, expected, atol=0.05 * np.abs(expected).max())


def test_an_operator_inside_a_function_is_reported_as_any_other():
    inner = function("sorts", ["X"], ["Y"], [make("Unknown", ["X"], ["Y"], "inside")])
    with pytest.raises(UserError, match="Unknown"):
        tpuc.compile(network([call("sorts", ["x"], ["y"])], [inner]))


def test_a_function_that_calls_itself_is_refused():
    first = function("first", ["X"], ["Y"], [call("second", ["X"], ["Y"])])
    second = function("second", ["X"], ["Y"], [call("first", ["X"], ["Y"])])
    with pytest.raises(UserError, match="calls itself"):
        tpuc.compile(network([call("first", ["x"], ["y"])], [first, second]))


def test_a_few_functions_do_not_fill_the_memory():
    """Each calls the next one twice: 2 to the 60th nodes."""
    functions = [
        function(f"f{i}", ["X"], ["Y"],
                 [call(f"f{i + 1}", ["X"], ["t"]), call(f"f{i + 1}", ["t"], ["Y"])])
        for i in range(60)
    ]  # fmt: skip
    functions.append(function("f60", ["X"], ["Y"], [make("Neg", ["X"], ["Y"])]))
    with pytest.raises(UserError, match="more than"):
        tpuc.compile(network([call("f0", ["x"], ["y"])], functions))


def test_functions_nested_deep_are_refused():
    count = 5000
    functions = [
        function(f"f{i}", ["X"], ["Y"], [call(f"f{i + 1}", ["X"], ["Y"])]) for i in range(count)
    ]
    functions.append(function(f"f{count}", ["X"], ["Y"], [make("Neg", ["X"], ["Y"])]))
    with pytest.raises(UserError, match="nested"):
        tpuc.compile(network([call("f0", ["x"], ["y"])], functions))
