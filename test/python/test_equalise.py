"""Channels of like sizes, by the weights around them."""

import networks as nets
import numpy as np
import pytest
from onnx import helper
from tpuc import UserError, _core
from tpuc.calibration import canonical, make_table
from tpuc.calibration.accuracy import float_results, measure
from tpuc.calibration.gather import by_name, gather
from tpuc.cli import front, model_deploy, model_transform, run_calibration
from tpuc.compiler import transform
from tpuc.tuning.equalise import channel_magnitudes, with_equalised_channels
from tpuc.tuning.layers import Trials

SIZE = 6


def convnet():
    """Two convolutions with a channel a hundred times the others between them."""
    rng = np.random.default_rng(3)
    weights = {"w0": rng.standard_normal((8, 3, 3, 3)), "w1": rng.standard_normal((8, 8, 3, 3))}
    weights["w0"][0] *= 100
    weights["w1"][:, 0] /= 100
    nodes = [
        helper.make_node("Conv", ["x", "w0"], ["c"], "first", pads=[1] * 4),
        helper.make_node("Relu", ["c"], ["r"], "relu"),
        helper.make_node("Conv", ["r", "w1"], ["y"], "second", pads=[1] * 4),
    ]
    weights = {name: np.float32(w) for name, w in weights.items()}
    return nets.network(nodes, {"x": [1, 3, SIZE, SIZE]}, {"y": [1, 8, SIZE, SIZE]}, weights)


def attention():
    """One head's values with a column a hundred times the others."""
    rng = np.random.default_rng(4)
    weights = {name: np.float32(rng.standard_normal((8, 8)) / 3) for name in "qkvo"}
    weights["v"][:, 2] *= 100
    weights["o"][2] /= 100
    weights["h"] = np.int64([10, 2, 4])
    weights["f"] = np.int64([10, 8])
    make = helper.make_node
    nodes = []
    for name, order in (("q", [1, 0, 2]), ("k", [1, 2, 0]), ("v", [1, 0, 2])):
        nodes += [
            make("MatMul", ["x", name], [f"{name}0"], f"to_{name}"),
            make("Reshape", [f"{name}0", "h"], [f"{name}1"], f"heads_of_{name}"),
            make("Transpose", [f"{name}1"], [f"{name}2"], f"order_of_{name}", perm=order),
        ]
    nodes += [
        make("MatMul", ["q2", "k2"], ["s"], "scores"),
        make("Softmax", ["s"], ["p"], "softmax", axis=-1),
        make("MatMul", ["p", "v2"], ["a"], "mixed"),
        make("Transpose", ["a"], ["b"], "back", perm=[1, 0, 2]),
        make("Reshape", ["b", "f"], ["c"], "flat"),
        make("MatMul", ["c", "o"], ["y"], "out"),
    ]
    return nets.network(nodes, {"x": [10, 8]}, {"y": [10, 8]}, weights)


# The layer behind the channels computes in INT8 even where floats would be as fast.
NETWORKS = {
    "convolutions": (convnet, (1, 3, SIZE, SIZE), "second"),
    "attention": (attention, (10, 8), "out"),
}


def inputs_of(shape):
    rng = np.random.default_rng(1)
    return [[rng.standard_normal(shape).astype(np.float32)] for _ in range(4)]


@pytest.mark.parametrize("name", NETWORKS)
def test_int8_loses_less_and_the_float_network_nothing(name):
    make, shape, layer = NETWORKS[name]
    inputs = inputs_of(shape)
    plain = canonical(transform(make(), "main"))
    samples = list(float_results(plain, inputs))
    equal = with_equalised_channels(plain, inputs)
    for a, b in zip(samples, float_results(equal, inputs), strict=True):
        np.testing.assert_allclose(b.results["y"], a.results["y"], rtol=1e-4, atol=1e-4)
    lost = []
    for module in (plain, equal):
        graph = _core.read_graph(module)
        ranges = make_table(by_name(graph, gather(graph, inputs)), "max", 4)
        lost.append(1 - measure(Trials(module, ranges).compile({layer: "INT8"}), samples).cosine)
    assert lost[1] < 0.5 * lost[0]


def test_channels_are_measured_where_contractions_read_them():
    module = canonical(transform(convnet(), "main"))
    inputs = inputs_of((1, 3, SIZE, SIZE))
    found = channel_magnitudes(_core.read_graph(module), inputs)
    assert sorted(found) == ["relu", "x"]
    largest = np.abs(np.concatenate([array for (array,) in inputs])).max(axis=(0, 2, 3))
    np.testing.assert_allclose(found["x"], largest)
    assert found["relu"][0] > 20 * found["relu"][1:].max()


@pytest.fixture
def files(tmp_path):
    np.save(tmp_path / "x.npy", np.concatenate([x for (x,) in inputs_of((1, 3, SIZE, SIZE))]))
    return nets.save(convnet(), tmp_path / "net.onnx"), str(tmp_path / "x.npy")


def test_compile_equalises(files, tmp_path, capsys):
    model, data = files
    worst = []
    for flag in ("--no-equalize", "--equalize"):
        out = str(tmp_path / "net.bmodel")
        command = ["compile", model, "--quantize", "INT8", "--calibration", data, flag, "-o", out]
        assert front.main(command) == 0
        line = next(x for x in capsys.readouterr().out.splitlines() if "cosine with float" in x)
        worst.append(float(line.split()[-1].rstrip(")")))
    assert 1 - worst[1] < 0.5 * (1 - worst[0])


def test_table_brings_the_constants_that_it_belongs_to(files, tmp_path):
    model, data = files
    top, table, bmodel = (str(tmp_path / name) for name in ("net.mlir", "table", "net.bmodel"))
    assert model_transform.main(["--model_name", "net", "--model_def", model, "--mlir", top]) == 0
    assert run_calibration.main([top, "--dataset", data, "--equalize", "-o", table]) == 0
    command = ["--mlir", top, "--quantize", "INT8", "--calibration_table", table]
    assert model_deploy.main([*command, "--model", bmodel]) == 0
    relu = next(x for x in (tmp_path / "table").read_text().splitlines() if x.startswith("relu"))
    assert float(relu.split()[-1]) < 100


def test_table_of_another_module_is_refused(tmp_path):
    module = canonical(transform(convnet(), "main"))
    (tmp_path / "channels").write_text("relu 1.0,2.0\n")
    with pytest.raises(UserError, match="reads 8 channels"):
        module.run_pipeline(f"func.func(top-equalize-channels{{table={tmp_path / 'channels'}}})")
