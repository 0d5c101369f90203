"""Entries that the network chooses, against onnxruntime: as many, and the same."""

import numpy as np
import onnx
import pytest
import tpuc
from checks import compiled, reference
from onnx import TensorProto, helper, numpy_helper
from tpuc import UserError
from tpuc.arrays import load_npz, save_npz
from tpuc.cli import front, model_runner

rng = np.random.default_rng(7)


class Graph:
    """A network under construction, with data for its inputs."""

    def __init__(self):
        self.nodes, self.inputs, self.weights, self.data = [], [], [], {}

    def input(self, name, array):
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        self.inputs.append(helper.make_tensor_value_info(name, kind, array.shape))
        self.data[name] = array
        return name

    def constant(self, value):
        name = f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def __call__(self, op_type, *inputs, outputs=1, **attributes):
        number = len(self.nodes)
        names = [f"{op_type}{number}_{i}" for i in range(outputs)]
        node = helper.make_node(op_type, inputs, names, name=f"{op_type}{number}", **attributes)
        self.nodes.append(node)
        return names[0] if outputs == 1 else names

    def model(self, *outputs, opset=17):
        ends = [helper.make_tensor_value_info(o, TensorProto.UNDEFINED, None) for o in outputs]
        graph = helper.make_graph(self.nodes, "graph", self.inputs, ends, self.weights)
        ids = [helper.make_opsetid("", opset)]
        return onnx.shape_inference.infer_shapes(
            helper.make_model(graph, opset_imports=ids, ir_version=9)
        )


def check(graph, *outputs, precision="F32", relative=1e-5, opset=17):
    model = graph.model(*outputs, opset=opset)
    expected = reference(model, graph.data)
    actual = compiled(model, precision, graph.data).run(graph.data)
    assert [*actual] == [*expected]
    for name, value in expected.items():
        assert actual[name].dtype == value.dtype and actual[name].shape == value.shape
        scale = np.abs(value).max(initial=0) if value.dtype.kind == "f" else 0
        np.testing.assert_allclose(actual[name], value, rtol=relative, atol=relative * scale)


#
# NonMaxSuppression
#


def whole_boxes(count, batch, centre):
    """Boxes whose overlaps are often exactly thresholds, and scores that often tie."""
    first = rng.integers(0, 12, (batch, count, 2))
    sizes = rng.integers(1, 6, (batch, count, 2))
    return np.concatenate([first, sizes if centre else first + sizes], -1).astype(np.float32)


def real_boxes(count, batch, centre):
    first = rng.uniform(0, 100, (batch, count, 2))
    sizes = rng.uniform(1, 40, (batch, count, 2))
    if centre:
        return np.concatenate([first, sizes], -1).astype(np.float32)
    boxes = np.concatenate([first, first + sizes], -1)
    # Corners may be named in any order.
    turned = rng.random(count) < 0.3
    boxes[:, turned] = boxes[:, turned][..., [2, 1, 0, 3]]
    return boxes.astype(np.float32)


def suppression(boxes, scores, *numbers, fixed=(2, 3, 4), **attributes):
    """One node; numbers are the most boxes, and thresholds of overlap and score."""
    graph = Graph()
    names = [graph.input("boxes", boxes), graph.input("scores", scores)]
    for index, (number, dtype) in enumerate(
        zip(numbers, (np.int64, np.float32, np.float32), strict=False), 2
    ):
        array = np.array([number], dtype)
        names.append(graph.constant(array) if index in fixed else graph.input(f"n{index}", array))
    return graph, graph("NonMaxSuppression", *names, **attributes)


# Boxes, batch, classes, the most boxes of a class, thresholds, centre.
NMS = {
    "plain": (real_boxes, 40, 1, 3, (10, 0.5, 0.4), 0),
    "no score threshold": (real_boxes, 33, 1, 1, (33, 0.45), 0),
    "no threshold at all": (real_boxes, 21, 2, 2, (7,), 0),
    "overlaps at the threshold": (whole_boxes, 100, 1, 2, (100, 0.5, 0.1), 0),
    "a third": (whole_boxes, 77, 2, 1, (77, 1 / 3), 0),
    "a quarter, centres": (whole_boxes, 60, 1, 3, (9, 0.25, 0.5), 1),
    "nothing may overlap": (whole_boxes, 50, 1, 1, (50, 0.0), 1),
    "all may overlap": (whole_boxes, 30, 1, 1, (12, 1.0), 0),
    "classes beyond the lanes": (real_boxes, 19, 2, 70, (3, 0.3, 0.2), 0),
    "one box": (real_boxes, 1, 1, 1, (5, 0.5), 0),
    "none above": (real_boxes, 9, 1, 2, (5, 0.5, 2.0), 0),
    "more than wanted": (real_boxes, 25, 3, 2, (1 << 62, 0.6, 0.3), 0),
}  # fmt: skip


@pytest.mark.parametrize("name", NMS)
def test_nms(name):
    make, count, batch, classes, numbers, centre = NMS[name]
    # Scores are steps of a fifth, so that some are equal.
    scores = rng.integers(0, 6, (batch, classes, count)).astype(np.float32) / 5
    check(*suppression(make(count, batch, centre), scores, *numbers, center_point_box=centre))


def test_nms_of_many_boxes():
    boxes = real_boxes(2500, 1, 0) * np.float32(3)
    scores = rng.random((1, 1, 2500)).astype(np.float32)
    check(*suppression(boxes, scores, 15, 0.2, 0.1))


@pytest.mark.parametrize("precision", ["F16", "BF16", "INT8"])
def test_nms_stays_in_f32(precision):
    boxes = real_boxes(30, 1, 0) * np.float32(10)
    scores = rng.random((1, 2, 30)).astype(np.float32)
    check(*suppression(boxes, scores, 8, 0.4, 0.2), precision=precision)


def test_nms_with_numbers_that_are_inputs():
    boxes, scores = real_boxes(20, 1, 0), rng.random((1, 2, 20)).astype(np.float32)
    check(*suppression(boxes, scores, 4, 0.4, 0.35, fixed=(3,)))
    graph, output = suppression(boxes, scores, 4, 0.4, 0.35, fixed=(2, 4))
    with pytest.raises(UserError, match=r"iou_threshold is computed.*--fix_input n3=VALUE"):
        tpuc.compile(graph.model(output), "F32")


def test_nms_of_too_many_boxes_is_refused():
    boxes, scores = real_boxes(20000, 1, 0), rng.random((1, 1, 20000)).astype(np.float32)
    graph, output = suppression(boxes, scores, 4, 0.4)
    with pytest.raises(UserError, match="among 20000 boxes, of which local memory holds"):
        tpuc.compile(graph.model(output), "F32")


@pytest.mark.parametrize("precision", ["F32", "F16"])
def test_boxes_and_scores_of_what_is_left(precision):
    """As exported end to end: the list's columns gather boxes and scores."""
    graph, chosen = suppression(
        real_boxes(40, 1, 0), rng.random((1, 3, 40)).astype(np.float32), 6, 0.4, 0.3
    )
    one = graph.constant(np.array([1]))
    kinds, numbers = (
        graph("Squeeze", graph("Gather", chosen, graph.constant(np.array([column])), axis=1), one)
        for column in (1, 2)
    )
    rows = graph("Gather", graph("Squeeze", "boxes", graph.constant(np.array([0]))), numbers)
    flat = graph("Reshape", "scores", graph.constant(np.array([-1])))
    place = graph("Add", graph("Mul", kinds, graph.constant(np.int64(40))), numbers)
    scores = graph("Unsqueeze", graph("Gather", flat, place), one)
    kinds = graph("Unsqueeze", graph("Cast", kinds, to=TensorProto.FLOAT), one)
    check(
        graph, graph("Concat", rows, scores, kinds, axis=1), precision=precision,
        relative=1e-6 if precision == "F32" else 1e-3,
    )  # fmt: skip


@pytest.mark.parametrize("precision", ["F32", "F16", "BF16"])
def test_boxes_that_are_shifted_by_their_classes(precision):
    """Boxes of classes that are kept apart by more than 16 bits hold beside pixels."""
    graph = Graph()
    boxes = graph.input("boxes", real_boxes(60, 1, 0))
    kinds = graph.input("kinds", rng.integers(0, 5, (1, 60, 1)))
    scores = graph.input("scores", rng.permutation(60).reshape(1, 1, 60).astype(np.float32) / 60)
    shift = graph(
        "Mul", graph("Cast", kinds, to=TensorProto.FLOAT), graph.constant(np.float32(7680))
    )
    chosen = graph(
        "NonMaxSuppression", graph("Add", boxes, shift), scores, graph.constant(np.array([60])),
        graph.constant(np.float32([0.3])),
    )  # fmt: skip
    check(graph, chosen, precision=precision)


#
# NonZero, Compress, and what follows
#


def mask(*shape, share=0.4):
    return rng.random(shape) < share


NONZERO = {
    "a row": mask(7),
    "a matrix": mask(13, 29).astype(np.float32) * -2,
    "rank 4": mask(2, 3, 4, 5).astype(np.int64),
    "all": np.ones((5, 9), np.int32),
    "none": np.zeros((5, 9), bool),
    "a scalar": np.array(3.0, np.float32),
    "many": mask(3000),
}


@pytest.mark.parametrize("name", NONZERO)
def test_nonzero(name):
    graph = Graph()
    check(graph, graph("NonZero", graph.input("x", NONZERO[name])))


@pytest.mark.parametrize("axis", [0, 1, -1, None])
def test_compress(axis):
    graph = Graph()
    x = graph.input("x", rng.standard_normal((11, 17)).astype(np.float32))
    chosen = graph.input("c", mask(11 if axis == 0 else 9))
    check(graph, graph("Compress", x, chosen, **({} if axis is None else {"axis": axis})))


@pytest.mark.parametrize("precision", ["F32", "F16"])
def test_rows_by_a_mask(precision):
    """boxes[scores > t], and what is computed of them."""
    graph = Graph()
    boxes = graph.input("boxes", rng.uniform(0, 100, (50, 4)).astype(np.float32))
    scores = graph.input("scores", rng.random(50).astype(np.float32))
    chosen = graph("NonZero", graph("Greater", scores, graph.constant(np.float32(0.6))))
    chosen = graph("Transpose", chosen, perm=[1, 0])
    chosen = graph("Expand", chosen, graph("Shape", graph("Abs", chosen)))
    rows, own = graph("GatherND", boxes, chosen), graph("GatherND", scores, chosen)
    columns = [graph.constant(np.array([i])) for i in (0, 2, 4, 1)]
    low, high = (graph("Slice", rows, *columns[i : i + 2], columns[3]) for i in (0, 1))
    sizes = graph("Sub", high, low)
    joined = graph("Concat", rows, graph("Unsqueeze", own, columns[3]), axis=1)
    values, places = graph("TopK", own, graph.constant(np.array([7])), outputs=2)
    outputs = [
        sizes, joined, values, places, graph("Gather", rows, places), graph("Shape", rows),
        graph("ReduceMax", rows, keepdims=0), graph("ReduceMean", rows, axes=[0], keepdims=1),
        graph("ReduceSum", sizes, columns[0], keepdims=0), graph("ReduceMin", sizes, axes=[1]),
        graph("ArgMax", own, axis=0, keepdims=0), graph("ArgMin", rows, axis=1),
        graph("Slice", joined, columns[0], graph.constant(np.array([5])), columns[0]),
        graph("Softmax", graph("Mul", rows, graph.constant(np.float32(0.01))), axis=-1),
        graph("Reshape", rows, graph.constant(np.array([-1]))),
    ]  # fmt: skip
    check(graph, *outputs, precision=precision, relative=1e-5 if precision == "F32" else 2e-3)


def test_a_mask_of_what_a_mask_left_and_its_suppression():
    graph = Graph()
    boxes = graph.input("boxes", real_boxes(60, 1, 0)[0])
    scores = graph.input("scores", rng.random(60).astype(np.float32))

    def above(rows, own, threshold):
        chosen = graph("NonZero", graph("Greater", own, graph.constant(np.float32(threshold))))
        chosen = graph("Squeeze", chosen, graph.constant(np.array([0])))
        return graph("Gather", rows, chosen), graph("Gather", own, chosen)

    rows, own = above(*above(boxes, scores, 0.3), 0.5)
    outer = graph.constant(np.array([0]))
    lists = graph(
        "NonMaxSuppression", graph("Unsqueeze", rows, outer),
        graph("Unsqueeze", graph("Unsqueeze", own, outer), outer),
        graph.constant(np.array([1 << 40])), graph.constant(np.array([0.3], np.float32)),
    )  # fmt: skip
    number = graph("Gather", lists, graph.constant(np.int64(2)), axis=1)
    check(graph, rows, graph("Gather", rows, number), graph("Gather", own, number))


REFUSED = {
    "Softmax": lambda graph, x: graph("Softmax", x, axis=0),
    "Concat": lambda graph, x: graph("Concat", x, x, axis=0),
    "Gather": lambda graph, x: graph("Gather", x, graph.constant(np.array([0]))),
    "Slice": lambda graph, x: graph(
        "Slice", x, *(graph.constant(np.array([n])) for n in (0, -1, 0))),
    "CumSum": lambda graph, x: graph("CumSum", x, graph.constant(np.int64(0)), reverse=1),
    "ReverseSequence": lambda graph, x: graph(
        "ReverseSequence", x, graph.constant(np.array([3] * 4)), batch_axis=1, time_axis=0),
    "Reshape": lambda graph, x: graph("Reshape", x, graph.constant(np.array([4, -1]))),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_take_padding_for_entries_is_refused(name):
    graph = Graph()
    x = graph.input("x", rng.standard_normal((6, 4)).astype(np.float32))
    chosen = graph("Compress", x, graph.input("c", mask(6)), axis=0)
    output = REFUSED[name](graph, chosen)
    with pytest.raises(UserError, match=rf"{name}.*reads 'Compress0_0'.*how many entries along"):
        tpuc.compile(graph.model(output), "F32")


def test_counts_that_are_not_the_same_are_refused():
    graph = Graph()
    x = graph.input("x", rng.standard_normal((6, 4)).astype(np.float32))
    parts = [graph("Compress", x, graph.input(n, mask(6)), axis=0) for n in "ab"]
    with pytest.raises(UserError, match="number is computed apart"):
        tpuc.compile(graph.model(graph("Add", *parts)), "F32")


def test_outputs_as_they_lie_in_memory(tmp_path):
    graph = Graph()
    output = graph("NonZero", graph.input("x", mask(3, 8).astype(np.float32)))
    onnx.save(graph.model(output), tmp_path / "net.onnx")
    save_npz(tmp_path / "in.npz", graph.data)
    name = str(tmp_path / "net.bmodel")
    assert front.main(["compile", str(tmp_path / "net.onnx"), "-o", name]) == 0
    model = tpuc.Model.load(name)
    assert [(s.name, s.shape) for s in model.outputs] == [
        (output, (2, 24)),
        (f"{output}_count", (1,)),
    ]
    expected = reference(graph.model(output), graph.data)[output]
    files = ["--input", str(tmp_path / "in.npz"), "--output", str(tmp_path / "out.npz")]
    assert model_runner.main(["--model", name, *files]) == 0
    results = load_npz(tmp_path / "out.npz")
    assert [*results] == [output]
    np.testing.assert_array_equal(results[output], expected)
    assert model_runner.main(["--model", name, *files, "--raw"]) == 0
    results = load_npz(tmp_path / "out.npz")
    count = expected.shape[1]
    np.testing.assert_array_equal(results[f"{output}_count"], [count])
    np.testing.assert_array_equal(results[output][:, :count], expected)
    assert (results[output][:, count:] == -1).all()
