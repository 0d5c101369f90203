"""Compiles the benchmark networks and puts their figures beside the peer's.

Milliseconds are those of the vendor's cycle model on both sides; the peer's were
printed by its own copy of that model (bench/peer.json). Beside ours stand those with
what that model leaves out (profile `silicon`). Inputs come from a seed, the
reference is onnxruntime.

    python bench/run.py swin_t resnet50 --precisions F16 --accuracy
    python bench/run.py --accuracy --tools --json build/bench/rows.json --readme
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import tpuc
from tpuc.arrays import PortLike
from tpuc.compare import compare
from tpuc.compiler import transform
from tpuc.console import print_table
from tpuc.inflate import inflate_to
from tpuc.reference import run_onnx

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
SKELETONS = ROOT / "test" / "models"
PRECISIONS = ("F32", "F16", "BF16", "INT8")
# Inputs that the ranges for INT8 come from.
CALIBRATED = 4
HEADER = (
    "network", "precision", "ms", "silicon ms", "peer ms", "peer / ours", "roofline ms", "commands",
    "compile s", "simulate s", "cosine", "difference / range", "top-5",
)  # fmt: skip
TOOLS_HEADER = ("network", "precision", "transform s", "deploy s", "peak MB", "peer s", "peer MB")


@dataclass
class Row:
    """One network in one precision; None where a figure does not exist.

    Attributes:
        milliseconds, roofline: by the vendor's cycle model.
        silicon: milliseconds with what that model leaves out.
        compile_seconds, simulate_seconds: wall time and CPU time of all threads.
        cosine: the lowest of all outputs.
        difference: the largest, as a part of the output's range.
        top5_equal: whether a classifier's five best classes have the same order.
    """

    model: str
    precision: str
    milliseconds: float = math.nan
    silicon: float = math.nan
    roofline: float = math.nan
    peer: float | None = None
    commands: int = 0
    compile_seconds: tuple[float, float] = (math.nan, math.nan)
    simulate_seconds: tuple[float, float] | None = None
    cosine: float | None = None
    difference: float | None = None
    top5_equal: bool | None = None
    error: str | None = None

    def cells(self) -> tuple[str, ...]:
        """A line of the table."""
        if self.error:
            empty = [""] * (len(HEADER) - 3)
            return (self.model, self.precision, f"error: {self.error}", *empty)
        top5 = {None: "-", True: "equal", False: "differs"}[self.top5_equal]
        return (
            self.model,
            self.precision,
            f"{self.milliseconds:.3f}",
            f"{self.silicon:.3f}",
            number(self.peer, ".3f"),
            number(self.peer and self.peer / self.milliseconds, ".2f"),
            f"{self.roofline:.3f}",
            str(self.commands),
            seconds(self.compile_seconds),
            seconds(self.simulate_seconds),
            number(self.cosine, ".7f"),
            number(self.difference, ".1e"),
            top5,
        )


@dataclass
class ToolsRow:
    """model_transform and model_deploy as processes of their own."""

    model: str
    precision: str
    transform_seconds: float
    deploy_seconds: float
    peak_megabytes: float
    peer_seconds: float | None = None
    peer_megabytes: float | None = None

    def cells(self) -> tuple[str, ...]:
        """A line of the table."""
        return (
            self.model,
            self.precision,
            f"{self.transform_seconds:.1f}",
            f"{self.deploy_seconds:.1f}",
            f"{self.peak_megabytes:.0f}",
            number(self.peer_seconds, ".1f"),
            number(self.peer_megabytes, ".0f"),
        )


def number(value: float | None, form: str) -> str:
    """A figure, or a dash."""
    return "-" if value is None else format(value, form)


def seconds(pair: Sequence[float] | None) -> str:
    """Wall and CPU time."""
    return "-" if pair is None else f"{pair[0]:.1f} ({pair[1]:.1f})"


class Clock:
    """Wall and CPU time since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Both, in seconds."""
        return time.perf_counter() - self._start[0], time.process_time() - self._start[1]


def seeded_inputs(ports: Iterable[PortLike], name: str) -> dict[str, np.ndarray]:
    """Normal numbers for floats, indices of a vocabulary for integers."""
    random = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))
    inputs = {}
    for port in ports:
        if port.dtype.startswith("i"):
            limit = 2 if "mask" in port.name or "type" in port.name else 30000
            inputs[port.name] = random.integers(0, limit, port.shape, dtype=np.int64)
        else:
            inputs[port.name] = random.standard_normal(port.shape, dtype=np.float32)
    return inputs


def best5(scores: np.ndarray) -> list[int]:
    """The five best classes, best first."""
    return np.argsort(-scores.reshape(-1), kind="stable")[:5].tolist()


def measure_accuracy(row: Row, path: Path, model: tpuc.Model) -> None:
    """Runs our .bmodel on our simulator and the ONNX file in onnxruntime."""
    inputs = seeded_inputs(model.inputs, row.model)
    expected = run_onnx(path, inputs)
    clock = Clock()
    actual = model.run(inputs)
    row.simulate_seconds = clock.read()
    results = [compare(actual[name], expected[name], name, model.precision) for name in expected]
    wrong = [result for result in results if result.of_allowed > 1]
    if wrong:
        row.error = f"'{wrong[0].name}' {wrong[0].describe((0, -math.inf))}"
    row.cosine = min(result.cosine for result in results)
    row.difference = max(result.relative for result in results)
    scores = next(iter(expected))
    if len(expected) == 1 and expected[scores].shape == (1, 1000):
        row.top5_equal = best5(actual[scores]) == best5(expected[scores])


def calibrate(path: Path) -> tpuc.CalibrationTable:
    """The ranges of a network on inputs other than the one that is measured."""
    module = transform(path, path.stem)
    names = (f"{path.stem} {number}" for number in range(CALIBRATED))
    return tpuc.calibrate(module, [seeded_inputs(module.inputs, name) for name in names])


def measure(path: Path, precision: str, peer: float | None, with_accuracy: bool) -> Row:
    """Compiles a network and profiles it."""
    row = Row(path.stem, precision, peer=peer)
    try:
        table = calibrate(path) if precision == "INT8" else None
        clock = Clock()
        model = tpuc.compile(path, quantize=precision, calibration_table=table)
        row.compile_seconds = clock.read()
        profile = model.profile()
        row.milliseconds = profile.vendor_ms
        row.silicon = profile.silicon_ms
        row.roofline = profile.roofline_ms
        row.commands = profile.tiu_commands + profile.gdma_commands
        if with_accuracy:
            measure_accuracy(row, path, model)
    except tpuc.UserError as error:
        row.error = str(error)
    return row


def run_process(*command: str | Path) -> tuple[float, float]:
    """Wall seconds and peak resident megabytes of one of our commands.

    Raises:
        UserError: the command failed.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "tpuc.cli", *map(str, command)], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise tpuc.UserError(f"{command[0]} failed with exit code {process.returncode}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def measure_tools(path: Path, precision: str, peer: dict[str, float]) -> ToolsRow:
    """Runs model_transform and model_deploy as a user would."""
    mlir = path.with_suffix(".mlir")
    bmodel = path.with_name(f"{path.stem}_{precision.lower()}.bmodel")
    transform, first = run_process(
        "model_transform", "--model_name", path.stem, "--model_def", path, "--mlir", mlir
    )
    deploy, second = run_process(
        "model_deploy", "--mlir", mlir, "--quantize", precision, "--model", bmodel
    )
    peak = max(first, second)
    return ToolsRow(
        path.stem, precision, transform, deploy, peak, peer.get("seconds"), peer.get("megabytes")
    )


def geometric_mean(rows: Sequence[Row]) -> str:
    """One line on all rows that the peer has, too."""
    ratios = [row.peer / row.milliseconds for row in rows if row.peer and not row.error]
    if not ratios:
        return ""
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    return f"Geometric mean of peer / ours: {mean:.3f} over {len(ratios)} rows."


def markdown(header: Sequence[str], lines: Sequence[Sequence[str]], texts: int = 2) -> str:
    """A table, the first columns of text, the others of figures."""
    rule = [*["---"] * texts, *["---:"] * (len(header) - texts)]
    return "\n".join(f"| {' | '.join(line)} |" for line in [header, rule, *lines])


def write_part(name: str, body: str) -> None:
    """Puts text between two markers of bench/README.md."""
    readme = BENCH / "README.md"
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    head, _, rest = readme.read_text().partition(begin)
    _, _, tail = rest.partition(end)
    readme.write_text(f"{head}{begin}\n\n{body}\n\n{end}{tail}")


def write_readme(rows: Sequence[Row], tools: ToolsRow | None) -> None:
    """Writes the tables of the networks and of the tools."""
    table = markdown(HEADER, [row.cells() for row in rows])
    write_part("table", f"{table}\n\n{geometric_mean(rows)}")
    if tools:
        write_part("tools", markdown(TOOLS_HEADER, [tools.cells()]))


def main() -> int:
    """Entry point; 1 when a network failed."""
    peer = json.loads((BENCH / "peer.json").read_text())
    names = list(peer["milliseconds"])
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(names)}")
    parser.add_argument("--precisions", default=",".join(PRECISIONS), help="default: %(default)s")
    parser.add_argument("--accuracy", action="store_true", help="also run each network")
    parser.add_argument("--tools", action="store_true", help="also measure the tools, Swin-T F16")
    parser.add_argument("--work", type=Path, default=ROOT / "build/bench", help="for the networks")
    parser.add_argument("--json", type=Path, help="keep rows here, measure only what it lacks")
    parser.add_argument("--readme", action="store_true", help="write the table to bench/README.md")
    args = parser.parse_args()

    # First: a process started later would count this one's memory as its own.
    tools = None
    if args.tools:
        path = inflate_to(SKELETONS / "swin_t.skeleton.onnx.gz", args.work / "swin_t.onnx")
        tools = measure_tools(path, "F16", peer["tools"]["swin_t"]["F16"])
    known: dict[tuple[str, str], Row] = {}
    if args.json and args.json.exists():
        kept = [Row(**entry) for entry in json.loads(args.json.read_text())]
        known = {(row.model, row.precision): row for row in kept}
    rows = []
    for name in args.models or names:
        if name not in peer["milliseconds"]:
            parser.error(f"there is no network '{name}', choose from {', '.join(names)}")
        for precision in args.precisions.split(","):
            row = known.get((name, precision))
            if row is None:
                path = inflate_to(
                    SKELETONS / f"{name}.skeleton.onnx.gz", args.work / f"{name}.onnx"
                )
                figure = peer["milliseconds"][name].get(precision)
                row = known[name, precision] = measure(path, precision, figure, args.accuracy)
                print(*row.cells(), file=sys.stderr, flush=True)
                if args.json:
                    lines = [asdict(entry) for entry in known.values()]
                    args.json.write_text(json.dumps(lines, indent=1))
            rows.append(row)
    print_table("Networks, seconds as wall (CPU)", [row.cells() for row in rows], HEADER)
    print(geometric_mean(rows))
    if tools:
        print_table("model_transform and model_deploy", [tools.cells()], TOOLS_HEADER)
    if args.readme:
        write_readme(rows, tools)
    return int(any(row.error for row in rows))


if __name__ == "__main__":
    from tpuc.cli.common import run_command

    sys.exit(run_command(lambda _: main(), []))
