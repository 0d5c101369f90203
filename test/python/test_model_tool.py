"""tpuc info, model_tool and npz_tool."""

import json

import networks as nets
import numpy as np
import pytest
import tpuc
from tpuc.cli import front, model_deploy, model_tool, model_transform, npz_tool


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The small network for one and two pictures, and in another precision."""
    folder = tmp_path_factory.mktemp("files")
    network = nets.small_convnet()
    nets.save(network, folder / "net.onnx")
    tpuc.compile(network, "F16", name="net").save(folder / "one.bmodel")
    tpuc.compile(network, "F16", name="net", input_shapes=[[2, 3, 8, 8]]).save(
        folder / "two.bmodel"
    )
    tpuc.compile(network, "F32", name="net").save(folder / "wide.bmodel")
    front.main(["compile", str(folder / "net.onnx"), "-o", str(folder / "net.mlir"),
                "--stop_after", "top", "--mean", "1,2,3"])  # fmt: skip
    return folder


def test_info_of_a_bmodel(files, capsys):
    assert front.main(["info", str(files / "one.bmodel")]) == 0
    out = capsys.readouterr().out
    for part in ("BM1684X", "net (1 stage)", "x f32[1, 3, 8, 8]", "y f32[1, 5]", "tpu.conv",
                 "weights", "0x100000000", "activations", "TIU"):  # fmt: skip
        assert part in out
    # Neither a time of writing, which is none, nor commands of no operator.
    assert "1970" not in out and ", 1 ," not in out and "1 \n" not in out
    assert front.main(["info", str(files / "one.bmodel"), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    name, stages = data["networks"][0]
    assert name == "net" and stages[0]["inputs"][0]["shape"] == [1, 3, 8, 8]
    assert front.main(["info", str(files / "one.bmodel"), "--weights"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines()[-3:]] == ["w", "fc", "fb"]


def test_info_of_onnx_and_module(files, capsys):
    assert front.main(["info", str(files / "net.onnx")]) == 0
    out = capsys.readouterr().out
    for part in ("ONNX model, opset 13", "x float[1, 3, 8, 8]", "1 Conv", "1 Gemm", "4, "):
        assert part in out
    assert front.main(["info", str(files / "net.mlir")]) == 0
    out = capsys.readouterr().out
    for part in ("top dialect", "x f32[1, 3, 8, 8]", "top.conv", "mean 1,2,3"):
        assert part in out


def test_info_of_quantised_ports(tmp_path, capsys):
    network = nets.small_convnet()
    x = np.random.default_rng(0).standard_normal((1, 3, 8, 8)).astype(np.float32)
    nets.save(network, tmp_path / "net.onnx")
    tpuc.calibrate(network, [x]).save(tmp_path / "table")
    arguments = ["compile", str(tmp_path / "net.onnx"), "--quantize", "INT8", "--quant_input",
                 "--calibration_table", str(tmp_path / "table"), "-o",
                 str(tmp_path / "net.bmodel")]  # fmt: skip
    assert front.main(arguments) == 0
    capsys.readouterr()
    assert front.main(["info", str(tmp_path / "net.bmodel")]) == 0
    assert "x i8[1, 3, 8, 8], a step is 0.0" in capsys.readouterr().out


def test_combine_makes_stages(files, tmp_path, capsys):
    target = tmp_path / "all.bmodel"
    parts = [str(files / name) for name in ("one.bmodel", "two.bmodel")]
    assert model_tool.main(["--combine", *parts, "-o", str(target)]) == 0
    assert "net (2)" in capsys.readouterr().out
    assert front.main(["info", str(target)]) == 0
    out = capsys.readouterr().out
    assert "net, stage 0" in out and "net, stage 1" in out
    x = np.random.default_rng(2).standard_normal((2, 3, 8, 8)).astype(np.float32)
    both = tpuc.Model.load(target)
    for name, given in (("one", x[:1]), ("two", x)):
        expected = tpuc.Model.load(files / f"{name}.bmodel").run(given)["y"]
        np.testing.assert_array_equal(both.run(given)["y"], expected)


def test_combine_keeps_networks_apart(files, tmp_path, capsys):
    """Networks of other names, from the flow of stages and from one command."""
    other = nets.one_node("Relu", ("x",), (1, 3, 8, 8), {})
    nets.save(other, tmp_path / "my relu(1).onnx")
    stages = [
        ["compile", str(tmp_path / "my relu(1).onnx"), "-o", str(tmp_path / "relu.bmodel")],
        ["compile", str(tmp_path / "my relu(1).onnx"), "--model_name", "given", "-o",
         str(tmp_path / "given.bmodel")],
    ]  # fmt: skip
    for arguments in stages:
        assert front.main(arguments) == 0
    target = tmp_path / "all.bmodel"
    parts = [files / "one.bmodel", tmp_path / "relu.bmodel", tmp_path / "given.bmodel"]
    assert model_tool.main(["--combine", *map(str, parts), "-o", str(target)]) == 0
    assert "net (1), my_relu_1_ (1), given (1)" in capsys.readouterr().out
    x = np.random.default_rng(2).standard_normal((1, 3, 8, 8)).astype(np.float32)
    for name, part in zip(("net", "my_relu_1_", "given"), parts, strict=True):
        expected = tpuc.Model.load(part).run(x)
        found = tpuc.Model.load(target, network=name).run(x)
        assert list(found) == list(expected)
        for key, array in expected.items():
            np.testing.assert_array_equal(found[key], array)


@pytest.mark.parametrize("given", [[], ["--model_name", "resnet-18.v1"]])
def test_stages_give_the_bytes_of_one_command(files, tmp_path, given):
    onnx, mlir = str(files / "net.onnx"), str(tmp_path / "other.mlir")
    assert front.main(["compile", onnx, *given, "-o", str(tmp_path / "whole.bmodel")]) == 0
    arguments = ["--model_def", onnx, *given, "--mlir", mlir]
    assert model_transform.main(arguments) == 0
    staged = str(tmp_path / "staged.bmodel")
    assert model_deploy.main(["--mlir", mlir, "--quantize", "F16", "--model", staged]) == 0
    assert (tmp_path / "staged.bmodel").read_bytes() == (tmp_path / "whole.bmodel").read_bytes()
    ((name, stages),) = tpuc.Model.load(staged).core.networks
    assert (name, stages) == (given[-1] if given else "net", 1)


def test_equal_weights_are_stored_once(tmp_path):
    """Whether weights are equal is seen at the file's size."""
    rng = np.random.default_rng(0)
    weights = {"w": rng.standard_normal((64, 512)).astype(np.float32)}
    sizes = {}
    for rows in (1, 2):
        network = nets.one_node("MatMul", ("x", "w"), (rows * 8, 64), weights)
        path = tmp_path / f"{rows}.bmodel"
        tpuc.compile(network, "F32", name="net").save(path)
        sizes[rows] = path.stat().st_size
    target = tmp_path / "both.bmodel"
    files = [str(tmp_path / f"{rows}.bmodel") for rows in (1, 2)]
    same = tpuc.Model.load(files[0]).core.has_coefficients_of(tpuc.Model.load(files[1]).core)
    code = model_tool.main(["--combine_coeff", *files, "-o", str(target)])
    assert code == (0 if same else 1)
    if same:
        assert target.stat().st_size < sum(sizes.values()) - 4 * 64 * 512 + 20000


def test_extract_gives_each_network(files, tmp_path):
    target = tmp_path / "all.bmodel"
    parts = [str(files / name) for name in ("one.bmodel", "two.bmodel")]
    assert model_tool.main(["--combine", *parts, "-o", str(target)]) == 0
    assert model_tool.main(["--extract", str(target)]) == 0
    assert (tmp_path / "all_net.bmodel").read_bytes() == target.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--combine", "one.bmodel", "one.bmodel", "-o", "x.bmodel"], "take the same input shapes"),
        (["--combine", "one.bmodel", "two.bmodel", "-o", "one.bmodel"], "is one of the files"),
        (["--combine", "one.bmodel", "two.bmodel"], "no file to write"),
        (["--combine_coeff", "one.bmodel", "wide.bmodel", "-o", "x.bmodel"], "has other weights"),
        (["--combine", "one.bmodel", "net.onnx", "-o", "x.bmodel"], "is an ONNX model"),
        (["--extract", "one.bmodel", "-o", "x.bmodel"], "names its files itself"),
        (["--encrypt", "one.bmodel"], "not supported"),
        (["--inof", "one.bmodel"], "did you mean '--info'"),
    ],
)
def test_mistakes_with_model_tool(arguments, message, files, capsys, monkeypatch):
    monkeypatch.chdir(files)
    before = {path.name: path.read_bytes() for path in files.iterdir()}
    assert model_tool.main(arguments) == 1
    assert message in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in files.iterdir()} == before


@pytest.fixture
def arrays(tmp_path):
    a, b = np.arange(6.0).reshape(2, 3), np.ones(4, np.int32)
    np.savez(tmp_path / "a.npz", first=a, second=b)
    np.savez(tmp_path / "b.npz", first=a + 0.001, second=b)
    return tmp_path


def test_npz_tool_shows_and_compares(arrays, capsys, monkeypatch):
    monkeypatch.chdir(arrays)
    assert npz_tool.main(["print", "a.npz"]) == 0
    assert "2x3" in capsys.readouterr().out
    assert npz_tool.main(["dump", "a.npz", "first", "2"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["0.0", "1.0"]
    assert npz_tool.main(["compare", "a.npz", "b.npz", "--tolerance", "0.99,0.99", "-vv"]) == 0
    np.savez("c.npz", first=-np.load("a.npz")["first"], second=np.ones(4, np.int32))
    assert npz_tool.main(["compare", "c.npz", "a.npz"]) == 1
    assert npz_tool.main(["compare", "c.npz", "a.npz", "--excepts", "first"]) == 0


def test_npz_tool_makes_files(arrays, capsys, monkeypatch):
    monkeypatch.chdir(arrays)
    assert npz_tool.main(["extract", "a.npz", "part.npz", "second"]) == 0
    assert np.load("part.npz").files == ["second"]
    assert npz_tool.main(["rename", "part.npz", "new.npz", "second", "third"]) == 0
    assert npz_tool.main(["merge", "new.npz", "a.npz", "all.npz"]) == 0
    assert set(np.load("all.npz").files) == {"first", "second", "third"}
    capsys.readouterr()
    assert npz_tool.main(["merge", "a.npz", "b.npz", "all.npz"]) == 1
    assert npz_tool.main(["dump", "a.npz", "frist"]) == 1
    assert "did you mean 'first'" in capsys.readouterr().err
    assert npz_tool.main(["pint", "a.npz"]) == 1
    assert "did you mean 'print'" in capsys.readouterr().err
