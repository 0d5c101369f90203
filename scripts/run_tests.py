"""Runs lit, googletest and pytest over a build and adds up what they say.

Every test that is left out is counted under its reason. The last line is
``N passed, N failed``, the exit code is 0 only when nothing failed and something
passed.
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
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Result:
    """What one runner says: counts, and how many tests were left out for which reason."""

    passed: int = 0
    failed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)


def run_lit(build: Path, jobs: int, scratch: Path) -> Result:
    """Runs every lit test of the build."""
    report = scratch / "lit.json"
    # Not `-m lit.main`: newer versions of lit define it without running it.
    command = [sys.executable, "-c", "from lit.main import main; main()", "-q", "-j", str(jobs)]
    subprocess.run([*command, "-o", str(report), str(build / "test")], check=False)
    if not report.exists():
        return Result(failed=1)
    result = Result()
    for test in json.loads(report.read_text())["tests"]:
        if test["code"] in ("PASS", "XFAIL", "FLAKYPASS"):
            result.passed += 1
        elif test["code"] in ("UNSUPPORTED", "SKIPPED", "EXCLUDED"):
            result.skipped[test.get("output") or test["code"].lower()] += 1
        else:
            result.failed += 1
    return result


def skip_reason(case: ElementTree.Element) -> str | None:
    """Why a test of a JUnit report was left out, None for one that ran."""
    if (skipped := case.find("skipped")) is None:
        return None
    lines = (skipped.get("message") or skipped.text or "").splitlines()
    # googletest puts `file:line` on a line before the message.
    return lines[-1] if lines else "no reason given"


def add_report(result: Result, suite: ElementTree.Element) -> None:
    """Adds a JUnit report's counts."""
    reasons = Counter(filter(None, map(skip_reason, suite.iter("testcase"))))
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    result.skipped += reasons
    result.failed += failed
    result.passed += int(suite.get("tests", 0)) - failed - reasons.total()


def run_googletest(build: Path, scratch: Path) -> Result:
    """Runs every unit test program."""
    total = Result()
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
            total.failed += 1
            continue
        add_report(total, ElementTree.parse(report).getroot())
    return total


def run_pytest(scratch: Path) -> Result:
    """Runs the Python tests."""
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
        return Result(failed=1)
    result = Result()
    add_report(result, ElementTree.parse(report).getroot().find("testsuite"))
    if process.returncode not in (0, 1):
        result.failed += 1
    return result


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    build = args.build.resolve()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        for title, run in (
            ("lit", lambda: run_lit(build, args.jobs, scratch)),
            ("googletest", lambda: run_googletest(build, scratch)),
            ("pytest", lambda: run_pytest(scratch)),
        ):
            start = time.monotonic()
            result = run()
            seconds = time.monotonic() - start
            print(
                f"{title}: {result.passed} ok, {result.failed} bad, "
                f"{result.skipped.total()} left out, {seconds:.0f} s",
                flush=True,
            )
            for reason, count in sorted(result.skipped.items()):
                print(f"  left out {count}: {reason}", flush=True)
            passed += result.passed
            failed += result.failed
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
