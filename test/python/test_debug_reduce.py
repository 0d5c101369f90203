"""Reduction of failing models: planted failures must be found, and nothing else kept."""

import os
import sys
import time

import networks as nets
import numpy as np
import onnx
import pytest
import tpuc.model
from onnx import helper
from tpuc.cli.front import main
from tpuc.debug.checks import BuiltIn, Command, Outcome, isolated
from tpuc.debug.pieces import Graph, resized, sizes
from tpuc.debug.reduce import Limits, reduce_model
from tpuc.errors import UserError
from tpuc.reference import run_onnx_proto


def long_network():
    """A branching network of 24 nodes with one Erf in its middle."""
    rng = np.random.default_rng(0)
    nodes, weights, last = [], {}, "x"

    def add(op, inputs, **attributes):
        name = f"v{len(nodes)}"
        nodes.append(helper.make_node(op, inputs, [name], f"n{len(nodes)}", **attributes))
        return name

    for i in range(4):
        weights[f"w{i}"] = (rng.standard_normal((32, 32)) / 6).astype(np.float32)
        product = add("MatMul", [last, f"w{i}"])
        left = add("Sigmoid" if i != 2 else "Erf", [product])
        right = add("Tanh", [product])
        both = add("Add", [left, right])
        last = add("Mul", [add("Relu", [both]), "two"])
    weights["two"] = np.array(2, np.float32)
    nodes[-1].output[0] = "y"
    return nets.network(nodes, {"x": [8, 32]}, {"y": [8, 32]}, weights)


@pytest.fixture
def inputs():
    return {"x": np.random.default_rng(1).standard_normal((8, 32)).astype(np.float32)}


def ops(model):
    return [node.op_type for node in model.graph.node]


def contains(*wanted):
    """A check that fails when a model has nodes of all these operators."""

    def check(model, inputs):
        run_onnx_proto(model, inputs)
        return Outcome("command", "planted") if set(wanted) <= set(ops(model)) else Outcome("ok")

    return check


def test_one_node_is_left_of_many(inputs):
    result = reduce_model(long_network(), inputs, contains("Erf"))
    assert ops(result.model) == ["Erf"]
    assert result.complete
    assert result.checks < 60
    onnx.checker.check_model(result.model, full_check=True)
    # The tensor of the run in which it failed is its input.
    (name,) = result.inputs
    assert name == result.model.graph.input[0].name


def test_sizes_shrink_as_far_as_the_failure_lets_them(inputs):
    def check(model, inputs):
        rows = {dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim}
        return Outcome("command", "planted") if max(rows) >= 3 else Outcome("ok")

    result = reduce_model(long_network(), inputs, check)
    assert len(result.model.graph.node) == 1
    assert max(next(iter(result.inputs.values())).shape) == 3
    onnx.checker.check_model(result.model, full_check=True)


def test_two_nodes_that_fail_together_stay(inputs):
    result = reduce_model(long_network(), inputs, contains("Erf", "Tanh"))
    assert sorted(ops(result.model)) == ["Erf", "Tanh"]


def wrong_after(pair):
    """A compiler whose result is wrong when one operator's result feeds another."""
    good = tpuc.compile

    class Wrong:
        def __init__(self, model):
            self.model = model
            self.inputs = model.inputs
            self.outputs = model.outputs
            self.precision = model.precision

        def run(self, inputs):
            return {name: array + 1 for name, array in self.model.run(inputs).items()}

    def compile_(model, quantize, **options):
        makers = {name: node.op_type for node in model.graph.node for name in node.output}
        compiled = good(model, quantize, **options)
        found = any(
            node.op_type == pair[1] and makers.get(name) == pair[0]
            for node in model.graph.node
            for name in node.input
        )
        return Wrong(compiled) if found else compiled

    return compile_


def test_a_wrong_result_is_reduced(inputs, monkeypatch):
    monkeypatch.setattr("tpuc.compilation.compile", wrong_after(("Erf", "Add")))
    result = reduce_model(long_network(), inputs, BuiltIn("F32"))
    assert result.outcome.kind == "result"
    assert ops(result.model) == ["Erf", "Add"]
    assert max(max(array.shape) for array in result.inputs.values()) == 1


def unsupported_network():
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], "a"),
        helper.make_node("Det", ["a"], ["b"], "b"),
        helper.make_node("Relu", ["b"], ["y"], "c"),
    ]
    return nets.network(nodes, {"x": [2, 4, 4]}, {"y": [2]})


def test_a_refused_model_is_reduced():
    x = np.random.default_rng(1).standard_normal((2, 4, 4)).astype(np.float32)
    result = reduce_model(unsupported_network(), {"x": x}, BuiltIn())
    assert result.outcome.kind == "compile"
    assert ops(result.model) == ["Det"]


def test_crash_and_hang_are_failures(inputs):
    def crash(model, inputs):
        os.abort()

    def hang(model, inputs):
        time.sleep(60)

    model = long_network()
    assert isolated(crash, model, inputs, 20).kind == "crash"
    assert isolated(hang, model, inputs, 0.2).kind == "hang"

    def crash_at_erf(model, inputs):
        if "Erf" in ops(model):
            os.abort()
        return Outcome("ok")

    result = reduce_model(model, inputs, crash_at_erf)
    assert ops(result.model) == ["Erf"]
    assert result.outcome.kind == "crash"


def test_a_model_that_does_not_fail_is_refused(inputs):
    with pytest.raises(UserError, match="does not fail"):
        reduce_model(long_network(), inputs, BuiltIn("F32"))


def test_limits_end_the_search_with_what_was_found(inputs):
    result = reduce_model(long_network(), inputs, contains("Erf"), Limits(checks=3))
    assert not result.complete
    assert result.checks == 3
    assert "Erf" in ops(result.model)


def test_another_failure_is_not_followed(inputs):
    """Without its Erf the model fails in another way, which is not looked for."""

    def check(model, inputs):
        wrong = "Erf" in ops(model)
        return Outcome("compile", "kernel is missing" if wrong else "no kernel for it")

    assert "Erf" in ops(reduce_model(long_network(), inputs, check).model)
    same = Outcome("compile", "'a' has 3 rows, expected 4")
    assert same.same_failure(Outcome("compile", "'b/c' has 17 rows, expected 9"))
    assert not same.same_failure(Outcome("simulator", same.text))


def test_pieces_run_on_the_values_of_the_whole(inputs):
    model = long_network()
    names = [name for node in model.graph.node for name in node.output]
    values = {**run_onnx_proto(model, inputs, names), **inputs}
    piece, fed = Graph(model, values).piece([6, 7, 8])
    assert ops(piece) == ["MatMul", "Sigmoid", "Tanh"]
    assert [tensor.name for tensor in piece.graph.initializer] == ["w1"]
    results = run_onnx_proto(piece, fed)
    assert set(results) == {"v7", "v8"}
    np.testing.assert_array_equal(results["v7"], values["v7"])


def test_resized_models_still_run(inputs):
    model = long_network()
    assert sizes(model) == [32, 8]
    smaller, fed = resized(model, inputs, 32, 5)
    assert fed["x"].shape == (8, 5)
    assert run_onnx_proto(smaller, fed)["y"].shape == (8, 5)


def test_values_of_subgraphs_become_inputs():
    body = helper.make_graph(
        [helper.make_node("Add", ["a", "a"], ["t"])], "then", [],
        [helper.make_tensor_value_info("t", nets.FLOAT, [2])],
    )  # fmt: skip
    node = helper.make_node("If", ["c"], ["y"], then_branch=body, else_branch=body)
    values = {"c": np.array(True), "a": np.ones(2, np.float32), "y": np.ones(2, np.float32)}
    nodes = [helper.make_node("Relu", ["x"], ["a"]), node]
    graph = Graph(nets.network(nodes, {"x": [2]}, {"y": [2]}), values)
    piece, fed = graph.piece([1])
    assert set(fed) == {"a", "c"}
    assert run_onnx_proto(piece, fed)["y"].tolist() == [2, 2]


def test_command_line(tmp_path, capsys):
    path = nets.save(long_network(), tmp_path / "net.onnx")
    script = tmp_path / "check.py"
    script.write_text(
        "import sys, onnx, numpy, pathlib\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "numpy.load(path.with_name('inputs.npz'))\n"
        "sys.exit(any(n.op_type == 'Erf' for n in onnx.load(path).graph.node))\n"
    )
    target = tmp_path / "small.onnx"
    check = f"{sys.executable} {script}"
    assert main(["debug", "reduce", path, "--check", check, "-o", str(target)]) == 0
    out = capsys.readouterr().out
    assert "1 of 24 nodes (Erf)" in out
    model = onnx.load(target)
    with np.load(tmp_path / "small.npz") as fed:
        assert set(fed.files) == {info.name for info in model.graph.input}


def test_a_command_that_does_not_exist_is_an_error(inputs):
    with pytest.raises(UserError, match="does not find"):
        reduce_model(long_network(), inputs, Command("no_such_command_at_all"))


def test_int8_is_calibrated_on_the_inputs(inputs):
    good = nets.one_node("MatMul", ("x", "w"), (8, 32), {"w": np.eye(32, dtype=np.float32)})
    assert BuiltIn("INT8", (0.99, 0.9))(good, inputs).kind == "ok"
    assert BuiltIn("INT8", (1.0, 0.9999))(good, inputs).kind == "result"


def test_shapes_may_be_given(tmp_path, capsys):
    network = nets.one_node("Erf", shape=(2, 4))
    network.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    path = nets.save(network, tmp_path / "net.onnx")
    check = f"{sys.executable} -c 'import sys; sys.exit(1)'"
    assert main(["debug", "reduce", path, "--check", check]) == 1
    assert "has no fixed shape" in capsys.readouterr().err
    assert main(["debug", "reduce", path, "--check", check, "--input_shapes", "[[3,4]]"]) == 0
    assert np.load(tmp_path / "net_reduced.npz")["x"].shape[-1] in (1, 4)
    for shapes, message in (("[[3]]", "rank 2"), ("[[3,4],[1]]", "2 input shapes for 1 inputs")):
        assert main(["debug", "reduce", path, "--check", check, "--input_shapes", shapes]) == 1
        assert message in capsys.readouterr().err
