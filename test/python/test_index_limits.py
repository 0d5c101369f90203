"""Numbers of rows that a table does not have are refused, not read as zeros."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import tpuc
from onnx import TensorProto, helper, numpy_helper
from tpuc.errors import UserError

TABLE = np.arange(40, dtype=np.float32).reshape(10, 4)


def embedding(nodes, ids_shape=(1, 3), dtype=TensorProto.INT64):
    """A network that looks up `ids`, through `nodes`, in TABLE."""
    graph = helper.make_graph(
        [helper.make_node(*args, **kwargs) for *args, kwargs in nodes],
        "g",
        [helper.make_tensor_value_info("ids", dtype, ids_shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(TABLE, "table"), numpy_helper.from_array(np.int64([-1]), "flat")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


DIRECT = [("Gather", ["table", "ids"], ["y"], {})]


def test_rows_of_a_table_and_from_its_end():
    model = tpuc.compile(embedding(DIRECT), "F32")
    result = model.run({"ids": np.int64([[0, 9, -1]])})["y"]
    np.testing.assert_array_equal(result, TABLE[[[0, 9, -1]]])


@pytest.mark.parametrize("wrong", [10, -11, 2**31 - 1, 2**40])
def test_other_numbers_are_refused(wrong):
    model = tpuc.compile(embedding(DIRECT), "F32")
    with pytest.raises(UserError, match=rf"input 'ids' holds {wrong}, but indexes a table of 10"):
        model.run({"ids": np.int64([[0, wrong, 1]])})


def test_through_operations_that_keep_the_numbers():
    nodes = [
        ("Cast", ["ids"], ["wide"], {"to": TensorProto.INT64}),
        ("Reshape", ["wide", "flat"], ["row"], {}),
        ("Gather", ["table", "row"], ["y"], {}),
    ]
    model = tpuc.compile(embedding(nodes, dtype=TensorProto.INT32), "F32")
    with pytest.raises(UserError, match="holds 12, but indexes a table of 10 rows"):
        model.run({"ids": np.int32([[0, 12, 1]])})


def test_numbers_beside_the_rows_may_be_any():
    nodes = [
        ("Slice", ["ids", "zero", "two", "one"], ["row"], {}),
        ("Gather", ["table", "row"], ["y"], {}),
    ]
    model = embedding(nodes)
    for name, value in (("zero", 0), ("one", 1), ("two", 2)):
        model.graph.initializer.append(numpy_helper.from_array(np.int64([value]), name))
    result = tpuc.compile(model, "F32").run({"ids": np.int64([[3, 9, 5000]])})["y"]
    np.testing.assert_array_equal(result, TABLE[[[3, 9]]])


def test_computed_numbers_are_no_rows():
    nodes = [("Add", ["ids", "ids"], ["twice"], {}), ("Gather", ["table", "twice"], ["y"], {})]
    model = tpuc.compile(embedding(nodes), "F32")
    result = model.run({"ids": np.int64([[0, 1, 4]])})["y"]
    np.testing.assert_array_equal(result, TABLE[[[0, 2, 8]]])


def test_a_file_remembers_them(tmp_path):
    tpuc.compile(embedding(DIRECT), "F32").save(tmp_path / "net.bmodel")
    np.savez(tmp_path / "in.npz", ids=np.int64([[0, 10, 1]]))
    arguments = ["run", str(tmp_path / "net.bmodel"), "--input", str(tmp_path / "in.npz")]
    command = [sys.executable, "-m", "tpuc.cli", *arguments, "--output", str(tmp_path / "out.npz")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert not (tmp_path / "out.npz").exists()
    assert done.returncode == 1
    assert "the input 'ids' holds 10, but indexes a table of 10 rows" in done.stderr
