"""Compiles every ONNX node test in F32, runs it in the simulator and compares the results.

    python scripts/onnx_nodes.py                 # what differs from the table
    python scripts/onnx_nodes.py --write         # a new table and docs/node-tests.md
    python scripts/onnx_nodes.py --only softmax  # the tests with this in their name, with reasons

The table (test/python/onnx_nodes.tsv) has what is expected of each test: passed or refused, and
for which reason. A wrong result and a crash are never expected.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test" / "python"))

import onnx_nodes  # noqa: E402

PAGE = ROOT / "docs" / "node-tests.md"


def main() -> int:
    """Runs the tests; 1 when they are not as expected."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the table and its page")
    parser.add_argument("--only", default="", help="an expression that names of tests match")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args()
    names = [name for name in onnx_nodes.cases() if re.search(options.only, name)]
    results = onnx_nodes.run_all(names, options.jobs)
    if options.only:
        for name in names:
            print(f"{name}: {results[name].outcome} {results[name].reason}".rstrip())
    print(onnx_nodes.summary(results))
    if options.write and not options.only:
        onnx_nodes.write_table(results)
        PAGE.write_text(onnx_nodes.page(results))
    expected = onnx_nodes.read_table()
    others = onnx_nodes.differences(results, expected)
    print("\n".join(others[:100]))
    counts = Counter(result.outcome for result in results.values())
    return int(bool(others or counts["wrong"] or counts["crash"]))


if __name__ == "__main__":
    sys.exit(main())
