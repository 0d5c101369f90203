"""A command refuses to write a file that it reads, by whatever name, and keeps its bytes."""

import importlib
import os
from pathlib import Path

import networks as nets
import numpy as np
import onnx
import pytest
import tpuc

INPUTS = {"x": np.zeros((1, 3, 8, 8), np.float32)}


@pytest.fixture(scope="module")
def compiled():
    """A small network, compiled."""
    return tpuc.compile(nets.small_convnet(), "F32")


@pytest.fixture
def folder(tmp_path, monkeypatch, compiled):
    """A folder with a file of every kind, and one whose weights lie beside it."""
    from tpuc.cli import model_transform

    monkeypatch.chdir(tmp_path)
    nets.save(nets.small_convnet(), tmp_path / "net.onnx")
    onnx.save(
        nets.small_convnet(), "far.onnx", save_as_external_data=True, location="far.data",
        size_threshold=0,
    )  # fmt: skip
    compiled.save("net.bmodel")
    np.savez("in.npz", **INPUTS)
    (tmp_path / "list").write_text("in.npz\n")
    (tmp_path / "prec").write_text("")
    argv = ["--model_def", "net.onnx", "--mlir", "net.mlir"]
    assert model_transform.main(argv) == 0
    return tmp_path


RUN = ("front", "run", "net.bmodel", "--input", "in.npz")
COMPILE = ("front", "compile", "net.onnx", "--test_input", "in.npz")
DEPLOY = ("model_deploy", "--mlir", "net.mlir", "--quantize", "F32", "--test_input", "in.npz")
TRANSFORM = ("model_transform", "--model_def", "net.onnx", "--test_input", "in.npz")
CALIBRATE = ("run_calibration", "net.mlir", "--data_list", "list")
# A command line without the output, and the input that the output is.
CASES = [
    ((*COMPILE, "-o"), "net.onnx"),
    ((*COMPILE, "--stop_after", "tpu", "-o"), "net.onnx"),
    ((*COMPILE, "-o", "out.bmodel", "--test_result"), "in.npz"),
    ((*COMPILE, "-o", "out.bmodel", "--explain"), "net.onnx"),
    (("front", "compile", "far.onnx", "-o"), "far.data"),
    (("front", "compile", "net.mlir", "-o"), "net.mlir"),
    (("front", "compile", "net.mlir", "--quantize_table", "prec", "-o"), "prec"),
    (("front", "quantize", "net.onnx", "--data_list", "list", "-o"), "list"),
    ((*DEPLOY, "--model"), "net.mlir"),
    ((*DEPLOY, "--model", "out.bmodel", "--test_result"), "in.npz"),
    ((*TRANSFORM, "--mlir"), "net.onnx"),
    ((*TRANSFORM, "--mlir", "out.mlir", "--test_result"), "in.npz"),
    (("model_transform", "--model_def", "far.onnx", "--mlir"), "far.data"),
    ((*CALIBRATE, "-o"), "net.mlir"),
    ((*CALIBRATE, "-o"), "in.npz"),
    ((*RUN, "--output"), "in.npz"),
    ((*RUN, "--output"), "net.bmodel"),
    (("front", "dis", "net.bmodel", "-o"), "net.bmodel"),
    (("front", "debug", "reduce", "net.onnx", "-o"), "net.onnx"),
    (("front", "debug", "reduce", "net.onnx", "--input", "in.npz", "-o", "in.onnx"), None),
    (("front", "debug", "dump", "net.bmodel", "--input", "in.npz", "--list", "-o"), "in.npz"),
]  # fmt: skip
ALIASES = {
    "same": lambda name: name,
    "relative": lambda name: f"../{os.path.basename(os.getcwd())}/./{name}",
    "absolute": os.path.abspath,
    "symlink": lambda name: (os.symlink(name, "alias"), "alias")[1],
    "hard_link": lambda name: (os.link(name, "alias"), "alias")[1],
}


def contents():
    """The bytes of every file here."""
    return {path.name: path.read_bytes() for path in Path().iterdir()}


def check_refused(argv, capsys):
    """Runs a command that must fail in one line and change nothing."""
    before = contents()
    capsys.readouterr()
    assert importlib.import_module(f"tpuc.cli.{argv[0]}").main(list(argv[1:])) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("error: ")
    assert "input" in lines[0]
    assert contents() == before


@pytest.mark.parametrize(("argv", "name"), CASES, ids=[" ".join(a) + str(n) for a, n in CASES])
def test_an_input_is_not_written(argv, name, folder, capsys):
    check_refused(argv if name is None else (*argv, name), capsys)


@pytest.mark.parametrize("alias", ALIASES)
def test_no_other_name_helps(alias, folder, capsys):
    check_refused((*COMPILE, "-o", ALIASES[alias]("net.onnx")), capsys)


def test_a_program_may_replace_what_it_has_read(folder):
    model = tpuc.Model.load("net.bmodel")
    model.save("net.bmodel")
    assert tpuc.Model.load("net.bmodel").inputs == model.inputs


NAMES = ["file", "allow_pickle", "arr_0", "args", "kwds", "a", "a.npy", "a/b", "/a", "../a", "a b",
         "x:0", "ä", "self", ""]  # fmt: skip


def test_arrays_of_any_name_are_written(tmp_path):
    from tpuc.arrays import load_npz, save_npz

    arrays = {name: np.full((2, 3), i, np.float32) for i, name in enumerate(NAMES)}
    arrays["rank0"] = np.array(7)
    save_npz(tmp_path / "a.npz", arrays)
    found = load_npz(tmp_path / "a.npz")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


def test_outputs_of_any_name_are_written(tmp_path, monkeypatch):
    from tpuc.cli import front

    monkeypatch.chdir(tmp_path)
    names = ["file", "allow_pickle", "arr_0"]
    nodes = [onnx.helper.make_node("Neg", ["x"], [name]) for name in names]
    nets.save(nets.network(nodes, {"x": [2]}, {name: [2] for name in names}), tmp_path / "n.onnx")
    np.savez("in.npz", x=np.float32([1, 2]))
    assert front.main(["compile", "n.onnx", "--quantize", "F32", "-o", "n.bmodel"]) == 0
    assert front.main(["run", "n.bmodel", "--input", "in.npz", "--output", "out.npz"]) == 0
    with np.load("out.npz") as results:
        for name in names:
            np.testing.assert_array_equal(results[name], np.float32([-1, -2]))
