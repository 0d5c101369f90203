"""Everything that users get wrong: exit code 1, one clear line, no file left.

A case is a name, a function that prepares files in a folder and returns the
command line, and words that the message must contain. More of them, by what is broken:
test_bad_arguments.py, test_bad_arrays.py, test_bad_modules.py, test_bad_onnx.py, test_bad_runs.py
and test_bad_tables.py.
"""

import os
import resource
import subprocess
import sys

import networks as nets
import numpy as np
import pytest
from bad_input import check_refused, deploy, files_of, flip, make_module, table, transform
from onnx import TensorProto, helper, numpy_helper

CASES, case = table()


def refuses(name, build, *words):
    """Registers a model that model_transform refuses."""

    @case(name, *words)
    def _(folder):
        return transform(folder, build())


def refuses_shapes(name, text, *words):
    """Registers an --input_shapes that model_transform refuses."""

    @case("shapes_" + name, *words)
    def _(folder):
        return transform(folder, nets.small_convnet(), "--input_shapes", text)


# --- files -----------------------------------------------------------------


@case("file_missing", "no such file", "nothing.onnx")
def _(folder):
    return transform(folder, folder / "nothing.onnx")


@case("file_is_a_folder", "is a folder")
def _(folder):
    return transform(folder, folder)


def refuses_bytes(name, data, *words):
    @case(name, *words)
    def _(folder):
        (folder / "net.onnx").write_bytes(bytes(data()))
        return transform(folder, folder / "net.onnx")


refuses_bytes("file_empty", lambda: b"", "empty")
refuses_bytes("file_text", lambda: b"hello, this is no model\n" * 40, "not an ONNX model")
refuses_bytes("file_random", lambda: np.random.default_rng(3).bytes(4096), "not an ONNX model")
refuses_bytes("file_zeroes", lambda: bytes(4096), "not an ONNX model")
refuses_bytes("file_image", lambda: b"\x89PNG\r\n\x1a\n" + bytes(512), "is a picture")
for share in (0.2, 0.5, 0.9, 0.999):
    refuses_bytes(
        f"file_cut_at_{share}",
        lambda share=share: (d := nets.load_bytes(nets.small_convnet()))[: int(len(d) * share)],
        "net.onnx",
    )


@case("file_unreadable", "cannot be read")
def _(folder):
    os.symlink("/proc/self/mem", folder / "net.onnx")
    return transform(folder, folder / "net.onnx")


# --- shapes ----------------------------------------------------------------

refuses_shapes("not_a_list", "1,3,8,8", "not a list of shapes", "[[1,3,224,224]]")
refuses_shapes("word", "big", "not a list of shapes")
refuses_shapes("empty", "", "not a list of shapes")
refuses_shapes("open_bracket", "[[1,3,8,8]", "not a list of shapes")
refuses_shapes("code", "__import__('os').system('touch pwned')", "not a list of shapes")
refuses_shapes("expression", "[[1,3,2*4,8]]", "not a list of shapes")
refuses_shapes("nested_too_deep", "[[[1,3,8,8]]]", "integer")
refuses_shapes("very_deep", "[" * 100000, "not a list of shapes")
refuses_shapes("no_shape", "[]", "list of lists")
refuses_shapes("number", "7", "list of lists")
refuses_shapes("zero", "[[1,3,0,8]]", "at least 1")
refuses_shapes("negative", "[[-1,3,8,8]]", "at least 1")
refuses_shapes("float", "[[1,3,8.5,8]]", "not a list of shapes")
refuses_shapes("huge", "[[99999999999999999999,3,8,8]]", "integer")
refuses_shapes("rank", "[[1,3,8]]", "rank 3", "rank 4")
refuses_shapes("channels", "[[1,4,8,8]]", "axis 1", "3")
refuses_shapes("too_many", "[[1,3,8,8],[1]]", "2 input shapes", "1 inputs")
refuses_shapes("mixed", "[[1,3,8,8],4]", "expected a list")


def symbolic():
    model = nets.small_convnet()
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    return model


refuses("shapes_symbolic_and_not_given", symbolic, "height", "--input_shapes")


def without_shape():
    model = nets.small_convnet()
    model.graph.input[0].type.tensor_type.ClearField("shape")
    return model


refuses("shapes_absent_and_not_given", without_shape, "no shape", "--input_shapes")

# --- graphs ----------------------------------------------------------------


def changed(change):
    """The small network after a change to its graph."""

    def build():
        model = nets.small_convnet()
        change(model)
        return model

    return build


def set_op(model, index, op, domain=""):
    model.graph.node[index].op_type = op
    model.graph.node[index].domain = domain


refuses("op_unknown", changed(lambda m: set_op(m, 1, "Frobnicate")), "Frobnicate", "relu")
refuses("op_other_domain", changed(lambda m: set_op(m, 1, "Relu", "my.ops")), "my.ops", "relu")
refuses("op_random", lambda: nets.one_node("Bernoulli"), "Bernoulli", "not supported")
refuses("op_rnn_shape", lambda: nets.one_node("LSTM", ("x", "w", "r"), (1, 1, 4),
        {"w": np.ones((1, 8, 3), np.float32), "r": np.ones((1, 8, 2), np.float32)},
        hidden_size=2), "LSTM", "weights of shape [1, 8, 3], expected [1, 8, 4]")  # fmt: skip


def two_unsupported():
    nodes = [
        helper.make_node("Unique", ["x"], ["a"], "first"),
        helper.make_node("Foo", ["x"], ["b"], "second"),
        helper.make_node("Bar", ["b"], ["y"], "third"),
        helper.make_node("Neg", ["a"], ["z"], "fourth"),
    ]
    return nets.network(nodes, {"x": [2, 2]}, {"y": None, "z": None})


refuses("op_all_reported_at_once", two_unsupported, "3 nodes", "first", "second", "third")
refuses(
    "op_sized_by_data", lambda: nets.one_node("Unique"), "Unique", "depends on data",
)  # fmt: skip
refuses("graph_cycle", changed(lambda m: m.graph.node[0].input.__setitem__(0, "f")), "cycle")
refuses("graph_self_loop", changed(lambda m: m.graph.node[1].input.__setitem__(0, "r")), "cycle")
refuses(
    "graph_output_twice",
    changed(lambda m: m.graph.node[1].output.__setitem__(0, "c")), "defined twice", "'c'",
)  # fmt: skip
refuses(
    "graph_output_hides_weight",
    changed(lambda m: m.graph.node[1].output.__setitem__(0, "w")), "defined twice", "'w'",
)  # fmt: skip
refuses(
    "graph_missing_value",
    changed(lambda m: m.graph.node[1].input.__setitem__(0, "gone")), "gone", "relu",
)  # fmt: skip
refuses("graph_missing_weight", changed(lambda m: m.graph.initializer.pop(0)), "'w'", "conv")
refuses(
    "graph_output_undefined",
    changed(lambda m: setattr(m.graph.output[0], "name", "gone")), "gone", "not defined",
)  # fmt: skip
refuses("graph_no_output", changed(lambda m: m.graph.output.pop()), "no output")
refuses("graph_no_nodes", lambda: nets.network([], {}, {}), "no graph")
refuses(
    "graph_two_inputs_of_one_name",
    changed(lambda m: m.graph.input.append(m.graph.input[0])), "two inputs", "'x'",
)  # fmt: skip
refuses(
    "graph_string_input",
    changed(lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", TensorProto.STRING)),
    "element type", "'x'",
)  # fmt: skip


def with_opset(version):
    def change(model):
        model.opset_import[0].version = version

    return changed(change)


refuses("opset_too_old", with_opset(6), "opset 6")
refuses("opset_from_the_future", with_opset(999), "opset 999")
refuses("opset_absent", changed(lambda m: m.opset_import.pop()), "operator set")

# --- nodes -----------------------------------------------------------------

CONV = {"w": np.ones((4, 3, 3, 3), np.float32)}
IMAGE = (1, 3, 8, 8)


def conv(shape=IMAGE, weights=None, **attributes):
    return lambda: nets.one_node("Conv", ("x", "w"), shape, weights or CONV, **attributes)


refuses("conv_channels", conv((1, 5, 8, 8)), "node 'node'", "Conv")
refuses("conv_rank", conv((3, 8, 8)), "same rank")
refuses("conv_groups", conv(group=2), "group")
refuses("conv_kernel_too_large", conv((1, 3, 2, 2)), "Conv")
refuses("conv_stride_zero", conv(strides=[0, 1]), "Conv")
refuses("conv_strides_count", conv(strides=[1]), "strides")
refuses("conv_kernel_shape_contradicts", conv(kernel_shape=[5, 5]), "kernel_shape")
refuses("conv_auto_pad", conv(auto_pad="SOMETIMES"), "SOMETIMES")
refuses("conv_missing_filter", lambda: nets.one_node("Conv", ("x",), IMAGE), "1 inputs")
refuses("node_unknown_attribute", lambda: nets.one_node("Relu", speed=3), "speed")
refuses("node_attribute_type", lambda: nets.one_node("Softmax", axis=1.5), "axis")
refuses("node_missing_attribute", lambda: nets.one_node("Concat", ("x", "x")), "axis")
refuses("node_too_many_inputs", lambda: nets.one_node("Relu", ("x", "x")), "2 inputs")
refuses("softmax_axis", lambda: nets.one_node("Softmax", axis=7), "axis 7")
refuses("transpose_perm", lambda: nets.one_node("Transpose", perm=[0, 0]), "perm")
refuses(
    "matmul_sizes",
    lambda: nets.one_node("MatMul", ("x", "w"), weights={"w": np.ones((3, 3), np.float32)}),
    "MatMul",
)
refuses(
    "add_shapes",
    lambda: nets.one_node("Add", ("x", "w"), weights={"w": np.ones((3, 3), np.float32)}), "Add",
)  # fmt: skip
refuses(
    "reshape_size",
    lambda: nets.one_node("Reshape", ("x", "s"), weights={"s": np.array([3, 3])}), "reshape",
)  # fmt: skip
refuses(
    "reshape_two_free",
    lambda: nets.one_node("Reshape", ("x", "s"), weights={"s": np.array([-1, -1])}), "-1",
)  # fmt: skip
refuses(
    "gather_range",
    lambda: nets.one_node("Gather", ("x", "i"), weights={"i": np.array([9, 0])}), "indices",
)  # fmt: skip
refuses(
    "slice_empty",
    lambda: nets.one_node("Slice", ("x", "s", "s"), weights={"s": np.array([1])}), "no elements",
)  # fmt: skip
refuses(
    "expand_bomb",
    lambda: nets.network(
        [helper.make_node("Expand", ["c", "s"], ["e"], "big"),
         helper.make_node("Add", ["x", "e"], ["y"], "add")],
        {"x": [1]}, {"y": None},
        {"c": np.ones(1, np.float32), "s": np.array([1 << 20, 1 << 20])}),
    "too large",
)  # fmt: skip
refuses(
    "divide_by_zero_in_shape",
    lambda: nets.network(
        [helper.make_node("Div", ["a", "z"], ["s"], "div"),
         helper.make_node("Reshape", ["x", "s"], ["y"], "reshape")],
        {"x": [4]}, {"y": None}, {"a": np.array([4]), "z": np.array([0])}),
    "zero",
)  # fmt: skip

# --- weights ---------------------------------------------------------------


def weight(change):
    return changed(lambda m: change(m.graph.initializer[0]))


refuses("weight_too_short", weight(lambda t: setattr(t, "raw_data", t.raw_data[:-4])), "'w'")
refuses("weight_too_long", weight(lambda t: setattr(t, "raw_data", t.raw_data + b"1234")), "'w'")
refuses("weight_no_data", weight(lambda t: t.ClearField("raw_data")), "'w'")
refuses("weight_negative_shape", weight(lambda t: t.dims.__setitem__(0, -4)), "'w'")
refuses("weight_unknown_type", weight(lambda t: setattr(t, "data_type", 77)), "'w'")
refuses("weight_strings", weight(lambda t: setattr(t, "data_type", TensorProto.STRING)), "'w'")
refuses(
    "weight_name_twice",
    changed(lambda m: m.graph.initializer.append(m.graph.initializer[0])), "two initialisers",
)  # fmt: skip


def refuses_external(name, location, *words, **entries):
    @case("external_" + name, *words)
    def _(folder):
        inner = folder / "model"
        inner.mkdir()
        (folder / "secret.bin").write_bytes(bytes(432))
        (inner / "short.bin").write_bytes(bytes(16))
        model = nets.external(nets.small_convnet(), "w", location, **entries)
        return transform(folder, nets.save(model, inner / "net.onnx"))


refuses_external("parent_folder", "../secret.bin", "outside")
refuses_external("absolute", "/etc/passwd", "outside")
refuses_external("missing", "gone.bin", "no such file")
refuses_external("too_short", "short.bin", "16 bytes")
refuses_external("offset", "short.bin", "bytes 8", offset=8, length=432)
refuses_external("broken_offset", "short.bin", "broken reference", offset="zero")

# --- arguments and outputs ---------------------------------------------------


@case("argument_missing", "--mlir")
def _(folder):
    return ["model_transform", "--model_def", "x.onnx"]


@case("argument_unknown", "--frobnicate")
def _(folder):
    return transform(folder, nets.small_convnet(), "--frobnicate")


@case("argument_dynamic", "--dynamic", "makes a file for several input shapes")
def _(folder):
    return transform(folder, nets.small_convnet(), "--dynamic")


@case("argument_tolerance", "--tolerance")
def _(folder):
    return transform(folder, nets.small_convnet(), "--tolerance", "close")


@case("argument_output_name", "'gone'")
def _(folder):
    return transform(folder, nets.small_convnet(), "--output_names", "gone")


@case("output_folder_missing", "does not exist")
def _(folder):
    return transform(folder, nets.small_convnet(), out="no/such/out.mlir")


@case("output_is_a_folder", "is a folder")
def _(folder):
    (folder / "out.mlir.d").mkdir()
    return transform(folder, nets.small_convnet(), out="out.mlir.d")


@case("output_is_a_device", "not a regular file")
def _(folder):
    return transform(folder, nets.small_convnet(), out="/dev/full")


@case("calibration_without_data", "holds no pictures")
def _(folder):
    (folder / "data").mkdir()
    return ["run_calibration", str(make_module(folder)), "--dataset", str(folder / "data"),
            "-o", str(folder / "table")]  # fmt: skip


@case("deploy_unknown_precision", "F13", "F16")
def _(folder):
    return deploy(folder, make_module(folder), quantize="F13")


@case("deploy_int8", "INT8")
def _(folder):
    return deploy(folder, make_module(folder), quantize="INT8")


@case("deploy_unknown_chip", "bm9999", "bm1684x")
def _(folder):
    return deploy(folder, make_module(folder), chip="bm9999")


@case("deploy_dynamic", "--dynamic")
def _(folder):
    return deploy(folder, make_module(folder), "--dynamic")


@case("deploy_mlir_missing", "no such file")
def _(folder):
    return deploy(folder, folder / "gone.mlir")


@case("deploy_mlir_empty", "empty")
def _(folder):
    (folder / "net.mlir").write_bytes(b"")
    return deploy(folder, folder / "net.mlir")


def refuses_module(name, damage, *words, text=False):
    @case("deploy_mlir_" + name, "net.mlir", *words)
    def _(folder):
        path = make_module(folder, text)
        path.write_bytes(bytes(damage(bytearray(path.read_bytes()))))
        return deploy(folder, path)


refuses_module("text_garbage", lambda d: b"not a module {", text=True)
refuses_module("text_cut", lambda d: d[: len(d) // 2], text=True)
refuses_module("text_unknown_op", lambda d: d.replace(b"top.conv", b"top.vonc"), text=True)
refuses_module("binary_zeroes", lambda d: bytes(100))
for place in (0.3, 0.6, 0.9):
    refuses_module(f"flipped_{place}", lambda d, p=place: flip(d, p), "damaged")
    refuses_module(f"cut_{place}", lambda d, p=place: d[: int(len(d) * p)], "damaged")


@case("deploy_table_missing", "table")
def _(folder):
    return deploy(folder, make_module(folder), "--quantize_table", str(folder / "table"))


@case("deploy_table_line", "table:2")
def _(folder):
    (folder / "table").write_text("conv F32\nrelu\n")
    return deploy(folder, make_module(folder), "--quantize_table", str(folder / "table"))


@case("deploy_table_precision", "table:1", "F13")
def _(folder):
    (folder / "table").write_text("conv F13\n")
    return deploy(folder, make_module(folder), "--quantize_table", str(folder / "table"))


@case("deploy_reference_without_input", "--test_input")
def _(folder):
    return deploy(folder, make_module(folder), "--test_reference", "x.npz")


@pytest.mark.parametrize(("prepare", "words"), CASES)
def test_refused_with_one_clear_line(prepare, words, tmp_path, capsys, monkeypatch):
    check_refused(prepare, words, tmp_path, capsys, monkeypatch)


def test_there_are_enough_cases():
    assert len(CASES) >= 60


def test_a_process_ends_with_code_1_and_one_line(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "tpuc.cli", "model_transform", "--model_def", "gone.onnx",
         "--mlir", str(tmp_path / "out.mlir")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: gone.onnx: no such file")


def limit_file_size():
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))


def test_a_full_disk_leaves_no_file(tmp_path):
    """A limit on the file size stands for a full disk."""
    model = nets.save(nets.small_convnet(), tmp_path / "net.onnx")
    result = subprocess.run(
        [sys.executable, "-m", "tpuc.cli", "model_transform", "--model_def", model,
         "--mlir", str(tmp_path / "out.mlir")],
        capture_output=True, text=True, check=False, preexec_fn=limit_file_size,
    )  # fmt: skip
    assert result.returncode == 1, result.stderr
    assert result.stderr.startswith("error: ")
    assert "cannot be written" in result.stderr
    assert set(files_of(tmp_path)) == {tmp_path / "net.onnx"}


def test_weights_from_memory_are_checked_too():
    from tpuc import UserError
    from tpuc.frontend import import_onnx

    model = nets.small_convnet()
    model.graph.initializer[0].CopyFrom(
        numpy_helper.from_array(np.ones((4, 3, 3), np.float32), "w")
    )
    with pytest.raises(UserError, match="Conv"):
        import_onnx(model)
