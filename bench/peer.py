"""Holds tpuc against the vendor's compiler and simulator, tpu-mlir 1.30.2.

    python bench/peer.py --bmodels DIR [NETWORK ...]     the vendor's files, made before
    python bench/peer.py --peer-bin DIR [NETWORK ...]    makes them with the vendor's commands

Four checks, each for every network and precision for which its files exist:

  round trip   the vendor's .bmodel, decoded, printed, parsed and encoded, holds
               the same commands byte for byte
  simulator    our simulator's outputs of the vendor's .bmodel are its own, bit for bit
  cycles       our timing model's total is the one that it printed
  own model    our .bmodel gives the same bits on its simulator and on ours

DIR of --bmodels holds NETWORK/NETWORK_PRECISION.bmodel, NETWORK/in.npz,
NETWORK/out_PRECISION.npz and totals.json ({"NETWORK_PRECISION": cycles});
precisions in small letters. The fourth check needs the vendor's commands, from
--peer-bin or the PATH. Exit code 1 when anything differs.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tpuc
from tpuc import _core
from tpuc.arrays import load_npz, save_npz
from tpuc.console import print_table
from tpuc.inflate import inflate_to

sys.path.insert(0, str(Path(__file__).resolve().parent))
from run import BENCH, ROOT, SKELETONS, seeded_inputs

HEADER = ("network", "precision", "round trip", "simulator", "cycles", "own model")
ABSENT = "-"


def find_translate() -> str:
    """Our tpuc-translate, beside Python, in the build or on the PATH."""
    for candidate in (Path(sys.executable).parent, ROOT / "build" / "bin"):
        if (candidate / "tpuc-translate").exists():
            return str(candidate / "tpuc-translate")
    found = shutil.which("tpuc-translate")
    if not found:
        raise tpuc.UserError("tpuc-translate is not built, run make build")
    return found


def find_peer(folder: Path | None) -> Path | None:
    """The folder of the vendor's commands, or None; ours have the same names."""
    if folder is not None:
        if not (folder / "model_runner").exists():
            raise tpuc.UserError(f"{folder}: holds no model_runner, give the vendor's bin folder")
        return folder.absolute()
    for entry in os.get_exec_path():
        path = Path(entry).absolute()
        if (path / "model_runner").exists() and not (path / "tpuc").exists():
            return path
    return None


def call(command: Sequence[str | Path], folder: Path, **environment: str) -> None:
    """Runs a command in a folder.

    Raises:
        UserError: it failed; with the last line that it wrote.
    """
    result = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if result.returncode:
        last = (result.stdout.strip().splitlines() or ["no output"])[-1]
        raise tpuc.UserError(f"{Path(command[0]).name} failed: {last}")


def call_peer(peer: Path, folder: Path, *command: str | Path) -> None:
    """Runs one of the vendor's commands, which want their folder on the PATH."""
    call([peer / command[0], *command[1:]], folder, PATH=f"{peer}:{os.environ['PATH']}")


def run_peer(peer: Path, bmodel: Path, inputs: Path) -> dict[str, np.ndarray]:
    """The outputs of a .bmodel on the vendor's simulator."""
    with tempfile.TemporaryDirectory() as name:
        # It leaves a folder beside the file that it runs.
        folder = Path(name)
        (folder / "model.bmodel").symlink_to(bmodel.absolute())
        call_peer(
            peer, folder, "model_runner", "--input", inputs.absolute(),
            "--model", "model.bmodel", "--output", "out.npz",
        )  # fmt: skip
        return load_npz(folder / "out.npz")


def build_with_peer(peer: Path, folder: Path, names: Sequence[str], precision: str) -> None:
    """Fills a folder as --bmodels wants it, where it lacks something."""
    totals_path = folder / "totals.json"
    totals = json.loads(totals_path.read_text()) if totals_path.exists() else {}
    for name in names:
        work = folder / name
        key = f"{name}_{precision.lower()}"
        onnx_path = inflate_to(SKELETONS / f"{name}.skeleton.onnx.gz", work / f"{name}.onnx")
        if not (work / "in.npz").exists():
            model = tpuc.compile(onnx_path, quantize="F16")
            save_npz(work / "in.npz", seeded_inputs(model.inputs, name))
        bmodel = work / f"{key}.bmodel"
        if key not in totals:
            shapes = [list(array.shape) for array in load_npz(work / "in.npz").values()]
            call_peer(
                peer, work, "model_transform", "--model_name", name, "--model_def", onnx_path,
                "--input_shapes", json.dumps(shapes).replace(" ", ""), "--mlir", f"{name}.mlir",
            )  # fmt: skip
            call_peer(
                peer, work, "model_deploy", "--mlir", f"{name}.mlir", "--quantize", precision,
                "--chip", "bm1684x", "--model", bmodel.name, "--debug",
            )  # fmt: skip
            printed = (work / "compiler_profile_0.txt").read_text()
            totals[key] = int(re.findall(r"total_cycle:(\d+)", printed)[-1])
            totals_path.write_text(json.dumps(totals, indent=1))
        outputs = work / f"out_{precision.lower()}.npz"
        if not outputs.exists():
            save_npz(outputs, run_peer(peer, bmodel, work / "in.npz"))


def equal_bits(actual: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> str:
    """Compares outputs by name: equal, or how many elements differ."""
    if set(actual) != set(expected):
        return f"differs: outputs {', '.join(actual)} and {', '.join(expected)}"
    for name, reference in expected.items():
        a, b = actual[name].reshape(-1), reference.reshape(-1)
        if a.dtype != b.dtype or a.size != b.size:
            return f"differs: {a.size} {a.dtype} and {b.size} {b.dtype}"
        unequal = int(np.count_nonzero(a.view(np.uint8) != b.view(np.uint8)))
        if unequal:
            return f"differs: {int(np.count_nonzero(a != b))} of {a.size}"
    return "equal"


def check_round_trip(bmodel: Path) -> str:
    """Decodes, prints, parses and encodes; compares the commands."""
    translate = find_translate()
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as name:
        folder = Path(name)
        call([translate, "--bmodel-to-mlir", bmodel.absolute(), "-o", "a.mlir"], folder)
        call([translate, "--mlir-to-bmodel", "a.mlir", "-o", "b.bmodel"], folder)
        before = _core.Bmodel.load(str(bmodel)).streams()
        after = _core.Bmodel.load(str(folder / "b.bmodel")).streams()
    return "equal" if before == after else "differs"


def check_simulator(bmodel: Path, inputs: Path, outputs: Path) -> str:
    """Runs the vendor's .bmodel on our simulator."""
    if not outputs.exists():
        return ABSENT
    model = tpuc.Model.load(bmodel)
    arrays = load_npz(inputs)
    if len(arrays) == len(model.inputs) == 1:
        arrays = {model.inputs[0].name: next(iter(arrays.values()))}
    return equal_bits(model.run(arrays), load_npz(outputs))


def check_cycles(bmodel: Path, total: int | None) -> str:
    """Compares the total of our timing model with the printed one."""
    if total is None:
        return ABSENT
    cycles = tpuc.Model.load(bmodel).profile(free_zero_row_stride=True).cycles
    return f"equal: {total}" if cycles == total else f"differs: {cycles}, printed {total}"


def check_own(peer: Path, name: str, precision: str, folder: Path) -> str:
    """Runs our .bmodel on both simulators."""
    onnx_path = inflate_to(SKELETONS / f"{name}.skeleton.onnx.gz", folder / f"{name}.onnx")
    model = tpuc.compile(onnx_path, quantize=precision)
    inputs = seeded_inputs(model.inputs, name)
    bmodel = folder / f"{name}_{precision.lower()}.bmodel"
    model.save(bmodel)
    save_npz(folder / "in.npz", inputs)
    return equal_bits(model.run(inputs), run_peer(peer, bmodel, folder / "in.npz"))


def guarded(check: Callable[..., str], *arguments: object) -> str:
    """The check's answer, or why it could not be made."""
    try:
        return check(*arguments)
    except tpuc.UserError as error:
        return f"error: {error}"


def check_network(
    name: str, precision: str, bmodels: Path, totals: dict[str, int], peer: Path | None,
    checks: Sequence[str], work: Path,
) -> tuple[str, ...]:  # fmt: skip
    """A line of the table."""
    key = f"{name}_{precision.lower()}"
    folder = bmodels / name
    bmodel = folder / f"{key}.bmodel"
    cells = dict.fromkeys(HEADER[2:], ABSENT)
    if bmodel.exists():
        if "round trip" in checks:
            cells["round trip"] = guarded(check_round_trip, bmodel)
        if "simulator" in checks:
            outputs = folder / f"out_{precision.lower()}.npz"
            cells["simulator"] = guarded(check_simulator, bmodel, folder / "in.npz", outputs)
        if "cycles" in checks:
            cells["cycles"] = guarded(check_cycles, bmodel, totals.get(key))
    if peer and "own model" in checks and precision != "INT8":
        work.mkdir(parents=True, exist_ok=True)
        cells["own model"] = guarded(check_own, peer, name, precision, work)
    return (name, precision, *cells.values())


def main() -> int:
    """Entry point; 1 when something differs."""
    names = list(json.loads((BENCH / "peer.json").read_text())["milliseconds"])
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(names)}")
    parser.add_argument("--bmodels", type=Path, help="folder with the vendor's .bmodel files")
    parser.add_argument("--peer-bin", type=Path, help="folder with the vendor's commands")
    parser.add_argument("--precisions", default="F16", help="e.g. F32,F16,BF16,INT8")
    parser.add_argument(
        "--checks", default=",".join(HEADER[2:]), help="which of them, default: %(default)s"
    )
    args = parser.parse_args()
    checks = args.checks.split(",")
    for check in checks:
        if check not in HEADER[2:]:
            parser.error(f"there is no check '{check}', choose from {', '.join(HEADER[2:])}")
    for name in args.networks:
        if name not in names:
            parser.error(f"there is no network '{name}', choose from {', '.join(names)}")

    work = ROOT / "build" / "bench"
    work.mkdir(parents=True, exist_ok=True)
    peer = find_peer(args.peer_bin)
    bmodels = args.bmodels
    chosen = args.networks or names
    if bmodels is None:
        if peer is None:
            raise tpuc.UserError(
                "the vendor's commands are not on the PATH, give --peer-bin or --bmodels"
            )
        bmodels = work / "peer"
        for precision in args.precisions.split(","):
            build_with_peer(peer, bmodels, chosen, precision)
    totals_path = bmodels / "totals.json"
    totals = json.loads(totals_path.read_text()) if totals_path.exists() else {}
    lines = []
    for name in chosen:
        for precision in args.precisions.split(","):
            line = check_network(name, precision, bmodels, totals, peer, checks, work)
            if any(cell != ABSENT for cell in line[2:]):
                lines.append(line)
                print(*line, file=sys.stderr, flush=True)
    if not lines:
        raise tpuc.UserError(f"{bmodels}: holds nothing to check")
    print_table("tpuc and the vendor's tools", lines, HEADER)
    return int(any(cell.startswith(("differs", "error")) for line in lines for cell in line))


if __name__ == "__main__":
    from tpuc.cli.common import run_command

    sys.exit(run_command(lambda _: main(), []))
