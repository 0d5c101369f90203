"""Channels wanted in other lanes than they lie in: read in place or computed, never copied."""

import checks
import networks as nets
import numpy as np
import onnxruntime
import pytest
import tpuc
from onnx import helper


@pytest.fixture(scope="module")
def shuffle(tmp_path_factory):
    """Two branches of 58 channels, joined, shuffled, split, and read by layers of both kinds."""
    from onnx import TensorProto, numpy_helper

    rng = np.random.default_rng(3)

    def weight(name, *shape):
        return numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32) / 8, name)

    weights = [
        weight("f", 58, 8, 1, 1),
        weight("fb", 58),
        weight("g", 58, 8, 1, 1),
        weight("h", 58, 58, 1, 1),
        weight("d", 58, 1, 3, 3),
        numpy_helper.from_array(np.array([1, 2, 58, 14, 14]), "apart"),
        numpy_helper.from_array(np.array([1, 116, 14, 14]), "together"),
    ]
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "f", "fb"], ["left"], "left"),
        node("Conv", ["x", "g"], ["right"], "right"),
        node("Concat", ["left", "right"], ["joined"], "joined", axis=1),
        node("Reshape", ["joined", "apart"], ["halves"], "halves"),
        node("Transpose", ["halves"], ["dealt"], "dealt", perm=[0, 2, 1, 3, 4]),
        node("Reshape", ["dealt", "together"], ["shuffled"], "shuffled"),
        node("Split", ["shuffled"], ["a", "b"], "split", axis=1),
        node("Conv", ["a", "h"], ["c"], "dense"),
        node("Conv", ["b", "d"], ["e"], "depthwise", group=58, pads=[1, 1, 1, 1]),
        node("Concat", ["c", "e"], ["y"], "out", axis=1),
    ]
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, 14, 14])
        for name, channels in (("x", 8), ("y", 116))
    ]
    graph = helper.make_graph(nodes, "shuffle", ports[:1], ports[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    return nets.save(model, tmp_path_factory.mktemp("shuffle") / "shuffle.onnx")


@pytest.mark.parametrize("precision", ["INT8", "F16", "BF16"])
def test_shuffled_channels_are_right_and_not_copied(shuffle, precision, tmp_path):
    x = np.random.default_rng(4).standard_normal((1, 8, 14, 14)).astype(np.float32)
    table = tmp_path / "table"
    tpuc.calibrate(shuffle, [{"x": x}], method="max").save(table)
    given = {"calibration_table": table} if precision == "INT8" else {}
    model = tpuc.compile(shuffle, quantize=precision, **given)
    expected = onnxruntime.InferenceSession(str(shuffle)).run(None, {"x": x})[0]
    difference = np.abs(model.run({"x": x})["y"] - expected).max() / np.abs(expected).max()
    assert difference < {"INT8": 0.03, "F16": 0.002, "BF16": 0.01}[precision]
    kinds = {layer.kind for layer in model.profile().layers}
    assert not kinds & {"tpu.relayout", "tpu.permute", "tpu.slice"}


PARTS = {
    "equal": (24, 24, 24, 24),
    "over_the_last_lane": (5, 70, 3),
    "halves": (32, 64, 96, 16),
    "one": (1, 1, 2),
}


@pytest.mark.parametrize("precision", ["F32", "F16", "BF16", "INT8"])
@pytest.mark.parametrize("case", PARTS)
def test_joined_channels_move_as_bytes(case, precision):
    """Each part is a maximum, which is computed by channels, and stays what it is."""
    sizes = PARTS[case]
    rng = np.random.default_rng(len(case))
    data = {f"x{i}": rng.standard_normal((1, c, 31, 44)) for i, c in enumerate(sizes)}
    data = {name: np.float32(value) for name, value in data.items()}
    if precision in ("F32", "F16"):
        for value in data.values():
            value[0, 0, 3, 4:9] = np.inf, -np.inf, 1e-6, 65504, -0.0
    node = helper.make_node
    nodes = [
        node("MaxPool", [name], [f"{name}p"], kernel_shape=[3, 3], pads=[1] * 4) for name in data
    ]
    nodes += [
        node("Concat", [f"{name}p" for name in data], ["c"], axis=1),
        node("MaxPool", ["c"], ["y"], kernel_shape=[2, 2], strides=[2, 2]),
    ]
    model = nets.network(nodes, {k: v.shape for k, v in data.items()}, {"y": None}, {})
    compiled = checks.compiled(model, precision, data)
    expected = checks.reference(model, data)["y"]
    result = compiled.run(data)["y"]
    if precision == "INT8":
        assert np.abs(result - expected).max() < np.abs(expected).max() / 100
    else:
        bits = {"F32": 24, "F16": 11, "BF16": 8}[precision]
        np.testing.assert_allclose(result, expected, rtol=2.0**-bits, atol=2.0**-25)
    if case == "halves":
        joined = [layer for layer in compiled.profile().layers if layer.kind == "tpu.concat"]
        assert joined and all(layer.tiu_cycles > 0 for layer in joined)
