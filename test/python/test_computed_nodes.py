"""Operators by steps that the chip has, of odd sizes, against onnxruntime."""

import numpy as np
import onnx
import pytest
import tpuc
from checks import reference
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(11)


def normal(*shape, scale=1.0):
    return (rng.standard_normal(shape) * scale).astype(np.float32)


def whole(low, high, *shape, dtype=np.int64):
    return rng.integers(low, high, shape).astype(dtype)


def model(op_type, inputs, fixed=(), outputs=1, opset=22, **attributes):
    """A network of one node.

    Args:
        op_type: its operator.
        inputs: arrays; those whose numbers are in ``fixed`` are constants, None is left out.
        fixed: numbers of operands.
        outputs: how many results it has.
        opset: the version of the operator set.
        attributes: the node's.
    """
    names = ["" if array is None else f"x{i}" for i, array in enumerate(inputs)]
    results = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(op_type, names, results, name="node", **attributes)
    ports, weights = [], []
    for index, (name, array) in enumerate(zip(names, inputs, strict=True)):
        if array is None:
            continue
        if index in fixed:
            weights.append(numpy_helper.from_array(array, name))
        else:
            kind = helper.np_dtype_to_tensor_dtype(array.dtype)
            ports.append(helper.make_tensor_value_info(name, kind, array.shape))
    ends = [helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None) for name in results]
    graph = helper.make_graph([node], "graph", ports, ends, weights)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    proto = onnx.shape_inference.infer_shapes(proto)
    feeds = {
        n: a for i, (n, a) in enumerate(zip(names, inputs, strict=True)) if n and i not in fixed
    }
    return proto, feeds


def check(proto, feeds, relative=1e-4):
    expected = reference(proto, feeds)
    actual = tpuc.compile(proto, "F32").run(feeds)
    for name, value in expected.items():
        assert actual[name].dtype == value.dtype
        largest = np.abs(value[np.isfinite(value)]).max(initial=0) if value.dtype.kind == "f" else 0
        np.testing.assert_allclose(
            actual[name].astype(np.float64), value.astype(np.float64), rtol=relative,
            atol=1e-5 * float(largest),
        )  # fmt: skip


INDEXED = {
    "elements": ("GatherElements", [normal(3, 7, 5), whole(-7, 7, 3, 4, 5)], {"axis": 1}),
    "elements of fewer lines": ("GatherElements", [normal(9, 4), whole(0, 9, 2, 3)], {"axis": 0}),
    "tuples": ("GatherND", [normal(5, 6, 3), whole(-5, 5, 7, 2)], {}),
    "tuples of a batch": ("GatherND", [normal(2, 6, 3), whole(0, 3, 2, 4, 1)], {"batch_dims": 1}),
    "integers": ("GatherElements", [whole(-9, 9, 4, 6), whole(0, 4, 3, 6)], {"axis": 0}),
    "rows": ("ScatterND", [normal(9, 5), np.array([[3], [-1], [0]]), normal(3, 5)], {}),
    "wide rows added": (
        "ScatterND", [normal(9, 17), whole(0, 4, 6, 1), normal(6, 17)], {"reduction": "add"}),
    "rows multiplied": (
        "ScatterND", [normal(4, 5), whole(0, 4, 6, 1), normal(6, 5)], {"reduction": "mul"}),
    "largest of rows": (
        "ScatterND", [normal(4, 3, 2), whole(0, 3, 6, 2), normal(6, 2)], {"reduction": "max"}),
    "elements placed": (
        "ScatterElements", [normal(5, 6), np.array([[1, -1, 2], [0, 3, 1]]), normal(2, 3)],
        {"axis": 1}),
    "elements added": (
        "ScatterElements", [normal(4, 11, 3), whole(-11, 11, 4, 20, 3), normal(4, 20, 3)],
        {"axis": 1, "reduction": "add"}),
    "least of elements": (
        "ScatterElements", [whole(-50, 50, 3, 5), whole(0, 5, 2, 7), whole(-50, 50, 2, 7)],
        {"axis": 1, "reduction": "min"}),
}  # fmt: skip


@pytest.mark.parametrize("name", INDEXED)
def test_indices_that_the_network_computes(name):
    op_type, inputs, attributes = INDEXED[name]
    check(*model(op_type, inputs, opset=18, **attributes))


@pytest.mark.parametrize("name", INDEXED)
def test_constant_indices(name):
    op_type, inputs, attributes = INDEXED[name]
    check(*model(op_type, inputs, fixed=(1,), opset=18, **attributes))


TOPK = {
    "one": (normal(3, 50), 1, {}),
    "some of ties": (np.round(normal(4, 33)), 7, {}),
    "all": (normal(2, 19), 19, {}),
    "smallest": (normal(3, 41), 5, {"largest": 0}),
    "first axis": (normal(37, 3), 4, {"axis": 0}),
    "blocks": (normal(2, 1111), 30, {}),
    "many of blocks": (normal(1, 1500), 300, {}),
    "integers": (whole(-999, 999, 2, 70), 9, {}),
    "infinities": (np.array([[1, np.inf, -np.inf, 2, np.inf]], np.float32), 5, {}),
}


@pytest.mark.parametrize("name", TOPK)
def test_topk(name):
    x, k, attributes = TOPK[name]
    check(*model("TopK", [x, np.array([k])], fixed=(1,), outputs=2, **attributes))


_A = np.array([-7, 7, -7, 7, 6, 100003, 2000000011, -16777217, 0], np.int32)
_MULTIPLES = np.arange(-20, 20).astype(np.float32) * 0.5
_B = np.array([3, 3, -3, -3, 6, 80, 1000, 3, 5], np.int32)
INTEGERS = {
    "quotients": ("Div", [_A, _B], {}),
    "remainders": ("Mod", [_A, _B], {}),
    "remainders of the dividend": ("Mod", [_A, _B], {"fmod": 1}),
    "float remainders": ("Mod", [normal(5, 7, scale=9), normal(5, 7)], {"fmod": 1}),
    "multiples": ("Mod", [_MULTIPLES, np.full(40, 0.5, np.float32)], {"fmod": 1}),
    "powers": ("Pow", [whole(-6, 7, 40), whole(0, 9, 40)], {}),
    "float powers": ("Pow", [normal(50), np.round(normal(50, scale=3))], {}),
    "roots": ("Pow", [np.abs(normal(50)), normal(50, scale=4)], {}),
    "sum": ("ReduceSum", [whole(-10**6, 10**6, 3, 77)], {}),
    "product": ("ReduceProd", [normal(3, 1, 13)], {"keepdims": 0}),
    "largest": ("ReduceMax", [whole(-10**9, 10**9, 5, 9, dtype=np.int32)], {}),
    "place": ("ArgMax", [whole(-99, 99, 5, 31, dtype=np.int32)], {"axis": 1}),
    "last place": ("ArgMin", [whole(-3, 3, 5, 31, dtype=np.int32)],
                   {"axis": 1, "select_last_index": 1}),
}  # fmt: skip


@pytest.mark.parametrize("name", INTEGERS)
def test_arithmetic(name):
    op_type, inputs, attributes = INTEGERS[name]
    check(*model(op_type, inputs, opset=18, **attributes))


@pytest.mark.parametrize("size", [5, 511, 513, 1000])
@pytest.mark.parametrize(
    "form", [{}, {"exclusive": 1}, {"reverse": 1}, {"exclusive": 1, "reverse": 1}]
)
def test_running_sums(size, form):
    axis = np.array(1)
    check(*model("CumSum", [normal(2, size), axis], fixed=(1,), **form))
    check(*model("CumSum", [whole(-99, 99, 2, size), axis], fixed=(1,), **form))


@pytest.mark.parametrize("mode", ["linear", "nearest", "cubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align", [0, 1])
def test_grid_sample(mode, padding, align):
    grid = rng.uniform(-1.6, 1.6, (2, 5, 3, 2)).astype(np.float32)
    attributes = {"mode": mode, "padding_mode": padding, "align_corners": align}
    check(*model("GridSample", [normal(2, 3, 7, 9), grid], **attributes))


def test_grid_sample_of_volumes():
    grid = rng.uniform(-1.2, 1.2, (1, 2, 3, 4, 3)).astype(np.float32)
    check(*model("GridSample", [normal(1, 2, 4, 5, 6), grid], mode="linear"))


@pytest.mark.parametrize("mode", ["avg", "max"])
def test_regions(mode):
    corner = rng.uniform(0, 6, (5, 2))
    regions = np.concatenate([corner, corner + rng.uniform(1, 6, (5, 2))], 1).astype(np.float32)
    attributes = {"output_height": 3, "output_width": 4, "sampling_ratio": 2, "mode": mode}
    check(
        *model("RoiAlign", [normal(2, 3, 11, 13), regions, whole(0, 2, 5)], opset=16, **attributes)
    )


WINDOWS = {
    "dilated maxima": ("MaxPool", [normal(1, 3, 13, 11)],
                       {"kernel_shape": [3, 2], "dilations": [2, 3], "pads": [1, 1, 1, 0],
                        "strides": [2, 1]}),
    "dilated means": ("AveragePool", [normal(1, 3, 13, 11)],
                      {"kernel_shape": [3, 2], "dilations": [2, 3], "pads": [1, 1, 1, 0]}),
    "long strides": ("MaxPool", [normal(1, 2, 70)], {"kernel_shape": [5], "strides": [17]}),
    "transposed in 3 axes": ("ConvTranspose", [normal(1, 4, 3, 4, 5), normal(4, 2, 2, 3, 3)],
                             {"strides": [2, 1, 2], "pads": [0, 1, 1, 1, 0, 1], "group": 2,
                              "output_padding": [1, 0, 0]}),
    "blocks to pictures": ("Col2Im", [normal(2, 3 * 6, 5 * 6), np.array([6, 8]), np.array([2, 3])],
                           {}),
}  # fmt: skip


@pytest.mark.parametrize("name", WINDOWS)
def test_windows(name):
    op_type, inputs, attributes = WINDOWS[name]
    check(*model(op_type, inputs, fixed=(1, 2), opset=19, **attributes))


def test_places_of_maxima():
    x = np.round(normal(2, 3, 9, 8))
    form = {"kernel_shape": [3, 2], "strides": [2, 2], "pads": [1, 0, 1, 0]}
    check(*model("MaxPool", [x], outputs=2, opset=19, **form))


@pytest.mark.parametrize(
    "name", ["Atan", "Asin", "Acos", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh"]
)
def test_functions(name):
    x = np.concatenate([normal(500), normal(500, scale=1e-3), [0.0, 0.5, -0.5]]).astype(np.float32)
    if name in ("Asin", "Acos", "Atanh"):
        x = np.clip(x, -0.999, 0.999)
    if name == "Acosh":
        x = 1 + np.abs(x)
    proto, feeds = model(name, [x])
    check(proto, feeds)


@pytest.mark.parametrize("sizes", [(31, 17), (64, 20), (9, 30)])
@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_antialiased_resize(sizes, mode):
    scales = np.array([1, 1, 0.4, 0.7], np.float32)
    inputs = [normal(1, 2, *sizes), None, scales]
    check(*model("Resize", inputs, fixed=(1, 2), opset=19, mode=mode, antialias=1))


def test_cropped_resize():
    region = np.array([0, 0, 0.2, -0.1, 1, 1, 0.8, 1.2], np.float32)
    sizes = np.array([1, 2, 5, 6])
    form = {"mode": "linear", "coordinate_transformation_mode": "tf_crop_and_resize",
            "extrapolation_value": 3.0}  # fmt: skip
    inputs = [normal(1, 2, 9, 8), region, None, sizes]
    check(*model("Resize", inputs, fixed=(1, 3), opset=19, **form))


@pytest.mark.parametrize("form", [{}, {"onesided": 1}, {"inverse": 1}])
def test_transform(form):
    parts = 1 if "onesided" in form else 2
    check(*model("DFT", [normal(2, 33, parts), None, np.array(1)], fixed=(2,), opset=20, **form))


def test_short_time_transform():
    inputs = [normal(2, 200), np.array(40), normal(64), np.array(64)]
    check(*model("STFT", inputs, fixed=(1, 2, 3), opset=17))


def test_integer_products():
    x, w = whole(0, 255, 2, 3, 40, dtype=np.uint8), whole(-128, 127, 40, 5, dtype=np.int8)
    zero = np.array(7, np.uint8)
    proto, feeds = model("MatMulInteger", [x, w, zero], fixed=(1, 2), opset=19)
    # onnxruntime saturates sums of two products on some hosts.
    expected = (x.astype(np.int32) - 7) @ w.astype(np.int32)
    np.testing.assert_array_equal(tpuc.compile(proto, "F32").run(feeds)["y0"], expected)
    check(*model("DynamicQuantizeLinear", [normal(3, 50)], outputs=3, opset=19))


FILTERS = {
    "plain": ((2, 3, 9, 7), (5, 3, 3, 3), {"pads": [1, 1, 1, 1]}),
    "uneven": ((1, 4, 11, 6), (6, 4, 3, 2), {"pads": [2, 0, 1, 1], "strides": [2, 1]}),
    "dilated groups": ((3, 6, 13, 9), (4, 3, 2, 3), {"dilations": [3, 2], "group": 2}),
    "depthwise": ((1, 5, 8, 8), (10, 1, 3, 3), {"group": 5, "auto_pad": "SAME_LOWER"}),
    "pointwise": ((2, 67, 5, 3), (9, 67, 1, 1), {"strides": [2, 2]}),
    "one axis": ((2, 3, 33), (4, 3, 5), {"pads": [2, 2]}),
    "three axes": ((1, 2, 5, 4, 6), (3, 2, 2, 2, 3), {"pads": [0, 1, 0, 1, 0, 2]}),
}


@pytest.mark.parametrize("name", FILTERS)
def test_computed_filters(name):
    x, w, attributes = FILTERS[name]
    check(*model("Conv", [normal(*x), normal(*w)], **attributes))
    check(*model("Conv", [normal(*x), normal(*w), normal(w[0])], fixed=(2,), **attributes))
