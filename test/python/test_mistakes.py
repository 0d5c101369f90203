"""What newcomers mistype: one line that says what is wrong and what was meant; nothing is lost."""

import networks as nets
import numpy as np
import pytest
import tpuc
from onnx import helper
from PIL import Image
from tpuc.cli import front, model_deploy, model_runner, model_transform, run_calibration


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model in every form, and files of other kinds."""
    folder = tmp_path_factory.mktemp("mistakes")
    network = nets.small_convnet()
    nets.save(network, folder / "net.onnx")
    tpuc.compile(network, name="net").save(folder / "net.bmodel")
    assert front.main(["compile", str(folder / "net.onnx"), "-o", str(folder / "net.mlir"),
                       "--stop_after", "top"]) == 0  # fmt: skip
    np.savez(folder / "in.npz", x=np.zeros((1, 3, 8, 8), np.float32))
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(folder / "cat.png")
    (folder / "net.pt").write_bytes(b"PK\x03\x04" + bytes(22) + b"\x0c\x00\x00\x00net/data.pkl")
    (folder / "net.tflite").write_bytes(bytes(4) + b"TFL3" + bytes(100))
    (folder / "qtable").write_text("convv F16\n")
    (folder / "good").write_text("conv F16\nrelu F16\nc F32\nc_Conv F16\n")
    (folder / "notes.txt").write_text("hello\n")
    return folder


MAIN = {"tpuc": front, "model_transform": model_transform, "model_deploy": model_deploy,
        "run_calibration": run_calibration, "model_runner": model_runner}  # fmt: skip
CASES = [
    # Words.
    ("tpuc compil net.onnx", "the command 'compil' is not known, did you mean 'compile'?"),
    ("tpuc model_deploy --mlir x", "'model_deploy' is a command of its own: model_deploy --mlir x"),
    ("tpuc compile net.onnx --quantise F16 -o x", "did you mean '--quantize'"),
    ("tpuc compile net.onnx --quantize FP16 -o x", "did you mean 'F16'"),
    ("tpuc compile net.onnx --quantize INT -o x", "did you mean 'INT8'"),
    ("tpuc compile net.onnx --pixel_format rbg -o x", "did you mean 'rgb'"),
    ("tpuc compile net.onnx --method msee -o x --calibration in.npz", "did you mean 'mse'"),
    ("model_deploy --mlir net.mlir --quantize F61 --model x", "did you mean 'F16'"),
    ("model_deploy --mlir net.mlir --quantize F16 --chip bm1684 --model x", "'bm1684x'"),
    ("model_deploy --mlir net.mlir --quantize F16 --mdoel x --model x", "did you mean '--model'"),
    ("tpuc run net.bmodel --inptu in.npz", "did you mean '--input'"),
    ("tpuc run net.bmodel in.npz", "the argument 'in.npz' is not known"),
    # Files of another kind.
    ("tpuc compile net.bmodel -o x", "is a .bmodel (a compiled model), expected an ONNX model"),
    ("tpuc compile cat.png -o x", "cat.png: is a picture, expected an ONNX model"),
    ("tpuc compile net.pt -o x", "is a PyTorch checkpoint, expected an ONNX model; export it"),
    ("tpuc compile net.tflite -o x", "is a TensorFlow Lite model"),
    ("model_transform --model_def net.mlir --mlir x", "is an MLIR module, expected an ONNX model"),
    ("model_deploy --mlir net.onnx --quantize F16 --model x", "expected a module (.mlir)"),
    ("model_deploy --mlir net.bmodel --quantize F16 --model x", "is a .bmodel"),
    ("tpuc profile net.onnx", "is an ONNX model, expected a .bmodel; compile it first"),
    ("tpuc dis net.mlir", "is an MLIR module, expected a .bmodel"),
    ("tpuc run in.npz", "is an .npz file of arrays, expected a .bmodel"),
    ("tpuc run net.bmodel --input net.onnx", "is an ONNX model, expected an .npz"),
    ("tpuc run net.bmodel --input cat.png", "is a picture, and the model does not say how"),
    ("tpuc run net.bmodel --input notes.txt", "notes.txt: is not a readable .npz"),
    ("tpuc compare net.onnx net.bmodel --input cat.png", "is a picture, expected an .npz"),
    ("tpuc info in.npz", "is an .npz file of arrays, expected an ONNX model"),
    ("tpuc info nothing.onnx", "no such file"),
    ("run_calibration net.onnx --dataset in.npz -o x", "is an ONNX model, expected a module"),
    ("tpuc compile net.onnx --quantize INT8 --calibration net.onnx -o x", "no picture"),
    # Names.
    ("tpuc compile net.onnx --quantize_table qtable -o x", "'convv' is no operator or tensor of"
     " the network, did you mean 'conv'"),
    ("model_deploy --mlir net.mlir --quantize F16 --quantize_table qtable --model x",
     "did you mean 'conv'"),
    ("tpuc run net.bmodel --network nat", "holds no network 'nat'"),
    ("model_transform --model_def net.onnx --mlir x --dynamic_shape_input_names z", "'z' is not"),
    ("model_deploy --mlir net.mlir --quantize F16 --model x --test_input in.npz --excepts yy",
     "the tensor 'yy' is not known, did you mean 'y'"),
    ("model_deploy --mlir net.mlir --quantize F16 --model x --quant_input_list 0", "begin with 1"),
    ("model_deploy --mlir net.mlir --quantize F16 --model x --quant_input_list 2",
     "names input 2, the network has 1"),
    ("model_deploy --mlir net.mlir --quantize F16 --model x --num_core 2", "only 1"),
    ("model_deploy --mlir net.mlir --quantize F16 --model x --dynamic", "makes a file for several"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "message"), CASES, ids=[line for line, _ in CASES])
def test_one_line_and_nothing_lost(line, message, folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    name, *arguments = line.split()
    assert MAIN[name].main(arguments) == 1
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.startswith("error: ") and printed.err.count("\n") == 1
    after = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert after == before


@pytest.mark.parametrize("form", ["net.onnx", "net.mlir"])
def test_names_of_nodes_tensors_and_fused_nodes_are_known(form, folder, tmp_path):
    target = str(tmp_path / "x.bmodel")
    told = ["--quantize", "F32", "--quantize_table", str(folder / "good")]
    assert front.main(["compile", str(folder / form), *told, "-o", target]) == 0
    wide = tpuc.compile(nets.small_convnet(), "F32", name="net")
    assert tpuc.Model.load(target).profile().cycles != wide.profile().cycles


def test_tensors_by_their_names():
    """A table by tensors is one by nodes."""
    network = nets.small_convnet()
    made = [
        tpuc.compile(network, "F16", quantize_table=table, name="net").disassemble()
        for table in ({"conv": "F32"}, {"c": "F32"}, {"c_Conv": "F32"}, {"r_Relu": "F32"})
    ]
    assert made[0] == made[1] == made[2] != tpuc.compile(network, "F16", name="net").disassemble()


def test_wrong_precision_in_a_table_of_python():
    with pytest.raises(tpuc.UserError, match="did you mean 'F16'"):
        tpuc.compile(nets.small_convnet(), quantize_table={"conv": "FP16"})


def test_what_skips_and_excepts_comparisons(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    common = ["--mlir", "net.mlir", "--quantize", "F16", "--model", str(tmp_path / "x.bmodel")]
    np.savez(tmp_path / "bad.npz", y=np.full((1, 5), -7.0, np.float32))
    test = ["--test_input", "in.npz", "--test_reference", str(tmp_path / "bad.npz")]
    assert model_deploy.main([*common, *test]) == 1
    assert model_deploy.main([*common, *test, "--skip_validation"]) == 0
    assert model_deploy.main([*common, *test, "--excepts", "y"]) == 0
    capsys.readouterr()
    assert model_deploy.main([*common, "--gen_test_input", "--gen_test_seed", "3"]) == 0
    assert "compared with evaluation on the host" in capsys.readouterr().out


def test_single_inputs_and_outputs_are_quantised(tmp_path):
    nodes = [helper.make_node("Add", ["a", "b"], ["y"], "add"),
             helper.make_node("Mul", ["a", "b"], ["z"], "mul")]  # fmt: skip
    network = nets.network(nodes, {"a": [4, 64], "b": [4, 64]}, {"y": None, "z": None})
    nets.save(network, tmp_path / "net.onnx")
    mlir, target = str(tmp_path / "net.mlir"), str(tmp_path / "net.bmodel")
    assert model_transform.main(["--model_def", str(tmp_path / "net.onnx"), "--mlir", mlir]) == 0
    lists = ["--quant_input_list", "2", "--quant_output_list", "1"]
    assert model_deploy.main(["--mlir", mlir, "--quantize", "F16", "--model", target, *lists]) == 0
    model = tpuc.Model.load(target)
    assert [spec.dtype for spec in model.inputs] == ["f32", "f16"]
    assert [spec.dtype for spec in model.outputs] == ["f16", "f32"]


def test_wider_operators_are_named(tmp_path):
    """--ignore_f16_overflow: the mean of large numbers is finite."""
    nodes = [helper.make_node("GlobalAveragePool", ["x"], ["y"], "pool")]
    nets.save(nets.network(nodes, {"x": [1, 8, 16, 16]}, {"y": None}), tmp_path / "net.onnx")
    mlir, target = str(tmp_path / "net.mlir"), str(tmp_path / "net.bmodel")
    assert model_transform.main(["--model_def", str(tmp_path / "net.onnx"), "--mlir", mlir]) == 0
    common = ["--mlir", mlir, "--quantize", "F16", "--model", target]
    sizes = {}
    for flag in ("", "--ignore_f16_overflow", "--high_precision"):
        assert model_deploy.main([*common, *([flag] if flag else [])]) == 0
        sizes[flag] = tpuc.Model.load(target).disassemble()
    assert sizes["--ignore_f16_overflow"] == sizes["--high_precision"] != sizes[""]
