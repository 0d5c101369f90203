"""tpuc quantize: which layers fall back to F16, and what it says of them."""

from html.parser import HTMLParser
from types import SimpleNamespace

import networks as nets
import numpy as np
import pytest
from onnx import helper
from tpuc import UserError, _core
from tpuc.calibration import Dataset, canonical, make_table
from tpuc.calibration.accuracy import Accuracy
from tpuc.calibration.gather import by_name, gather
from tpuc.calibration.runner import Runner
from tpuc.cli import front
from tpuc.compiler import transform
from tpuc.tuning.layers import ERROR, Local, Trials, find_layers
from tpuc.tuning.report import draw, report_html
from tpuc.tuning.search import Choice, Target, costs_of, search
from tpuc.tuning.sensitivity import Disturbed, Effect, measure_effects, relative_error
from tpuc.tuning.tune import tune

HEIGHT = 6


def outlier_network():
    """Three convolutions; the second one reads a channel a hundred times the others'."""
    rng = np.random.default_rng(3)
    weights = {
        f"w{i}": rng.standard_normal((8, 3 if i == 0 else 8, 3, 3)).astype(np.float32) / 8
        for i in range(3)
    }
    weights["w0"][0] *= 100
    weights["w1"][:, 0] /= 100
    weights["fc"] = rng.standard_normal((5, 8 * HEIGHT * HEIGHT)).astype(np.float32)
    nodes = []
    value = "x"
    for i in range(3):
        nodes.append(
            helper.make_node("Conv", [value, f"w{i}"], [f"c{i}"], f"conv{i}", pads=[1] * 4)
        )
        nodes.append(helper.make_node("Relu", [f"c{i}"], [f"r{i}"], f"relu{i}"))
        value = f"r{i}"
    nodes += [helper.make_node("Flatten", [value], ["f"], "flat"),
              helper.make_node("Gemm", ["f", "fc"], ["y"], "head", transB=1)]  # fmt: skip
    return nets.network(nodes, {"x": [1, 3, HEIGHT, HEIGHT]}, {"y": [1, 5]}, weights)


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(1)
    return [rng.standard_normal((1, 3, HEIGHT, HEIGHT)).astype(np.float32) for _ in range(8)]


@pytest.fixture(scope="module")
def tuned(samples):
    """Graph, layers and trials of the network with an outlier."""
    module = canonical(transform(outlier_network(), "main"))
    graph = _core.read_graph(module)
    ranges = make_table(by_name(graph, gather(graph, [[s] for s in samples])), "max", 8)
    trials = Trials(module, ranges)
    return graph, find_layers(graph, trials.quantized_operations({})), trials


def test_network_without_errors_is_the_network(tuned, samples):
    graph, layers, _ = tuned
    values = {}
    for part in Runner(graph, graph.outputs).run([samples[0]]):
        values.update(part)
    (result,) = Disturbed(graph, layers).run([samples[0]], {})
    np.testing.assert_allclose(result, values[graph.outputs[0]], rtol=1e-5)


def test_error_of_the_last_layer_is_the_error_of_the_result(tuned, samples):
    graph, layers, _ = tuned
    last = layers[-1]
    values = {}
    for part in Runner(graph, list(last.data)).run([samples[0]]):
        values.update(part)
    error = Local(graph, last, ERROR).run(values)[ERROR]
    network = Disturbed(graph, layers)
    (exact,), (found,) = (network.run([samples[0]], e) for e in ({}, {last.index: error}))
    np.testing.assert_allclose(found - exact, error, atol=1e-5 * np.abs(exact).max())
    assert relative_error([found], [exact]) == pytest.approx(
        np.square(error).sum() / np.square(exact).sum(), rel=1e-3
    )


def test_the_layer_behind_the_outlier_is_the_worst(tuned, samples):
    graph, layers, _ = tuned
    effects = measure_effects(graph, layers, [[s] for s in samples[:2]])
    worst = max(effects, key=lambda effect: effect.output_error)
    assert worst.layer is layers[1]
    assert worst.sqnr == min(effect.sqnr for effect in effects)
    assert worst.cosine == min(effect.cosine for effect in effects) < 0.999


def test_costs_are_those_of_the_timing_model(tuned, samples):
    _, layers, trials = tuned
    choices = costs_of(trials, [Effect(layer, output_error=1.0) for layer in layers])
    base = trials.compile({}).profile().ms
    for choice in choices:
        alone = trials.compile({choice.effect.layer.name: "F16"}).profile().ms
        assert choice.microseconds == pytest.approx(1e3 * (alone - base), abs=1e-6)
    gains = [choice.gain for choice in choices]
    assert gains == sorted(gains, reverse=True)


PROFILE = SimpleNamespace(ms=1.0, silicon_ms=1.1)


class Stub:
    """Compiles nothing: the layers' names stand for the network."""

    def __init__(self):
        self.tried = []

    def compile(self, precisions):
        self.tried.append(set(precisions))
        return SimpleNamespace(names=set(precisions), profile=lambda: PROFILE)


def search_stub(needed, count=20, costs=None, target=None):
    layers = [SimpleNamespace(name=f"l{i}") for i in range(count)]
    order = [Choice(Effect(layer), (costs or {}).get(layer.name, 0.0)) for layer in layers]
    stub = Stub()

    def measure(model):
        return Accuracy(100, agree=100 - len(needed - model.names), cosine=0.5)

    return search(stub, order, measure, target or Target(0.0)), stub


@pytest.mark.parametrize("last", [0, 1, 4, 7, 19])
def test_as_few_layers_leave_as_suffice(last):
    result, stub = search_stub({f"l{last}"})
    assert set(result.precisions()) == {f"l{i}" for i in range(last + 1)}
    assert result.is_met
    assert len(stub.tried) <= 12


def test_layers_that_are_not_needed_come_back_the_most_expensive_first():
    result, _ = search_stub({"l5"}, costs={"l2": 3.0, "l4": 9.0})
    assert set(result.precisions()) == {"l0", "l1", "l3", "l5"}


def test_nothing_falls_back_when_int8_is_good_enough():
    result, stub = search_stub(set())
    assert result.chosen == [] and len(stub.tried) == 1


def test_search_says_when_all_layers_do_not_suffice():
    result, _ = search_stub({"other"})
    assert not result.is_met and len(result.chosen) == 20


def test_cosine_is_a_target_of_its_own():
    assert not search_stub(set(), target=Target(100.0, 0.9))[0].is_met


def test_drop_is_by_labels_then_by_classes_then_by_cosine():
    target = Target(0.5)
    assert target.drop(Accuracy(200, agree=190, right=197, float_right=198)) == 0.5
    assert target.drop(Accuracy(200, agree=190)) == 5.0
    assert target.drop(Accuracy(200, cosine=0.99)) == pytest.approx(1.0)
    assert target.met(Accuracy(200, right=197, float_right=198))
    assert not target.met(Accuracy(200, right=196, float_right=198))


def test_biases_of_layers_that_leave_stay_as_they_were(samples):
    module = transform(outlier_network(), "main")
    tuning = tune(module, Dataset(samples, module), "max", Target(0.0, 0.9999))
    assert 0 < len(tuning.result.chosen) < len(tuning.result.order)
    names = tuning.result.precisions()
    graphs = [_core.read_graph(canonical(module)), _core.read_graph(tuning.module)]
    for layer in (choice.effect.layer for choice in tuning.result.order):
        if not layer.is_contraction:
            continue
        # The network has no biases: only a layer in INT8 gets one, and not one that is alone.
        after = next(op for op in graphs[1].operations
                     if op.name == layer.name and op.kind == layer.operation.kind)  # fmt: skip
        assert len(after.operands) == 2 or layer.name not in names


def test_table_has_names_precisions_and_reasons(tmp_path, samples):
    module = transform(outlier_network(), "main")
    tuning = tune(module, Dataset(samples, module), "max", Target(0.0, 0.9999))
    path = tmp_path / "table"
    path.write_text(tuning.table())
    assert _core.read_quantize_table(str(path)) == tuning.result.precisions()
    line = next(line for line in path.read_text().splitlines() if line[0] != "#")
    assert "% of the error" in line and " us" in line and "SQNR" in line


def test_names_with_blanks_and_signs_are_read(tmp_path):
    path = tmp_path / "table"
    path.write_text("# head\na name#1\tf16  # why\n\nb  INT8\n")
    assert _core.read_quantize_table(str(path)) == {"a name#1": "F16", "b": "INT8"}


class Page(HTMLParser):
    """The rows of tables by their ids, and what a page refers to."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.links = {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.links += [attrs[key] for key in ("src", "href") if key in attrs]
        if tag == "table":
            self.rows[attrs["id"]] = self.now = []
        elif tag == "tr":
            self.now.append([])
        elif tag == "td":
            self.now[-1].append("")
        elif tag == "svg":
            self.now[-1][-1] += "svg "

    def handle_data(self, data):
        if self.rows and self.now and self.now[-1]:
            self.now[-1][-1] += data.strip()


def test_report_has_every_layer_and_needs_nothing_else(samples):
    module = transform(outlier_network(), "main")
    tuning = tune(module, Dataset(samples, module), "max", Target(0.0, 0.9999))
    page = Page(report_html("a <b>", tuning))
    assert page.links == []
    rows = [row for row in page.rows["layers"] if row]
    assert len(rows) == len(tuning.result.order)
    by_name = {choice.effect.layer.name: choice.effect for choice in tuning.result.order}
    for row in rows:
        effect = by_name[row[1]]
        assert row[3] == ("F16" if row[1] in tuning.result.precisions() else "INT8")
        assert row[4] == f"{effect.cosine:.6f}" and row[5] == f"{effect.sqnr:.1f}"
        assert row[8].count("svg") == len(effect.layer.data)
    assert len([row for row in page.rows["steps"] if row]) == len(tuning.result.steps)
    assert "a &lt;b&gt; in INT8" in report_html("a <b>", tuning)


def test_drawing_tells_what_int8_cuts_off():
    histogram = _core.Histogram(1024)
    histogram.add(np.float32([-1, 0, 1, 2, 8]))
    assert 'class="lost"' in draw(histogram, -2, 2)
    assert 'class="lost"' not in draw(histogram, -8, 8)
    assert "-1 to 8, INT8 -2 to 2" in draw(histogram, -2, 2)


@pytest.fixture
def files(tmp_path, samples):
    np.save(tmp_path / "x.npy", np.concatenate(samples))
    return nets.save(outlier_network(), tmp_path / "net.onnx"), str(tmp_path / "x.npy")


def test_command_writes_tables_that_compile(files, tmp_path, capsys):
    model, data = files
    table = str(tmp_path / "q")
    command = ["quantize", model, "--calibration", data, "--min-cosine", "0.9995", "-o", table]
    assert front.main([*command, "--report", str(tmp_path / "r.html")]) == 0
    assert "net in INT8" in (tmp_path / "r.html").read_text()
    out = capsys.readouterr().out
    assert "layers in F16" in out and "conv1" in out
    command = ["compile", model, "--quantize", "INT8", "--calibration_table", f"{table}_cali_table",
               "--quantize_table", table, "-o", str(tmp_path / "net.bmodel")]  # fmt: skip
    assert front.main(command) == 0


def test_compile_searches_by_itself(files, tmp_path, capsys):
    model, data = files
    command = ["compile", model, "--quantize", "INT8", "--calibration", data, "--method", "max",
               "--min_cosine", "0.9995", "--input_num", "6", "-o",
               str(tmp_path / "net.bmodel")]  # fmt: skip
    assert front.main(command) == 0
    out = capsys.readouterr().out
    assert "as in the table" in out and "2 held-out inputs" in out
    assert _core.read_quantize_table(str(tmp_path / "net_qtable"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no inputs are given"),
        (["--calibration", "DATA", "--min_cosine", "1"], "with every layer in F16"),
        (["--calibration", "DATA", "--max_drop", "-1"], "max_drop '-1'"),
        (["--calibration", "nothing.npy"], "nothing.npy"),
    ],
)
def test_command_refuses(files, capsys, arguments, message):
    model, data = files
    command = ["quantize", model, *[data if a == "DATA" else a for a in arguments]]
    assert front.main(command) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: ") and message in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--max_drop", "1"], "need inputs"),
        (["--max_drop", "1", "--quantize_table", "t"], "alternatives"),
        (["--report", "r.html"], "--report needs"),
    ],
)
def test_compile_refuses(files, tmp_path, capsys, arguments, message):
    (tmp_path / "t").write_text("")
    arguments = [str(tmp_path / "t") if a == "t" else a for a in arguments]
    command = ["compile", files[0], "--quantize", "INT8", "-o", str(tmp_path / "o.bmodel")]
    assert front.main([*command, *arguments]) == 1
    assert message in capsys.readouterr().err


def test_search_wants_inputs(samples):
    module = transform(outlier_network(), "main")
    with pytest.raises(UserError, match="no inputs"):
        tune(module, Dataset([], module), "max", Target(0.0))
