"""Networks of fixed sizes, compiled for others."""

import numpy as np
import pytest
import tpuc
from checks import reference
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(5)
WEIGHTS = [
    (rng.standard_normal(shape) * 0.2).astype(np.float32)
    for shape in [(8, 3, 3, 3), (16, 8, 3, 3), (21, 24, 1, 1)]
]


def detector(height, width, dense=False):
    """A small detector whose sizes are constants, as static exports have them."""
    weights = [numpy_helper.from_array(w, f"w{i}") for i, w in enumerate(WEIGHTS)]
    nodes = []
    h, w = height // 2, width // 2

    def add(op_type, inputs, output, **attributes):
        nodes.append(helper.make_node(op_type, inputs, [output], name=output, **attributes))

    def sizes(name, values):
        weights.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    add("Conv", ["x", "w0"], "a", strides=[2, 2], pads=[1, 1, 1, 1])
    add("Conv", ["a", "w1"], "b", strides=[2, 2], pads=[1, 1, 1, 1])
    add("Resize", ["b", "", "", sizes("larger", [1, 16, h, w])], "c", mode="nearest",
        nearest_mode="floor", coordinate_transformation_mode="asymmetric")  # fmt: skip
    add("Concat", ["c", "a"], "d", axis=1)
    add("Conv", ["d", "w2"], "e")
    add("Reshape", ["e", sizes("heads", [1, 3, 7, h, w])], "f")
    add("Transpose", ["f"], "g", perm=[0, 1, 3, 4, 2])
    ends = [sizes("from", [0]), sizes("to", [h]), sizes("along", [2]), sizes("by", [1])]
    add("Slice", ["g", *ends], "i")
    add("Reshape", ["i", sizes("rows", [1, 3 * h * w, 7])], "y" if not dense else "j")
    if dense:
        table = rng.standard_normal((1, 3 * h * w, 7)).astype(np.float32)
        weights.append(numpy_helper.from_array(table, "table"))
        add("Add", ["j", "table"], "y")
    graph = helper.make_graph(
        nodes, "detector",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, height, width])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], weights,
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("size", [(32, 32), (64, 64), (96, 32), (40, 72)])
def test_other_pictures(size):
    x = rng.standard_normal((1, 3, *size)).astype(np.float32)
    expected = reference(detector(*size), {"x": x})["y"]
    model = tpuc.compile(detector(32, 32), "F32", input_shapes=[[1, 3, *size]])
    np.testing.assert_allclose(model.run({"x": x})["y"], expected, rtol=1e-4, atol=1e-5)


def test_constant_that_contradicts_is_named():
    with pytest.raises(tpuc.UserError, match=r"node 'y' \(Add\).*do not broadcast"):
        tpuc.compile(detector(32, 32, dense=True), "F32", input_shapes=[[1, 3, 64, 64]])


def test_rank_may_not_change():
    with pytest.raises(tpuc.UserError, match="of rank 3"):
        tpuc.compile(detector(32, 32), "F32", input_shapes=[[3, 64, 64]])


def test_sizes_that_the_model_gives_as_minus_one():
    model = detector(32, 32)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = -1
    x = rng.standard_normal((1, 3, 64, 64)).astype(np.float32)
    compiled = tpuc.compile(model, "F32", input_shapes=[[1, 3, 64, 64]])
    expected = reference(detector(64, 64), {"x": x})["y"]
    np.testing.assert_allclose(compiled.run({"x": x})["y"], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("depth", [np.array(5), np.array([5])])
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_one_hot_of_a_constant(depth, axis):
    constants = {"i": np.array([[0, -1, 3], [9, 2, -5]]), "depth": depth,
                 "values": np.array([-1, 2], np.float32)}  # fmt: skip
    nodes = [
        helper.make_node("OneHot", ["i", "depth", "values"], ["hot"], axis=axis),
        helper.make_node("Mul", ["hot", "x"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    data = {"x": np.array([3], np.float32)}
    found = tpuc.compile(model, "F32").run(data)["y"]
    np.testing.assert_array_equal(found, reference(model, data)["y"])
