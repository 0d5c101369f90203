"""What cannot be run, shown or compared: one clear line, no file left."""

import networks as nets
import numpy as np
import pytest
from bad_input import GOOD, check_refused, flip, make_bmodel, runner, table

CASES, case = table()


def refuses_feed(name, arrays, *words):
    @case("run_" + name, *words)
    def _(folder):
        return runner(folder, make_bmodel(folder), arrays)


refuses_feed("wrong_name", {"image": GOOD["x"]}, "'x'", "missing")
refuses_feed("extra_name", {**GOOD, "z": GOOD["x"]}, "'z'", "not an input")
refuses_feed("wrong_rank", {"x": np.zeros((3, 8, 8), np.float32)}, "shape", "'x'")
refuses_feed("wrong_shape", {"x": np.zeros((1, 3, 8, 9), np.float32)}, "shape", "'x'")
refuses_feed("strings", {"x": np.full((1, 3, 8, 8), "a")}, "type", "'x'")
refuses_feed("complex", {"x": np.zeros((1, 3, 8, 8), np.complex64)}, "type", "'x'")


@case("run_npz_missing", "no such file")
def _(folder):
    return runner(folder, make_bmodel(folder), folder / "gone.npz")


@case("run_npz_garbage", "not a readable")
def _(folder):
    (folder / "bad.npz").write_bytes(b"PK\x03\x04 nonsense")
    return runner(folder, make_bmodel(folder), folder / "bad.npz")


@case("run_npz_cut", "not a readable")
def _(folder):
    np.savez(folder / "cut.npz", **GOOD)
    data = (folder / "cut.npz").read_bytes()
    (folder / "cut.npz").write_bytes(data[: len(data) // 2])
    return runner(folder, make_bmodel(folder), folder / "cut.npz")


@case("run_npz_pickle", "not a readable")
def _(folder):
    np.savez(folder / "obj.npz", x=np.array([{"a": 1}], dtype=object))
    return runner(folder, make_bmodel(folder), folder / "obj.npz")


@case("run_npy_of_another_shape", "has the shape")
def _(folder):
    np.save(folder / "one.npy", GOOD["x"][..., :4])
    return runner(folder, make_bmodel(folder), folder / "one.npy")


@case("run_model_missing", "no such file")
def _(folder):
    return runner(folder, folder / "gone.bmodel", GOOD)


@case("run_output_folder", "does not exist")
def _(folder):
    command = runner(folder, make_bmodel(folder), GOOD)
    return [*command[:-1], str(folder / "no" / "out.npz")]


def refuses_bmodel(name, damage, *words):
    @case("bmodel_" + name, "net.bmodel", *words)
    def _(folder):
        path = make_bmodel(folder)
        path.write_bytes(bytes(damage(bytearray(path.read_bytes()))))
        return runner(folder, path, GOOD)


refuses_bmodel("empty", lambda d: b"")
refuses_bmodel("text", lambda d: b"this is no bmodel at all\n" * 10)
refuses_bmodel("magic", lambda d: flip(d, 0.0))
for place in (0.001, 0.1, 0.5, 0.9):
    refuses_bmodel(f"cut_{place}", lambda d, p=place: d[: int(len(d) * p)])


@case("dis_missing", "no such file")
def _(folder):
    return ["bmodel_dis", str(folder / "gone.bmodel")]


@case("profile_not_a_bmodel", "net.onnx")
def _(folder):
    return ["tpuc", "profile", nets.save(nets.small_convnet(), folder / "net.onnx"), "--json"]


@case("tpuc_no_command", "no command")
def _(folder):
    return ["tpuc"]


@case("tpuc_unknown_command", "frob")
def _(folder):
    return ["tpuc", "frob"]


@case("tpuc_unknown_precision", "F13")
def _(folder):
    model = nets.save(nets.small_convnet(), folder / "net.onnx")
    return ["tpuc", "compile", model, "--quantize", "F13", "-o", str(folder / "out.bmodel")]


@case("compare_nothing_common", "nothing to compare")
def _(folder):
    np.savez(folder / "a.npz", a=np.ones(2), b=np.ones(2))
    np.savez(folder / "b.npz", c=np.ones(2), d=np.ones(2))
    return ["tpuc", "compare", str(folder / "a.npz"), str(folder / "b.npz")]


@case("compare_too_far", "tolerance")
def _(folder):
    np.savez(folder / "a.npz", a=np.array([1.0, 0.0]))
    np.savez(folder / "b.npz", a=np.array([0.0, 1.0]))
    return ["tpuc", "compare", str(folder / "a.npz"), str(folder / "b.npz")]


@pytest.mark.parametrize(("prepare", "words"), CASES)
def test_refused_with_one_clear_line(prepare, words, tmp_path, capsys, monkeypatch):
    check_refused(prepare, words, tmp_path, capsys, monkeypatch)
