"""If, Loop, Scan and sequences: what is known is followed, what is computed selected or refused."""

import numpy as np
import onnx
import pytest
import tpuc
from checks import compiled, reference
from onnx import TensorProto, helper, numpy_helper
from tpuc import UserError
from tpuc.cli import front, model_transform

F, I64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
info = helper.make_tensor_value_info
node = helper.make_node


def constant(name, value):
    return numpy_helper.from_array(np.asarray(value), name)


def graph(nodes, outputs, inputs=(), constants=(), name="body"):
    return helper.make_graph(nodes, name, list(inputs), list(outputs), list(constants))


def model(nodes, feeds, outputs, constants=(), opset=17):
    ports = [
        info(name, helper.np_dtype_to_tensor_dtype(feed.dtype), feed.shape)
        for name, feed in feeds.items()
    ]
    results = [o if isinstance(o, onnx.ValueInfoProto) else info(o, F, None) for o in outputs]
    net = helper.make_graph(nodes, "net", ports, results, list(constants))
    return helper.make_model(net, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def agrees(net, feeds, precision="F32", tolerance=1e-6, **options):
    fed = {name: feed for name, feed in feeds.items() if name not in options.get("fix_input", {})}
    found = tpuc.compile(net, precision, **options).run(fed)
    expected = reference(net, feeds)
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name].shape == value.shape
        assert np.abs(found[name] - value).max() <= tolerance * max(1, np.abs(value).max())
    return found


X = np.linspace(-2, 2, 12, dtype=np.float32).reshape(1, 12)


def branches(condition, then_shape=(1, 12), else_shape=(1, 12)):
    """If with branches of their own, of which each reads the graph around it."""
    chosen = graph(
        [node("Relu", ["x"], ["inner"], name="positive")], [info("inner", F, then_shape)]
    )
    other_nodes = [node("Neg", ["x"], ["inner"], name="negative")]
    output = "inner"
    if else_shape != (1, 12):
        other_nodes.append(node("Reshape", ["inner", "sizes"], ["flat"], name="flatten"))
        output = "flat"
    other = graph(
        other_nodes, [info(output, F, else_shape)],
        constants=[constant("sizes", np.array(else_shape, np.int64))],
    )  # fmt: skip
    return node("If", [condition], ["y"], name="choice", then_branch=chosen, else_branch=other)


def test_a_known_condition_chooses():
    for rate in (16000, 8000):
        nodes = [node("Equal", ["rate", "wanted"], ["is"]), branches("is", else_shape=(12,))]
        known = [constant("rate", np.int64(rate)), constant("wanted", np.int64(16000))]
        agrees(model(nodes, {"x": X}, ["y"], known), {"x": X})


def test_a_shape_chooses():
    nodes = [
        node("Shape", ["x"], ["shape"]), node("Gather", ["shape", "zero"], ["size"]),
        node("Equal", ["size", "one"], ["is"]), branches("is"),
    ]  # fmt: skip
    known = [constant("zero", np.int64(0)), constant("one", np.int64(1))]
    agrees(model(nodes, {"x": X}, ["y"], known), {"x": X})


def test_a_branch_that_is_not_taken_may_be_anything():
    strange = graph([node("Det", ["m"], ["d"], name="strange")], [info("d", F, ())])
    plain = graph([node("ReduceSum", ["x"], ["s"], keepdims=0)], [info("s", F, ())])
    # What only that branch uses is not imported either.
    nodes = [
        node("Det", ["m"], ["unused"], name="also_strange"),
        node("If", ["flag"], ["y"], then_branch=plain, else_branch=strange),
    ]
    strange.node[0].input[0] = "unused"
    feeds = {"x": X, "m": np.eye(2, dtype=np.float32)}
    net = model(nodes, feeds, ["y"], [constant("flag", np.array(True))])
    found = tpuc.compile(net, "F32").run(feeds)
    assert abs(found["y"] - X.sum()) < 1e-5


@pytest.mark.parametrize("precision", ["F32", "F16", "INT8"])
def test_a_computed_condition_selects(precision):
    for rate in (16000, 8000):
        feeds = {"x": X, "rate": np.array(rate, np.int64)}
        nodes = [node("Equal", ["rate", "wanted"], ["is"]), branches("is")]
        net = model(nodes, feeds, ["y"], [constant("wanted", np.int64(16000))])
        found = compiled(net, precision, feeds).run(feeds)["y"]
        expected = np.maximum(X, 0) if rate == 16000 else -X
        assert np.abs(found - expected).max() <= {"F32": 0, "F16": 1e-3, "INT8": 2e-2}[precision]


def test_branches_of_two_shapes_are_refused_with_the_condition():
    feeds = {"x": X, "rate": np.array(16000, np.int64)}
    nodes = [node("Equal", ["rate", "wanted"], ["is"]), branches("is", else_shape=(12,))]
    net = model(nodes, feeds, ["y"], [constant("wanted", np.int64(16000))])
    with pytest.raises(
        UserError, match=r"node 'choice' \(If\): has the condition 'is'.*--fix_input"
    ):
        tpuc.compile(net)
    # With the remedy it compiles.
    agrees(net, feeds, fix_input={"rate": 16000})
    agrees(net, {**feeds, "rate": np.array(8000, np.int64)}, fix_input={"rate": 8000})


def test_errors_name_the_nodes_of_bodies():
    strange = graph([node("Det", ["m"], ["d"], name="strange")], [info("d", F, ())])
    feeds = {"m": np.eye(2, dtype=np.float32), "flag": np.array(True)}
    choice = node("If", ["flag"], ["y"], then_branch=strange, else_branch=strange)
    with pytest.raises(UserError, match=r"node 'strange' \(Det\)"):
        tpuc.compile(model([choice], feeds, ["y"]))


def repeated(count, going=True, extra=()):
    """A loop that multiplies and collects."""
    body = graph(
        [
            node("MatMul", ["h", "w"], ["m"], name="product"),
            node("Tanh", ["m"], ["next"], name="squash"),
            node("Cast", ["it"], ["number"], to=F), node("Add", ["next", "number"], ["collected"]),
            node("Identity", ["cin"], ["cout"]), *extra,
        ],
        [info("cout", BOOL, ()), info("next", F, (1, 12)), info("collected", F, (1, 12))],
        [info("it", I64, ()), info("cin", BOOL, ()), info("h", F, (1, 12))],
    )  # fmt: skip
    return node("Loop", [count, going, "x"], ["last", "all"], name="steps", body=body)


W = np.random.default_rng(0).normal(0, 0.3, (12, 12)).astype(np.float32)


@pytest.mark.parametrize("precision", ["F32", "F16"])
def test_loops_are_unrolled(precision):
    known = [constant("n", np.int64(5)), constant("go", np.array(True)), constant("w", W)]
    net = model([repeated("n", "go")], {"x": X}, ["last", "all"], known)
    agrees(net, {"x": X}, precision, 1e-6 if precision == "F32" else 2e-3)
    agrees(model([repeated("n", "")], {"x": X}, ["last", "all"], known), {"x": X})


def test_a_loop_ends_where_its_condition_does():
    body = graph(
        [
            node("Mul", ["h", "two"], ["next"]), node("Add", ["i", "one"], ["after"]),
            node("Less", ["after", "limit"], ["cout"]),
        ],
        [info("cout", BOOL, ()), info("after", I64, ()), info("next", F, (1, 12))],
        [info("it", I64, ()), info("cin", BOOL, ()), info("i", I64, ()), info("h", F, (1, 12))],
        [constant("two", np.float32(2)), constant("one", np.int64(1))],
    )  # fmt: skip
    loop = node("Loop", ["", "go", "zero", "x"], ["count", "y"], body=body)
    known = [constant("go", np.array(True)), constant("zero", np.int64(0))]
    limit = [*known, constant("limit", np.int64(3))]
    agrees(model([loop], {"x": X}, ["y"], limit), {"x": X})
    feeds = {"x": X, "limit": np.array(3, np.int64)}
    with pytest.raises(
        UserError, match="goes on while 'cout' holds, which is computed at run time"
    ):
        tpuc.compile(model([loop], feeds, ["y"], known))
    agrees(model([loop], feeds, ["y"], known), feeds, fix_input={"limit": 3})


def test_a_count_of_the_network_is_refused():
    feeds = {"x": X, "n": np.array(5, np.int64)}
    net = model([repeated("n", "")], feeds, ["last", "all"], [constant("w", W)])
    with pytest.raises(UserError, match=r"node 'steps' \(Loop\): runs as often as 'n' says"):
        tpuc.compile(net)
    endless = [constant("n", np.int64(1 << 40)), constant("w", W)]
    short = graph(
        [node("Identity", ["cin"], ["cout"]), node("Identity", ["h"], ["next"])],
        [info("cout", BOOL, ()), info("next", F, (1, 12))],
        [info("it", I64, ()), info("cin", BOOL, ()), info("h", F, (1, 12))],
    )
    loop = node("Loop", ["n", "", "x"], ["y"], name="steps", body=short)
    with pytest.raises(UserError, match="runs more than"):
        tpuc.compile(model([loop], {"x": X}, ["y"], endless))


def test_a_refused_node_of_a_loop_is_told_once():
    extra = [node("Det", ["m"], ["d"], name="strange")]
    loop = repeated("n", "", extra)
    loop.attribute[0].g.output.append(info("d", F, ()))
    loop.output.append("dets")
    feeds = {"x": X, "m": np.eye(2, dtype=np.float32)}
    known = [constant("n", np.int64(5)), constant("w", W)]
    with pytest.raises(UserError) as caught:
        tpuc.compile(model([loop], feeds, ["last", "all", "dets"], known))
    assert str(caught.value).count("strange") == 1


@pytest.mark.parametrize("backwards", [0, 1])
def test_scans_are_unrolled(backwards):
    body = graph(
        [node("Add", ["s", "row"], ["sum"]), node("Mul", ["sum", "row"], ["out"])],
        [info("sum", F, (3,)), info("out", F, (3,))],
        [info("s", F, (3,)), info("row", F, (3,))],
    )
    scan = node(
        "Scan", ["start", "x"], ["last", "all"], body=body, num_scan_inputs=1, scan_input_axes=[1],
        scan_output_axes=[1], scan_input_directions=[backwards],
        scan_output_directions=[1 - backwards],
    )  # fmt: skip
    feeds = {"x": X.reshape(3, 4), "start": np.ones(3, np.float32)}
    agrees(model([scan], feeds, ["last", "all"]), feeds)


def test_bodies_in_bodies():
    inner = graph([node("Mul", ["h", "factor"], ["o"])], [info("o", F, (1, 12))])
    same = graph([node("Identity", ["h"], ["o"])], [info("o", F, (1, 12))])
    body = graph(
        [
            node("Mod", ["it", "two"], ["odd"]), node("Cast", ["odd"], ["is"], to=BOOL),
            node("If", ["is"], ["next"], then_branch=inner, else_branch=same),
            node("Identity", ["cin"], ["cout"]),
        ],
        [info("cout", BOOL, ()), info("next", F, (1, 12))],
        [info("it", I64, ()), info("cin", BOOL, ()), info("h", F, (1, 12))],
        [constant("two", np.int64(2))],
    )  # fmt: skip
    nodes = [node("Add", ["x", "x"], ["factor"]), node("Loop", ["n", "", "x"], ["y"], body=body)]
    agrees(model(nodes, {"x": X}, ["y"], [constant("n", np.int64(4))]), {"x": X})


def test_sequences():
    nodes = [
        node("SplitToSequence", ["x", "sizes"], ["parts"], axis=1),
        node("SequenceAt", ["parts", "last"], ["tail"]),
        node("SequenceInsert", ["parts", "tail", "zero"], ["more"]),
        node("SequenceErase", ["more", "last"], ["fewer"]),
        node("SequenceLength", ["fewer"], ["count"]),
        node("ConcatFromSequence", ["fewer"], ["joined"], axis=1),
        node("Cast", ["count"], ["number"], to=F), node("Mul", ["joined", "number"], ["y"]),
        node("SequenceConstruct", ["x", "x"], ["twice"]),
        node("ConcatFromSequence", ["twice"], ["stacked"], axis=0, new_axis=1),
        node("SplitToSequence", ["x"], ["rows"], axis=0, keepdims=0),
        node("SequenceAt", ["rows", "zero"], ["row"]),
    ]  # fmt: skip
    known = [
        constant("sizes", np.array([2, 3, 7], np.int64)), constant("last", np.int64(-1)),
        constant("zero", np.int64(0)),
    ]  # fmt: skip
    agrees(model(nodes, {"x": X}, ["y", "stacked", "row"], known), {"x": X})


def test_a_loop_gathers_a_sequence():
    body = graph(
        [
            node("Mul", ["h", "h"], ["next"]), node("SequenceInsert", ["seq", "next"], ["longer"]),
            node("Identity", ["cin"], ["cout"]),
        ],
        [
            info("cout", BOOL, ()), info("next", F, (1, 12)),
            helper.make_tensor_sequence_value_info("longer", F, None),
        ],
        [
            info("it", I64, ()), info("cin", BOOL, ()), info("h", F, (1, 12)),
            helper.make_tensor_sequence_value_info("seq", F, None),
        ],
    )  # fmt: skip
    nodes = [
        node("SequenceEmpty", [], ["none"]),
        node("Loop", ["n", "", "x", "none"], ["last", "all"], body=body),
        node("ConcatFromSequence", ["all"], ["y"], axis=0),
    ]
    agrees(model(nodes, {"x": X}, ["y"], [constant("n", np.int64(3))]), {"x": X})


@pytest.mark.parametrize(
    ("fixed", "reason"),
    [
        ({"rat": 1}, "the input 'rat' is not known, did you mean 'rate'"),
        ({"rate": 1.5}, "has a value that the type int64 does not hold"),
        ({"rate": [1, 2]}, r"has the shape \[2\], the model says \[\]"),
        ({"rate": "fast"}, "is no number or list of numbers|does not hold"),
    ],
)
def test_values_that_do_not_fit_are_refused(fixed, reason):
    feeds = {"x": X, "rate": np.array(16000, np.int64)}
    nodes = [node("Equal", ["rate", "wanted"], ["is"]), branches("is")]
    net = model(nodes, feeds, ["y"], [constant("wanted", np.int64(16000))])
    with pytest.raises(UserError, match=reason):
        tpuc.compile(net, fix_input=fixed)


def test_fix_input_on_the_command_line(tmp_path, capsys):
    feeds = {"x": X, "rate": np.array(16000, np.int64)}
    nodes = [node("Equal", ["rate", "wanted"], ["is"]), branches("is", else_shape=(12,))]
    net = model(nodes, feeds, ["y"], [constant("wanted", np.int64(16000))])
    onnx.save(net, tmp_path / "net.onnx")
    np.savez(tmp_path / "in.npz", x=X)
    source, target = str(tmp_path / "net.onnx"), str(tmp_path / "net.bmodel")
    compile_ = ["compile", source, "--quantize", "F32", "-o", target]
    assert front.main([*compile_, "--fix_input", "rate=16000"]) == 0
    assert np.array_equal(tpuc.Model.load(target).run({"x": X})["y"], np.maximum(X, 0))
    transform = ["--model_def", source, "--mlir", str(tmp_path / "net.mlir")]
    test = ["--test_input", str(tmp_path / "in.npz")]
    assert model_transform.main([*transform, "--fix_input", "rate=8000", *test]) == 0
    for wrong, reason in (("rate", "is not NAME=VALUE"), ("rate=a", "expected a number")):
        capsys.readouterr()
        assert front.main([*compile_, "--fix_input", wrong]) == 1
        assert reason in capsys.readouterr().err
