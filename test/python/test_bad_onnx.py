"""ONNX models that contradict themselves or ask for more than there is: one clear line each."""

import networks as nets
import numpy as np
import pytest
from bad_input import check_refused, table, transform
from onnx import TensorProto, helper, numpy_helper

CASES, case = table()
N = helper.make_node


def refuses(name, build, *words):
    """Registers a model that model_transform refuses."""

    @case(name, *words)
    def _(folder):
        return transform(folder, build())


def changed(change, build=nets.small_convnet):
    def make():
        model = build()
        change(model)
        return model

    return make


def with_input(shape, element=TensorProto.FLOAT, name="x"):
    """The small network with an input of another kind."""

    def change(model):
        info = helper.make_tensor_value_info(name, element, shape)
        model.graph.input[0].CopyFrom(info)

    return changed(change)


# --- sizes -------------------------------------------------------------------

for shape in ([1 << 62, 4, 1 << 31, 1], [1, 3, (1 << 63) - 1, 2], [1 << 31, 1 << 31], [0, 1 << 62]):
    refuses(f"input_of_{len(shape)}_axes_{shape[0]}", with_input(shape), "'x'", "memory")
refuses("input_negative", with_input([1, 3, -8, 8]), "'x'")
refuses("input_unused_beyond_numbers", changed(lambda m: m.graph.input.append(
    helper.make_tensor_value_info("z", TensorProto.INT64, [1 << 40, 1 << 40]))), "'z'")  # fmt: skip
for element in (0, 16 + 1000, 99, TensorProto.COMPLEX64):
    refuses(f"input_of_type_{element}", with_input([1, 3, 8, 8], element), "'x'", "type")
refuses("input_without_name", with_input([1, 3, 8, 8], name=""), "input")


def output_of_type(number):
    return changed(lambda m: setattr(m.graph.output[0].type.tensor_type, "elem_type", number))


refuses("output_of_type_99", output_of_type(99), "'y'", "type 99")


def computed(nodes, inputs, weights=None, opset=13, elements=None):
    """A network whose last node makes y."""

    def make():
        model = nets.network(nodes, inputs, {"y": None}, weights, opset)
        for info in model.graph.input:
            if elements and info.name in elements:
                info.type.tensor_type.elem_type = elements[info.name]
        return model

    return make


refuses("filter_of_a_million_taps", computed(
    [N("ConvTranspose", ["x", "w"], ["y"], "node")],
    {"x": [1, 1, 3, 3], "w": [1, 2, 3, 1 << 20]}), "node 'node'", "operations")  # fmt: skip
refuses("places_of_a_large_tensor", computed(
    [N("GatherElements", ["x", "i"], ["y"], "node")],
    {"x": [1000, 600, 600], "i": [1000, 600, 600]}, elements={"i": TensorProto.INT64}),
    "node 'node'", "memory")  # fmt: skip
refuses("triangle_of_a_large_matrix", computed(
    [N("Trilu", ["x"], ["y"], "node")], {"x": [1 << 16, 1 << 16]}, opset=14),
    "node 'node'", "memory")  # fmt: skip
refuses("transform_of_a_long_signal", computed(
    [N("DFT", ["x"], ["y"], "node")], {"x": [1, 1 << 16, 1]}, opset=17),
    "node 'node'", "memory")  # fmt: skip


def grows(name, node, weights, *words, opset=13):
    """A constant that expands into memory, and what reads it."""
    nodes = [node, N("Add", ["x", "e"], ["y"], "add")]
    refuses(name, computed(nodes, {"x": [1]}, weights, opset), "node 'big'", *words)


ONE = np.ones(1, np.float32)
grows("fold_tile", N("Tile", ["c", "r"], ["e"], "big"), {"c": ONE, "r": np.array([1 << 31])})
grows("fold_expand", N("Expand", ["c", "r"], ["e"], "big"), {"c": ONE, "r": np.array([1 << 33])})
grows("fold_constant", N("ConstantOfShape", ["r"], ["e"], "big"), {"r": np.array([1 << 33])})
grows("fold_constant_negative", N("ConstantOfShape", ["r"], ["e"], "big"), {"r": np.array([-1])})
grows("fold_range", N("Range", ["a", "b", "c"], ["e"], "big"),
      {"a": np.float32(0), "b": np.float32(1e12), "c": np.float32(1)})  # fmt: skip
grows("fold_range_of_nan", N("Range", ["a", "b", "c"], ["e"], "big"),
      {"a": np.float32(0), "b": np.float32(np.nan), "c": np.float32(1)})  # fmt: skip
grows("fold_range_of_nothing", N("Range", ["a", "b", "c"], ["e"], "big"),
      {"a": np.array(0), "b": np.array(5), "c": np.array(0)}, "step 0")  # fmt: skip
grows("fold_pad", N("Pad", ["c", "r"], ["e"], "big"), {"c": ONE, "r": np.array([0, 1 << 33])})
grows("fold_one_hot", N("OneHot", ["i", "d", "v"], ["e"], "big"),
      {"i": np.zeros(9, np.int64), "d": np.array(1 << 33), "v": np.float32([0, 1])})  # fmt: skip
grows("fold_resize", N("Resize", ["c", "", "s"], ["e"], "big", mode="nearest"),
      {"c": np.ones((1, 1, 1, 4), np.float32), "s": np.float32([1, 1, 1, 1e10])})  # fmt: skip
grows("fold_outer_product", N("Mul", ["a", "b"], ["e"], "big"),
      {"a": np.ones((60000, 1), np.float32), "b": np.ones((1, 60000), np.float32)})  # fmt: skip
grows("fold_window", N("HannWindow", ["n"], ["e"], "big"), {"n": np.array(1 << 34)}, opset=17)

# --- nodes whose parts contradict each other ------------------------------------

refuses("variadic_input_left_out", computed([N("Min", ["", "x"], ["y"], "node")], {"x": [3]}),
        "node 'node'", "input 0")  # fmt: skip
refuses("concat_input_left_out", computed(
    [N("Concat", ["x", ""], ["y"], "node", axis=0)], {"x": [3]}), "input 1")  # fmt: skip
for op, attributes in (
    ("Conv", {"dilations": [0, 1]}), ("Conv", {"dilations": [1 << 40, 1]}),
    ("Conv", {"pads": [1 << 62, 0, 1 << 62, 0]}), ("Conv", {"pads": [-9, 0, 0, 0]}),
    ("Conv", {"strides": [-1, 1]}), ("Conv", {"group": 0}), ("Conv", {"group": -1}),
    ("Conv", {"group": (1 << 63) - 1}), ("Conv", {"kernel_shape": [3]}),
    ("ConvTranspose", {"output_padding": [1 << 40, 0]}),
    ("ConvTranspose", {"output_shape": [1 << 40, 1]}), ("ConvTranspose", {"strides": [0, 0]}),
):  # fmt: skip
    filters = {"w": np.ones((4, 4, 3, 3), np.float32)}
    refuses(f"{op}_{attributes}", lambda op=op, a=attributes, w=filters: nets.one_node(
        op, ("x", "w"), (1, 4, 8, 8), w, **a), "node 'node'")  # fmt: skip
for op, attributes in (
    ("MaxPool", {"kernel_shape": [0, 2]}), ("MaxPool", {"kernel_shape": [1 << 62, 2]}),
    ("MaxPool", {"kernel_shape": [2, 2], "strides": [0, 1]}),
    ("AveragePool", {"kernel_shape": [2, 2], "pads": [1 << 40, 0, 0, 0]}),
    ("AveragePool", {"kernel_shape": [-1, 2]}), ("LRN", {"size": 0}), ("LRN", {"size": -3}),
    ("DepthToSpace", {"blocksize": 0}), ("DepthToSpace", {"blocksize": 1 << 40}),
    ("SpaceToDepth", {"blocksize": 3}), ("Softmax", {"axis": 1 << 40}),
    ("Concat", {"axis": -9}), ("Flatten", {"axis": 9}), ("ArgMax", {"axis": 7}),
    ("ReduceMean", {"axes": [9]}), ("ReduceMean", {"axes": [0, 0]}), ("Transpose", {"perm": [0]}),
    ("Transpose", {"perm": [0, 1, 2, 1 << 40]}), ("Squeeze11", {"axes": [0, 9]}),
    ("InstanceNormalization", {"epsilon": 0.1}),
):  # fmt: skip
    refuses(f"{op}_{attributes}",
            lambda op=op, a=attributes: nets.one_node(
                op.removesuffix("11"), ("x",), (1, 4, 8, 8), opset=11, **a), "node")  # fmt: skip
for number, (op, weights) in enumerate((
    ("Reshape", {"s": np.array([1 << 62, 4])}), ("Reshape", {"s": np.array([-5, 4])}),
    ("Reshape", {"s": np.float32([4, 2])}), ("Reshape", {"s": np.array([[1, 2], [3, 4]])}),
    ("Expand", {"s": np.array([-3, 2, 4])}), ("Expand", {"s": np.array([3])}),
    ("Expand", {"s": np.array([1 << 40, 1, 1])}), ("Tile", {"s": np.array([-1, 1])}),
    ("Tile", {"s": np.array([2])}), ("Gather", {"s": np.array([1 << 62])}),
    ("Gather", {"s": np.array([-3])}), ("Gather", {"s": np.float32([0.5])}),
    ("GatherND", {"s": np.array([[9, 9]])}), ("Split", {"s": np.array([5, -3])}),
    ("Split", {"s": np.array([1 << 62, 1 << 62])}), ("Unsqueeze", {"s": np.array([9])}),
    ("Unsqueeze", {"s": np.array([0, 0])}), ("Squeeze", {"s": np.array([0])}),
    ("TopK", {"s": np.array([1 << 40])}), ("TopK", {"s": np.array([-1])}),
    ("CumSum", {"s": np.array(5)}), ("Pad", {"s": np.array([1, 2, 3])}),
    ("Pad", {"s": np.array([1 << 62, 0, 0, 0])}), ("Pad", {"s": np.array([-9, 0, 0, 0])}),
)):  # fmt: skip
    refuses(f"operand_{number}_of_{op}", lambda op=op, w=weights: nets.one_node(
        op, ("x", "s"), weights=w, outputs=("y", "z") if op in ("Split", "TopK") else ("y",)),
        "node 'node'")  # fmt: skip

# --- files -----------------------------------------------------------------------


def weight(change):
    return changed(lambda m: change(m.graph.initializer[0]))


refuses("weight_beyond_numbers", weight(lambda t: t.dims.extend([1 << 62, 1 << 62])), "'w'")
refuses("weight_of_nothing_and_much", weight(lambda t: t.dims.extend([0, 1 << 62])), "'w'")
refuses("weight_type_0", weight(lambda t: setattr(t, "data_type", 0)), "'w'")
refuses("weight_type_negative", weight(lambda t: setattr(t, "data_type", -7)), "'w'")
refuses("opset_negative", changed(lambda m: setattr(m.opset_import[0], "version", -1)), "opset")
refuses("no_graph", changed(lambda m: m.ClearField("graph")), "no graph")


def deep_bytes(depth):
    """A graph attribute inside a graph attribute, as bytes, since protobuf would not write it."""

    def field(number, data):
        size, rest = bytearray(), len(data)
        while rest > 127:
            size.append(rest & 127 | 128)
            rest >>= 7
        return bytes([number << 3 | 2, *size, rest]) + data

    graph = b""
    for _ in range(depth):
        attribute = field(1, b"body") + field(6, graph)
        graph = field(1, field(4, b"Loop") + field(5, attribute))
    return field(7, graph)


@case("nested_a_thousand_deep", "net.onnx")
def _(folder):
    (folder / "net.onnx").write_bytes(deep_bytes(1000))
    return transform(folder, folder / "net.onnx")


@case("functions_that_call_each_other", "net.onnx")
def _(folder):
    model = nets.network([N("A", ["x"], ["y"], "node", domain="own")], {"x": [4]}, {"y": [4]})
    model.opset_import.append(helper.make_opsetid("own", 1))
    for name, other in (("A", "B"), ("B", "A")):
        body = [N(other, ["x"], ["y"], domain="own")]
        model.functions.append(helper.make_function(
            "own", name, ["x"], ["y"], body, [helper.make_opsetid("own", 1)]))  # fmt: skip
    return transform(folder, model)


@case("sparse_weight", "sparse")
def _(folder):
    model = nets.small_convnet()
    values = numpy_helper.from_array(np.ones(1, np.float32), "sparse")
    indices = numpy_helper.from_array(np.array([0]), "i")
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [4]))
    return transform(folder, model)


@pytest.mark.parametrize(("prepare", "words"), CASES)
def test_refused_with_one_clear_line(prepare, words, tmp_path, capsys, monkeypatch):
    check_refused(prepare, words, tmp_path, capsys, monkeypatch)
