"""Checks files as a repository wants them, whatever is in them.

No file is larger than 512 KiB (data of tests and benchmarks: 2 MiB); sources
are at most 64 KiB, are UTF-8, end in one line end and have no tab, no carriage
return and no space at a line's end. Without arguments every tracked file is
checked.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SOURCES = {".cpp", ".h", ".td", ".py", ".sh", ".cmake", ".md", ".mlir", ".toml", ".yaml"}
DATA = ("test/models/", "bench/digits/")
GENERATED = ("docs/reference/",)
KIB = 1024


def faults(path: Path) -> list[str]:
    """What is wrong with a file."""
    data = path.read_bytes()
    found = []
    if len(data) > (2048 if str(path).startswith(DATA) else 512) * KIB:
        found.append(f"has {len(data) // KIB} KiB")
    if path.suffix not in SOURCES or str(path).startswith(GENERATED):
        return found
    if len(data) > 64 * KIB:
        found.append(f"has {len(data) // KIB} KiB, split it")
    try:
        lines = data.decode().split("\n")
    except UnicodeDecodeError:
        return [*found, "is not UTF-8"]
    if data and (lines[-1] or (len(lines) > 1 and not lines[-2])):
        found.append("does not end in one line end")
    for number, line in enumerate(lines, 1):
        if "\t" in line:
            found.append(f"line {number} has a tab")
        if line != line.rstrip():
            found.append(f"line {number} ends in white space")
    return found


def main() -> int:
    """Command line entry."""
    names = sys.argv[1:] or subprocess.check_output(["git", "ls-files", "-z"], text=True).split(
        "\0"
    )
    bad = 0
    for path in (Path(name) for name in names if name):
        if path.is_file():
            for fault in faults(path):
                print(f"{path}: {fault}")
                bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
