"""run_calibration and tpuc.calibrate: from inputs to a table."""

import pickle

import networks as nets
import numpy as np
import pytest
import tpuc
from node_tests import check_all
from onnx import helper
from test_int8 import every_tensor, residual_convnet
from tpuc import UserError, _core
from tpuc.calibration import Dataset, Range, calibrate_module, read_table
from tpuc.calibration.gather import gather, merge, tensors_of
from tpuc.calibration.methods import (
    BINS,
    METHODS,
    by_max,
    by_mse,
    by_percentile,
    by_search,
    coarse,
    divergence,
    magnitudes,
    squared_error,
)
from tpuc.calibration.runner import Runner
from tpuc.cli import model_transform, run_calibration
from tpuc.compare import compare
from tpuc.compiler import transform


def histogram_of(*arrays):
    histogram = _core.Histogram(BINS)
    for array in arrays:
        histogram.add(array)
    return histogram


def same(left, right):
    return (
        left.width == right.width
        and np.array_equal(left.counts, right.counts)
        and (left.min, left.max, left.non_finite) == (right.min, right.max, right.non_finite)
    )


@pytest.fixture
def parts():
    rng = np.random.default_rng(1)
    return [
        (rng.standard_normal(1000) * scale).astype(np.float32)
        for scale in (1e-6, 30, 0.2, 7, 0, 1000)
    ]


def test_histograms_do_not_depend_on_order(parts):
    assert same(histogram_of(*parts), histogram_of(*parts[::-1]))
    assert same(histogram_of(*parts), histogram_of(np.concatenate(parts)))


def test_histograms_merge_exactly(parts):
    merged = histogram_of(*parts[:2])
    merged.merge(histogram_of())
    merged.merge(pickle.loads(pickle.dumps(histogram_of(*parts[2:]))))
    assert same(merged, histogram_of(*parts))


def test_histogram_bins_are_powers_of_two_around_zero():
    histogram = histogram_of(np.float32([-1.5, -0.001, 0.0, 0.001, 3.0]))
    counts, half, width = histogram.counts, histogram.bins // 2, histogram.width
    assert np.log2(width) == np.round(np.log2(width))
    for value in (-1.5, -0.001, 0.0, 0.001, 3.0):
        assert counts[half + int(np.floor(value / width))] >= 1
    assert counts.sum() == 5
    assert half * width / 2 <= 3.0 < half * width


def test_histogram_counts_what_is_not_finite_apart():
    histogram = histogram_of(np.float32([1, np.nan, -np.inf]))
    assert (histogram.non_finite, histogram.nans) == (2, 1)
    assert (histogram.min, histogram.max) == (1, 1)


def test_thresholds_of_heavy_tails_cut_the_tail():
    rng = np.random.default_rng(2)
    values = rng.standard_normal(100000).astype(np.float32)
    values[0] = 100
    data = magnitudes(histogram_of(values))
    assert by_max(data) == 100
    for name in ("percentile", "kl"):
        assert 2 < METHODS[name](data) < 20, name
    assert by_mse(data) < 80
    assert by_percentile(data, 50) == pytest.approx(0.674, abs=0.02)


def test_mse_beats_its_neighbours_on_the_elements_themselves():
    values = np.random.default_rng(3).laplace(size=200000).astype(np.float32)
    data = magnitudes(histogram_of(values))
    best = by_mse(data)

    def error(threshold):
        step = threshold / 127
        return np.mean((values - np.clip(np.rint(values / step), -128, 127) * step) ** 2)

    assert error(best) < error(best * 1.3)
    assert error(best) < error(best * 0.7)
    assert squared_error(data, best) / len(values) == pytest.approx(error(best), rel=0.05)


@pytest.mark.parametrize("draw", ["laplace", "standard_normal"])
def test_search_keeps_more_of_the_distribution_at_about_the_least_error(draw):
    rng = np.random.default_rng(4)
    data = magnitudes(histogram_of(getattr(rng, draw)(size=200000).astype(np.float32)))
    least, found = by_mse(data), by_search(data)
    assert squared_error(data, found) <= 1.1 * squared_error(data, least)

    counts, width = coarse(data)

    def distance(threshold):
        return divergence(counts, int(threshold / width), 64)

    assert distance(found) <= distance(least)


def test_tensors_that_are_never_negative_have_twice_the_steps():
    data = magnitudes(histogram_of(np.float32([0, 1, 2])))
    assert (data.steps, magnitudes(histogram_of(np.float32([-1, 2]))).steps) == (255, 127)


def test_exported_operations_agree_with_their_evaluation():
    compared = set()

    def lower(module, feeds):
        graph = _core.read_graph(module)
        try:
            parts = list(Runner(graph, graph.outputs).run(feeds))
        except UserError as error:
            # What onnxruntime has no kernel for is refused, not computed wrongly.
            assert "onnxruntime" in str(error)
            return None
        values = {number: array for part in parts for number, array in part.items()}
        expected = _core.evaluate(module, feeds)
        for port, number in zip(module.outputs, graph.outputs, strict=True):
            if number in values:
                actual, wanted = (
                    array.astype(np.float64) for array in (values[number], expected[port.name])
                )
                np.testing.assert_allclose(actual, wanted, rtol=1e-3, atol=1e-4)
        compared.update(operation.kind for operation in graph.operations)
        return feeds

    check_all(least=900, lower=lower)
    assert len(compared) > 60


def test_every_tensor_of_the_compiler_gets_its_own_range():
    network = residual_convnet()
    image = {"x": np.random.default_rng(5).standard_normal((1, 3, 16, 16)).astype(np.float32)}
    table = tpuc.calibrate(network, [image], method="max")
    for name, value in every_tensor(network, image).items():
        found = table.ranges.get({"fc": "fc"}.get(name, name))
        if found is not None:
            np.testing.assert_allclose(
                (found.min, found.max), (value.min(), value.max()), rtol=1e-5
            )
            assert found.threshold == pytest.approx(np.abs(value).max(), rel=1e-5)
    module = transform(network, "main")
    module.run_pipeline("top-canonicalize")
    assert list(table.ranges) == list(tensors_of(_core.read_graph(module)))


@pytest.mark.parametrize("method", METHODS)
def test_calibrated_network_agrees_with_onnxruntime(method):
    network = residual_convnet()
    rng = np.random.default_rng(5)
    samples = [{"x": rng.standard_normal((1, 3, 16, 16)).astype(np.float32)} for _ in range(8)]
    table = tpuc.calibrate(network, samples, method=method)
    model = tpuc.compile(network, quantize="INT8", calibration_table=table)
    expected = every_tensor(network, samples[0])["fc"]
    assert compare(model.run(samples[0])["y"], expected).within((0.99, 0.8))


def test_parts_give_what_the_whole_gives():
    module = transform(residual_convnet(), "main")
    module.run_pipeline("top-canonicalize")
    graph = _core.read_graph(module)
    wanted = list(tensors_of(graph).values())
    feeds = [np.random.default_rng(1).standard_normal((1, 3, 16, 16)).astype(np.float32)]
    small, large = (
        {k: v for part in Runner(graph, wanted, size).run(feeds) for k, v in part.items()}
        for size in (1, 1 << 30)
    )
    assert small.keys() == large.keys() == set(wanted)
    for value in wanted:
        np.testing.assert_allclose(small[value], large[value], rtol=1e-5, atol=1e-6)


def log_network():
    nodes = [helper.make_node("Log", ["x"], ["l"], "log"), helper.make_node("Abs", ["l"], ["y"])]
    return nets.network(nodes, {"x": [1, 4]}, {"y": [1, 4]})


def test_tensors_that_are_no_numbers_are_named():
    table = tpuc.calibrate(log_network(), [{"x": np.full((1, 4), -1, np.float32)}])
    assert table.ranges["log"] == Range(np.inf, 0.0, 0.0)
    assert "2 of 3 tensors" in table.warning()
    assert "'log'" in table.warning()


def test_infinite_tensors_have_an_infinite_threshold(tmp_path):
    table = tpuc.calibrate(log_network(), [{"x": np.float32([[0, 1, np.e, 0]])}])
    assert table.ranges["log"] == Range(np.inf, 0.0, 1.0)
    table.save(tmp_path / "table")
    assert read_table(tmp_path / "table").ranges["log"] == table.ranges["log"]


def test_no_inputs_are_an_error():
    with pytest.raises(UserError, match="no inputs"):
        tpuc.calibrate(residual_convnet(), [])


# Datasets.


@pytest.fixture
def module():
    return transform(nets.small_convnet(), "main")


def test_npz_with_many_inputs_is_read_one_at_a_time(module, tmp_path):
    data = np.random.default_rng(1).standard_normal((5, 3, 8, 8)).astype(np.float16)
    np.savez(tmp_path / "a.npz", x=data, label=np.arange(5))
    dataset = Dataset(tmp_path, module)
    assert len(dataset) == 5
    items = list(dataset)
    assert len(items) == 5
    np.testing.assert_array_equal(items[3][0], data[3:4].astype(np.float32))
    assert len(list(Dataset(tmp_path, module, count=2))) == 2


def test_npy_files_are_taken_in_order(module, tmp_path):
    for number in (2, 1):
        np.save(tmp_path / f"{number}.npy", np.full((1, 3, 8, 8), number, np.float32))
    assert [item[0].flat[0] for item in Dataset(tmp_path, module)] == [1, 2]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: np.savez(p / "a.npz", z=np.zeros((1, 3, 8, 8)), w=[1]), "has no array 'x'"),
        (lambda p: np.save(p / "a.npy", np.zeros((1, 3, 9, 9))), "has the shape"),
        (lambda p: (p / "a.npz").write_bytes(b"PK junk"), "no readable array file"),
        (lambda p: (p / "a.npy").write_bytes(b"junk"), "no readable array file"),
        (lambda p: (p / "a.txt").write_text(""), "holds no pictures"),
        (lambda p: (p / "a.png").write_bytes(b"junk"), "does not say how a picture"),
    ],
)
def test_bad_data_is_refused_with_its_file(module, tmp_path, make, message):
    make(tmp_path)
    with pytest.raises(UserError, match=message) as error:
        list(Dataset(tmp_path, module))
    assert str(tmp_path) in str(error.value)


# Tables.


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a 1 0", "no entry"),
        ("a one 0 1", "threshold of 'a' is 'one'"),
        ("a nan 0 1", "threshold of 'a' is nan"),
        ("a 1 0 inf", "maximum of 'a' is inf"),
        ("a 0 0 1", "threshold of 'a' is 0"),
        ("a -1 0 1", "threshold of 'a' is -1"),
        ("a 1 2 1", "minimum of 'a' is 2"),
        ("b 1 0 1", "'b' is no tensor"),
        ("x y 1 0 1", "'x y' is in line 1 already"),
    ],
)
def test_broken_line_of_a_table_is_named(tmp_path, line, message):
    path = tmp_path / "table"
    path.write_text(f"x y 1 0 1\n{line}\n")
    with pytest.raises(UserError, match=message) as error:
        read_table(path, ["x y", "a"])
    assert f"{path}:2:" in str(error.value)


def test_missing_entry_of_a_table_is_named(tmp_path):
    path = tmp_path / "table"
    path.write_text("x 1 0 1\n")
    with pytest.raises(UserError, match="no entry for 'a' and 1 more"):
        read_table(path, ["x", "a", "b"])


def test_table_reads_what_it_writes(module, tmp_path):
    table = tpuc.calibrate(module, [np.ones((1, 3, 8, 8), np.float32)])
    table.save(tmp_path / "table")
    again = read_table(tmp_path / "table", list(table.ranges))
    assert str(again) == str(table)


# Commands.


def test_commands_go_from_onnx_to_a_table(tmp_path, capsys):
    nets.save(nets.small_convnet(), tmp_path / "net.onnx")
    arguments = ["--model_def", str(tmp_path / "net.onnx"), "--mlir", str(tmp_path / "net.mlir")]
    assert model_transform.main(arguments) == 0
    np.save(tmp_path / "x.npy", np.ones((4, 3, 8, 8), np.float32))
    arguments = [str(tmp_path / "net.mlir"), "--dataset", str(tmp_path / "x.npy"), "-o",
                 str(tmp_path / "table"), "--input_num", "3", "--method", "kl"]  # fmt: skip
    assert run_calibration.main(arguments) == 0
    assert "sample number: 3" in capsys.readouterr().out
    assert "fc" in read_table(tmp_path / "table").ranges


def test_list_of_inputs_is_relative_to_the_list(tmp_path):
    module = transform(nets.small_convnet(), "main")
    module.write(str(tmp_path / "net.mlir"))
    np.save(tmp_path / "x.npy", np.ones((1, 3, 8, 8), np.float32))
    (tmp_path / "list").write_text("x.npy\nx.npy\n")
    arguments = [str(tmp_path / "net.mlir"), "--data_list", str(tmp_path / "list"), "-o",
                 str(tmp_path / "table")]  # fmt: skip
    assert run_calibration.main(arguments) == 0
    (tmp_path / "list").write_text("y.npy\n")
    assert run_calibration.main(arguments) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "either with --dataset or with --data_list"),
        (["--dataset", "nothing"], "nothing: no such file or folder"),
        (["--dataset", ".", "--method", "guess"], "--method 'guess' is not known"),
        (["--dataset", ".", "--input_num", "0"], "--input_num 0"),
        (["--dataset", ".", "--mean", "a,b"], "--mean 'a,b' is no list of numbers"),
    ],
)
def test_wrong_arguments_are_one_line(tmp_path, capsys, arguments, message):
    transform(nets.small_convnet(), "main").write(str(tmp_path / "net.mlir"))
    table = str(tmp_path / "table")
    assert run_calibration.main([str(tmp_path / "net.mlir"), *arguments, "-o", table]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_table_does_not_depend_on_where_the_pass_is_cut(module):
    rng = np.random.default_rng(3)
    samples = [[rng.standard_normal((1, 3, 8, 8)).astype(np.float32)] for _ in range(6)]
    module.run_pipeline("top-canonicalize")
    graph = _core.read_graph(module)
    whole = gather(graph, samples)
    parts = merge(merge({}, gather(graph, samples[:2])), gather(graph, samples[2:]))
    assert whole.keys() == parts.keys()
    for value, histogram in whole.items():
        assert same(histogram, parts[value])


def test_progress_is_told_of_every_input(module):
    calls = []
    samples = Dataset([np.ones((1, 3, 8, 8), np.float32)] * 3, module)
    calibrate_module(module, samples, advance=lambda: calls.append(1))
    assert len(calls) == 3
