"""Files made to break the compiler: one clear error, in little time and memory."""

from pathlib import Path

import networks as nets
import numpy as np
import pytest
import tpuc
from checks import reference
from onnx import helper
from tpuc import UserError
from tpuc.compiler import read_module, transform


@pytest.mark.parametrize("kind", ["Add", "Mul"])
def test_a_chain_of_any_length_is_brought_into_canonical_form(kind):
    """Constants are gathered pair by pair, which takes rounds that grow with the chain."""
    count = 1500
    names = ["x", *(f"t{i}" for i in range(1, count)), "y"]
    nodes = [helper.make_node(kind, [names[i], "w"], [names[i + 1]]) for i in range(count)]
    weights = {"w": np.float32([1.0, 0.5, 1.001, 1.0])}
    model = nets.network(nodes, {"x": [1, 4]}, {"y": [1, 4]}, weights)
    data = {"x": np.float32([[1, 2, 3, 4]])}
    result = tpuc.compile(model, "F32").run(data)["y"]
    np.testing.assert_allclose(result, reference(model, data)["y"], rtol=1e-4)


@pytest.mark.parametrize(("name", "scale"), [("resize", 1e30), ("infinite", np.inf)])
def test_a_result_that_no_memory_holds_is_refused(name, scale):
    scales = np.float32([1, 1, scale, 1])
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], "node", mode="nearest")
    model = nets.network([node], {"x": [1, 1, 1, 4]}, {"y": None}, {"s": scales})
    with pytest.raises(UserError, match=r"node 'node' \(Resize\)"):
        transform(model, "main")


@pytest.mark.parametrize("repeats", [[1 << 20, 1 << 20], [1 << 40, 1]])
def test_a_result_of_a_tile_that_no_memory_holds_is_refused(repeats):
    node = helper.make_node("Tile", ["x", "r"], ["y"], "node")
    model = nets.network([node], {"x": [4, 4]}, {"y": None}, {"r": np.array(repeats)})
    with pytest.raises(UserError, match=r"memory|expected 1 to|too large|elements"):
        transform(model, "main")


@pytest.mark.parametrize("field", ["name", "input", "output", "op_type"])
def test_names_that_are_no_text_are_refused(field, tmp_path):
    model = nets.network([helper.make_node("Relu", ["xxxx"], ["yyyy"], "nnnn")],
                         {"xxxx": [4]}, {"yyyy": [4]})  # fmt: skip
    old = {"name": b"nnnn", "input": b"xxxx", "output": b"yyyy", "op_type": b"Relu"}[field]
    path = tmp_path / "net.onnx"
    path.write_bytes(model.SerializeToString().replace(old, b"\xff\xfe\xc0A"))
    with pytest.raises(UserError, match="UTF-8"):
        transform(path, "main")


TEXT = """module {{ func.func @main(%x: tensor<1xf32>) -> tensor<1xf32> {{
  %w = top.weight dense_resource<k> : tensor<1xf32>
  %0 = top.add %x, %w : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32> loc("{name}")
  return %0 : tensor<1xf32> }} }}
{{-# dialect_resources: {{ builtin: {{ k: "0x{alignment}0000803F" }} }} #-}}
"""


def write(folder, text):
    path = folder / "net.mlir"
    path.write_text(text)
    return path


@pytest.mark.parametrize("alignment", ["00000000", "03000000", "00000080", "FFFFFFFF"])
def test_alignments_that_no_memory_has_are_refused(alignment, tmp_path):
    with pytest.raises(UserError, match="alignment"):
        read_module(write(tmp_path, TEXT.format(name="n", alignment=alignment)))


def test_names_in_a_module_may_be_any_bytes(tmp_path):
    module = read_module(write(tmp_path, TEXT.format(name="\\FF\\FE", alignment="04000000")))
    model = tpuc.model.Model(tpuc.compiler.deploy(module, "F32"), "net")
    inputs = {model.inputs[0].name: np.float32([2])}
    assert model.run(inputs)[model.outputs[0].name].tolist() == [3]


def test_a_network_without_results_is_refused(tmp_path):
    text = "module { func.func @main(%x: tensor<4xf32>) { return } }"
    with pytest.raises(UserError, match="no results"):
        tpuc.compiler.deploy(read_module(write(tmp_path, text)), "F16")


def test_bytecode_of_others_is_refused(tmp_path):
    path = tmp_path / "net.mlir"
    transform(nets.small_convnet(), "main").write(str(path))
    path.write_bytes(path.read_bytes().replace(b"tpuc-xxh3", b"tpuc-xxh4"))
    with pytest.raises(UserError, match="did not write"):
        read_module(path)


def test_what_nobody_foresaw_leaves_a_report(capsys):
    def command(arguments):
        raise ValueError("a bug\n\x1b[31m")

    from tpuc.cli.common import run_command

    assert run_command(command, ["--opt", "2"]) == 1
    line = capsys.readouterr().err
    assert line.startswith("error: unforeseen ValueError: a bug \\x1b[31m; please report it with ")
    path = Path(line.split("report it with ")[1].split(",")[0])
    report = path.read_text()
    path.unlink()
    assert "--opt" in report
    assert "Traceback" in report
    assert f"tpuc {tpuc.__version__}" in report


def test_a_pass_that_fails_without_a_reason_leaves_a_reproducer():
    from tpuc.frontend import import_onnx

    nodes = [
        helper.make_node("Transpose", ["x"], ["a"], perm=[1, 0]),
        helper.make_node("Transpose", ["a"], ["y"], perm=[1, 0]),
    ]
    module = import_onnx(nets.network(nodes, {"x": [3, 4]}, {"y": [3, 4]}))
    pipeline = "canonicalize{max-iterations=1 test-convergence=true}"
    with pytest.raises(UserError, match="the pass 'canonicalize' failed without a reason") as error:
        module.run_pipeline(pipeline)
    path = Path(str(error.value).split("report it with ")[1].split(",")[0])
    reproducer = path.read_text()
    path.unlink()
    assert "tpuc 0." in reproducer
    assert "LLVM 22" in reproducer
    assert "mlir_reproducer" in reproducer
    assert "max-iterations=1" in reproducer
    assert reproducer.count("top.permute") == 2


@pytest.mark.parametrize("name", ["shape_buckets", "fix_input", "postprocess", "quantize_table"])
@pytest.mark.parametrize("value", [5, [], object()])
def test_an_argument_of_another_type_is_named(name, value):
    with pytest.raises(TypeError, match=rf"{name} is a \w+, expected"):
        tpuc.compile(nets.small_convnet(), **{name: value})


@pytest.mark.parametrize("threads", [-1, 1.5, None, "many"])
def test_threads_that_are_none_are_refused(threads):
    model = tpuc.compile(nets.small_convnet())
    with pytest.raises(UserError, match="threads is"):
        model.run({"x": np.zeros((1, 3, 8, 8), np.float32)}, threads=threads)


def test_no_more_threads_are_made_than_there_can_be_processors():
    model = tpuc.compile(nets.small_convnet())
    assert model.run({"x": np.zeros((1, 3, 8, 8), np.float32)}, threads=10**400)["y"].shape == (
        1,
        5,
    )
