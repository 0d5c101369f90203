"""Damages .bmodel files and opens them: each copy is refused with a reason or runs within bounds.

    python3 utils/damage_bmodels.py x.bmodel [y.bmodel ...] --count 1000

For each file, `count` copies with flipped bits and `count` truncated ones are read and run, each in
a process of its own with limits on time and memory. Half of the flips hit the tables and command
streams' part of the file. A crash, a copy that takes longer than --seconds of CPU time or more than
--megabytes, or a refusal without a reason is reported with the seed that makes the copy again; the
exit code is then 1.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import sys
import traceback
from collections import Counter
from pathlib import Path

import numpy as np
import tpuc
from tpuc import _core

#: Answers of a child.
NOT_READ, REFUSED, RAN, NO_REASON, PYTHON_ERROR = range(5)
NAMES = ("not read", "refused", "ran", "refused without a reason", "failed with a Python error")


def open_and_run(data: bytes) -> int:
    """Reads and runs one copy on zeros."""
    try:
        core = _core.Bmodel.parse(data)
        model = tpuc.Model(core, "the copy")
        inputs = {
            spec.name: np.zeros(spec.shape, np.float32 if spec.dtype in ("f32", "f16") else np.int8)
            for spec in model.inputs
        }
    except tpuc.UserError as error:
        return NOT_READ if str(error) else NO_REASON
    try:
        model.run(inputs)
    except tpuc.UserError as error:
        return REFUSED if str(error) else NO_REASON
    return RAN


def in_child(data: bytes, seconds: int, megabytes: int) -> int | str:
    """The answer of a process of its own, or how it ended."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        memory = megabytes << 20
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        try:
            answer = open_and_run(data)
        except BaseException:
            traceback.print_exc()
            answer = PYTHON_ERROR
        os._exit(answer)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return os.WEXITSTATUS(status)


def flipped(sound: bytes, seed: int) -> bytes:
    """A copy with one to eight bits flipped; even seeds hit the first part of the file."""
    rng = np.random.default_rng(seed)
    tables = 64 + int.from_bytes(sound[8:12], "little")
    damaged = bytearray(sound)
    limit = min(tables, len(sound)) if seed % 2 == 0 else len(sound)
    for place in rng.integers(0, limit, 1 + seed % 8):
        damaged[place] ^= 1 << int(rng.integers(0, 8))
    return bytes(damaged)


def truncated(sound: bytes, seed: int) -> bytes:
    """A copy that ends early."""
    return sound[: int(np.random.default_rng(seed).integers(0, len(sound)))]


def main() -> int:
    """Prints what became of the copies; 1 when one was not handled."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=60, help="CPU seconds of a copy")
    parser.add_argument("--megabytes", type=int, default=4096, help="data of a copy's process")
    options = parser.parse_args()
    bad = 0
    for path in options.files:
        sound = path.read_bytes()
        for kind, damage in (("flipped", flipped), ("truncated", truncated)):
            outcomes: Counter[str] = Counter()
            for seed in range(options.count):
                answer = in_child(damage(sound, seed), options.seconds, options.megabytes)
                known = isinstance(answer, int) and answer < len(NAMES)
                name = NAMES[answer] if known else str(answer)
                outcomes[name] += 1
                if not known or answer >= NO_REASON:
                    bad += 1
                    print(f"{path.name} {kind} seed {seed}: {name}")
            counts = ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items()))
            print(f"{path.name} {kind}: {counts}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
