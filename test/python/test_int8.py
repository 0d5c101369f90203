"""INT8 networks from ONNX and a calibration table to the simulator."""

import checks
import networks as nets
import numpy as np
import onnx
import onnxruntime
import pytest
import tpuc
from onnx import helper
from tpuc.compare import compare
from tpuc.errors import UserError


def every_tensor(model, inputs):
    """The input and the first output of every node, by the node's name."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    kept = {output.name for output in model.graph.output}
    names = {node.output[0]: node.name for node in model.graph.node}
    for name in names:
        if name not in kept:
            model.graph.output.append(onnx.ValueInfoProto(name=name))
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    order = [output.name for output in session.get_outputs()]
    values = dict(zip(order, session.run(None, inputs), strict=True))
    return {**inputs, **{names[name]: value for name, value in values.items()}}


def write_table(path, tensors, leave_out=()):
    """Ranges from the largest magnitudes."""
    lines = ["# op_name threshold min max"]
    lines += [
        f"{name} {max(np.abs(value).max(), 1e-5):.7g} {value.min():.7g} {value.max():.7g}"
        for name, value in tensors.items()
        if name not in leave_out
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def residual_convnet():
    """A strided layer, a block with a shortcut, pooling, a linear layer."""
    rng = np.random.default_rng(3)

    def normal(*shape):
        scale = np.sqrt(2 / np.prod(shape[1:])) if len(shape) > 1 else 0.1
        return (rng.standard_normal(shape) * scale).astype(np.float32)

    weights = {
        "w0": normal(16, 3, 3, 3), "b0": normal(16), "w1": normal(32, 16, 1, 1), "b1": normal(32),
        "w2": normal(32, 1, 3, 3), "b2": normal(32), "w3": normal(16, 32, 1, 1), "b3": normal(16),
        "w4": normal(10, 16 * 16), "b4": normal(10),
        "zero": np.float32(0), "six": np.float32(6),
    }  # fmt: skip
    make = helper.make_node
    nodes = [
        make("Conv", ["x", "w0", "b0"], ["c0"], "conv0", strides=[2, 2], pads=[1, 1, 1, 1]),
        make("Relu", ["c0"], ["r0"], "relu0"),
        make("Conv", ["r0", "w1", "b1"], ["c1"], "expand"),
        make("Clip", ["c1", "zero", "six"], ["r1"], "relu6"),
        make("Conv", ["r1", "w2", "b2"], ["c2"], "depthwise", group=32, pads=[1, 1, 1, 1]),
        make("Relu", ["c2"], ["r2"], "relu2"),
        make("Conv", ["r2", "w3", "b3"], ["c3"], "project"),
        make("Add", ["c3", "r0"], ["a"], "shortcut"),
        make("MaxPool", ["a"], ["p"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
        make("Flatten", ["p"], ["f"], "flatten"),
        make("Gemm", ["f", "w4", "b4"], ["y"], "fc", transB=1),
    ]
    return nets.network(nodes, {"x": [1, 3, 16, 16]}, {"y": [1, 10]}, weights)


@pytest.fixture
def image():
    return {"x": np.random.default_rng(5).standard_normal((1, 3, 16, 16)).astype(np.float32)}


@pytest.fixture
def network():
    return residual_convnet()


@pytest.fixture
def table(tmp_path, network, image):
    return write_table(tmp_path / "table", every_tensor(network, image))


def test_network_agrees_with_onnxruntime(network, image, table):
    model = tpuc.compile(network, quantize="INT8", calibration_table=table)
    expected = every_tensor(network, image)["fc"]
    assert compare(model.run(image)["y"], expected).within((0.998, 0.9))


def test_filters_are_bytes(network, table, tmp_path):
    sizes = {}
    for quantize in ("F16", "INT8"):
        tpuc.compile(network, quantize=quantize, calibration_table=table).save(tmp_path / quantize)
        sizes[quantize] = (tmp_path / quantize).stat().st_size
    assert sizes["INT8"] < sizes["F16"]


@pytest.mark.parametrize(
    "attributes, filters, size",
    [
        ({"pads": [20, 20]}, (8, 4, 40), (8, 60)),
        ({"dilations": [18, 2], "pads": [18, 2, 18, 2]}, (8, 4, 3, 3), (8, 40, 24)),
        ({"dilations": [1, 30], "strides": [2, 2]}, (8, 8, 2, 2), (8, 20, 64)),
    ],
    ids=["pads", "dilation", "dilation_and_stride"],
)
def test_windows_beyond_the_commands_are_bytes(attributes, filters, size, tmp_path):
    rng = np.random.default_rng(8)
    weights = {"w": rng.standard_normal(filters).astype(np.float32)}
    conv = helper.make_node("Conv", ["x", "w"], ["y"], "conv", group=8 // filters[1], **attributes)
    network = nets.network([conv], {"x": [1, *size]}, {"y": None}, weights)
    inputs = {"x": rng.standard_normal((1, *size)).astype(np.float32)}
    tensors = every_tensor(network, inputs)
    table = write_table(tmp_path / "table", tensors)
    model = tpuc.compile(network, quantize="INT8", calibration_table=table)
    assert compare(model.run(inputs)["y"], tensors["conv"]).within((0.9995, 0.9))


def test_quantize_table_keeps_an_operation_in_floats(network, image, table):
    plain = tpuc.compile(network, quantize="INT8", calibration_table=table).run(image)["y"]
    mixed = tpuc.compile(
        network, quantize="INT8", calibration_table=table, quantize_table={"fc": "F32"}
    ).run(image)["y"]
    expected = every_tensor(network, image)["fc"]
    assert compare(mixed, expected).within((0.998, 0.9))
    assert not np.array_equal(plain, mixed)


def test_single_operation_in_int8(network, image, table):
    model = tpuc.compile(
        network, quantize="F16", calibration_table=table, quantize_table={"project": "INT8"}
    )
    expected = every_tensor(network, image)["fc"]
    assert compare(model.run(image)["y"], expected).within((0.999, 0.9))


def test_needs_a_table(network):
    with pytest.raises(UserError, match="calibration"):
        tpuc.compile(network, quantize="INT8")


def test_missing_range_names_the_tensor(network, image, tmp_path):
    table = write_table(tmp_path / "table", every_tensor(network, image), leave_out=["shortcut"])
    with pytest.raises(UserError, match="'shortcut'"):
        tpuc.compile(network, quantize="INT8", calibration_table=table)


def test_unknown_tensor_names_the_line(network, table):
    with table.open("a") as file:
        file.write("nothing 1 0 1\n")
    with pytest.raises(UserError, match=r"table:\d+: 'nothing'"):
        tpuc.compile(network, quantize="INT8", calibration_table=table)


def test_broken_table_names_the_line(network, table):
    table.write_text("relu0 zero 0 1\n")
    with pytest.raises(UserError, match="table:1: threshold of 'relu0' is 'zero'"):
        tpuc.compile(network, quantize="INT8", calibration_table=table)


def test_readers_of_one_of_several_results_stay_in_floats(tmp_path):
    rng = np.random.default_rng(1)
    nodes = [
        helper.make_node("TopK", ["x", "k"], ["a", "i"], "top"),
        helper.make_node("MatMul", ["a", "w"], ["b"], "first"),
        helper.make_node("Relu", ["b"], ["c"], "relu"),
        helper.make_node("MatMul", ["c", "w"], ["y"], "second"),
    ]
    weights = {"w": rng.standard_normal((64, 64)).astype(np.float32), "k": np.array([64])}
    model = nets.network(nodes, {"x": [400, 80]}, {"y": [400, 64]}, weights)
    path = nets.save(model, tmp_path / "net.onnx")
    x = rng.standard_normal((400, 80)).astype(np.float32)
    table = tpuc.calibrate(path, [{"x": x}], method="max")
    actual = tpuc.compile(path, "INT8", calibration_table=table).run({"x": x})["y"]
    expected = onnxruntime.InferenceSession(path).run(None, {"x": x})[0]
    assert np.abs(actual - expected).max() < 0.03 * np.abs(expected).max()


@pytest.mark.parametrize(
    "attributes",
    [
        {"kernel_shape": [3, 3], "dilations": [2, 2]},
        {"kernel_shape": [20, 3], "strides": [18, 2], "pads": [1, 1, 1, 1]},
    ],
    ids=["gaps", "long_strides"],
)
def test_maxima_that_no_command_has(attributes):
    """Between layers of INT8, of which there is no maximum of two tensors."""
    rng = np.random.default_rng(0)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"]),
        helper.make_node("MaxPool", ["a"], ["p"], **attributes),
        helper.make_node("Conv", ["p", "w"], ["y"]),
    ]
    weight = (rng.normal(size=[8, 8, 1, 1]) * 0.4).astype(np.float32)
    model = nets.network(nodes, {"x": [1, 8, 60, 33]}, {"y": None}, {"w": weight})
    data = {"x": rng.normal(size=[1, 8, 60, 33]).astype(np.float32)}
    expected = checks.reference(model, data)["y"]
    result = compare(checks.compiled(model, "INT8", data).run(data)["y"], expected, "y", "INT8")
    assert result.of_allowed <= 1, result
