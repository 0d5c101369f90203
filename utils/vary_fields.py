"""Varies the fields of the recorded probes' commands, on our simulator and on the vendor's.

    TPU_CMODEL_LIB=<vendor library> python3 utils/vary_fields.py --output differences.tsv

Of each command that the vendor's functional model is known to execute, one field after the other
is set to values at and around its limits. Printed is each variation on which the two do not agree:
the vendor's model dies and ours executes it, or both do and memory differs. What ours refuses and
the vendor's model takes is counted: caution is no fault. Layouts that are the long form of one
that was varied take a while and say the same; --long varies them too.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from probes import FAMILIES
from probes.probe import Probe
from record_probes import encode, start
from simulators import SIZES, Command, Ours, Vendor

#: Ids and heads decide which command it is; a power step and an interrupt change no result.
FIXED = {
    "cmd_short", "cmd_id", "cmd_id_dep", "tsk_typ", "tsk_eu_typ", "cmd_id_en", "pwr_step",
    "intr_en", "cmd_type", "cmd_special_function", "cmd_id_eng1", "cmd_id_eng2", "cmd_id_eng3",
}  # fmt: skip

#: What tells commands of a layout apart.
KIND = ("tsk_eu_typ", "cmd_special_function", "opd0_prec", "res_add", "fill_constant_en")


def values_of(name: str, value: int, width: int) -> list[int]:
    """What a field is set to instead of `value`."""
    most = (1 << width) - 1
    if width <= 4:
        candidates = range(most + 1) if width <= 3 else (0, 1, 2, 3, 15)
    elif name.endswith(("addr", "addr_l32")):
        candidates = (value + 1, value + 2, value + 4, value + 16, value + 0x40000, most)
    else:
        candidates = (0, 1, 2, value - 1, value + 1, 2 * value, 63, 64, 65, most)
    return sorted({each for each in candidates if 0 <= each <= most} - {value})


def variations(probe: Probe, ours: Ours) -> Iterator[tuple[str, list[Command]]]:
    """Each variation of the probe's last command: what was changed, and all commands."""
    commands = encode(probe, ours)
    layout, fields = ours.decode(commands[-1])
    for name, (value, width) in fields.items():
        if name in FIXED:
            continue
        for other in values_of(name, value, width):
            changed = {key: each for key, (each, _) in fields.items()} | {name: other}
            last = Command(commands[-1].engine, ours.encode(layout, changed))
            yield f"{name}={other:#x}", [*commands[:-1], last]


def main() -> int:
    """Prints what differs; 1 when something does."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulator", default="build/lib/libtpuc-simulator.so")
    parser.add_argument("--family", choices=FAMILIES, help="the one family of probes to vary")
    parser.add_argument("--only", default="", help="part of the names of the probes to vary")
    parser.add_argument("--every", type=int, default=1, help="vary each N-th variation only")
    parser.add_argument("--offset", type=int, default=0, help="of those, from which on")
    parser.add_argument("--all", action="store_true", help="vary every probe")
    parser.add_argument("--output", type=Path, help="write the lines to a file as well")
    options = parser.parse_args()
    if "TPU_CMODEL_LIB" not in os.environ:
        print("error: set TPU_CMODEL_LIB to the vendor's library", file=sys.stderr)
        return 1
    ours, vendor = Ours(options.simulator), Vendor()
    results: Counter[str] = Counter()
    output = options.output.open("w") if options.output else None
    number, seen = 0, set()
    for family, make in FAMILIES.items():
        if options.family not in (None, family):
            continue
        for probe in make():
            _, layout, fields = probe.commands[-1]
            key = tuple(fields.get(name) for name in KIND)
            if options.only not in probe.name or ((layout, key) in seen and not options.all):
                continue
            seen.add((layout, key))
            memories = start(probe)
            for text, commands in variations(probe, ours):
                number += 1
                if (number - options.offset) % options.every:
                    continue
                reason = ours.run(memories, commands)
                expected = vendor.run(memories, commands)
                kind = judge(reason, expected, ours)
                results[kind] += 1
                if kind in ("accepted", "different"):
                    line = f"{kind}\t{probe.name}\t{text}"
                    print(line, flush=True)
                    if output:
                        output.write(line + "\n")
                        output.flush()
    print(", ".join(f"{count} {kind}" for kind, count in sorted(results.items())))
    return int(bool(results["accepted"] or results["different"]))


def judge(reason: str | None, expected, ours: Ours) -> str:  # noqa: ANN001
    """What two runs of a variation say."""
    if expected is None:
        return "refused by both" if reason else "accepted"
    if reason:
        return "refused by ours"
    same = all((expected[name] == ours.memories[name]).all() for name in SIZES)
    return "equal" if same else "different"


if __name__ == "__main__":
    sys.exit(main())
