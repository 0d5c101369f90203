"""Compiles the benchmark models and puts their figures beside the peer's.

Milliseconds are those of the timing model (profile `vendor`) for both sides: the
peer's were printed by its own copy of that model (bench/peer.json). The accuracy is
that of our .bmodel on our simulator against onnxruntime on the same random input.

    python bench/run.py [--models swin_t,resnet50] [--precisions F16] [--accuracy]
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from rich.console import Console
from rich.table import Table

import tpuc
from tpuc.models import inflate

ROOT = Path(__file__).resolve().parent
SKELETONS = ROOT.parent / "test" / "models"
PRECISIONS = ("F32", "F16", "BF16")


@dataclass
class Row:
    """One model in one precision; None where a figure does not exist."""

    model: str
    precision: str
    milliseconds: float
    roofline: float
    peer: float | None
    compile_seconds: float
    commands: int
    cosine: float | None = None
    relative_error: float | None = None

    @property
    def speedup(self) -> float | None:
        """The peer's time over ours."""
        return None if self.peer is None else self.peer / self.milliseconds


def random_inputs(session: onnxruntime.InferenceSession) -> dict[str, np.ndarray]:
    """Seeded inputs: normal for floats, small indices for integers."""
    generator = np.random.default_rng(0)
    inputs = {}
    for value in session.get_inputs():
        shape = [size if isinstance(size, int) else 1 for size in value.shape]
        if "int" in value.type:
            inputs[value.name] = generator.integers(0, 1000, shape).astype(np.int64)
        else:
            inputs[value.name] = generator.standard_normal(shape).astype(np.float32)
    return inputs


def accuracy(path: Path, model: tpuc.Model) -> tuple[float, float]:
    """The lowest cosine and the largest difference over the output's range."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    inputs = random_inputs(session)
    names = [output.name for output in session.get_outputs()]
    expected = session.run(names, inputs)
    outputs = model.run(inputs)
    cosine, worst = 1.0, 0.0
    for name, reference in zip(names, expected, strict=True):
        a = np.asarray(reference, np.float64).ravel()
        b = np.asarray(outputs[name], np.float64).ravel()
        cosine = min(cosine, float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b))))
        worst = max(worst, float(np.abs(a - b).max() / (a.max() - a.min())))
    return cosine, worst


def measure(path: Path, precision: str, peer: float | None, with_accuracy: bool) -> Row:
    """Compiles a model and profiles it."""
    start = time.perf_counter()
    model = tpuc.compile(path, quantize=precision)
    seconds = time.perf_counter() - start
    profile = model.profile()
    row = Row(
        model=path.stem,
        precision=precision,
        milliseconds=profile.ms,
        roofline=profile.roofline_ms,
        peer=peer,
        compile_seconds=seconds,
        commands=profile.tiu_commands + profile.gdma_commands,
    )
    if with_accuracy:
        row.cosine, row.relative_error = accuracy(path, model)
    return row


def show(rows: list[Row], console: Console) -> None:
    """Prints the table and the geometric mean of the speed-ups."""
    table = Table(title="tpuc beside the peer, cycle model `vendor`")
    for column in (
        "model", "precision", "ms", "peer ms", "peer/ours", "roofline ms",
        "roofline/ours", "compile s", "commands", "cosine", "max diff / range",
    ):  # fmt: skip
        table.add_column(column, justify="left" if column == "model" else "right")
    for row in rows:
        table.add_row(
            row.model,
            row.precision,
            f"{row.milliseconds:.3f}",
            "-" if row.peer is None else f"{row.peer:.3f}",
            "-" if row.speedup is None else f"{row.speedup:.2f}",
            f"{row.roofline:.3f}",
            f"{row.roofline / row.milliseconds:.3f}",
            f"{row.compile_seconds:.1f}",
            str(row.commands),
            "-" if row.cosine is None else f"{row.cosine:.7f}",
            "-" if row.relative_error is None else f"{row.relative_error:.1e}",
        )
    console.print(table)
    speedups = [row.speedup for row in rows if row.speedup is not None]
    if speedups:
        mean = math.exp(sum(map(math.log, speedups)) / len(speedups))
        console.print(f"geometric mean of peer/ours: {mean:.2f} over {len(speedups)} rows")


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", help="comma-separated names; all by default")
    parser.add_argument("--precisions", default=",".join(PRECISIONS))
    parser.add_argument("--accuracy", action="store_true", help="also run each model")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    arguments = parser.parse_args()

    peer = json.loads((ROOT / "peer.json").read_text())["milliseconds"]
    names = arguments.models.split(",") if arguments.models else list(peer)
    folder = ROOT.parent / "models"
    folder.mkdir(exist_ok=True)
    console = Console(width=160)
    rows = []
    for name in names:
        path = folder / f"{name}.onnx"
        if not path.exists():
            inflate(SKELETONS / f"{name}.skeleton.onnx", path)
        for precision in arguments.precisions.split(","):
            try:
                rows.append(
                    measure(path, precision, peer[name].get(precision), arguments.accuracy)
                )
            except tpuc.UserError as error:
                console.print(f"{name} {precision}: error: {error}")
    show(rows, console)
    if arguments.json:
        arguments.json.write_text(json.dumps([vars(row) for row in rows], indent=1))


if __name__ == "__main__":
    main()
