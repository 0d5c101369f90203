"""Compiles and simulates every network of test/models and prints a table.

Each network runs in processes of its own, as a user's commands would: import
and lowering are timed and their peak memory is taken. The reference is
onnxruntime; the inputs come from a seed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
from tpuc.compare import compare
from tpuc.console import print_table
from tpuc.inflate import inflate_to

ROOT = Path(__file__).resolve().parent.parent
HEADER = (
    "model", "precision", "transform s", "deploy s", "peak MB", "simulate s", "cosine",
    "difference / range", "commands TIU / GDMA", "ms", "TIU %", "GDMA %", "roofline ms",
)  # fmt: skip


def run_measured(*command: str | Path) -> tuple[float, int, str]:
    """Seconds, peak resident kilobytes and the error line of a command."""
    start = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "tpuc.cli", *map(str, command)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - start
    return seconds, usage.ru_maxrss, error.strip() if process.returncode else ""


def reference(onnx_path: Path, name: str, folder: Path) -> tuple[dict, dict]:
    """Seeded inputs and onnxruntime's outputs, kept for the next precision."""
    import onnxruntime

    inputs_path, outputs_path = folder / "in.npz", folder / "ort.npz"
    if not outputs_path.exists():
        session = onnxruntime.InferenceSession(str(onnx_path), providers=["CPUExecutionProvider"])
        random = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))
        feeds = {}
        for port in session.get_inputs():
            shape = [size if isinstance(size, int) else 1 for size in port.shape]
            feeds[port.name] = (
                random.integers(0, 30000, shape, dtype=np.int64)
                if "int" in port.type
                else random.standard_normal(shape, dtype=np.float32)
            )
        names = [port.name for port in session.get_outputs()]
        results = dict(zip(names, session.run(None, feeds), strict=True))
        np.savez(inputs_path, **feeds)
        np.savez(outputs_path, **results)
    return dict(np.load(inputs_path)), dict(np.load(outputs_path))


def measure(name: str, precision: str, work: Path) -> dict:
    """All figures of one network in one precision; "error" when it fails."""
    folder = work / name
    folder.mkdir(parents=True, exist_ok=True)
    onnx_path = inflate_to(ROOT / f"test/models/{name}.skeleton.onnx", folder / f"{name}.onnx")
    _, expected = reference(onnx_path, name, folder)
    mlir, bmodel = folder / f"{name}.mlir", folder / f"{name}_{precision}.bmodel"
    figures: dict = {"model": name, "precision": precision}
    seconds, memory, error = run_measured(
        "model_transform", "--model_name", name, "--model_def", onnx_path, "--mlir", mlir
    )
    figures |= {"transform_s": seconds, "peak_kb": memory}
    if not error:
        seconds, memory, error = run_measured(
            "model_deploy", "--mlir", mlir, "--quantize", precision, "--model", bmodel
        )
        figures |= {"deploy_s": seconds, "peak_kb": max(memory, figures["peak_kb"])}
    if not error:
        out = folder / f"out_{precision}.npz"
        seconds, _, error = run_measured(
            "model_runner", "--input", folder / "in.npz", "--model", bmodel, "--output", out
        )
        figures["simulate_s"] = seconds
    if error:
        return figures | {"error": error}
    actual = dict(np.load(out))
    results = [compare(actual[key], expected[key], key) for key in expected]
    figures |= {
        "cosine": min(result.cosine for result in results),
        "relative": max(result.relative for result in results),
    }
    printed = subprocess.run(
        [sys.executable, "-m", "tpuc.cli", "profile", str(bmodel), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    return figures | json.loads(printed.stdout)


def row(figures: dict) -> tuple[str, ...]:
    """A line of the table."""
    if "error" in figures:
        return (figures["model"], figures["precision"], figures["error"][:160], *[""] * 10)
    return (
        figures["model"],
        figures["precision"],
        f"{figures['transform_s']:.2f}",
        f"{figures['deploy_s']:.2f}",
        f"{figures['peak_kb'] / 1024:.0f}",
        f"{figures['simulate_s']:.2f}",
        f"{figures['cosine']:.8f}",
        f"{figures['relative']:.2e}",
        f"{figures['tiu_commands']} / {figures['gdma_commands']}",
        f"{figures['ms']:.3f}",
        f"{100 * figures['tiu_busy']:.0f}",
        f"{100 * figures['gdma_busy']:.0f}",
        f"{figures['roofline_ms']:.3f}",
    )


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    names = sorted(p.name.split(".")[0] for p in (ROOT / "test/models").glob("*.skeleton.onnx"))
    parser.add_argument("models", nargs="*", default=names, help="by default all")
    parser.add_argument("--precisions", default="F16", help="e.g. F32,F16,BF16")
    parser.add_argument("--work", type=Path, default=ROOT / "build/bench")
    parser.add_argument("--json", type=Path, help="also write the figures to a file")
    args = parser.parse_args()
    figures = []
    for name in args.models:
        for precision in args.precisions.split(","):
            figures.append(measure(name, precision, args.work))
            print("  ".join(row(figures[-1])), file=sys.stderr, flush=True)
    print_table("networks", [row(item) for item in figures], HEADER)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1))
    return int(any("error" in item for item in figures))


if __name__ == "__main__":
    sys.exit(main())
