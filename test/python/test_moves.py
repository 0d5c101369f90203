"""Movements of data: every element in its place, none transferred by itself."""

import sys
from pathlib import Path

import networks as nets
import numpy as np
import onnx
import onnxruntime
import pytest
import tpuc

sys.path.append(str(Path(__file__).resolve().parents[2] / "bench"))
import moves

# Values that all float types hold; ReLUs around the movement keep them.
VALUES = np.arange(1, 128, dtype=np.float32)


def compiled(model, tmp_path, precision, shape):
    """The compiled network, an input, and what onnxruntime makes of it."""
    path = nets.save(model, tmp_path / "net.onnx")
    x = np.resize(VALUES, np.prod(shape)).reshape(shape)
    given = {}
    if precision == "INT8":
        tpuc.calibrate(path, [{"x": x}], method="max").save(tmp_path / "table")
        given = {"calibration_table": tmp_path / "table"}
    expected = onnxruntime.InferenceSession(path).run(None, {"x": x})[0]
    return tpuc.compile(path, quantize=precision, **given), x, expected


def check(model, x, expected, precision):
    """Every element is where it belongs."""
    (actual,) = model.run({"x": x}).values()
    assert actual.shape == expected.shape
    step = np.abs(expected).max() / 127 if precision == "INT8" else 0
    wrong = np.abs(actual - expected) > step
    assert not wrong.any(), f"{wrong.sum()} of {wrong.size} elements, first {np.argwhere(wrong)[0]}"


RESIZE = moves.resize
SMALL = [
    ("nearest", (1, 3, 5, 7), RESIZE("nearest", 2, 2)),
    ("nearest of one pixel", (1, 5, 1, 1), RESIZE("nearest", 4, 4)),
    ("nearest of one row", (2, 70, 1, 9), RESIZE("nearest", 3, 2)),
    ("nearest by 1.5", (1, 4, 6, 10), RESIZE("nearest", 1.5, 1.5)),
    ("nearest by a half", (1, 65, 8, 6), RESIZE("nearest", 0.5, 0.5)),
    ("nearest of a row", (1, 3, 11), RESIZE("nearest", 2)),
    ("expanded", (1, 65, 3, 5), moves.expand_upsample),
    ("tiled", (1, 7, 3, 5), moves.tile_upsample),
    ("rows tiled", (2, 3, 4, 5), moves.tile(1, 1, 3, 1)),
    ("all tiled", (2, 3, 4, 5), moves.tile(2, 2, 2, 2)),
    ("last expanded", (3, 7, 1), moves.expand(3, 7, 5)),
    ("one element expanded", (1, 1, 1), moves.expand(2, 3, 5)),
    ("middle expanded", (2, 1, 3), moves.expand(2, 70, 3)),
    ("first expanded", (1, 3, 1), moves.expand(4, 3, 1)),
    ("unsqueezed", (3, 5), moves.unsqueeze_expand(2)),
    ("stacked", (3, 5), lambda graph, x, shape: graph.stack(x, x, x)),
    ("every second", (2, 66, 9), moves.every_second(-1, 1)),
    ("every second row", (2, 3, 9, 4), moves.every_second(-2)),
    ("depth to space", (1, 8, 3, 5), moves.depth_to_space("DCR")),
    ("depth to space by depth", (1, 8, 3, 5), moves.depth_to_space("CRD")),
    ("space to depth", (1, 3, 4, 6), moves.space_to_depth),
    ("zeros between", (1, 3, 4, 5), moves.unpool),
    ("short rows", (2, 33, 12), moves.concat_last(1, 6, 5)),
    ("gathered", (2, 33, 12), moves.gather_last(3, 3, 0, 11)),
    ("one gathered", (1, 3, 64), moves.gather_last(5)),
]


@pytest.mark.parametrize("opt", [1, 2])
@pytest.mark.parametrize("precision", ["F32", "F16", "BF16", "INT8"])
def test_small_movements_are_exact(precision, opt, tmp_path):
    for name, shape, build in SMALL:
        case = moves.Case(name, shape, build)
        model, x, expected = compiled(case.model(), tmp_path, precision, shape)
        if opt != 2:
            given = {"calibration_table": tmp_path / "table"} if precision == "INT8" else {}
            model = tpuc.compile(tmp_path / "net.onnx", quantize=precision, opt=opt, **given)
        try:
            check(model, x, expected, precision)
        except (AssertionError, tpuc.UserError) as error:
            pytest.fail(f"{name}: {error}")


# Beyond what a lane holds at once, or with many short rows.
LARGE = [
    ("nearest", (1, 64, 128, 128), RESIZE("nearest", 2, 2)),
    ("nearest of one channel", (1, 1, 400, 700), RESIZE("nearest", 2, 2)),
    ("nearest of odd sizes", (1, 70, 101, 67), RESIZE("nearest", 3, 3)),
    ("nearest of a long row", (1, 3, 70001), RESIZE("nearest", 2)),
    ("stacked", (1, 3, 197, 32), moves.stack_pair),
    ("last expanded", (8, 384, 1), moves.expand(8, 384, 384)),
    ("every second", (1, 12, 1024, 64), moves.every_second(-1)),
    ("short rows", (1, 8400, 84), moves.concat_last(4, 80)),
    ("columns tiled", (1, 64, 100, 100), moves.tile(1, 1, 1, 3)),
]


@pytest.mark.parametrize("precision", ["F32", "F16", "INT8"])
@pytest.mark.parametrize("name, shape, build", LARGE, ids=[case[0] for case in LARGE])
def test_large_movements_are_exact_and_keep_runs(name, shape, build, precision, tmp_path):
    case = moves.Case(name, shape, build)
    model, x, expected = compiled(case.model(), tmp_path, precision, shape)
    check(model, x, expected, precision)
    profile = model.profile()
    assert profile.ms <= moves.LIMIT * max(profile.roofline_ms, moves.LEAST_MS)


def test_fused_kernels_read_what_both_need_once(tmp_path):
    """x + x s of a value that fits no lane: x comes from memory once."""
    shape = [1, 64, 200, 400]
    node = onnx.helper.make_node
    nodes = [
        node("Relu", ["x"], ["a"], "a"),
        node("Mul", ["a", "s"], ["m"], "m"),
        node("Add", ["a", "m"], ["y"], "y"),
    ]
    model = nets.network(nodes, {"x": shape, "s": [1, 64, 1, 1]}, {"y": shape})
    path = nets.save(model, tmp_path / "net.onnx")
    compiled = tpuc.compile(path, quantize="F32")
    random = np.random.default_rng(0)
    sizes = {"x": shape, "s": [1, 64, 1, 1]}
    x = {name: random.standard_normal(size, np.float32) for name, size in sizes.items()}
    relu = np.maximum(x["x"], 0)
    np.testing.assert_allclose(compiled.run(x)["y"], relu + relu * x["s"], rtol=1e-6)
    assert compiled.profile().ddr_read_bytes < 2.5 * 4 * np.prod(shape)


@pytest.mark.parametrize("shape", [(84, 2, 31, 1), (100, 2, 31, 1), (84, 2, 47, 1)])
def test_tiles_of_a_transposition_begin_where_its_producer_wrote_them(shape, tmp_path):
    """A fused copy whose tiles cut the columns of what it reads."""
    node = onnx.helper.make_node
    nodes = [
        node("Concat", ["x"] * 4, ["a"], "a", axis=1),
        node("DepthToSpace", ["a"], ["y"], "y", blocksize=2),
    ]
    n, c, h, w = shape
    model = nets.network(nodes, {"x": shape}, {"y": (n, c, 2 * h, 2 * w)})
    for precision in ("F32", "F16", "INT8"):
        check(*compiled(model, tmp_path, precision, shape), precision)


def test_parts_of_a_large_concat_are_written_in_place(tmp_path):
    """Channels that begin in the midst of the lanes, of a value that is not kept there."""
    shape = [1, 24, 184, 320]
    node = onnx.helper.make_node
    functions = {"Neg": np.negative, "Exp": np.exp, "Sigmoid": lambda x: 1 / (1 + np.exp(-x))}
    functions["Tanh"] = np.tanh
    nodes = [node(op, ["x"], [f"p{i}"], f"p{i}") for i, op in enumerate(functions)]
    nodes += [
        node("Concat", [f"p{i}" for i in range(4)], ["c"], "c", axis=1),
        node("Abs", ["c"], ["y"], "y"),
    ]
    model = nets.network(nodes, {"x": shape}, {"y": [1, 96, 184, 320]})
    path = nets.save(model, tmp_path / "net.onnx")
    compiled = tpuc.compile(path, quantize="F16")
    x = np.random.default_rng(0).standard_normal(shape, np.float32)
    expected = np.concatenate([function(x) for function in functions.values()], 1)
    got = compiled.run({"x": x})["y"]
    np.testing.assert_allclose(got, np.abs(expected), rtol=2e-3, atol=5e-3)
    assert "tpu.concat" not in {layer.kind for layer in compiled.profile().layers}


def test_a_last_axis_of_the_caller_is_repeated_in_the_lanes(tmp_path):
    model = nets.one_node("Expand", ("x", "s"), (1, 128, 1), {"s": np.array([1, 128, 384])})
    path = nets.save(model, tmp_path / "net.onnx")
    compiled = tpuc.compile(path, quantize="F32")
    x = np.random.default_rng(0).standard_normal((1, 128, 1), np.float32)
    np.testing.assert_array_equal(compiled.run({"x": x})["y"], np.broadcast_to(x, (1, 128, 384)))
    profile = compiled.profile()
    assert profile.ms <= moves.LIMIT * max(profile.roofline_ms, moves.LEAST_MS)
