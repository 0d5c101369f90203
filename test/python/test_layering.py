"""What is for any chip of the family names none of them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# The chip's own commands, containers and simulators, and the place that chooses a chip.
OF_ONE_CHIP = (
    "include/Arch/BM1684X.h",
    "lib/Arch/Chip.cpp",
    "include/Dialect/BM1684X/",
    "lib/Dialect/BM1684X/",
    "include/Target/BM1684X/",
    "lib/Target/BM1684X/",
    "include/Simulator/",
    "lib/Simulator/",
)


def test_only_the_chips_own_sources_name_its_facts():
    names = re.compile(r"kBM1684X|Arch/BM1684X\.h")
    sources = [path for folder in ("include", "lib") for path in (ROOT / folder).rglob("*.*")]
    assert len(sources) > 400
    using = [
        path.relative_to(ROOT).as_posix()
        for path in sources
        if path.suffix in (".h", ".cpp", ".td") and names.search(path.read_text())
    ]
    assert "lib/Arch/Chip.cpp" in using
    assert [path for path in using if not path.startswith(OF_ONE_CHIP)] == []
