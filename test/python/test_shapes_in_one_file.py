"""Networks compiled for several input shapes: one file, weights once, a stage by the shapes."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import tpuc
from checks import reference
from onnx import TensorProto, helper, numpy_helper
from tpuc.cli.compile import command
from tpuc.errors import ModelWarning, UserError
from tpuc.frontend.stages import parse_buckets, parse_stages, stage_shapes

rng = np.random.default_rng(3)
WIDTH = 64


def weight(name, *shape):
    values = (np.random.default_rng(ord(name)).standard_normal(shape) * 0.2).astype(np.float32)
    return numpy_helper.from_array(values, name)


def encoder(batch="batch", length="seq"):
    """Attention with a mask and a wide product: its weights are most of the file."""
    weights = [weight("q", WIDTH, WIDTH), weight("k", WIDTH, WIDTH), weight("v", WIDTH, 512),
               weight("o", 512, WIDTH), numpy_helper.from_array(np.float32(-1e4), "far"),
               numpy_helper.from_array(np.float32(1), "one"),
               numpy_helper.from_array(np.array([1], np.int64), "axes")]  # fmt: skip
    node = helper.make_node
    nodes = [
        node("MatMul", ["x", "q"], ["xq"]),
        node("MatMul", ["x", "k"], ["xk"]),
        node("MatMul", ["x", "v"], ["xv"]),
        node("Transpose", ["xk"], ["kt"], perm=[0, 2, 1]),
        node("MatMul", ["xq", "kt"], ["scores"]),
        node("Sub", ["one", "mask"], ["absent"]),
        node("Mul", ["absent", "far"], ["minus"]),
        node("Unsqueeze", ["minus", "axes"], ["row"]),
        node("Add", ["scores", "row"], ["masked"]),
        node("Softmax", ["masked"], ["p"], axis=-1),
        node("MatMul", ["p", "xv"], ["mixed"]),
        node("MatMul", ["mixed", "o"], ["y"]),
    ]
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, length, WIDTH]),
        helper.make_tensor_value_info("mask", TensorProto.FLOAT, [batch, length]),
    ]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, "encoder", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def data(batch, length):
    return {
        "x": rng.standard_normal((batch, length, WIDTH)).astype(np.float32),
        "mask": np.ones((batch, length), np.float32),
    }


SHAPES = [[[1, 16, WIDTH], [1, 16]], [[2, 16, WIDTH], [2, 16]], [[1, 40, WIDTH], [1, 40]]]


@pytest.mark.parametrize("precision", ["F32", "F16", "BF16", "INT8"])
def test_each_stage_is_its_single_file(tmp_path, precision):
    model = encoder()
    fixed = encoder(2, 16)
    table = tpuc.calibrate(fixed, [data(2, 16)]) if precision == "INT8" else None
    whole = tpuc.compile(model, precision, input_shapes=SHAPES, calibration_table=table)
    whole.save(tmp_path / "whole.bmodel")
    whole = tpuc.Model.load(tmp_path / "whole.bmodel")
    sizes = []
    for shapes in SHAPES:
        single = tpuc.compile(model, precision, input_shapes=shapes, calibration_table=table)
        single.save(tmp_path / "single.bmodel")
        sizes.append((tmp_path / "single.bmodel").stat().st_size)
        inputs = data(*shapes[1])
        expected = single.run(inputs)["y"]
        np.testing.assert_array_equal(whole.run(inputs)["y"], expected)
        assert whole.profile().cycles == single.profile().cycles
    # Commands and tables of each stage, the weights once.
    weights = single.core.describe()["networks"][0][1][0]["coefficient_bytes"]
    assert (tmp_path / "whole.bmodel").stat().st_size < sum(sizes) - 1.5 * weights


def test_files_joined_later_share_weights(tmp_path):
    from tpuc.cli.model_tool import command as model_tool

    files = []
    for number, shapes in enumerate(SHAPES):
        files.append(str(tmp_path / f"{number}.bmodel"))
        tpuc.compile(encoder(), "F16", input_shapes=shapes, name="net").save(files[-1])
    model_tool(["--combine", *files, "-o", str(tmp_path / "all.bmodel")])
    whole = tpuc.compile(encoder(), "F16", input_shapes=SHAPES, name="net")
    whole.save(tmp_path / "whole.bmodel")
    assert (tmp_path / "all.bmodel").read_bytes() == (tmp_path / "whole.bmodel").read_bytes()


def test_sizes_between_stages_are_padded():
    model = tpuc.compile(encoder(), "F32", shape_buckets={"batch": [1, 4], "seq": [16, 32]})
    inputs = data(3, 16)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = model.run(inputs)["y"]
    assert found.shape == (3, 16, WIDTH)
    np.testing.assert_allclose(found, reference(encoder(), inputs)["y"], rtol=1e-4, atol=1e-4)
    inputs = data(2, 21)
    with pytest.warns(ModelWarning, match=r"x \[2, 21, 64\], mask \[2, 21\] padded with zeros to"):
        found = model.run(inputs)["y"]
    assert found.shape == (2, 21, WIDTH)
    np.testing.assert_allclose(found, reference(encoder(), inputs)["y"], rtol=1e-4, atol=1e-4)


def test_inputs_that_fit_no_stage_are_refused():
    model = tpuc.compile(encoder(), "F16", shape_buckets={"batch": [1, 2], "seq": [16]})
    with pytest.raises(UserError, match=r"no stage takes inputs of x \[1, 17, 64\]"):
        model.run(data(1, 17))


def test_command_line(tmp_path, capsys):
    import onnx

    path = tmp_path / "encoder.onnx"
    onnx.save(encoder(), path)
    output = str(tmp_path / "encoder.bmodel")
    command([str(path), "-o", output, "--shape_buckets", "batch=1,2", "--shape_buckets", "seq=16"])
    text = capsys.readouterr().out
    assert "for x [1, 16, 64], mask [1, 16]" in text
    assert "for x [2, 16, 64], mask [2, 16]" in text
    assert [stages for _, stages in tpuc.Model.load(output).core.networks] == [2]


def shapes_of(model, **arguments):
    return stage_shapes(model, None, **arguments)


def test_names_of_axes():
    assert shapes_of(encoder(), buckets={"batch": [2, 1], "seq": [8]}) == [
        [[1, 8, WIDTH], [1, 8]],
        [[2, 8, WIDTH], [2, 8]],
    ]
    # Where no axis is called so, the first of every input is the batch.
    assert shapes_of(encoder(1, 16), buckets={"batch": [3]}) == [[[3, 16, WIDTH], [3, 16]]]
    assert stage_shapes(encoder("N"), [[[1, 24, WIDTH], [1, 24]]], {"N": [5]}) == [
        [[5, 24, WIDTH], [5, 24]]
    ]
    assert len(shapes_of(encoder(), dynamic=True)) == 12


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"buckets": {"sq": [8]}}, "the axis 'sq' is not known, did you mean 'seq'"),
        ({"buckets": {"batch": [1]}}, "input 'x' has .1, seq, 64.*give"),
        ({"buckets": {"batch": [0]}}, "'batch' has the size 0"),
        (
            {"buckets": {"batch": list(range(1, 11)), "seq": list(range(1, 11))}},
            "more than 64 shapes",
        ),
    ],
)
def test_mistakes(arguments, message):
    with pytest.raises(UserError, match=message):
        shapes_of(encoder(), **arguments)


def test_open_sizes_of_pictures_are_asked_for():
    info = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "height", "width"])
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    model = helper.make_model(helper.make_graph(nodes, "g", [info], [output]))
    with pytest.raises(UserError, match="--shape_buckets, like height=224,448"):
        shapes_of(model, dynamic=True)
    with pytest.raises(UserError, match="finds no axis"):
        shapes_of(encoder(1, 16), dynamic=True)


@pytest.mark.parametrize(
    ("text", "sizes"),
    [("batch=1,4,8", [1, 4, 8]), ("batch=8,4,8", [4, 8]), ("batch=64:200:64", [64, 128, 192])],
)
def test_sizes(text, sizes):
    assert parse_buckets([text]) == {"batch": sizes}


@pytest.mark.parametrize(
    "texts",
    [["batch"], ["=3"], ["b="], ["b=1.5"], ["b=-1"], ["b=9:1:2"], ["b=1:9:0"], ["b=1", "b=2"],
     ["b=1:999999999:1"]],
)  # fmt: skip
def test_broken_sizes(texts):
    with pytest.raises(UserError, match="--shape_buckets"):
        parse_buckets(texts)


def test_sets_of_shapes():
    assert parse_stages("[[1,3]]") == [[[1, 3]]]
    assert parse_stages(["[[1,3]]", "[2,3]"]) == [[[1, 3]], [[2, 3]]]
    assert parse_stages([[1, 3], [4]]) == [[[1, 3], [4]]]
    assert parse_stages([[[1, 3]], [[2, 3]]]) == [[[1, 3]], [[2, 3]]]
    with pytest.raises(UserError):
        parse_stages([[[1, 3]], 2])


def test_a_first_axis_that_is_no_batch_is_pointed_out():
    """A state that has no such axis, or a mean over it, has seen the padding."""
    nodes = [helper.make_node("ReduceMean", ["x"], ["y"], axes=[0], keepdims=1)]
    info = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["steps", 8])
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "mean", [info], [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    compiled = tpuc.compile(model, "F32", shape_buckets={"steps": [4, 8]})
    with pytest.warns(ModelWarning, match=r"x \[3, 8\] padded with zeros to x \[4, 8\]"):
        compiled.run({"x": np.ones((3, 8), np.float32)})
