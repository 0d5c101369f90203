"""How much is done for a fast program: never another result, nor other bytes on another machine."""

import subprocess
import sys

import networks as nets
import numpy as np
import pytest
import tpuc
from tpuc.compiler import transform
from tpuc.errors import UserError
from tpuc.frontend import import_onnx


@pytest.fixture(scope="module")
def convnet(tmp_path_factory):
    """The path of a small ONNX model."""
    return nets.save(nets.small_convnet(), tmp_path_factory.mktemp("net") / "net.onnx")


def test_higher_levels_are_faster_and_give_the_same_bits(convnet):
    x = np.random.default_rng(2).standard_normal((1, 3, 8, 8)).astype(np.float32)
    models = [tpuc.compile(convnet, quantize="F16", opt=level) for level in (1, 2, 3)]
    cycles = [model.profile().cycles for model in models]
    assert cycles[0] > cycles[1] >= cycles[2]
    outputs = [model.run({"x": x})["y"].tobytes() for model in models]
    assert len(set(outputs)) == 1


def test_a_level_that_is_not_there_is_refused(convnet):
    with pytest.raises(UserError, match="opt 4 is not known, choose 1, 2 or 3"):
        tpuc.compile(convnet, opt=4)


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    """A network of two operations that are one in canonical form."""
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("Sigmoid", ["x"], ["s"], "sigmoid"),
        helper.make_node("Mul", ["x", "s"], ["y"], "gate"),
    ]
    ports = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [2, 4]) for n in "xy"]
    graph = helper.make_graph(nodes, "gate", ports[:1], ports[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    return nets.save(model, tmp_path_factory.mktemp("gate") / "gate.onnx")


def test_model_transform_brings_to_canonical_form(gate):
    counts = transform(gate, "gate").count_ops()
    assert counts.get("top.silu") == 1
    assert "top.sigmoid" not in counts


@pytest.mark.parametrize("text", ["top-canonicalize", "builtin.module(top-canonicalize)"])
def test_a_pipeline_may_name_the_module(gate, text):
    module = import_onnx(gate, name="gate")
    module.run_pipeline(text)
    assert module.count_ops().get("top.silu") == 1


_COMPILE = """
import os, sys
os.sched_setaffinity(0, list(os.sched_getaffinity(0))[: int(sys.argv[1])])
import tpuc
tpuc.compile(sys.argv[2], quantize="F16", name="net", opt=int(sys.argv[4])).save(sys.argv[3])
"""


@pytest.mark.parametrize("level", [2, 3])
def test_the_bytes_do_not_depend_on_threads(convnet, tmp_path, level):
    files = []
    for threads in (1, 2):
        path = tmp_path / f"{threads}.bmodel"
        command = [sys.executable, "-c", _COMPILE, str(threads), convnet, path, str(level)]
        subprocess.run(command, check=True, timeout=120)
        files.append(path.read_bytes())
    assert files[0] == files[1]
