"""Damages commands of compiled networks and counts what is noticed.

    python bench/mutations.py --count 30 --mutations 40

Of random networks (random_models.py) one command at a time loses a wait, reads or writes
at another address, or loses a stride. A mutation matters when the outputs change in one
of two orders that its waits allow: one queue runs whenever it may, or the other does. It
is found when the simulator refuses the stream or gives other outputs, or when
bm1684x-verify-hazards reports it. Needs the simulator's library (`ninja TpucSimulatorC`),
tpuc-translate and tpuc-opt. Exit code 1 when less than 98 % of what matters is found.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from peer import find_translate
from randomnets.on_vendor import LIBRARY, Loaded, load_network
from simulators import GLOBAL_BASE, SIZES, Command, Ours, in_order
from tpuc.console import print_table

WAIT, ADDRESS, STRIDE = KINDS = ("a wait removed", "an address moved", "a stride zeroed")
#: Bytes that an address moves by: within a line, by lines, to another bank.
MOVES = (4, 64, 256, 4096)
LIMIT = 0.98


class Subject:
    """A compiled network whose commands are damaged.

    Args:
        loaded: the network with its inputs in memory.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.ours = Ours(str(LIBRARY), SIZES | {"g": len(loaded.memory)})
        self.streams = [bytearray(stream) for stream in loaded.model.core.streams()[0]]
        self.expected = self.run(0)

    def run(self, first: int) -> bytes | str:
        """The outputs, or why the simulator refuses."""
        memories = {
            "l": np.zeros(SIZES["l"], np.uint8), "s": self.loaded.static, "g": self.loaded.memory,
        }  # fmt: skip
        try:
            order = in_order(str(LIBRARY), *map(bytes, self.streams), first)
        except ValueError as error:
            return str(error)
        if reason := self.ours.run(memories, order):
            return reason
        after = self.ours.memories["g"]
        return b"".join(
            after[port["address"] - GLOBAL_BASE :][: port["bytes"]].tobytes()
            for port in self.loaded.outputs
        )

    def is_reported(self) -> bool:
        """Whether the hazard verifier reports the stream."""
        model = self.loaded.model
        with tempfile.TemporaryDirectory() as name:
            file = Path(name) / "model.bmodel"
            model.save(file)
            data = file.read_bytes()
            for before, after in zip(model.core.streams()[0], self.streams, strict=True):
                data = data.replace(before, bytes(after))
            file.write_bytes(data)
            translate = Path(find_translate())
            text = subprocess.run(
                [translate, "--bmodel-to-mlir", file], capture_output=True, check=True
            )
            verify = subprocess.run(
                [translate.with_name("tpuc-opt"), "--bm1684x-verify-hazards", "-o", "/dev/null"],
                input=text.stdout, capture_output=True, check=False,
            )  # fmt: skip
        return verify.returncode != 0


def damages(
    subject: Subject, rng: np.random.Generator, count: int
) -> list[tuple[str, int, int, bytes]]:
    """Random damage: its kind, the engine, the byte offset and the command as it becomes."""
    places = []
    for engine, stream in enumerate(subject.streams):
        at = 0
        while at < len(stream):
            command = Command(engine, bytes(stream[at : at + 128]))
            try:
                layout, fields = subject.ours.decode(command)
            except ValueError:
                break
            size = len(subject.ours.encode(layout, {n: v for n, (v, _) in fields.items()}))
            if layout not in ("SYSID", "sDMA_sys"):
                places.append((engine, at, layout, fields))
            at += size
    found = []
    while len(found) < count:
        engine, at, layout, fields = places[int(rng.integers(len(places)))]
        kind = KINDS[int(rng.integers(len(KINDS)))]
        changed = change(kind, fields, rng)
        if changed is not None:
            found.append((kind, engine, at, subject.ours.encode(layout, changed)))
    return found


def change(
    kind: str, fields: dict[str, tuple[int, int]], rng: np.random.Generator
) -> dict[str, int] | None:
    """The fields with one of them damaged, or nothing where the command has no such field."""
    values = {name: value for name, (value, _) in fields.items()}

    def pick(accept) -> str | None:  # noqa: ANN001
        names = [name for name in values if accept(name)]
        return names[int(rng.integers(len(names)))] if names else None

    if kind == WAIT:
        name = "cmd_id_dep" if values.get("cmd_id_dep") else None
        new = 0
    elif kind == ADDRESS:
        constants = {n.replace("const", "addr") for n in values if "const" in n and values[n]}
        name = pick(
            lambda n: n.endswith(("_addr", "addr_l32")) and values[n] and n not in constants
        )
        new = values[name] + MOVES[int(rng.integers(len(MOVES)))] if name else 0
    else:
        name = pick(lambda n: n.endswith(("_str", "stride")) and "op" not in n[:4] and values[n])
        new = 0
    if name is None or new >= 1 << fields[name][1]:
        return None
    return values | {name: new}


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20, help="networks (default 20)")
    parser.add_argument("--seed", type=int, default=0, help="of the first one (default 0)")
    parser.add_argument("--mutations", type=int, default=30, help="of each (default 30)")
    parser.add_argument("--precision", default="F16")
    args = parser.parse_args()
    counts = {kind: Counter() for kind in KINDS}
    for seed in range(args.seed, args.seed + args.count):
        loaded = load_network(seed, args.precision)
        if loaded is None or len(loaded.model.core.streams()) != 1:
            continue
        subject = Subject(loaded)
        rng = np.random.default_rng(seed)
        for kind, engine, at, command in damages(subject, rng, args.mutations):
            stream = subject.streams[engine]
            whole = bytes(stream)
            stream[at : at + len(command)] = command
            counts[kind][judge(subject)] += 1
            stream[:] = whole
    rows = []
    total: Counter[str] = Counter()
    for kind, count in counts.items():
        total += count
        rows.append(line(kind, count))
    print_table("damaged commands", [*rows, line("all", total)], HEADER)
    return int(share(total) < LIMIT)


HEADER = ("damage", "tried", "no other result", "found by the simulator", "by the verifier",
          "missed", "found")  # fmt: skip
HARMLESS, SIMULATOR, VERIFIER, MISSED = HEADER[2:6]


def judge(subject: Subject) -> str:
    """What becomes of a damaged stream."""
    if subject.run(0) != subject.expected:
        return SIMULATOR
    if subject.run(1) == subject.expected:
        return HARMLESS
    return VERIFIER if subject.is_reported() else MISSED


def share(count: Counter[str]) -> float:
    """The part that is found of what matters."""
    found = count[SIMULATOR] + count[VERIFIER]
    return found / max(1, found + count[MISSED])


def line(kind: str, count: Counter[str]) -> tuple[str, ...]:
    """A row of the table."""
    numbers = (count.total(), *(count[name] for name in HEADER[2:6]))
    return (kind, *map(str, numbers), f"{share(count):.1%}")


if __name__ == "__main__":
    sys.exit(main())
