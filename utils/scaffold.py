"""Inserts text into source files where it belongs; for new_op.py and new_pass.py."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIALECTS = {"top": "Top", "tpu": "Tpu"}


def camel(name: str) -> str:
    """`fold-affine` or `fold_affine` as `FoldAffine`."""
    return "".join(word[:1].upper() + word[1:] for word in re.split("[-_]", name))


def banner(path: str, text: str, comment: str = "//") -> str:
    """The first lines of a file: its name, what it is for."""
    kind = "-*- tablegen -*-" if path.endswith(".td") else ""
    title = f"{comment}===- {Path(path).name} - {text} "
    end = f"{kind}===//"
    return f"{title}{'-' * (80 - len(title) - len(end))}{end}\n"


def before(path: Path, marker: str, text: str) -> None:
    """Inserts `text` before the last place of `marker`."""
    content = path.read_text()
    position = content.rfind(marker)
    if position < 0:
        sys.exit(f"{path}: has no '{marker}', so that nothing can be inserted before it")
    path.write_text(content[:position] + text + content[position:])


def add_source(path: Path, name: str) -> None:
    """Adds a source to the list of a CMakeLists.txt, in order."""
    lines = path.read_text().split("\n")
    places = [i for i, line in enumerate(lines) if re.fullmatch(r"  \w+\.cpp", line)]
    if not places:
        sys.exit(f"{path}: has no list of sources")
    place = next((i for i in places if lines[i].strip() > name), places[-1] + 1)
    lines.insert(place, f"  {name}")
    path.write_text("\n".join(lines))


def create(path: Path, text: str) -> None:
    """Writes a new file."""
    if path.exists():
        sys.exit(f"{path}: exists already")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def report(root: Path, paths: list[Path], rest: list[str]) -> None:
    """Says what was written and what is left to do."""
    for path in paths:
        print(f"wrote {path.relative_to(root)}")
    print("left to do:")
    for step in rest:
        print(f"  {step}")
