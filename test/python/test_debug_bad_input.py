"""What users get wrong with compare and debug: exit code 1, one clear line, no file left."""

import networks as nets
import numpy as np
import pytest
import tpuc
from tpuc.cli.front import main


@pytest.fixture(scope="module")
def compiled():
    """The bytes of a small .bmodel."""
    return tpuc.compile(nets.small_convnet(), "F32")


@pytest.fixture
def folder(tmp_path, monkeypatch, compiled):
    """A folder with a model, its .bmodel, inputs and some broken files."""
    monkeypatch.chdir(tmp_path)
    nets.save(nets.small_convnet(), tmp_path / "net.onnx")
    compiled.save(tmp_path / "net.bmodel")
    np.savez("in.npz", x=np.zeros((1, 3, 8, 8), np.float32))
    np.savez("small.npz", x=np.zeros((1, 3, 4, 4), np.float32))
    np.savez("named.npz", z=np.zeros(3))
    np.savez("two.npz", a=np.zeros(3), b=np.zeros(3))
    (tmp_path / "broken.onnx").write_bytes(b"\x08\x01no model")
    (tmp_path / "broken.bmodel").write_bytes(bytes(200))
    nets.save(nets.one_node("Relu"), tmp_path / "other.onnx")
    nets.save(nets.network([], {"x": ["n"]}, {"x": ["n"]}), tmp_path / "free.onnx")
    return tmp_path


DUMP = ("debug", "dump", "net.bmodel", "--input", "in.npz")
PLACE = (*DUMP, "--shape", "1,2,3,4", "--address")

CASES = [
    (("compare", "net.onnx", "net.bmodel"), "--input"),
    (("compare", "net.onnx", "gone.bmodel", "--input", "in.npz"), "no such file"),
    (("compare", "gone.onnx", "net.bmodel", "--input", "in.npz"), "no such file"),
    (("compare", "broken.onnx", "net.bmodel", "--input", "in.npz"), "broken.onnx"),
    (("compare", "net.onnx", "broken.bmodel", "--input", "in.npz"), "broken.bmodel"),
    (("compare", "net.onnx", "net.bmodel", "--input", "gone.npz"), "no such file"),
    (("compare", "net.onnx", "net.bmodel", "--input", "named.npz"), "'x' is missing"),
    (("compare", "net.onnx", "net.bmodel", "--input", "small.npz"), "onnxruntime"),
    (("compare", "other.onnx", "net.bmodel", "--input", "in.npz"), "other.onnx"),
    (("compare", "net.onnx", "net.bmodel", "--input", "in.npz", "--tolerance", "x"), "--tolerance"),
    (("compare", "in.npz", "in.npz", "--json"), "--json"),
    (("debug", "net.onnx"), "--input"),
    (("debug", "dump"), "MODEL"),
    (("debug", "dump", "net.bmodel"), "--list, --tensor NAME and --address"),
    (("debug", "dump", "net.bmodel", "--list", "--tensor", "r"), "give one of"),
    (("debug", "dump", "net.bmodel", "--tensor", "r"), "--input is missing"),
    (("debug", "dump", "gone.bmodel", "--list"), "no such file"),
    (("debug", "dump", "broken.bmodel", "--list"), "broken.bmodel"),
    ((*DUMP, "--tensor", "q"), "--list"),
    ((*DUMP, "--tensor", "yy"), "no tensor 'yy'"),
    ((*DUMP, "--tensor", "r", "--after", "later"), "gdma:12"),
    ((*DUMP, "--tensor", "r", "--after", "gdma:99999"), "the queue ends after"),
    ((*DUMP, "--tensor", "r", "--after", "7:tiu:1"), "command groups"),
    ((*DUMP, "--tensor", "r", "-o", "no/where.npz"), "does not exist"),
    ((*DUMP, "--tensor", "r", "--check", "two.npz"), "no array 'r'"),
    ((*DUMP, "--tensor", "r", "--check", "named.npz"), "shape"),
    ((*DUMP, "--address", "0x100000000"), "--shape is missing"),
    ((*DUMP, "--address", "0x100000000", "--shape", "1,x"), "--shape"),
    ((*DUMP, "--address", "0x100000000", "--shape", "0"), "--shape"),
    ((*PLACE, "here"), "--address 'here'"),
    ((*PLACE, "local:0x40000"), "--address"),
    ((*PLACE, "local:0", "--lane", "64"), "--lane"),
    ((*PLACE, "local:0", "--strides", "1,2"), "n,c,h,w"),
    ((*PLACE, "local:0x3ff00", "--strides", "9999,1,1,1", "--shape", "9,1,1,1"), "of a lane"),
    ((*PLACE, "local:0", "--shape", "9999,9999,1,1"), "larger than local memory"),
    ((*PLACE, "0x100000000", "--dtype", "f13"), "f13"),
    ((*PLACE, "0x100000000", "--strides", "1,2"), "as many"),
    ((*PLACE, "0x2fffffff0"), "memory that the model uses"),
    ((*PLACE, "0"), "memory that the model uses"),
    (("debug", "reduce"), "MODEL"),
    (("debug", "reduce", "gone.onnx"), "no such file"),
    (("debug", "reduce", "broken.onnx"), "broken.onnx"),
    (("debug", "reduce", "net.onnx", "-o", "net.onnx"), "another file"),
    (("debug", "reduce", "net.onnx", "-o", "no/where.onnx"), "does not exist"),
    (("debug", "reduce", "net.onnx", "--quantize", "F13"), "F13"),
    (("debug", "reduce", "net.onnx", "--max_checks", "0"), "--max_checks"),
    (("debug", "reduce", "net.onnx", "--timeout", "nan"), "--timeout"),
    (("debug", "reduce", "net.onnx", "--input", "named.npz"), "'x' is missing"),
    (("debug", "reduce", "net.onnx", "--input", "small.npz"), "onnxruntime"),
    (("debug", "reduce", "net.onnx"), "does not fail"),
    (("debug", "reduce", "net.onnx", "--check", "true"), "does not fail"),
    (("debug", "reduce", "net.onnx", "--check", "no_such_command"), "does not find"),
    (("debug", "reduce", "free.onnx"), "--input"),
    (("profile", "net.bmodel", "--compare", "broken.bmodel"), "broken.bmodel"),
]


@pytest.mark.parametrize(("command", "words"), CASES, ids=[" ".join(c) for c, _ in CASES])
def test_refused_with_one_clear_line(folder, command, words, capsys):
    before = set(folder.rglob("*"))
    assert main(list(command)) == 1
    printed = capsys.readouterr()
    lines = printed.err.splitlines()
    assert len(lines) == 1, printed.err
    assert lines[0].startswith("error: ")
    assert "internal error" not in lines[0]
    assert words in lines[0]
    assert set(folder.rglob("*")) == before
