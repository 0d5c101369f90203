"""Compiles networks with one part of the compiler off at a time.

    python bench/ablation.py --readme                  every network, into bench/README.md
    python bench/ablation.py swin_t deit_tiny          these, to the terminal

The parts are passes, or options of passes, of the compiler's own pipeline. The
script refuses to go on when its pipeline, with everything on, is not as fast as
tpuc.compile. Milliseconds of the timing model (profile `vendor`), F16.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tpuc
from tpuc.compiler import deploy
from tpuc.console import print_table
from tpuc.frontend import import_onnx
from tpuc.inflate import inflate_to

sys.path.insert(0, str(Path(__file__).resolve().parent))
from run import BENCH, ROOT, SKELETONS, markdown, write_part

PRECISION = "F16"
NETWORKS = (
    "swin_t", "swin_t_raw", "deit_tiny", "bert_base", "mobilevit_s", "resnet50", "mobilenet_v2",
    "yolo_s",
)  # fmt: skip

#: The passes of `top-canonicalize` and of the two phases after it, in order.
PASSES = (
    "canonicalize", "cse", "top-recognize-ops", "top-fold-affine", "top-pack-projections",
    "top-flatten-rows", "canonicalize", "cse", "top-propagate-transposes", "canonicalize",
    "top-share-weights", "cse",
    f"top-assign-precision{{precision={PRECISION}}}", "convert-top-to-tpu", "canonicalize", "cse",
    "tpu-fuse-activation",
    "tpu-choose-batch-split", "func.func(tpu-fuse-attention)", "func.func(tpu-hoist-outputs)",
    "func.func(tpu-fold-channel-moves)", "func.func(tpu-align-concats)",
    "func.func(tpu-assign-lane-layout)", "func.func(tpu-fuse-permutes)",
    "func.func(tpu-copy-results)", "func.func(tpu-pack-weights)", "tpu-layer-group",
    "tpu-verify-plan", "convert-tpu-to-bm1684x",
    "func.func(bm1684x-verify-hazards)",
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A part of the compiler, and how it is turned off.

    Attributes:
        without: passes that are left out, by name.
        changed: passes that are replaced.
    """

    name: str
    without: tuple[str, ...] = ()
    changed: tuple[tuple[str, str], ...] = ()

    def pipeline(self) -> str:
        """The passes that remain."""
        changed = dict(self.changed)
        kept = [name for name in PASSES if name.strip("()").split("(")[-1] not in self.without]
        return ",".join(changed.get(name, name) for name in kept)


def schedule(option: str) -> tuple[tuple[str, str], ...]:
    """LayerGroup with an option."""
    return (("tpu-layer-group", f"tpu-layer-group{{{option}}}"),)


TOP = (
    "top-recognize-ops", "top-fold-affine", "top-pack-projections", "top-flatten-rows",
    "top-propagate-transposes",
)  # fmt: skip
ALL = Part("everything on")
PARTS = (
    ALL,
    Part("canonical form: all passes", TOP),
    Part("canonical form: composite ops recognised", ("top-recognize-ops",)),
    Part("canonical form: constants folded into weights", ("top-fold-affine",)),
    Part("canonical form: projections packed", ("top-pack-projections",)),
    Part(
        "canonical form: movements joined and cancelled",
        ("top-flatten-rows", "top-propagate-transposes"),
    ),
    Part("attention in one kernel", ("tpu-fuse-attention",)),
    Part("activation in the kernel before", ("tpu-fuse-activation",)),
    Part(
        "lanes: neighbours share a split",
        changed=(
            ("func.func(tpu-assign-lane-layout)", "func.func(tpu-assign-lane-layout{carry=false})"),
        ),
    ),
    Part("lanes: permutations fused into lane transposes", ("tpu-fuse-permutes",)),
    Part("lanes: rows moved by products", changed=schedule("lane-products=false")),
    Part("lanes: channels moved by filters", ("tpu-fold-channel-moves", "tpu-align-concats")),
    Part("values stay in local memory", changed=schedule("keep-resident=false")),
    Part("chains of kernels for large values", changed=schedule("fuse=false")),
    Part("weights loaded ahead", changed=schedule("prefetch=false")),
    Part("transfers fill waits", changed=schedule("fill-waits=false")),
    Part("outputs as early as they can be", ("tpu-hoist-outputs",)),
    Part("rankings of tiles and places of weights compared", changed=schedule("search=0")),
    Part("all of LayerGroup's", changed=schedule(
        "keep-resident=false fuse=false prefetch=false fill-waits=false search=0")),
)  # fmt: skip


def milliseconds(path: Path, part: Part) -> float:
    """The network's time without the part.

    Raises:
        UserError: it cannot be compiled so.
    """
    module = import_onnx(path, name=path.stem)
    module.run_pipeline(part.pipeline())
    return tpuc.Model(deploy(module, PRECISION)).profile().ms


def cell(path: Path, part: Part, base: float) -> str:
    """Milliseconds, and what the part saves, or why it cannot be left out."""
    try:
        time = milliseconds(path, part)
    except tpuc.UserError as error:
        print(f"{path.stem}, without {part.name}: {error}", file=sys.stderr)
        return "fails"
    return f"{time:.3f}" if part is ALL else f"{time:.3f} ({100 * (time / base - 1):+.0f} %)"


def column(path: Path) -> list[str]:
    """All cells of a network.

    Raises:
        UserError: the pipeline here is not the compiler's.
    """
    base = tpuc.compile(path, quantize=PRECISION).profile().ms
    here = milliseconds(path, ALL)
    if here != base:
        raise tpuc.UserError(
            f"{path.stem}: {here} ms with the passes of {Path(__file__).name}, {base} ms with the "
            "compiler's, bring PASSES up to date"
        )
    return [cell(path, part, base) for part in PARTS]


def main() -> int:
    """Entry point."""
    names = list(json.loads((BENCH / "peer.json").read_text())["milliseconds"])
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(names)}")
    parser.add_argument("--work", type=Path, default=ROOT / "build/bench", help="for the networks")
    parser.add_argument("--readme", action="store_true", help="write the table to bench/README.md")
    args = parser.parse_args()
    chosen: Sequence[str] = args.networks or NETWORKS
    columns = []
    for name in chosen:
        if name not in names:
            parser.error(f"there is no network '{name}', choose from {', '.join(names)}")
        path = inflate_to(SKELETONS / f"{name}.skeleton.onnx.gz", args.work / f"{name}.onnx")
        columns.append(column(path))
    header = ("off", *chosen)
    lines = [(part.name, *cells) for part, *cells in zip(PARTS, *columns, strict=True)]
    print_table(f"Milliseconds in {PRECISION} with one part off", lines, header)
    if args.readme:
        write_part("ablation", markdown(header, lines, texts=1))
    return 0


if __name__ == "__main__":
    from tpuc.cli.common import run_command

    sys.exit(run_command(lambda _: main(), []))
