"""Records what the vendor's functional model does in the probes of utils/probes.

    TPU_CMODEL_LIB=<vendor library> python3 utils/record_probes.py \
        --simulator build/lib/libtpuc-simulator.so \
        --output unittests/Simulator/Functional/Inputs

Writes a text file a command family, which the unit tests of the simulator replay without the
vendor's library. With --check writes nothing, compares our simulator with the model and prints what
differs. Probes at which the model aborts are an error: what it cannot do is no reference.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from probes import FAMILIES
from probes.probe import Probe, digest, place
from simulators import SIZES, Command, Ours, Vendor


def start(probe: Probe) -> dict[str, np.ndarray]:
    """The memories with the inputs of a probe, zeros elsewhere."""
    memories = {name: np.zeros(size, np.uint8) for name, size in SIZES.items()}
    for tensor in probe.inputs:
        place(tensor, memories)
    return memories


def encode(probe: Probe, ours: Ours) -> list[Command]:
    """The commands of a probe."""
    commands = []
    for engine, layout, fields in probe.commands:
        filled = dict(fields)
        if engine == 1:
            masks = {"localmem_mask_l32": 0xFFFFFFFF, "localmem_mask_h32": 0xFFFFFFFF}
            filled = {**masks, **filled}
        elif not layout.startswith("s"):
            filled = {"tsk_lane_num": 0xFFFFFFFFFFFFFFFF, **filled}
        commands.append(Command(engine, ours.encode(layout, filled)))
    return commands


def text(probe: Probe, commands: list[Command], result: int) -> str:
    """A probe as lines."""
    lines = [f"probe {probe.name}", *(tensor.line() for tensor in probe.inputs)]
    lines += [f"{('tiu', 'gdma')[command.engine]} {command.data.hex()}" for command in commands]
    return "\n".join([*lines, f"out {result:016x}"]) + "\n"


def difference(ours: dict[str, np.ndarray], vendor: dict[str, np.ndarray]) -> str:
    """Where two sets of memories differ, or nothing."""
    parts = []
    for name in SIZES:
        places = np.flatnonzero(ours[name] != vendor[name])
        if len(places):
            at = int(places[0])
            parts.append(
                f"{len(places)} bytes of memory {name} from {at:#x}: "
                f"{ours[name][at : at + 8].tobytes().hex()}, "
                f"vendor {vendor[name][at : at + 8].tobytes().hex()}"
            )
    return "; ".join(parts)


def main() -> int:
    """Records or compares; 1 when a probe fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulator", default="build/lib/libtpuc-simulator.so")
    parser.add_argument("--output", type=Path, help="folder of the recorded files")
    parser.add_argument("--check", action="store_true", help="compare with our simulator")
    parser.add_argument("--family", choices=FAMILIES, help="the one family to record or check")
    parser.add_argument("--only", default="", help="part of the names of the probes to run")
    options = parser.parse_args()
    if "TPU_CMODEL_LIB" not in os.environ:
        print("error: set TPU_CMODEL_LIB to the vendor's library", file=sys.stderr)
        return 1
    ours, vendor = Ours(options.simulator), Vendor()
    results: Counter[str] = Counter()
    for family, make in FAMILIES.items():
        if options.family not in (None, family):
            continue
        recorded = []
        for probe in make():
            if options.only not in probe.name:
                continue
            memories, commands = start(probe), encode(probe, ours)
            expected = vendor.run(memories, commands)
            if expected is None:
                results["aborted"] += 1
                print(f"{probe.name}: the vendor's model aborts")
                continue
            ordered = [expected[name] for name in SIZES]
            recorded.append(text(probe, commands, digest(ordered)))
            if not options.check:
                results["recorded"] += 1
                continue
            reason = ours.run(memories, commands) or difference(ours.memories, expected)
            results["failed" if reason else "equal"] += 1
            if reason:
                print(f"{probe.name}: {reason}")
        if options.output and not options.check:
            options.output.mkdir(parents=True, exist_ok=True)
            (options.output / f"{family}.probes").write_text("".join(recorded))
    print(", ".join(f"{count} {result}" for result, count in sorted(results.items())))
    return 1 if results["failed"] or results["aborted"] else 0


if __name__ == "__main__":
    sys.exit(main())
