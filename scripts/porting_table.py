"""Writes the tables of docs/porting.md from those that the commands use.

porting_table.py            writes them
porting_table.py --check    fails when they are not the same
"""

from __future__ import annotations

import sys
from pathlib import Path

from tpuc.cli.ported import markdown

PAGE = Path(__file__).resolve().parent.parent / "docs/porting.md"
MARK = "<!-- scripts/porting_table.py writes what follows -->\n"


def main() -> int:
    """Command line entry."""
    text = PAGE.read_text()
    head, mark, _ = text.partition(MARK)
    wanted = f"{head}{mark}\n{markdown()}"
    if "--check" in sys.argv:
        return int(text != wanted)
    PAGE.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
