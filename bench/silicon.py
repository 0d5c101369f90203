"""Compares our .bmodel files with the vendor's in both profiles of the timing model.

    python bench/silicon.py --bmodels DIR --readme

`vendor` is the vendor's own cycle model, `silicon` adds estimates of what that
leaves out. DIR is as for bench/peer.py. Exit code 1 when a network of ours is
slower in one of them.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

import tpuc
from tpuc.console import print_table
from tpuc.inflate import inflate_to

sys.path.insert(0, str(Path(__file__).resolve().parent))
from run import BENCH, ROOT, SKELETONS, markdown, write_part

PRECISIONS = ("F32", "F16", "BF16")
PROFILES = ("vendor", "silicon")
HEADER = (
    "network", "precision", "vendor: ours", "peer", "peer / ours", "silicon: ours", "peer",
    "peer / ours",
)  # fmt: skip


def times(model: tpuc.Model) -> list[float]:
    """Milliseconds in each profile."""
    return [model.profile(parameters).ms for parameters in PROFILES]


def main() -> int:
    """Entry point; 1 when we are slower."""
    names = list(json.loads((BENCH / "peer.json").read_text())["milliseconds"])
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(names)}")
    parser.add_argument("--bmodels", type=Path, required=True, help="folder of the vendor's files")
    parser.add_argument("--work", type=Path, default=ROOT / "build/bench", help="for the networks")
    parser.add_argument("--readme", action="store_true", help="write the table to bench/README.md")
    args = parser.parse_args()
    lines: list[tuple[str, ...]] = []
    ratios: list[list[float]] = []
    for name in args.networks or names:
        if name not in names:
            parser.error(f"there is no network '{name}', choose from {', '.join(names)}")
        for precision in PRECISIONS:
            theirs = args.bmodels / name / f"{name}_{precision.lower()}.bmodel"
            if not theirs.exists():
                continue
            path = inflate_to(SKELETONS / f"{name}.skeleton.onnx.gz", args.work / f"{name}.onnx")
            ours = times(tpuc.compile(path, quantize=precision))
            peer = times(tpuc.Model.load(theirs))
            ratios.append([b / a for a, b in zip(ours, peer, strict=True)])
            cells = [
                f"{figure:.3f}" if i < 2 else f"{figure:.2f}"
                for triple in zip(ours, peer, ratios[-1], strict=True)
                for i, figure in enumerate(triple)
            ]
            lines.append((name, precision, *cells))
    if not lines:
        raise tpuc.UserError(f"{args.bmodels}: holds no .bmodel of these networks")
    print_table("Milliseconds in both profiles", lines, HEADER)
    means = [
        math.exp(sum(math.log(row[i]) for row in ratios) / len(ratios))
        for i in range(len(PROFILES))
    ]
    slower = sum(min(row) < 1 for row in ratios)
    summary = (
        f"Geometric mean of peer / ours: {means[0]:.3f} (`vendor`), {means[1]:.3f} (`silicon`) "
        f"over {len(ratios)} rows; ours is slower in {slower} of them."
    )
    print(summary)
    if args.readme:
        write_part("silicon", f"{markdown(HEADER, lines)}\n\n{summary}")
    return int(slower > 0)


if __name__ == "__main__":
    from tpuc.cli.common import run_command

    sys.exit(run_command(lambda _: main(), []))
