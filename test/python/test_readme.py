"""The README's blocks run as they stand."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"```(bash|python)\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with what the README's commands name, and a .venv with the commands."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "examples", folder / "examples")
    shutil.copytree(ROOT / "docs", folder / "docs")
    # The environment that runs the tests stands for the one that the README activates.
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/activate").write_text(
        f'export PATH="{Path(sys.executable).parent}:$PATH"\n'
    )
    return folder


def test_there_are_blocks_of_both_kinds():
    assert {kind for kind, _ in BLOCKS} == {"bash", "python"}


def test_blocks_run_in_order(folder):
    start = "set -euo pipefail\n"
    for kind, text in BLOCKS:
        if kind == "python":
            command = [sys.executable, "-c", text]
        else:
            command = ["bash", "-c", f"{start}source .venv/bin/activate\n{text}"]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ}
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        assert "Warning" not in done.stderr, done.stderr
    assert np.load(folder / "out/scores.npz")["output"].argmax() == 7


def test_files_that_the_readme_names_are_there():
    text = (ROOT / "README.md").read_text()
    for name in set(re.findall(r"\]\(([^)#:]+)\)", text)) | set(
        re.findall(r"examples/[\w./]+\w", text)
    ):
        assert (ROOT / name).exists(), name
