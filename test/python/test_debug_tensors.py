"""Tensors in the simulated chip's memory, and their comparison with ONNX."""

import json

import networks as nets
import numpy as np
import pytest
import tpuc
from onnx import helper, numpy_helper
from test_profile import TWO_COMMANDS
from tpuc import _core
from tpuc.cli.front import main
from tpuc.debug.foreign import foreign_places
from tpuc.debug.tensors import Parts, Place, Stepping, local_strides, parse_position, places
from tpuc.debug.tensorwise import compare_tensors, same_order
from tpuc.errors import UserError
from tpuc.reference import run_onnx_proto


def chain():
    """Four nodes in a row, no two of which are fused."""
    rng = np.random.default_rng(2)
    weights = {
        "w1": rng.standard_normal((16, 24)).astype(np.float32),
        "w2": rng.standard_normal((24, 8)).astype(np.float32),
    }
    nodes = [
        helper.make_node("MatMul", ["x", "w1"], ["a"], "first"),
        helper.make_node("Sigmoid", ["a"], ["s"], "sigmoid"),
        helper.make_node("MatMul", ["s", "w2"], ["b"], "second"),
        helper.make_node("Softmax", ["b"], ["y"], "softmax", axis=-1),
    ]
    return nets.network(nodes, {"x": [4, 16]}, {"y": [4, 8]}, weights)


@pytest.fixture
def files(tmp_path):
    """Paths of an ONNX model, its .bmodel and inputs."""
    onnx_path = nets.save(chain(), tmp_path / "net.onnx")
    tpuc.compile(onnx_path, "F32").save(tmp_path / "net.bmodel")
    x = np.random.default_rng(3).standard_normal((4, 16)).astype(np.float32)
    np.savez(tmp_path / "in.npz", x=x)
    return onnx_path, str(tmp_path / "net.bmodel"), str(tmp_path / "in.npz")


def with_other_weight(onnx_path, folder, name="w2"):
    """The model with another weight, as if the compiled one had computed wrongly."""
    import onnx

    model = onnx.load(onnx_path)
    for tensor in model.graph.initializer:
        if tensor.name == name:
            tensor.CopyFrom(numpy_helper.from_array(-numpy_helper.to_array(tensor), name))
    return nets.save(model, folder / "other.onnx")


def test_every_tensor_of_the_graph_is_compared(files):
    onnx_path, path, inputs = files
    arrays = dict(np.load(inputs))
    result = compare_tensors(onnx_path, tpuc.Model.load(path), arrays, inputs, (0.9999, 0.99))
    assert [r.similarity.name for r in result.results] == ["a", "s", "b", "y"]
    assert [r.verdict for r in result.results] == ["ok"] * 4
    assert result.results[0].node == "first (MatMul)"
    assert result.inner
    assert result.first_divergence is None


def test_first_divergence_is_told_from_what_follows(files, tmp_path, capsys):
    onnx_path, path, inputs = files
    other = with_other_weight(onnx_path, tmp_path)
    assert main(["compare", other, path, "--input", inputs]) == 1
    printed = capsys.readouterr()
    verdicts = {line.split()[0]: line.split()[-1] for line in printed.out.splitlines()[2:-1]}
    assert verdicts == {"a": "ok", "s": "ok", "b": "wrong", "y": "follows"}
    assert "'b' of node second (MatMul)" in printed.err
    assert printed.err.count("\n") == 1


def test_comparison_as_json_in_either_order(files, capsys):
    onnx_path, path, inputs = files
    assert main(["compare", path, onnx_path, "--input", inputs, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["first_divergence"] is None
    assert [t["name"] for t in data["tensors"]] == ["a", "s", "b", "y"]


def test_a_fused_activation_holds_its_own_tensor():
    model = tpuc.compile(nets.small_convnet(), "F32")
    assert "r" in {place.name for place in places(model)}
    assert "c" not in {place.name for place in places(model)}


def test_a_model_of_others_is_compared_by_its_outputs(files, monkeypatch):
    onnx_path, path, inputs = files
    monkeypatch.setattr("tpuc.debug.tensorwise.places", lambda model: [])
    arrays = dict(np.load(inputs))
    result = compare_tensors(onnx_path, tpuc.Model.load(path), arrays, inputs, (0.9999, 0.99))
    assert [(r.similarity.name, r.after) for r in result.results] == [("y", "end")]
    assert not result.inner


def test_dumped_tensor_is_onnxruntimes(files, tmp_path, capsys):
    _, path, inputs = files
    target = tmp_path / "a.npz"
    assert main(["debug", "dump", path, "--input", inputs, "--tensor", "a", "-o", str(target)]) == 0
    assert capsys.readouterr().out.startswith("a f32[4, 24] at ")
    expected = run_onnx_proto(chain(), dict(np.load(inputs)), ["a"])["a"]
    np.testing.assert_allclose(np.load(target)["a"], expected, rtol=1e-4, atol=1e-5)
    again = ["debug", "dump", path, "--input", inputs, "--tensor", "a", "--check"]
    assert main([*again, str(target)]) == 0
    np.savez(target, a=-expected)
    assert main([*again, str(target)]) == 1
    assert "'a' differs" in capsys.readouterr().err


def test_tensors_are_listed_with_their_commands(files, capsys):
    assert main(["debug", "dump", files[1], "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["a", "s", "b", "y"]
    for line in lines[2:]:
        parse_position(line.split()[-1])


@pytest.fixture
def two_commands(tmp_path):
    """A model that loads 64x64 floats and adds them to themselves, and its input."""
    source = tmp_path / "two.mlir"
    source.write_text(TWO_COMMANDS)
    model = tpuc.Model(_core.compile(_core.Module.read(str(source)), "F32"))
    model.save(tmp_path / "two.bmodel")
    x = np.random.default_rng(4).standard_normal((64, 64)).astype(np.float32)
    np.savez(tmp_path / "in.npz", **{"in": x})
    return model, x


def in_lanes(address, lane=0):
    return Place("", "f32", (64, 64), local=True, address=address, lane=lane,
                 dims=(1, 64, 1, 64), strides=(64, 64, 64, 1))  # fmt: skip


def test_local_memory_is_read_between_commands(two_commands):
    model, x = two_commands
    stepping = Stepping(model, {"in": x}, "test")
    assert stepping.position == "tiu:0 gdma:0"
    stepping.run_until(0, 1, 1)
    assert stepping.position == "tiu:0 gdma:1"
    np.testing.assert_array_equal(stepping.read(in_lanes(0)), x)
    stepping.run_until(0, 0, 1)
    np.testing.assert_array_equal(stepping.read(in_lanes(0x8000)), x + x)


def test_a_command_runs_what_it_waits_for(two_commands):
    model, x = two_commands
    stepping = Stepping(model, {"in": x}, "test")
    stepping.run_until(0, 0, 1)
    assert stepping.position == "tiu:1 gdma:1"


def test_lanes_begin_anew_after_the_last(two_commands):
    model, x = two_commands
    stepping = Stepping(model, {"in": x}, "test")
    stepping.run_to_end()
    place = Place("", "f32", (2, 64), local=True, lane=63, dims=(1, 2, 1, 64),
                  strides=(128, 64, 64, 1))  # fmt: skip
    values = stepping.read(place)
    np.testing.assert_array_equal(values[0], x[63])
    # Lane 0 again, a row of lanes further: bytes that nothing was written to.
    assert not values[1].any()


def test_strides_in_global_memory(two_commands):
    model, x = two_commands
    stepping = Stepping(model, {"in": x}, "test")
    address = 4294971392
    columns = Place("", "f32", (4, 2), address=address, dims=(4, 2), strides=(1, 64))
    np.testing.assert_array_equal(stepping.read(columns), x[:2, :4].T)
    quantised = Place("", "i32", (2,), address=address, scale=0.5, zero_point=3)
    expected = (x.view(np.int32)[0, :2].astype(np.float32) - 3) * 0.5
    np.testing.assert_allclose(stepping.read(quantised), expected)


def test_bf16_is_widened(two_commands):
    model, x = two_commands
    stepping = Stepping(model, {"in": x}, "test")
    halves = stepping.read(Place("", "bf16", (2,), address=4294971392 + 2))
    np.testing.assert_allclose(halves[0], x[0, 0], rtol=1e-2)


def test_command_line_reads_local_memory(two_commands, tmp_path, capsys):
    _, x = two_commands
    command = ["debug", "dump", str(tmp_path / "two.bmodel"), "--input", str(tmp_path / "in.npz"),
               "--address", "local:0x8000", "--shape", "1,64,1,64", "--dtype", "f32",
               "-o", str(tmp_path / "sum.npz")]  # fmt: skip
    assert main([*command, "--after", "tiu:1"]) == 0
    assert "after tiu:1 gdma:1" in capsys.readouterr().out
    (array,) = np.load(tmp_path / "sum.npz").values()
    np.testing.assert_array_equal(array.reshape(64, 64), x + x)
    assert main([*command, "--after", "gdma:1"]) == 0
    (array,) = np.load(tmp_path / "sum.npz").values()
    assert not array.any()


def test_usual_strides_of_local_memory():
    assert local_strides((2, 65, 3, 5), "f16", 0, compact=False) == (64, 32, 5, 1)
    assert local_strides((2, 65, 3, 5), "f16", 0, compact=True) == (30, 15, 5, 1)
    assert local_strides((2, 64, 1, 1), "f32", 1, compact=False) == (32, 16, 1, 1)


def entry(opcode, name, kind, before, after, **more):
    """An operation of another compiler's list."""
    result = {
        "name": name, "memory_type": f"<1x{kind}>", "type": "tensor<1x>", "shape": [4, 24],
        "address": 0, "layout": "continuous", "slice": "[...]", "reshape": "", **more,
    }  # fmt: skip
    return {
        "subnet_id": 0, "opcode": opcode, "is_local": "local" in more, "operands": [],
        "tiu_dma_id(before)": before, "tiu_dma_id(after)": after, "results": [result],
    }  # fmt: skip


def told(place, operator):
    """What a list says of a tensor at a place."""
    after = [place.command, 0] if place.engine == 0 else [0, place.command]
    more = {"address": place.address, "shape": list(place.shape)}
    if place.local:
        n, c, h, w = place.dims
        more |= {"local": 1, "layout": "eu_align", "reshape": f"<{n}x{c}x1x{h}x{w}>",
                 "slice": f"[0:{n}, 0:{c}, 0:1, 0:{h}, 0:{w}]"}  # fmt: skip
    return entry("tpu.Any", f"{place.name}_{operator}", place.dtype, [0, 0], after, **more)


def listed(folder, *entries):
    (folder / "x.bmodel.json").write_text(json.dumps(entries))
    return foreign_places(folder / "x.bmodel", chain().graph)


def test_a_list_beside_the_model_tells_where_tensors_lie(tmp_path):
    local = {"local": 1, "slice": "[0:1, 64:80, 0:1, 2:4, 0:7]", "reshape": "<1x80x1x4x7>",
             "layout": "eu_align", "address": 0x400}  # fmt: skip
    found = listed(
        tmp_path,
        entry("tpu.MatMul", "a_MatMul", "f16", [0, 0], [3, 5], address=4294971392),
        entry("tpu.Active", "s_Sigmoid", "ui8", [3, 5], [4, 5],
              type="tensor<4x24x!quant.uniform<u8:f32, 0.5:3>>", **local),
        entry("tpu.Cast", "a_MatMul_f32", "f32", [4, 5], [5, 5]),
        entry("tpu.Load", "s_Sigmoid", "f16", [5, 5], [5, 6], **local),
        entry("tpu.Store", "b_MatMul", "bf16", [5, 6], [5, 7], local=1, address=4294971500,
              type="tensor<4x8xbf16, 4294971392 : i64>"),
    )  # fmt: skip
    assert found == [
        Place("a", "f16", (4, 24), address=4294971392, command=5),
        Place("s", "ui8", (1, 16, 2, 7), local=True, address=0x400, dims=(1, 16, 2, 7),
              strides=(64, 64, 7, 1), whole=(1, 80, 4, 7), begin=(0, 64, 2, 0), scale=0.5,
              zero_point=3, engine=0, command=4),
        Place("b", "bf16", (4, 24), address=4294971392, command=7),
    ]  # fmt: skip


def test_another_list_is_not_used(tmp_path):
    assert foreign_places(tmp_path / "x.bmodel", chain().graph) == []
    assert listed(tmp_path, {"subnet_id": 0}) == []
    assert listed(tmp_path, entry("tpu.MatMul", "a_MatMul", "str", [0, 0], [1, 1])) == []
    (tmp_path / "x.bmodel.json").write_text("no list")
    assert foreign_places(tmp_path / "x.bmodel", chain().graph) == []


def test_parts_make_a_whole():
    parts = Parts()
    whole = np.arange(24.0).reshape(2, 3, 4)
    place = Place("t", "f32", (2, 1, 4), whole=(2, 3, 4), begin=(0, 0, 0))
    assert parts.add(place, whole[:, :1]) is None
    rest = Place("t", "f32", (2, 2, 4), whole=(2, 3, 4), begin=(0, 1, 0))
    np.testing.assert_array_equal(parts.add(rest, whole[:, 1:]), whole)
    with pytest.raises(UserError, match="does not fit"):
        parts.add(Place("t", "f32", (2, 3, 4), whole=(2, 3, 3), begin=(0, 0, 0)), whole)


def test_tensors_of_another_compiler_are_compared(files, tmp_path, monkeypatch):
    """Our own file, told about by a list instead of its side table."""
    onnx_path, path, inputs = files
    model = tpuc.Model.load(path)
    known = {place.name: place for place in places(model)}
    entries = [told(known["a"], "MatMul"), told(known["s"], "Sigmoid")]
    (tmp_path / "net.bmodel.json").write_text(json.dumps(entries))
    monkeypatch.setattr("tpuc.debug.tensorwise.places", lambda model: [])
    arrays = dict(np.load(inputs))
    result = compare_tensors(onnx_path, model, arrays, inputs, (0.9999, 0.99))
    assert [(r.similarity.name, r.verdict) for r in result.results] == [
        ("a", "ok"), ("s", "ok"), ("y", "ok"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ((6, 4), (2, 3, 4), True), ((2, 3, 4), (1, 6, 4), True), ((1, 2), (2,), True),
        ((3, 2, 4), (2, 3, 4), False), ((6, 4), (4, 6), False), ((24,), (), False),
        ((), (1,), True),
    ],
)  # fmt: skip
def test_merged_axes_keep_the_order_of_elements(one, other, same):
    assert same_order(one, other) is same


def test_positions():
    assert parse_position("gdma:12") == (0, 1, 12)
    assert parse_position("2:TIU:7") == (2, 0, 7)
    for text in ("gdma", "gdma:x", "dma:1", "gdma:-1", "1:2:3:4", ""):
        with pytest.raises(UserError, match="not a command"):
            parse_position(text)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("quantize", ["F32", "F16"])
def test_a_cache_that_grows_is_read_when_both_parts_are_there(steps, quantize, tmp_path):
    """The new part of a concatenation may be written after the old one was copied."""
    rng = np.random.default_rng(0)
    weights = {"w": (rng.standard_normal((64, 64)) / 8).astype(np.float32),
               "heads": np.array([1, steps, 4, 16], np.int64)}  # fmt: skip
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["k"], "project"),
        helper.make_node("Reshape", ["k", "heads"], ["k4"], "split"),
        helper.make_node("Transpose", ["k4"], ["new"], "turn", perm=[0, 2, 1, 3]),
        helper.make_node("Concat", ["past", "new"], ["present"], "cache", axis=2),
        helper.make_node("Transpose", ["present"], ["kt"], "kt", perm=[0, 1, 3, 2]),
        helper.make_node("MatMul", ["new", "kt"], ["scores"], "scores"),
        helper.make_node("Softmax", ["scores"], ["y"], "softmax", axis=-1),
    ]
    network = nets.network(
        nodes, {"x": [1, steps, 64], "past": [1, 4, 20, 16]},
        {"y": [1, 4, steps, 20 + steps], "present": [1, 4, 20 + steps, 16]}, weights,
    )  # fmt: skip
    onnx_path, path = nets.save(network, tmp_path / "net.onnx"), tmp_path / "net.bmodel"
    tpuc.compile(onnx_path, quantize=quantize).save(path)
    arrays = {"x": rng.standard_normal((1, steps, 64)).astype(np.float32),
              "past": rng.standard_normal((1, 4, 20, 16)).astype(np.float32)}  # fmt: skip
    result = compare_tensors(onnx_path, tpuc.Model.load(path), arrays, "inputs", (0.999, 0.95))
    assert {r.verdict for r in result.results} == {"ok"}, result.results
