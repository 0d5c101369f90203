"""Measures the simulator: seconds a network, and commands a second of the timing model.

    python bench/simulator.py --bmodels DIR                     the vendor's files and ours
    python bench/simulator.py --bmodels DIR --peer-bin DIR      and its simulator beside ours

DIR of --bmodels holds NETWORK/NETWORK_PRECISION.bmodel and NETWORK/in.npz, precisions in small
letters; without it only our own files are run. The seconds are the best of a few runs with weights
loaded; the CPU seconds of all threads stand in brackets and do not depend on what else the machine
does. The vendor's simulator, when it is there, runs each of its files once, and its outputs must be
ours bit for bit. The timing model is measured on one thread; its library is built by
`ninja TpucSimulatorC`. Exit code 1 when a limit is missed or an output differs.
"""

from __future__ import annotations

import argparse
import ctypes
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tpuc
from tpuc.arrays import load_npz
from tpuc.console import print_table
from tpuc.inflate import inflate_to
from tpuc.storage import to_real

sys.path.insert(0, str(Path(__file__).resolve().parent))
from peer import find_peer, run_peer
from run import ROOT, SKELETONS, seeded_inputs

#: Network, precision and the seconds that a run may take on 2 cores.
LIMITS = (("swin_t", "F16", 2.0), ("resnet50", "F16", 1.0), ("resnet50", "INT8", 1.0))
#: Commands a second that the timing model must replay.
RATE = 2e6
HEADER = ("network", "precision", "file", "seconds", "limit", "peer s", "peer / ours", "bits")
LIBRARY = ROOT / "build" / "lib" / "libtpuc-simulator.so"


@dataclass
class Run:
    """The best of several runs, and its outputs as f32."""

    wall: float
    cpu: float
    outputs: dict[str, np.ndarray]


class _Replay(ctypes.Structure):
    """TpucReplay of SimulatorC.h."""

    _fields_ = [
        ("cycles", ctypes.c_uint64),
        ("commands", ctypes.c_uint64),
        ("seconds", ctypes.c_double),
    ]


def measure(model: tpuc.Model, inputs: dict[str, np.ndarray], repeat: int) -> Run:
    """Runs a model once to load it, then `repeat` times."""
    model.run(inputs)
    walls, cpus = [], []
    results: dict[str, np.ndarray] = {}
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        results = model.run(inputs)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    outputs = {spec.name: to_real(results[spec.name], spec) for spec in model.outputs}
    return Run(min(walls), min(cpus), outputs)


def same_bits(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> bool:
    """Whether all outputs agree bit for bit; an f32 integer of the peer's is compared as such."""
    return all(
        np.array_equal(
            ours[name].astype(np.float32).view(np.uint32).ravel(),
            array.astype(np.float32).view(np.uint32).ravel(),
        )
        for name, array in theirs.items()
    )


def replay_rate(model: tpuc.Model, library: ctypes.CDLL, repetitions: int = 40) -> float:
    """Commands a second that the timing model replays on one thread."""
    commands, seconds = 0, 0.0
    for tiu, gdma in model._core.streams():
        result, message = _Replay(), ctypes.create_string_buffer(256)
        failed = library.tpuc_timing_replay(
            tiu, ctypes.c_uint64(len(tiu)), gdma, ctypes.c_uint64(len(gdma)), repetitions,
            ctypes.byref(result), message, ctypes.c_uint64(256),
        )  # fmt: skip
        if failed:
            raise tpuc.UserError(f"the timing model refuses the stream: {message.value.decode()}")
        commands += result.commands * repetitions
        seconds += result.seconds
    return commands / seconds


def main() -> int:
    """Prints the tables; 1 when a limit is missed or an output differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bmodels", type=Path, help="folder of the vendor's files")
    parser.add_argument("--peer-bin", type=Path, help="folder of the vendor's commands")
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    peer = find_peer(options.peer_bin) if options.peer_bin else None
    library = ctypes.CDLL(str(LIBRARY)) if LIBRARY.exists() else None
    missed, lines, rates = False, [], []
    for network, precision, limit in LIMITS:
        stem = f"{network}_{precision.lower()}"
        file = options.bmodels / network / f"{stem}.bmodel" if options.bmodels else None
        if file is not None and file.exists():
            model = tpuc.Model.load(file)
            arrays = load_npz(file.parent / "in.npz")
            inputs = {
                spec.name: array for spec, array in zip(model.inputs, arrays.values(), strict=True)
            }
            run = measure(model, inputs, options.repeat)
            line = [network, precision, "peer's", f"{run.wall:.2f} ({run.cpu:.2f})", f"{limit:.1f}"]
            if peer is not None:
                start = time.perf_counter()
                theirs = run_peer(peer, file, file.parent / "in.npz")
                seconds = time.perf_counter() - start
                equal = same_bits(run.outputs, theirs)
                missed |= not equal
                line += [f"{seconds:.1f}", f"{seconds / run.wall:.0f}", "equal" if equal else "!"]
            lines.append([*line, *["-"] * (len(HEADER) - len(line))])
            missed |= run.wall > limit
            if library:
                rates.append((stem, "peer's", replay_rate(model, library)))
        if precision == "INT8":
            continue
        with tempfile.TemporaryDirectory() as folder:
            onnx = Path(folder) / f"{network}.onnx"
            inflate_to(SKELETONS / f"{network}.skeleton.onnx.gz", onnx)
            model = tpuc.compile(onnx, quantize=precision)
        run = measure(model, seeded_inputs(model.inputs, network), options.repeat)
        missed |= run.wall > limit
        seconds = f"{run.wall:.2f} ({run.cpu:.2f})"
        lines.append([network, precision, "ours", seconds, f"{limit:.1f}", *["-"] * 3])
        if library:
            rates.append((stem, "ours", replay_rate(model, library)))
    print_table("simulator", lines, HEADER)
    if library is None:
        print(f"{LIBRARY} is not built: the timing model was not measured")
    else:
        rows = [
            [stem, whose, f"{rate / 1e6:.1f}", f"{RATE / 1e6:.0f}"] for stem, whose, rate in rates
        ]
        print_table("timing model", rows, ("stream", "file", "million commands / s", "limit"))
        missed |= any(rate < RATE for _, _, rate in rates)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
