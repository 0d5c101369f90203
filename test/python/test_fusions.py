"""Which nodes of the source a row of the profile stands for, and what tensors it has."""

import json
from dataclasses import replace
from itertools import pairwise

import networks as nets
import numpy as np
import pytest
import tpuc
from onnx import helper
from tpuc.network import find_owners
from tpuc.profile import profile_bmodel
from tpuc.profile.colours import REST, colour
from tpuc.profile.fusions import Fusions, nodes_text
from tpuc.profile.join import join_names
from tpuc.profile.page import page_html


def test_nodes_that_are_gone_belong_to_their_nearest_reader():
    network = {
        "values": [["f32", [1]]] * 5, "inputs": [0], "outputs": [4],
        "operators": [
            {"kind": "a", "names": ["conv"], "inputs": [0], "results": [1]},
            {"kind": "b", "names": ["sigmoid"], "inputs": [1], "results": [2]},
            {"kind": "c", "names": ["mul"], "inputs": [1, 2], "results": [3]},
            {"kind": "d", "names": ["identity"], "inputs": [3], "results": [4]},
        ],
    }  # fmt: skip
    assert find_owners(network, {"mul"}) == {
        "conv": "mul", "sigmoid": "mul", "mul": "mul", "identity": "mul"
    }  # fmt: skip
    assert find_owners(network, {"conv", "mul"})["sigmoid"] == "mul"
    assert find_owners(network, set()) == {}


def test_many_nodes_are_one_name():
    assert nodes_text("/a/Mul", ["/a/Conv", "/a/Sigmoid", "/a/Mul"]) == "/a/{Conv, Sigmoid, Mul}"
    assert nodes_text("/a/Mul", ["/a/Mul"]) == nodes_text("/a/Mul", []) == "/a/Mul"
    assert nodes_text("b", ["ab", "ac"]) == "{ab, ac}"


def silu_network(size):
    """Convolution, SiLU, and a normalisation as exporters write it: 10 nodes."""
    rng = np.random.default_rng(0)
    weights = {
        "w": rng.standard_normal((16, 3, 3, 3)).astype(np.float32), "two": np.float32(2.0),
        "epsilon": np.float32(1e-5),
    }  # fmt: skip
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "/stem/Conv", pads=[1, 1, 1, 1]),
        helper.make_node("Sigmoid", ["c"], ["s"], "/stem/Sigmoid"),
        helper.make_node("Mul", ["c", "s"], ["m"], "/stem/Mul"),
        helper.make_node("ReduceMean", ["m"], ["mean"], "/norm/ReduceMean", axes=[-1]),
        helper.make_node("Sub", ["m", "mean"], ["d"], "/norm/Sub"),
        helper.make_node("Pow", ["d", "two"], ["p"], "/norm/Pow"),
        helper.make_node("ReduceMean", ["p"], ["v"], "/norm/ReduceMean_1", axes=[-1]),
        helper.make_node("Add", ["v", "epsilon"], ["e"], "/norm/Add"),
        helper.make_node("Sqrt", ["e"], ["q"], "/norm/Sqrt"),
        helper.make_node("Div", ["d", "q"], ["y"], "/norm/Div"),
    ]
    shape = (1, 3, size, size)
    return nets.network(nodes, {"x": shape}, {"y": (1, 16, size, size)}, weights, opset=13)


@pytest.fixture(scope="module")
def profiles(tmp_path_factory):
    """Of a small picture, which is computed operator after operator, and a large one."""
    folder = tmp_path_factory.mktemp("fusions")
    found = []
    for size in (8, 256):
        tpuc.compile(silu_network(size), "F16").save(folder / f"{size}.bmodel")
        found.append(profile_bmodel(folder / f"{size}.bmodel"))
    return found


def test_each_node_is_in_a_row(profiles):
    source = {node.name for node in silu_network(8).graph.node}
    for profile in profiles:
        rows = [layer.nodes for layer in profile.layers]
        assert {node for nodes in rows for node in nodes} == source
        norm = next(nodes for nodes in rows if "/norm/Sub" in nodes)
        assert {name for name in source if name.startswith("/norm/")} <= set(norm)
        layers = json.loads(profile.to_full_json())["layers"]
        assert [tuple(layer["nodes"]) for layer in layers] == rows


def test_joined_operators_are_one_row_of_both_kinds(profiles):
    joined = [
        operator["fused_into"]
        for profile in profiles
        for operator in json.loads(profile.explanation)["operators"]
        if "fused_into" in operator
    ]
    assert joined, "the large picture's convolution is computed tile by tile with its SiLU"
    row = next(layer for layer in profiles[1].layers if layer.name == joined[-1])
    assert {"/stem/Conv", "/stem/Sigmoid", "/stem/Mul"} <= set(row.nodes)
    assert row.title.startswith("/{stem/Conv, stem/Sigmoid, stem/Mul")
    assert row.kind.startswith("tpu.conv+unary")
    assert colour(row.kind) == colour("tpu.conv")
    inputs, results = profiles[1].fusions.tensors(row.name)
    assert results == ["1x16x256x256 f16"]
    assert inputs == ["1x3x256x256 f32 of x"]


def test_other_names_of_a_fused_operation_are_joined(profiles):
    """Another compiler may call it after any of its nodes."""
    ours = profiles[1]
    row = next(layer for layer in ours.layers if "/stem/Sigmoid" in layer.nodes)
    names = [("/stem/Conv", "tpu.conv2d") if n == row.name else (n, k) for n, k in ours.names]
    theirs = replace(ours, names=tuple(names), explanation="")
    joined = join_names([ours, theirs])
    assert joined[0].names == ours.names
    assert (row.name, "tpu.conv2d") in joined[1].names
    # Where the node is an operation of its own as well it keeps its name.
    apart = join_names([ours, replace(theirs, names=(*names[:-1], (row.name, "tpu.mul")))])
    assert "/stem/Conv" in {name for name, _ in apart[1].names}


def test_tensors_have_shapes_and_types(profiles):
    inputs, results = profiles[0].fusions.tensors("/stem/Mul")
    assert inputs == ["1x16x8x8 f16 of /stem/Conv"]
    assert results == ["1x16x8x8 f16"]
    assert profiles[0].fusions.tensors("/stem/Conv:cast")[0] == ["1x3x8x8 f32 of x"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "no json", '{"operators": 3}', '{"operators": [{"kind": "k"}]}',
     '{"operators": [], "network": {"operators": [{"name": "a"}]}}',
     '{"operators": [], "network": {"values": [], "operators": [{"name": "a", "nodes": [],'
     ' "inputs": [7], "results": []}]}}',
     '{"operators": [], "network": {"values": [["f32", []]], "operators": [{"name": "a",'
     ' "nodes": [], "inputs": [0.0], "results": []}]}}',
     "[" * 100_000,
     '{"operators": [{"name": "a", "kind": "k", "fused_into": "b"}, {"name": "b", "kind": "k",'
     ' "fused_into": "a"}]}'],
)  # fmt: skip
def test_texts_that_tell_nothing(text):
    fusions = Fusions(text)
    assert fusions.nodes("a") == ()
    assert fusions.tensors("a") == ([], [])
    assert fusions.kind("z", "tpu.conv") == "tpu.conv"


def test_long_chains_of_joined_operators():
    names = [f"op{i}" for i in range(20_000)]
    operators = [{"name": a, "kind": "tpu.unary", "fused_into": b} for a, b in pairwise(names)]
    fusions = Fusions(json.dumps({"operators": [*operators, {"name": names[-1], "kind": "tpu.k"}]}))
    assert fusions.kind(names[-1], "tpu.k") == "tpu.unary+k"


def test_kinds_have_one_colour_everywhere():
    assert colour("tpu.conv") == colour("conv.normal") == colour("tpu.conv2d")
    assert colour("tpu.matmul") == colour("mm2.nn")
    assert colour("tpu.broadcast") != colour("tpu.cast")
    kinds = ("conv", "matmul", "attention", "softmax", "layer_norm", "unary", "binary", "pool",
             "permute", "concat", "slice", "cast", "broadcast", "gather", "reduce")  # fmt: skip
    assert len({colour(f"tpu.{kind}") for kind in kinds}) == len(kinds)
    assert colour("none") == colour("") == REST
    assert colour("custom.thing") == colour("custom.thing") != REST


def test_page_of_two_models_uses_the_same_colours(profiles):
    """Whatever else is in a model, and whatever takes longest."""
    alone, both = page_html(profiles[0]), page_html(*profiles)
    # The data of the first model is the same text in both pages.
    data = alone.split('class="model">')[1].split("<")[0]
    assert f'class="model">{data}<' in both
