"""What the tables of bad inputs share: a register, files to break, what is asked of a refusal."""

import functools
import importlib
import resource
import tempfile
import time
from pathlib import Path

import networks as nets
import numpy as np
import pytest

# The modules of commands that have another name.
_MODULES = {"tpuc": "front"}
_SECONDS, _BYTES = 10, 1 << 30
GOOD = {"x": np.zeros((1, 3, 8, 8), np.float32)}


def table():
    """An empty list of cases, and a decorator ``case(name, *words)`` that adds one.

    What is decorated prepares files in a folder and returns a command line; the message must
    contain the words.
    """
    cases = []

    def case(name, *words):
        def register(function):
            cases.append(pytest.param(function, words, id=name))
            return function

        return register

    return cases, case


def transform(folder, model, *more, out="out.mlir"):
    """A model_transform command line for a model or a path."""
    if not isinstance(model, str | Path):
        model = nets.save(model, folder / "net.onnx")
    return ["model_transform", "--model_def", str(model), "--mlir", str(folder / out), *more]


def flip(data, at):
    data[int(len(data) * at)] ^= 0x10
    return data


@functools.cache
def _module(text):
    from tpuc.compiler import transform as to_top

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.mlir"
        to_top(nets.small_convnet(), "net").write(str(path), text=text)
        return path.read_bytes()


@functools.cache
def _bmodel():
    import tpuc

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.bmodel"
        tpuc.compile(nets.small_convnet()).save(path)
        return path.read_bytes()


def make_module(folder, text=False):
    """The small network as a stage file."""
    path = folder / "net.mlir"
    path.write_bytes(_module(text))
    return path


def deploy(folder, path, *more, quantize="F16", chip="bm1684x"):
    """A model_deploy command line."""
    return ["model_deploy", "--mlir", str(path), "--quantize", quantize, "--chip", chip,
            "--model", str(folder / "out.bmodel"), *more]  # fmt: skip


def make_bmodel(folder):
    """The small network, compiled."""
    path = folder / "net.bmodel"
    path.write_bytes(_bmodel())
    return path


def make_all(folder):
    """net.onnx, net.mlir, net.bmodel and in.npz of the small network."""
    nets.save(nets.small_convnet(), folder / "net.onnx")
    make_module(folder)
    make_bmodel(folder)
    np.savez(folder / "in.npz", **GOOD)


def runner(folder, model, arrays):
    """A model_runner command line on arrays or on a file of them."""
    if isinstance(arrays, dict):
        np.savez(folder / "in.npz", **arrays)
        arrays = folder / "in.npz"
    return ["model_runner", "--input", str(arrays), "--model", str(model),
            "--output", str(folder / "out.npz")]  # fmt: skip


def files_of(folder):
    """The files in a folder with their sizes."""
    return {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def _peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def check_refused(prepare, words, folder, capsys, monkeypatch):
    """Runs a case: exit code 1, one clear line, no file, in little time and memory."""
    monkeypatch.chdir(folder)
    command = prepare(folder)
    before = files_of(folder)
    capsys.readouterr()
    main = importlib.import_module(f"tpuc.cli.{_MODULES.get(command[0], command[0])}").main
    start, memory = time.monotonic(), _peak_bytes()
    code = main(command[1:])
    seconds, memory = time.monotonic() - start, _peak_bytes() - memory
    printed = capsys.readouterr()
    assert code == 1, printed.out
    lines = printed.err.splitlines()
    assert len(lines) == 1, printed.err
    assert lines[0].startswith("error: ")
    assert lines[0].isprintable()
    assert len(lines[0]) < 4000
    assert "internal error" not in lines[0]
    assert "Traceback" not in printed.err + printed.out
    for word in words:
        assert word in lines[0]
    assert files_of(folder) == before
    assert seconds < _SECONDS
    assert memory < _BYTES
