"""The documentation: generated pages are current, the site builds without a dead link."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_operator_table_is_current():
    """`make docs` brings it up to date."""
    made = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "operator_table.py")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert made == (ROOT / "docs" / "operators.md").read_text()


def test_the_site_builds_strictly(tmp_path):
    """Dead links, missing anchors and pages outside of the navigation are errors."""
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "mkdocs",
            "build",
            "--strict",
            "--quiet",
            "--site-dir",
            str(tmp_path),
        ],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "index.html").exists()
