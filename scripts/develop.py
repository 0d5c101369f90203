"""Turns .venv into a development environment of the checkout.

``--install`` installs the Python packages that pyproject.toml lists when they
changed since the last time; ``--link BUILD`` makes ``import tpuc`` find the
checkout and puts every command of pyproject.toml and every tool of the build
into .venv/bin. ``pip install .`` does the same for users, from a wheel.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAUNCHER = """#!{python}
import sys
from {module} import {function}
sys.exit({function}())
"""


def install(project: dict, extras: list[str]) -> None:
    """Installs the runtime, build and development packages into this venv.

    ``extras`` names further groups of optional dependencies.
    """
    groups = project["project"]["optional-dependencies"]
    wanted = sorted(
        project["project"]["dependencies"]
        + [package for name in ("dev", *extras) for package in groups[name]]
        + project["build-system"]["requires"]
    )
    digest = hashlib.sha256("\n".join(wanted).encode()).hexdigest()
    stamp = Path(sys.prefix) / "tpuc-packages.stamp"
    if stamp.exists() and stamp.read_text() == digest:
        return
    print("bootstrap: installing into .venv:", " ".join(wanted), flush=True)
    # Twice quiet: errors only, no line for every place of an index that is empty.
    command = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*command, *wanted], check=True)
    stamp.write_text(digest)


def link(project: dict, build: Path) -> None:
    """Makes the checkout importable and its commands callable from this venv."""
    site = Path(sysconfig.get_path("purelib"))
    (site / "tpuc-checkout.pth").write_text(f"{ROOT / 'python'}\n")
    bin_dir = Path(sys.prefix) / "bin"
    for name, target in project["project"]["scripts"].items():
        module, function = target.split(":")
        script = bin_dir / name
        script.write_text(LAUNCHER.format(python=sys.executable, module=module, function=function))
        script.chmod(0o755)
    for tool in sorted((build / "bin").glob("tpuc-*")):
        entry = bin_dir / tool.name
        if entry.is_symlink() or entry.exists():
            entry.unlink()
        os.symlink(tool, entry)


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--extra", metavar="GROUP", action="append", default=[])
    parser.add_argument("--link", metavar="BUILD", type=Path)
    args = parser.parse_args()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    if args.install:
        install(project, args.extra)
    if args.link:
        link(project, args.link.resolve())


if __name__ == "__main__":
    main()
