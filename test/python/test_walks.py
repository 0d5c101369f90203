"""The walks of docs/architecture.md name files that exist, at most ten steps each."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def walks():
    """The steps of each walk, by its title."""
    text = (ROOT / "docs/architecture.md").read_text().split("## Four walks")[1].split("\n## ")[0]
    parts = re.split(r"\n\*\*(.+?)\*\*", text)[1:]
    return {
        title: re.findall(r"^\d+\. (.+)$", body, flags=re.MULTILINE)
        for title, body in zip(parts[::2], parts[1::2], strict=True)
    }


def test_there_are_four_short_walks():
    assert len(walks()) == 4
    assert all(5 <= len(steps) <= 10 for steps in walks().values())


def test_every_step_names_files_that_exist():
    for title, steps in walks().items():
        for step in steps:
            first = re.search(r"`([\w./]+/[\w./]*)`", step)
            assert first, f"{title}: {step}"
            path = ROOT / first.group(1)
            assert path.exists(), f"{title}: {first.group(1)}"
            for beside in re.findall(r"`(\w+\.(?:cpp|py))`", step):
                assert (path.parent / beside).exists(), f"{title}: {beside}"
