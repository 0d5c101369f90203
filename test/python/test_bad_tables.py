"""Tables, lists and configurations that say nothing: one clear line with file and place."""

import pytest
from bad_input import check_refused, deploy, make_all, table

CASES, case = table()


def refuses(kind, name, text, *words):
    """Registers a broken text of one kind."""

    @case(f"{kind}_{name}", *words)
    def _(folder):
        make_all(folder)
        file = folder / FILES[kind]
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return COMMANDS[kind](folder, file)


FILES = {"quantize": "qtable", "ranges": "cali_table", "yaml": "net.yaml", "json": "net.json",
         "list": "list.txt", "labels": "labels.txt"}  # fmt: skip
COMMANDS = {
    "quantize": lambda folder, file: deploy(
        folder, folder / "net.mlir", "--quantize_table", str(file)
    ),
    "ranges": lambda folder, file: deploy(
        folder, folder / "net.mlir", "--calibration_table", str(file), quantize="INT8"
    ),
    "yaml": lambda folder, file: ["tpuc", "compile", "--config", str(file)],
    "json": lambda folder, file: ["tpuc", "compile", "--config", str(file)],
    "list": lambda folder, file: ["run_calibration", "net.mlir", "--data_list", str(file), "-o",
                                  "table"],
    "labels": lambda folder, file: ["tpuc", "compile", "net.onnx", "-o", "out.bmodel",
                                    "--calibration", "in.npz", "--labels", str(file)],
}  # fmt: skip

for kind in FILES:
    refuses(kind, "utf16", "conv F32\n".encode("utf-16"), FILES[kind])
    refuses(kind, "latin1", b"\xff\xfe\xe9 3 -3 3\n", FILES[kind])
    refuses(kind, "zeroes", bytes(64), FILES[kind])
    refuses(kind, "endless_line", b"x" * 100000 + b"\n", FILES[kind])
    refuses(kind, "escapes", b"\x1b[31mconv\x07 \x9b1m F13 x\n", FILES[kind])

refuses("quantize", "three_words", "conv F32 now\n", "qtable:1")
refuses("quantize", "both", "conv F32\nconv F16\n", "qtable:2")
refuses("quantize", "number", "conv 32\n", "qtable:1")
refuses("quantize", "unknown", "convv F32\n", "convv")
refuses("quantize", "name_alone", "F32\n", "qtable:1")

RANGES = "x 3 -3 3\nconv 3 -3 3\nrelu 3 0 3\nfc 3 -3 3\n"
for text in ("1e39", "-1", "0", "nan", "1e400", "three", "", "0x10", "1" * 5000, "1e-400"):
    refuses("ranges", f"threshold_{text[:5]}", RANGES.replace("x 3", f"x {text}"), "cali_table:1")
for text in ("1e39", "nan", "inf", "-inf", "1e400", "three", "-1" + "0" * 5000):
    refuses("ranges", f"maximum_{text[:5]}", RANGES.replace("-3 3\nconv", f"-3 {text}\nconv"),
            "cali_table:1")  # fmt: skip
refuses("ranges", "twice", RANGES + "x 3 -3 3\n", "cali_table:5", "line 1")
refuses("ranges", "unknown", RANGES + "z 3 -3 3\n", "'z'")
refuses("ranges", "upside_down", RANGES.replace("-3 3\nconv", "3 -3\nconv"), "cali_table:1")
refuses("ranges", "few_words", "x 3\n", "cali_table:1")

for name, text, word in (
    ("list", "- a\n- b\n", "keys and values"),
    ("word", "compile", "keys and values"),
    ("tabs", "source:\tnet.onnx\n\toutput: x\n", "YAML"),
    ("unknown_key", "source: net.onnx\nspeed: 3\n", "speed"),
    ("number_key", "1: 2\n", "1"),
    ("null_key", "null: 2\n", "None"),
    ("python", "!!python/object/apply:os.system ['touch pwned']\n", "YAML"),
    ("anchor_loop", "source: &a [*a]\n", "aliases"),
    ("deep", "[" * 100000, "YAML"),
    ("deep_lists", "- " * 50000, "YAML"),
    ("laughs", "".join(f"k{i}: &a{i} [{f'*a{i - 1},' * 9 if i else 1}]\n" for i in range(30)),
     "YAML"),
    ("no_output", "source: net.onnx\n", "write"),
    ("no_source", "output: out.bmodel\n", "model"),
    ("source_of_numbers", "source: 5\noutput: o\n", "source"),
    ("source_of_list", "source: [a, b]\noutput: o\n", "source"),
    ("opt", "source: net.onnx\noutput: o\nopt: 9\n", "opt"),
    ("opt_word", "source: net.onnx\noutput: o\nopt: fast\n", "opt"),
    ("huge_count", f"source: net.onnx\noutput: o\ncalibration: in.npz\ninput_num: {'9' * 400}\n",
     "input_num"),
    ("quantize_list", "source: net.onnx\noutput: o\nquantize: [F16]\n", "quantize"),
    ("mean_of_map", "source: net.onnx\noutput: o\nmean: {a: 1}\n", "mean"),
    ("mean_infinite", "source: net.onnx\noutput: o\nmean: [.inf, 0, 0]\n", "mean"),
    ("shapes_of_words", "source: net.onnx\noutput: o\ninput_shapes: [[a, b]]\n", "shape"),
    ("shapes_of_floats", "source: net.onnx\noutput: o\ninput_shapes: [[1.5, 3]]\n", "shape"),
    ("shapes_of_nothing", "source: net.onnx\noutput: o\ninput_shapes: [[]]\n", "shape"),
    ("buckets_of_words", "source: net.onnx\noutput: o\nshape_buckets: {batch: [a]}\n", "batch"),
    ("buckets_number", "source: net.onnx\noutput: o\nshape_buckets: 5\n", "shape_buckets"),
    ("fixed_number", "source: net.onnx\noutput: o\nfix_input: 5\n", "fix_input"),
    ("names_of_maps", "source: net.onnx\noutput: o\noutput_names: [{a: 1}]\n", "output_names"),
    ("tolerance", "source: net.onnx\noutput: o\ntest_input: in.npz\ntolerance: high\n", "toleran"),
    ("date", "source: net.onnx\noutput: o\nmodel_name: 2020-01-01\n", "model_name"),
    ("path_with_zero", 'source: "net\\0.onnx"\noutput: o\n', "net"),
):  # fmt: skip
    refuses("yaml", name, text, word)
for name, text, word in (
    ("cut", '{"source": "net.onnx"', "JSON"),
    ("list", "[1, 2]", "keys and values"),
    ("deep", "[" * 100000, "JSON"),
    ("nan", '{"source": "net.onnx", "output": "o", "max_drop": NaN, "quantize": "INT8"}',
     "max_drop"),
    ("digits", '{"source": "net.onnx", "output": "o", "opt": ' + "9" * 10000 + "}", "JSON"),
):  # fmt: skip
    refuses("json", name, text, word)

refuses("list", "of_nothing", "# nothing\n\n", "names no files")
refuses("list", "of_what_is_missing", "gone.npz\n", "list.txt:1")
refuses("list", "of_itself", "list.txt\n", "list.txt")
refuses("list", "of_a_folder", "/dev\n", "/dev")
refuses("list", "of_a_device", "/dev/zero\n", "/dev/zero")
refuses("labels", "words", "cat\ndog\n", "classes")
refuses("labels", "digits", "9" * 400 + "\n", "classes")


@pytest.mark.parametrize(("prepare", "words"), CASES)
def test_refused_with_one_clear_line(prepare, words, tmp_path, capsys, monkeypatch):
    check_refused(prepare, words, tmp_path, capsys, monkeypatch)
