"""Uses an installed wheel as a newcomer does: every command, then one network.

Run it with the Python of an environment that has nothing but the wheel. It
measures ``import tpuc``, starts every command, compiles a ResNet-50 in F16, runs
it in the simulator and compares with onnxruntime. Exit code 1 when one of these
fails.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tempfile
import time
from importlib import metadata
from pathlib import Path

SKELETON = Path(__file__).resolve().parent.parent / "test/models/resnet50.skeleton.onnx.gz"
MOST_IMPORT_SECONDS = 0.3


def import_seconds(statement: str) -> float:
    """The seconds that a statement takes beyond the start of Python, the best of three."""

    def best(code: str) -> float:
        times = []
        for _ in range(3):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            times.append(time.perf_counter() - start)
        return min(times)

    return best(statement) - best("pass")


def check_commands() -> int:
    """Starts every command of the wheel; returns how many there are."""
    scripts = Path(sysconfig.get_path("scripts"))
    names = [
        entry.name
        for entry in metadata.distribution("tpuc").entry_points
        if entry.group == "console_scripts"
    ]
    names += ["tpuc-opt", "tpuc-translate"]
    for name in names:
        subprocess.run([scripts / name, "--help"], check=True, stdout=subprocess.DEVNULL)
    return len(names)


def check_network() -> str:
    """Compiles, runs and compares; returns what came out."""
    import numpy as np
    import tpuc
    from tpuc.compare import compare
    from tpuc.inflate import inflate_to
    from tpuc.reference import run_onnx

    with tempfile.TemporaryDirectory() as folder:
        path = inflate_to(SKELETON, Path(folder) / "resnet50.onnx")
        model = tpuc.compile(path, quantize="F16")
        spec = model.inputs[0]
        rng = np.random.default_rng(0)
        feeds = {spec.name: rng.standard_normal(spec.shape).astype(np.float32)}
        results, expected = model.run(feeds), run_onnx(path, feeds)
    for name, value in expected.items():
        result = compare(results[name], value, name)
        if result.relative > 0.01:
            sys.exit(f"error: {name} differs by {result.relative:.2e} of its range")
    return f"ResNet-50 in F16: largest difference {result.relative:.1e} of the range"


def main() -> int:
    """Command line entry."""
    seconds = import_seconds("import tpuc")
    print(f"wheel: import tpuc takes {seconds * 1000:.0f} ms", flush=True)
    print(f"wheel: {check_commands()} commands start", flush=True)
    print(f"wheel: {check_network()}", flush=True)
    return int(seconds > MOST_IMPORT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
