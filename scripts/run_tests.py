"""Runs lit, googletest and pytest over a build and adds up what they say.

The last line is ``N passed, N failed``, the exit code is 0 only when nothing
failed and something passed.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run_lit(build: Path, jobs: int, scratch: Path) -> tuple[int, int, int]:
    """Runs every lit test of the build; returns (passed, failed, skipped)."""
    report = scratch / "lit.json"
    # Not `-m lit.main`: newer versions of lit define it without running it.
    command = [sys.executable, "-c", "from lit.main import main; main()", "-q", "-j", str(jobs)]
    subprocess.run([*command, "-o", str(report), str(build / "test")], check=False)
    if not report.exists():
        return 0, 1, 0
    codes = [test["code"] for test in json.loads(report.read_text())["tests"]]
    passed = sum(code in ("PASS", "XFAIL", "FLAKYPASS") for code in codes)
    skipped = sum(code in ("UNSUPPORTED", "SKIPPED", "EXCLUDED") for code in codes)
    return passed, len(codes) - passed - skipped, skipped


def run_googletest(build: Path, scratch: Path) -> tuple[int, int, int]:
    """Runs every unit test program; returns (passed, failed, skipped)."""
    passed = failed = skipped = 0
    for program in sorted((build / "unittests" / "bin").glob("*")):
        report = scratch / f"{program.name}.xml"
        result = subprocess.run(
            [str(program), "--gtest_brief=1", f"--gtest_output=xml:{report}"],
            check=False,
            capture_output=True,
            text=True,
        )
        if result.returncode:
            print(result.stdout, result.stderr, sep="")
        if not report.exists():
            print(f"{program.name}: ended without a report, exit code {result.returncode}")
            failed += 1
            continue
        suite = ElementTree.parse(report).getroot()
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        off = sum(case.find("skipped") is not None for case in suite.iter("testcase"))
        failed += bad
        skipped += off
        passed += int(suite.get("tests", 0)) - bad - off
    return passed, failed, skipped


def run_pytest(scratch: Path) -> tuple[int, int, int]:
    """Runs the Python tests; returns (passed, failed, skipped)."""
    report = scratch / "pytest.xml"
    process = subprocess.run(
        [sys.executable, "-m", "pytest", f"--junitxml={report}"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    lines = process.stdout.splitlines()
    for line in lines:
        # The sum of all suites is printed once, at the end.
        if not re.match(r"^(=+ )?\d+ (passed|failed|skipped|error)", line):
            print(line)
    print(process.stderr, end="")
    if not report.exists():
        return 0, 1, 0
    suite = ElementTree.parse(report).getroot().find("testsuite")
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    skipped = int(suite.get("skipped", 0))
    passed = int(suite.get("tests", 0)) - failed - skipped
    if process.returncode not in (0, 1):
        failed += 1
    return passed, failed, skipped


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    build = args.build.resolve()
    totals = [0, 0, 0]
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        for title, run in (
            ("lit", lambda: run_lit(build, args.jobs, scratch)),
            ("googletest", lambda: run_googletest(build, scratch)),
            ("pytest", lambda: run_pytest(scratch)),
        ):
            start = time.monotonic()
            counts = run()
            seconds = time.monotonic() - start
            print(
                f"{title}: {counts[0]} ok, {counts[1]} bad, {counts[2]} left out, {seconds:.0f} s",
                flush=True,
            )
            totals = [total + count for total, count in zip(totals, counts, strict=True)]
    passed, failed, _ = totals
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
