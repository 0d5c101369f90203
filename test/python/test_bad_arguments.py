"""Arguments that nothing can mean, of every command: one clear line, no file left."""

import os

import pytest
from bad_input import check_refused, make_all, table

CASES, case = table()

RUN = "model_runner --model net.bmodel --input in.npz --output out.npz"
TRANSFORM = "model_transform --model_def net.onnx --mlir out.mlir"
DEPLOY = "model_deploy --mlir net.mlir --quantize F16 --chip bm1684x --model out.bmodel"
COMPILE = "tpuc compile net.onnx -o out.bmodel"
CALIBRATE = "run_calibration net.mlir --dataset in.npz -o table"
QUANTIZE = "tpuc quantize net.onnx --calibration in.npz -o qtable"
COMPARE = "tpuc compare net.bmodel net.onnx --input in.npz"
HUGE = "9" * 400
LONG = "1" * 5000


def refuses(line, *words, **values):
    """Registers a command line; ``{name}`` in it stands for one of the values."""
    parts = [word.format(**values) for word in line.split(" ")]

    @case(line.replace(" ", "_").format(**{k: k for k in values}), *words)
    def _(folder):
        make_all(folder)
        os.mkfifo(folder / "pipe")
        return parts


# Numbers.
for text in ("-1", "1.5", "x", "''", HUGE, LONG, "1e3", "0x10", "100000000000"):
    refuses(f"{RUN} --threads {{number}}", "threads", number=text)
for text in ("0", "-5", "1.5", "many", HUGE, LONG, "nan"):
    refuses(f"{CALIBRATE} --input_num {{number}}", "input", number=text)
for text in ("0", "4", "-1", "2.5", "x", HUGE, ""):
    refuses(f"{COMPILE} --opt {{number}}", "opt", number=text)
for text in ("nan", "inf", "-1", "101", "x", "1e400", HUGE):
    refuses(f"{COMPILE} --quantize INT8 --max_drop {{number}}", "max_drop", number=text)
for text in ("nan", "2", "-2", "x"):
    refuses(f"{COMPILE} --quantize INT8 --min_cosine {{number}}", "min_cosine", number=text)
for text in ("x", "1.1", "0.9,0.9,0.9,0.9", "nan,nan", "-2,0.5", "0.9,", "", "2,2"):
    refuses(f"{COMPARE} --tolerance {{number}}", "tolerance", number=text)
for text in ("0,0,0,0", "a,b,c", "1,2", "nan,0,0", "1e400,0,0", "inf", ""):
    refuses(f"{TRANSFORM} --mean {{number}}", "mean", number=text)
for text in ("256", "256,256,256", "-1,5", "a,b", f"{HUGE},1", "1.5,2"):
    refuses(f"{TRANSFORM} --resize_dims {{number}}", "resize_dims", number=text)
for text in ("-1", "256", "x", HUGE):
    refuses(f"{TRANSFORM} --pad_value {{number}}", "pad_value", number=text)

# Words.
for text in ("f64", "", "F16,F32", "\x1b[31mF16", "F" * 5000):
    refuses(f"{DEPLOY} --quantize {{word}}", word=text)
for text in ("bm1688", "", "BM1684X;", "\u202e"):
    refuses(f"{DEPLOY} --chip {{word}}", "bm1684x", word=text)
for text in ("rgbrgb", "", "\n"):
    refuses(f"{TRANSFORM} --pixel_format {{word}}", "pixel_format", word=text)
for text in ("max,kl", "best", "\t"):
    refuses(f"{COMPILE} --calibration in.npz --method {{word}}", word=text)
for text in ("gone", "", "top,tpu", "commandss"):
    refuses(f"{COMPILE} --stop_after {{word}}", "stop_after", word=text)
refuses(f"{COMPILE} --fix_input x", "fix_input")
refuses(f"{COMPILE} --fix_input =1", "fix_input")
refuses(f"{COMPILE} --fix_input gone=1", "gone")
refuses(f"{COMPILE} --shape_buckets batch", "shape_buckets")
refuses(f"{COMPILE} --shape_buckets batch=0", "batch")
refuses(f"{COMPILE} --shape_buckets batch=a,b", "batch")
refuses(f"{COMPILE} --shape_buckets batch=1:1000000000:1", "batch")
refuses(f"{COMPILE} --output_names gone", "gone")
refuses("model_runner --model net.bmodel --input in.npz --output out.npz extra", "extra")
refuses(f"{RUN} {{word}}", word="")
refuses(f"{RUN} {{word}}", "=1,2", word="=1,2")
refuses(f"{RUN} --network gone", "gone")
refuses("tpuc {word}", word="\udcff\udcfe")
refuses("tpuc {word}", word="\x07")
refuses(f"{TRANSFORM} --debug {{word}}", word="")

# Files that are none, where something is read or written.
for place in ("pipe", "/dev/zero", "/dev/full", "/dev/null"):
    refuses(f"model_transform --model_def {place} --mlir out.mlir", "pipe or a device")
    refuses(f"model_deploy --mlir {place} --quantize F16 --chip bm1684x --model o", "pipe or a dev")
    refuses(f"model_runner --model {place} --input in.npz --output out.npz", "pipe or a device")
    refuses(f"model_runner --model net.bmodel --input {place} --output out.npz", "pipe or a device")
    refuses(f"model_runner --model net.bmodel --input in.npz --output {place}", "regular file")
    refuses(f"tpuc compile net.onnx -o {place}", "regular file")
    refuses(f"tpuc info {place}", "pipe or a device")
    refuses(f"{COMPILE} --quantize_table {place}", "pipe or a device")
    refuses(f"{COMPILE} --calibration_table {place} --quantize INT8", "pipe or a device")
    refuses(f"{COMPILE} --config {place}", "pipe or a device")
    refuses(f"{COMPILE} --explain {place}", "regular file")
refuses(f"{COMPILE} --explain no/where.json", "does not exist")
refuses(f"{COMPILE} --report no/where.html --quantize INT8 --max_drop 1 --calibration in.npz",
        "does not exist")  # fmt: skip
refuses("tpuc compile net.onnx -o {name}", "too long", name="a" * 300)
refuses("model_transform --model_def {name} --mlir out.mlir", name="a" * 5000)
refuses("model_transform --model_def net.onnx --mlir {name}", name="b" * 5000)
refuses("tpuc compile net.onnx -o {name}", "UTF-8", name="\udcff.bmodel")
refuses("tpuc compile net.onnx -o .", "not a file name")
refuses("tpuc compile net.onnx -o {name}", "file", name="")
refuses(f"{QUANTIZE} --data_list gone.txt", "alternatives")
refuses(f"{COMPILE} --calibration in.npz --data_list gone.txt", "alternatives")
refuses("tpuc info {name}", name="")
refuses("tpuc info gone.bmodel", "no such file")
refuses("tpuc dis in.npz", "in.npz")
refuses("tpuc profile net.mlir", "net.mlir")
refuses("tpuc compare net.bmodel in.npz", "--input")
refuses("npz_tool print net.onnx", "net.onnx")
refuses("npz_tool dump in.npz gone", "gone")
refuses("npz_tool merge in.npz in.npz out.npz", "'x'")
refuses("npz_tool extract in.npz in.npz x", "input")
refuses("model_tool --info in.npz", "in.npz")
refuses("model_tool --combine net.bmodel -o net.bmodel", "net.bmodel")
refuses("model_tool --combine net.bmodel net.bmodel -o out.bmodel", "same")


@pytest.mark.parametrize(("prepare", "words"), CASES)
def test_refused_with_one_clear_line(prepare, words, tmp_path, capsys, monkeypatch):
    check_refused(prepare, words, tmp_path, capsys, monkeypatch)
