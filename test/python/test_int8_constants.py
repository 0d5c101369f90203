"""INT8: constants beside quantised tensors, constant outputs, and what cannot be quantised."""

import networks as nets
import numpy as np
import pytest
import tpuc
from checks import compiled, reference
from onnx import TensorProto, helper

make = helper.make_node
RNG = np.random.default_rng(11)


def normal(*shape, scale=1.0):
    return (RNG.standard_normal(shape) * scale).astype(np.float32)


def check(nodes, weights, outputs=("y",), shape=(2, 6, 8), error=0.06):
    """Compiles between two linear layers and compares element by element with onnxruntime.

    Args:
        nodes: from ``t``, the first layer's result, to ``u``; or the whole network.
        weights: constants.
        outputs: of the network.
        shape: of the input.
        error: the largest allowed, as a part of the largest magnitude.
    """
    data = [{"x": normal(*shape)} for _ in range(3)]
    model = nets.network(nodes, {"x": list(shape)}, dict.fromkeys(outputs), weights, opset=18)
    table = tpuc.calibrate(model, data, method="max")
    compiled = tpuc.compile(model, "INT8", calibration_table=table)
    results = compiled.real_results(compiled.run(data[0]))
    for name, expected in reference(model, data[0]).items():
        assert results[name].shape == expected.shape
        largest = np.abs(expected[np.isfinite(expected)]).max()
        np.testing.assert_allclose(results[name], expected, atol=error * largest, err_msg=name)
    return compiled


def between(nodes, weights, columns=8):
    """Nodes from ``t`` to ``u`` between linear layers."""
    first, last = normal(8, 8, scale=0.35), normal(columns, 5, scale=columns**-0.5)
    return check(
        [make("MatMul", ["x", "first"], ["t"]), *nodes, make("MatMul", ["u", "last"], ["y"])],
        {"first": first, "last": last, **weights},
    )


@pytest.mark.parametrize("inputs", ["ct", "tc", "ctd", "cdt", "tcd", "cd t c"])
@pytest.mark.parametrize("scale", [1.0, 20.0, 0.0])
def test_concat_of_constants_and_a_computed_tensor(inputs, scale):
    weights = {"c": normal(2, 1, 8, scale=scale), "d": normal(2, 2, 8)}
    names = list(inputs.replace(" ", ""))
    between([make("Concat", names, ["u"], axis=1)], {n: weights[n] for n in set(names) - {"t"}})


def test_class_token_in_front_of_patches():
    """The simple form of a vision transformer's first layers."""
    nodes = [
        make("Conv", ["x", "w"], ["patches"], strides=[4, 4]),
        make("Reshape", ["patches", "rows"], ["r"]),
        make("Transpose", ["r"], ["p"], perm=[0, 2, 1]),
        make("Concat", ["token", "p"], ["u"], axis=1), make("Add", ["u", "position"], ["v"]),
        make("MatMul", ["v", "k"], ["y"]),
    ]  # fmt: skip
    weights = {
        "w": normal(8, 3, 4, 4, scale=0.15), "rows": np.array([1, 8, 16]), "token": normal(1, 1, 8),
        "position": normal(1, 17, 8, scale=0.3), "k": normal(8, 5, scale=0.35),
    }  # fmt: skip
    check(nodes, weights, shape=(1, 3, 16, 16))


def test_what_only_one_part_reads_stays_right():
    """The other part of a concatenation has a smaller range than the constant."""
    nodes = [
        make("MatMul", ["x", "w"], ["t"]), make("Concat", ["c", "t"], ["u"], axis=1),
        make("MatMul", ["t", "w"], ["y"]),
    ]  # fmt: skip
    check(nodes, {"w": normal(8, 8, scale=0.35), "c": normal(2, 1, 8, scale=50)}, ("u", "y"))


@pytest.mark.parametrize("kind", ["Add", "Sub", "Mul", "Div", "Max", "Min"])
@pytest.mark.parametrize("shape", [(), (8,), (6, 1), (2, 6, 8)], ids=str)
def test_arithmetic_with_a_constant_on_either_side(kind, shape):
    constant = (np.abs(normal(*shape)) + 0.5).astype(np.float32)
    between([make(kind, ["t", "c"], ["u"])], {"c": constant})
    nodes = [make("Sigmoid", ["t"], ["s"]), make("Add", ["s", "c"], ["v"])]
    between([*nodes, make(kind, ["c", "v"], ["u"])], {"c": constant})


OTHERS = {
    "where": ([make("Where", ["mask", "t", "c"], ["u"])],
              {"mask": np.tri(6, 8).astype(bool), "c": np.float32(0.5)}),
    "where_left": ([make("Where", ["mask", "c", "t"], ["u"])],
                   {"mask": np.tri(6, 8).astype(bool), "c": normal(8)}),
    "left_matrix": ([make("MatMul", ["c", "t"], ["u"])], {"c": normal(4, 6, scale=0.4)}),
    "gather": ([make("Gather", ["c", "i"], ["g"]), make("Add", ["g", "t"], ["u"])],
               {"c": normal(9, 8), "i": np.array([3, 1, 2, 0, 8, 4])}),
    "scatter": ([make("ScatterND", ["t", "i", "c"], ["u"])],
                {"i": np.array([[1]]), "c": normal(1, 6, 8, scale=3)}),
    "scatter_into": ([make("Slice", ["t", "zero", "one"], ["v"]),
                      make("ScatterND", ["c", "i", "v"], ["u"])],
                     {"zero": np.array([0]), "one": np.array([1]), "i": np.array([[1]]),
                      "c": normal(2, 6, 8, scale=3)}),
    "expand": ([make("Expand", ["c", "s"], ["v"]), make("Concat", ["v", "t"], ["u"], axis=1)],
               {"c": normal(1, 1, 8), "s": np.array([2, 1, 8])}),
    "prelu": ([make("PRelu", ["t", "c"], ["u"])], {"c": np.float32([0.25])}),
    **{f"pad_{v}": ([make("Pad", ["t", "p", "c"], ["u"])],
                    {"p": np.array([0, 1, 0, 0, 2, 0]), "c": np.float32(v)})
       for v in (0.0, 0.5, -2.0)},
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_other_operators_with_a_constant(name):
    between(*OTHERS[name])


MASK = np.tri(6, 6).astype(bool)
MASKS = {
    "add": ([make("Add", ["s", "c"], ["m"])], {"c": np.where(MASK, 0, -np.inf).astype(np.float32)}),
    "add_lowest": ([make("Add", ["s", "c"], ["m"])],
                   {"c": np.where(MASK, 0, np.finfo(np.float32).min)}),
    "add_large": ([make("Add", ["s", "c"], ["m"])], {"c": np.where(MASK, 0, -1e9)}),
    "where": ([make("Where", ["k", "s", "c"], ["m"])], {"k": MASK, "c": np.float32(-np.inf)}),
    "where_lowest": ([make("Where", ["k", "s", "c"], ["m"])],
                     {"k": MASK, "c": np.finfo(np.float32).min}),
}  # fmt: skip


@pytest.mark.parametrize("name", MASKS)
def test_masks_of_attention_stay_in_floats(name):
    nodes, weights = MASKS[name]
    weights = {key: np.asarray(w, bool if key == "k" else np.float32) for key, w in weights.items()}
    nodes = [
        make("MatMul", ["x", "wq"], ["q"]), make("MatMul", ["x", "wv"], ["v"]),
        make("Transpose", ["q"], ["t"], perm=[0, 2, 1]), make("MatMul", ["q", "t"], ["s"]),
        *nodes, make("Softmax", ["m"], ["p"]), make("MatMul", ["p", "v"], ["o"]),
        make("MatMul", ["o", "wv"], ["y"]),
    ]  # fmt: skip
    linear = {"wq": normal(8, 8, scale=0.35), "wv": normal(8, 8, scale=0.35)}
    check(nodes, {**linear, **weights})


def test_numbers_that_are_not_finite_in_between():
    """log 0, 1 / 0 and a NaN, of which the network makes finite numbers."""
    lowest, largest = {"c": np.float32(-10)}, {"c": np.float32(3)}
    relu = make("Relu", ["t"], ["r"])
    between([relu, make("Log", ["r"], ["l"]), make("Max", ["l", "c"], ["u"])], lowest)
    between([relu, make("Reciprocal", ["r"], ["l"]), make("Min", ["l", "c"], ["u"])], largest)
    mask = np.tri(6, 8).astype(bool)
    nodes = [
        make("Where", ["mask", "t", "nan"], ["v"]), make("IsNaN", ["v"], ["n"]),
        make("Where", ["n", "zero", "v"], ["u"]),
    ]  # fmt: skip
    between(nodes, {"mask": mask, "nan": np.float32(np.nan), "zero": np.float32(0)})


def test_infinite_results_are_kept():
    nodes = [
        make("MatMul", ["x", "w"], ["t"]), make("Where", ["mask", "t", "c"], ["y"]),
    ]  # fmt: skip
    weights = {"w": normal(8, 8, scale=0.35), "mask": np.tri(6, 8).astype(bool)}
    check(nodes, {**weights, "c": np.float32(-np.inf)})


def test_results_that_are_no_numbers_are_kept():
    model = nets.one_node("Log", shape=(1, 4))
    data = {"x": np.float32([[-1, 1, 0, -2]])}
    result = compiled(model, "INT8", data).run(data)["y"]
    np.testing.assert_array_equal(result, [[np.nan, 0, -np.inf, np.nan]])


def test_constant_inputs_and_outputs(tmp_path, monkeypatch):
    """Outputs that no input reaches, that are an input, and one that is another."""
    from tpuc.cli import front

    monkeypatch.chdir(tmp_path)
    nodes = [make("MatMul", ["x", "w"], ["y"]), make("Identity", ["c"], ["constant"]),
             make("Identity", ["x"], ["same"]), make("Identity", ["y"], ["again"]),
             make("Shape", ["x"], ["sizes"])]  # fmt: skip
    weights = {"w": normal(8, 8, scale=0.35), "c": normal(3)}
    outputs = ("y", "constant", "same", "again", "w", "sizes")
    check(nodes[:-1], weights, outputs[:-1])
    # The command also measures the accuracy.
    model = nets.network(nodes, {"x": [2, 6, 8]}, dict.fromkeys(outputs), weights, opset=18)
    model.graph.output[-1].type.tensor_type.elem_type = TensorProto.INT64
    nets.save(model, tmp_path / "net.onnx")
    np.savez("data.npz", x=normal(2, 6, 8))
    command = ["compile", "net.onnx", "--quantize", "INT8", "--calibration", "data.npz"]
    assert front.main([*command, "-o", "net.bmodel"]) == 0
