"""Times movements of data, each alone in a network, beside what their bytes would take.

    python bench/moves.py                  # all, F16
    python bench/moves.py resize rotary --precisions F32,INT8 --check
    python bench/moves.py --readme

A movement stands between two ReLUs, as it would between other operators. Its
bound is the network's input and output at the rate of the memory interface;
what takes many times as long goes element by element somewhere. `--check`
runs each network and compares it with onnxruntime, element by element. Exit
code 1 when a figure is over the limit or a result is wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import tpuc
from onnx import TensorProto, helper, numpy_helper
from tpuc.console import print_table
from tpuc.reference import run_onnx

sys.path.insert(0, str(Path(__file__).resolve().parent))
from run import ROOT, markdown, write_part

LIMIT = 6.0
# Commands take time of their own, however few bytes they move.
LEAST_MS = 0.004
HEADER = ("movement", "input", "precision", "ms", "bound ms", "ms / bound")


class Graph:
    """Nodes and constants of an ONNX graph in the making."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, array: np.ndarray) -> str:
        """An initialiser."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def ints(self, *values: int) -> str:
        """A vector of int64."""
        return self.constant(np.array(values, np.int64))

    def node(self, op: str, *inputs: str, **attributes: object) -> str:
        """Adds a node of one output; returns the output's name."""
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name, **attributes))
        return name

    def reshape(self, x: str, *shape: int) -> str:
        """A reshape to a constant shape."""
        return self.node("Reshape", x, self.ints(*shape))

    def slice(self, x: str, axis: int, start: int, stop: int, step: int = 1) -> str:
        """A slice of one axis."""
        return self.node(
            "Slice", x, self.ints(start), self.ints(stop), self.ints(axis), self.ints(step)
        )

    def stack(self, *parts: str) -> str:
        """torch.stack(parts, -1)."""
        return self.node(
            "Concat", *(self.node("Unsqueeze", part, self.ints(-1)) for part in parts), axis=-1
        )


Movement = Callable[[Graph, str, tuple[int, ...]], str]


def resize(mode: str, *scales: float, **attributes: object) -> Movement:
    """A Resize of the last axes by `scales`."""

    def build(graph: Graph, x: str, shape: tuple[int, ...]) -> str:
        full = np.array([1.0] * (len(shape) - len(scales)) + list(scales), np.float32)
        if mode == "nearest":
            attributes.setdefault("nearest_mode", "floor")
            attributes.setdefault("coordinate_transformation_mode", "asymmetric")
        return graph.node("Resize", x, "", graph.constant(full), mode=mode, **attributes)

    return build


def expand_upsample(graph: Graph, x: str, shape: tuple[int, ...]) -> str:
    """Nearest x2 as reshape, Expand, reshape."""
    n, c, h, w = shape
    x = graph.reshape(x, n, c, h, 1, w, 1)
    x = graph.node("Expand", x, graph.ints(n, c, h, 2, w, 2))
    return graph.reshape(x, n, c, 2 * h, 2 * w)


def tile_upsample(graph: Graph, x: str, shape: tuple[int, ...]) -> str:
    """Nearest x2 as Tile of axes of size 1, one after the other."""
    n, c, h, w = shape
    x = graph.reshape(
        graph.node("Tile", graph.reshape(x, n, c, h, w, 1), graph.ints(1, 1, 1, 1, 2)),
        n,
        c,
        h,
        2 * w,
    )
    x = graph.node("Tile", graph.reshape(x, n, c, h, 1, 2 * w), graph.ints(1, 1, 1, 2, 1))
    return graph.reshape(x, n, c, 2 * h, 2 * w)


def tile(*repeats: int) -> Movement:
    """Tile of all axes."""
    return lambda graph, x, shape: graph.node("Tile", x, graph.ints(*repeats))


def expand(*sizes: int) -> Movement:
    """Expand of axes that are 1."""
    return lambda graph, x, shape: graph.node("Expand", x, graph.ints(*sizes))


def unsqueeze_expand(size: int) -> Movement:
    """x.unsqueeze(-1).expand(..., size)."""

    def build(graph: Graph, x: str, shape: tuple[int, ...]) -> str:
        x = graph.node("Unsqueeze", x, graph.ints(-1))
        return graph.node("Expand", x, graph.ints(*shape, size))

    return build


def stack_pair(graph: Graph, x: str, shape: tuple[int, ...]) -> str:
    """torch.stack((-x, x), -1)."""
    return graph.stack(graph.node("Neg", x), x)


def rotary_interleaved(graph: Graph, x: str, shape: tuple[int, ...]) -> str:
    """X cos + stack(-odd, even) sin, as EVA-02 has it."""
    size = shape[-1]
    even, odd = graph.slice(x, -1, 0, size, 2), graph.slice(x, -1, 1, size, 2)
    turned = graph.reshape(graph.stack(graph.node("Neg", odd), even), *shape)
    return rotate(graph, x, turned, shape)


def rotary_halves(graph: Graph, x: str, shape: tuple[int, ...]) -> str:
    """X cos + concat(-second half, first half) sin, as Llama has it."""
    size = shape[-1]
    first, second = graph.slice(x, -1, 0, size // 2), graph.slice(x, -1, size // 2, size)
    return rotate(graph, x, graph.node("Concat", graph.node("Neg", second), first, axis=-1), shape)


def rotate(graph: Graph, x: str, turned: str, shape: tuple[int, ...]) -> str:
    """X cos + turned sin with constant tables, a row a position."""
    angles = np.random.default_rng(0).uniform(0, 6, shape[-2:]).astype(np.float32)
    cos, sin = graph.constant(np.cos(angles)), graph.constant(np.sin(angles))
    return graph.node("Add", graph.node("Mul", x, cos), graph.node("Mul", turned, sin))


def every_second(axis: int, start: int = 0) -> Movement:
    """x[..., start::2]."""
    return lambda graph, x, shape: graph.slice(x, axis, start, shape[axis], 2)


def depth_to_space(mode: str) -> Movement:
    """DepthToSpace of blocks of 2 x 2."""
    return lambda graph, x, shape: graph.node("DepthToSpace", x, blocksize=2, mode=mode)


def space_to_depth(graph: Graph, x: str, shape: tuple[int, ...]) -> str:
    """SpaceToDepth of blocks of 2 x 2."""
    return graph.node("SpaceToDepth", x, blocksize=2)


def unpool(graph: Graph, x: str, shape: tuple[int, ...]) -> str:
    """Every element followed by zeros in both directions: interleaving with Pad."""
    n, c, h, w = shape
    x = graph.reshape(x, n, c, h, 1, w, 1)
    pads = graph.ints(*[0] * 6, 0, 0, 0, 1, 0, 1)
    return graph.reshape(graph.node("Pad", x, pads), n, c, 2 * h, 2 * w)


def concat_last(*parts: int) -> Movement:
    """Slices of the last axis, put together in another order."""

    def build(graph: Graph, x: str, shape: tuple[int, ...]) -> str:
        ends = np.cumsum(parts)
        cut = [
            graph.slice(x, -1, int(end - part), int(end))
            for part, end in zip(parts, ends, strict=True)
        ]
        return graph.node("Concat", *reversed(cut), axis=-1)

    return build


def gather_last(*indices: int) -> Movement:
    """x[..., indices]."""
    return lambda graph, x, shape: graph.node("Gather", x, graph.ints(*indices), axis=-1)


def mean_pool(graph: Graph, x: str, shape: tuple[int, ...]) -> str:
    """Mean of the rows that a mask leaves, as sentence transformers pool."""
    mask = graph.slice(x, -1, 0, 1)
    wide = graph.node("Expand", mask, graph.ints(*shape))
    axis = graph.ints(-2)
    total = graph.node("ReduceSum", graph.node("Mul", x, wide), axis)
    count = graph.node("ReduceSum", wide, axis)
    floor = graph.constant(np.array(1e-3, np.float32))
    return graph.node("Div", total, graph.node("Max", count, floor))


@dataclass(frozen=True)
class Case:
    """A movement and the shape that it moves."""

    name: str
    shape: tuple[int, ...]
    build: Movement

    def model(self) -> onnx.ModelProto:
        """The network: ReLU, the movement, ReLU."""
        graph = Graph()
        graph.node("Relu", self.build(graph, graph.node("Relu", "x"), self.shape))
        model = helper.make_model(
            helper.make_graph(
                graph.nodes,
                "net",
                [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.shape)],
                [helper.make_tensor_value_info(graph.nodes[-1].output[0], TensorProto.FLOAT, None)],
                graph.constants,
            ),
            opset_imports=[helper.make_opsetid("", 17)],
            ir_version=8,
        )
        return onnx.shape_inference.infer_shapes(model)


CASES = (
    *(
        Case("resize nearest x2", shape, resize("nearest", 2, 2))
        for shape in [
            (1, 64, 64, 64), (1, 64, 128, 128), (1, 24, 184, 320), (1, 96, 92, 160),
            (1, 3, 360, 640), (1, 256, 40, 40), (2, 100, 63, 65), (1, 1, 1024, 1024),
        ]
    ),
    Case("resize nearest x3", (1, 40, 100, 100), resize("nearest", 3, 3)),
    Case("resize nearest x4, x8", (1, 24, 92, 160), resize("nearest", 4, 8)),
    Case("resize nearest x1, x2", (1, 64, 128, 128), resize("nearest", 1, 2)),
    Case("resize nearest x1.5", (1, 64, 100, 100), resize("nearest", 1.5, 1.5)),
    Case("resize nearest x0.5", (1, 64, 128, 128), resize("nearest", 0.5, 0.5)),
    Case("resize nearest x2 of a row", (1, 80, 20000), resize("nearest", 2)),
    Case("resize linear x2", (1, 64, 128, 128), resize("linear", 2, 2)),
    Case("resize linear x2", (1, 24, 184, 320), resize("linear", 2, 2)),
    Case("resize linear x0.5", (1, 64, 128, 128), resize("linear", 0.5, 0.5)),
    Case("resize linear x1.7", (1, 64, 64, 64), resize("linear", 1.7, 1.7)),
    Case("resize cubic x2", (1, 64, 128, 128), resize("cubic", 2, 2)),
    Case("x2 by Expand", (1, 64, 128, 128), expand_upsample),
    Case("x2 by Tile", (1, 64, 128, 128), tile_upsample),
    Case("depth to space, DCR", (1, 256, 64, 64), depth_to_space("DCR")),
    Case("depth to space, CRD", (1, 256, 64, 64), depth_to_space("CRD")),
    Case("depth to space, CRD", (1, 12, 360, 640), depth_to_space("CRD")),
    Case("space to depth", (1, 64, 128, 128), space_to_depth),
    Case("zeros between", (1, 64, 128, 128), unpool),
    Case("tile rows", (1, 64, 128, 128), tile(1, 1, 2, 1)),
    Case("tile columns", (1, 64, 128, 128), tile(1, 1, 1, 2)),
    Case("tile channels", (1, 64, 128, 128), tile(1, 2, 1, 1)),
    Case("tile both", (1, 16, 200, 200), tile(1, 1, 3, 3)),
    Case("expand last", (1, 197, 1), expand(1, 197, 768)),
    Case("expand last", (8, 256, 1), expand(8, 256, 384)),
    Case("expand last", (1, 64, 128, 128, 1), expand(1, 64, 128, 128, 4)),
    Case("expand middle", (1, 256, 1, 64), expand(1, 256, 49, 64)),
    Case("unsqueeze and expand", (8, 384), unsqueeze_expand(384)),
    Case("stack", (1, 3, 197, 32), stack_pair),
    Case("stack", (1, 12, 1024, 64), stack_pair),
    Case("stack", (4, 100, 77), stack_pair),
    Case("rotary, interleaved", (1, 3, 197, 64), rotary_interleaved),
    Case("rotary, interleaved", (1, 12, 1024, 64), rotary_interleaved),
    Case("rotary, halves", (1, 3, 197, 64), rotary_halves),
    Case("rotary, halves", (1, 12, 1024, 64), rotary_halves),
    Case("every second column", (1, 64, 128, 128), every_second(-1, 1)),
    Case("every second column", (1, 12, 1024, 64), every_second(-1)),
    Case("every second row", (1, 64, 128, 128), every_second(-2)),
    Case("concat of short rows", (1, 64, 128, 28), concat_last(5, 16, 7)),
    Case("concat of short rows", (1, 8400, 84), concat_last(4, 80)),
    Case("gather last", (1, 8400, 6), gather_last(1, 0, 3, 2)),
    Case("gather last", (1, 64, 128, 128), gather_last(5)),
    Case("mean pooling", (8, 128, 384), mean_pool),
)  # fmt: skip


def measure(case: Case, precision: str, check: bool) -> tuple[tuple[str, ...], bool]:
    """A line of the table, and whether all is well."""
    onnx_model = case.model()
    shape = "x".join(map(str, case.shape))
    path = ROOT / "build/bench/move.onnx"
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(onnx_model, path)
    random = np.random.default_rng(1)
    inputs = {"x": random.standard_normal(case.shape, dtype=np.float32)}
    try:
        table = None
        if precision == "INT8":
            module = tpuc.compiler.transform(path, "move")
            table = tpuc.calibrate(module, [inputs])
        model = tpuc.compile(path, quantize=precision, calibration_table=table)
    except tpuc.UserError as error:
        return (case.name, shape, precision, f"error: {error}", "", ""), False
    profile = model.profile()
    bound = max(profile.roofline_ms, LEAST_MS)
    ratio = profile.ms / bound
    well = ratio <= LIMIT
    cells = [case.name, shape, precision, f"{profile.ms:.3f}", f"{bound:.3f}", f"{ratio:.2f}"]
    if check:
        expected = run_onnx(path, inputs)
        actual = model.run(inputs)
        worst = max(
            float(np.max(np.abs(actual[name] - expected[name])))
            / float(np.max(np.abs(expected[name])))
            for name in expected
        )
        limit = {"F32": 1e-6, "F16": 2e-3, "BF16": 1.6e-2, "INT8": 3e-2}[precision]
        well &= worst <= limit
        cells[-1] += f" ({worst:.0e}{'' if worst <= limit else ' WRONG'})"
    return tuple(cells), well


def main() -> int:
    """Entry point; 1 when something is over the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("movements", nargs="*", metavar="NAME", help="that begin so; default: all")
    parser.add_argument("--precisions", default="F16", help="default: %(default)s")
    parser.add_argument("--check", action="store_true", help="also run each network")
    parser.add_argument("--readme", action="store_true", help="write the table to bench/README.md")
    args = parser.parse_args()
    lines, well = [], True
    for case in CASES:
        if args.movements and not case.name.startswith(tuple(args.movements)):
            continue
        for precision in args.precisions.split(","):
            cells, good = measure(case, precision, args.check)
            print(*cells, file=sys.stderr, flush=True)
            lines.append(cells)
            well &= good
    print_table("Movements", lines, HEADER)
    if args.readme:
        write_part("moves", markdown(HEADER, lines, texts=3))
    return int(not well)


if __name__ == "__main__":
    from tpuc.cli.common import run_command

    sys.exit(run_command(lambda _: main(), []))
