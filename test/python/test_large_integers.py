"""Constants of 64 bits that the chip, which counts in 32, cannot hold."""

from __future__ import annotations

import numpy as np
import pytest
import tpuc
from checks import reference
from onnx import TensorProto, helper, numpy_helper
from tpuc.errors import ModelWarning


def selection(dtype):
    """What lies below a sentinel, and positions behind it marked by the least number there is."""
    limits = np.iinfo(dtype)
    number = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    constants = {"far": np.array(limits.max // 2, dtype), "five": np.array([5], dtype),
                 "least": np.array(limits.min, dtype), "seven": np.array([7], dtype)}  # fmt: skip
    nodes = [
        helper.make_node("Less", ["x", "far"], ["near"]),
        helper.make_node("Less", ["x", "five"], ["small"]),
        helper.make_node("Where", ["small", "x", "least"], ["marked"]),
        helper.make_node("Greater", ["marked", "least"], ["kept"]),
        helper.make_node("Where", ["kept", "marked", "seven"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes, "selection", [helper.make_tensor_value_info("x", number, [2, 7])],
        [helper.make_tensor_value_info("near", TensorProto.BOOL, None),
         helper.make_tensor_value_info("y", number, None)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("precision", ["F32", "F16"])
def test_sentinels_are_brought_near_with_a_warning(precision):
    model = selection(np.int64)
    with pytest.warns(ModelWarning, match="'far' has .*beyond the 32 bits.*becomes 2147483647"):
        compiled = tpuc.compile(model, precision)
    x = {"x": np.arange(14).reshape(2, 7)}
    for name, expected in reference(model, x).items():
        found = compiled.run(x)[name]
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


def test_the_command_says_so(tmp_path, capsys):
    import onnx
    from tpuc.cli.front import main

    onnx.save(selection(np.int64), tmp_path / "selection.onnx")
    paths = [str(tmp_path / name) for name in ("selection.onnx", "selection.bmodel")]
    assert main(["compile", paths[0], "-o", paths[1]]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert any(line.startswith("warning: the constant 'far' has") for line in lines)


def test_unsigned_numbers():
    number = TensorProto.UINT64
    graph = helper.make_graph(
        [helper.make_node("Less", ["x", "far"], ["y"])], "unsigned",
        [helper.make_tensor_value_info("x", number, [3])],
        [helper.make_tensor_value_info("y", TensorProto.BOOL, None)],
        [numpy_helper.from_array(np.array(1 << 63, np.uint64), "far")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with pytest.warns(ModelWarning, match="'far' has 9223372036854775808"):
        compiled = tpuc.compile(model, "F32")
    assert compiled.run({"x": np.array([0, 5, 1 << 30], np.uint64)})["y"].all()
