"""Networks of torchvision, timm and transformers: which compile, how exact, how far from the bound.

    python -m venv .zoo && .zoo/bin/pip install torch torchvision timm transformers onnxscript
    .zoo/bin/pip install numpy onnx pydantic pyyaml
    PYTHONPATH=python .zoo/bin/python bench/zoo.py --precisions F16 --jobs 2
    PYTHONPATH=python .zoo/bin/python bench/zoo.py timm/eva02 --precisions F16,F32

Each network is a process of its own with a limit on memory and time; what is measured already is
kept in the folder of --work. The table has the worst first.

``error`` is the largest difference from PyTorch's F32 results over the largest result, of the
worst output; ``of half`` is that over the same of PyTorch computing in 16 bits on the host, where
it can: about 1 or less is what the precision explains.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from zoo_networks import NAMES, build

ROOT = Path(__file__).resolve().parents[1]
EXPORTERS = ("export", "trace")
MEMORY, SECONDS = 12 << 30, 900
HEADER = ("network", "precision", "form", "ms", "roofline", "ms / roofline", "error", "of half",
          "compile s")  # fmt: skip


def measure(name: str, precision: str, exporter: str) -> dict:
    """Exports, compiles and runs one network."""
    import numpy as np
    import torch
    import tpuc
    from tpuc.pytorch import _evaluating, _export_traced, _quiet, to_onnx

    network, inputs = build(name)
    with torch.no_grad():
        expected = arrays(network(*inputs))
    if exporter == "trace":
        with _evaluating(network), torch.no_grad(), _quiet():
            exported = _export_traced(network, inputs, {})
    else:
        exported = to_onnx(network, inputs)
    start = time.perf_counter()
    model = tpuc.compile(exported, precision, name="net")
    seconds = time.perf_counter() - start
    given = {spec.name: value.numpy() for spec, value in zip(model.inputs, inputs, strict=True)}
    results = list(model.real_results(model.run(given)).values())
    profile = model.profile()
    row = {"ms": profile.ms, "roofline": profile.roofline_ms, "seconds": seconds,
           "cycles": profile.cycles, "half": None}  # fmt: skip
    row["error"] = error(results, expected)
    kinds = {"F16": torch.float16, "BF16": torch.bfloat16}
    if precision in kinds:
        kind = kinds[precision]
        cast = [v.to(kind) if v.is_floating_point() else v for v in inputs]
        try:
            with torch.no_grad():
                halves = arrays(network.to(kind)(*cast))
            if all(np.isfinite(each).all() for each in halves):
                row["half"] = error(halves, expected)
        except RuntimeError:
            pass
    if not all(np.isfinite(each).all() for each in results):
        row["error"] = math.inf
    return row


def arrays(value: object) -> list:
    """The tensors of a network's result as arrays, in order."""
    import torch

    if isinstance(value, torch.Tensor):
        return [value.float().numpy()]
    if isinstance(value, dict):
        value = list(value.values())
    return [array for item in value or () for array in arrays(item)] if value is not None else []


def error(results: list, expected: list) -> float:
    """The largest difference over the largest expected value, of the worst result."""
    import numpy as np

    worst = 0.0
    for found, wanted in zip(results, expected, strict=True):
        scale = float(np.abs(wanted).max()) or 1.0
        worst = max(worst, float(np.abs(found - wanted.reshape(found.shape)).max()) / scale)
    return worst


def measured(name: str, precision: str, exporter: str, work: Path) -> dict:
    """As measure(), in a process of its own, or from an earlier run."""
    kept = work / f"{name.replace('/', '_')}.{precision}.{exporter}.json"
    if not kept.exists():
        command = [sys.executable, __file__, "--one", name, precision, exporter]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
            lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
            last = lines[-1] if lines else f"ended with code {done.returncode}"
            row = json.loads(last) if done.returncode == 0 else {"failure": last}
        except subprocess.TimeoutExpired:
            row = {"failure": f"longer than {SECONDS} s"}
        kept.write_text(json.dumps(row))
    return {"name": name, "precision": precision, "exporter": exporter,
            **json.loads(kept.read_text())}  # fmt: skip


def show(rows: list[dict]) -> None:
    """The table, failures first, then the farthest from the roofline."""
    from tpuc.console import print_table

    failed = [row for row in rows if "failure" in row]
    good = sorted((r for r in rows if "ms" in r), key=lambda r: -r["ms"] / r["roofline"])
    cells = [(r["name"], r["precision"], r["exporter"], r["failure"][:90], *[""] * 5)
             for r in failed]  # fmt: skip
    for row in good:
        half = f"{row['error'] / row['half']:.2f}" if row["half"] else "-"
        cells.append((row["name"], row["precision"], row["exporter"], f"{row['ms']:.3f}",
                      f"{row['roofline']:.3f}", f"{row['ms'] / row['roofline']:.2f}",
                      f"{row['error']:.1e}", half, f"{row['seconds']:.1f}"))  # fmt: skip
    print_table("zoo", cells, HEADER)
    if good:
        ratios = sorted(row["ms"] / row["roofline"] for row in good)
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        print(f"{len(good)} measured, {len(failed)} failed; ms / roofline: geometric mean "
              f"{mean:.2f}, 95th percentile {ratios[int(0.95 * (len(ratios) - 1))]:.2f}, worst "
              f"{ratios[-1]:.2f}")  # fmt: skip
    forms: dict[tuple[str, str], set[int]] = {}
    for row in good:
        forms.setdefault((row["name"], row["precision"]), set()).add(row["cycles"])
    for (name, precision), cycles in sorted(forms.items()):
        if len(cycles) > 1:
            print(f"{name} {precision}: cycles differ with the form, {sorted(cycles)}")


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("networks", nargs="*", help="names or parts of them (default: all)")
    parser.add_argument("--precisions", default="F16")
    parser.add_argument("--forms", default=",".join(EXPORTERS), help="export, trace")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench" / "zoo")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        print("\n" + json.dumps(measure(*args.one)))
        return 0
    args.work.mkdir(parents=True, exist_ok=True)
    names = [n for n in NAMES if not args.networks or any(part in n for part in args.networks)]
    cases = itertools.product(names, args.precisions.split(","), args.forms.split(","), [args.work])
    with ThreadPoolExecutor(args.jobs) as pool:
        rows = list(pool.map(lambda case: measured(*case), cases))
    show(rows)
    return 1 if any("failure" in row for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
