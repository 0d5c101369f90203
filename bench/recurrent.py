"""Recurrent networks of published shapes, with weights from a seed: time beside its bound.

    python bench/recurrent.py                       # F16
    python bench/recurrent.py --precisions F32,F16 --check

The bound is the roofline: multiply-accumulates at peak rate, or weights, inputs and outputs at the
rate of the memory interface. Steps that wait for each other are not in it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx
import tpuc
from onnx import TensorProto, helper, numpy_helper
from tpuc.reference import run_onnx_proto

FLOAT = TensorProto.FLOAT
HEADER = ("network", "precision", "ms", "at most", "bound ms", "ms / bound", "commands")


class Net:
    """A graph under construction, whose weights come from a seed."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.rng = np.random.default_rng(0)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, value: np.ndarray) -> str:
        """Adds a constant and returns its name."""
        self.constants.append(
            numpy_helper.from_array(value, f"{self.prefix}c{len(self.constants)}")
        )
        return self.constants[-1].name

    def ints(self, *values: int) -> str:
        """Adds a list of integers."""
        return self.constant(np.array(values, np.int64))

    def weight(self, *shape: int) -> str:
        """Adds a weight whose products keep the size of their operand."""
        values = self.rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]) or 1)
        return self.constant(values.astype(np.float32))

    def node(self, kind: str, *inputs: str, count: int = 1, **attributes: object) -> str:
        """Adds a node and returns its first result."""
        results = [f"{self.prefix}t{len(self.nodes)}_{index}" for index in range(count)]
        self.nodes.append(helper.make_node(kind, list(inputs), results, **attributes))
        return results[0]

    def cell(
        self, kind: str, x: str, size: int, units: int, states: tuple = (), **more: object
    ) -> str:
        """Adds a recurrent node."""
        directions = 2 if more.get("direction") == "bidirectional" else 1
        rows = {"LSTM": 4, "GRU": 3}[kind] * units
        w, r = self.weight(directions, rows, size), self.weight(directions, rows, units)
        b = self.weight(directions, 2 * rows)
        return self.node(kind, x, w, r, b, *(("", *states) if states else ()), count=3 if
                         kind == "LSTM" else 2, hidden_size=units, **more)  # fmt: skip

    def both(self, kind: str, x: str, steps: int, size: int, units: int, **more: int) -> str:
        """A bidirectional layer, [T, 1, I] to [T, 1, 2 H]."""
        y = self.cell(kind, x, size, units, direction="bidirectional", **more)
        turned = self.node("Transpose", y, perm=[0, 2, 1, 3])
        return self.node("Reshape", turned, self.ints(steps, 1, 2 * units))

    def finish(self, inputs: dict[str, np.ndarray], *outputs: str) -> onnx.ModelProto:
        """The model."""
        ports = [
            helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
            for n, a in inputs.items()
        ]
        results = [helper.make_tensor_value_info(name, FLOAT, None) for name in outputs]
        graph = helper.make_graph(self.nodes, "net", ports, results, self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


Built = tuple[onnx.ModelProto, dict[str, np.ndarray], dict[str, object]]


def random(*shape: int) -> np.ndarray:
    """An input."""
    return np.random.default_rng(1).standard_normal(shape).astype(np.float32)


def voice_activity() -> Built:
    """Silero VAD, one window of 16 kHz: a filter bank, four convolutions, an LSTM's step."""

    def branch(window: int, stride: int) -> onnx.GraphProto:
        net = Net(f"w{window}_")
        bins = window // 2 + 1
        x = net.node("Pad", "x", net.ints(0, 0, 0, window // 4), mode="reflect")
        x = net.node("Unsqueeze", x, net.ints(1))
        x = net.node("Conv", x, net.weight(2 * bins, 1, window), strides=[stride])
        parts = [
            net.node("Slice", x, net.ints(begin), net.ints(begin + bins), net.ints(1))
            for begin in (0, bins)
        ]
        squares = [net.node("Mul", part, part) for part in parts]
        x = net.node("Sqrt", net.node("Add", *squares))
        for count, size, step in ((bins, 128, 1), (128, 64, 2), (64, 64, 2), (64, 128, 1)):
            x = net.node("Conv", x, net.weight(size, count, 3), net.weight(size), pads=[1, 1],
                         strides=[step])  # fmt: skip
            x = net.node("Relu", x)
        states = [
            net.node("Slice", "state", net.ints(i), net.ints(i + 1), net.ints(0)) for i in (0, 1)
        ]
        x = net.node("Transpose", x, perm=[2, 0, 1])
        net.cell("LSTM", x, 128, 128, tuple(states))
        cell = net.nodes[-1]
        last = net.node("Unsqueeze", net.node("Squeeze", cell.output[1], net.ints(0)), net.ints(2))
        state = net.node("Concat", cell.output[1], cell.output[2], axis=0)
        y = net.node("Conv", net.node("Relu", last), net.weight(1, 128, 1), net.weight(1))
        y = net.node("ReduceMean", net.node("Sigmoid", y), axes=[2], keepdims=0)
        outputs = [helper.make_tensor_value_info(name, FLOAT, None) for name in (y, state)]
        graph = helper.make_graph(net.nodes, "branch", [], outputs, net.constants)
        return graph

    net = Net()
    condition = net.node("Equal", "sr", net.constant(np.array(16000, np.int64)))
    net.nodes.append(
        helper.make_node("If", [condition], ["y", "next"], name="rate",
                         then_branch=branch(256, 128), else_branch=branch(128, 64))
    )  # fmt: skip
    inputs = {"x": random(1, 576), "state": random(2, 1, 128), "sr": np.array(16000, np.int64)}
    return net.finish(inputs, "y", "next"), inputs, {"sr": 16000}


def labels() -> Built:
    """LAC's encoder: two bidirectional GRUs over 32 tokens, and the emissions of its tagger."""
    net = Net()
    x = net.both("GRU", "x", 32, 128, 256, linear_before_reset=1)
    x = net.both("GRU", x, 32, 512, 256, linear_before_reset=1)
    y = net.node("Add", net.node("MatMul", x, net.weight(512, 59)), net.weight(59))
    inputs = {"x": random(32, 1, 128)}
    return net.finish(inputs, y), inputs, {}


def text_lines() -> Built:
    """The two bidirectional LSTMs of a text recogniser over 160 columns."""
    net = Net()
    x = net.both("LSTM", "x", 160, 256, 256)
    x = net.both("LSTM", x, 160, 512, 256)
    inputs = {"x": random(160, 1, 256)}
    return net.finish(inputs, x), inputs, {}


@dataclass(frozen=True)
class Case:
    """A network, and the time in F16 that it may take."""

    name: str
    build: Callable[[], Built]
    most_ms: float


CASES = (
    Case("voice activity, 1 window", voice_activity, 0.10),
    Case("2 bidirectional GRU 256, 32 steps", labels, 0.5),
    Case("2 bidirectional LSTM 256, 160 steps", text_lines, 0.8),
)


def measure(case: Case, precision: str, check: bool) -> tuple[tuple[str, ...], bool]:
    """A line of the table, and whether all is well."""
    model, inputs, fixed = case.build()
    table = None
    fed = {name: value for name, value in inputs.items() if name not in fixed}
    if precision == "INT8":
        table = tpuc.calibrate(model, [fed], fix_input=fixed)
    compiled = tpuc.compile(model, precision, calibration_table=table, fix_input=fixed)
    profile = compiled.profile()
    well = precision != "F16" or profile.ms <= case.most_ms
    times = (profile.ms, case.most_ms, profile.roofline_ms, profile.ms / profile.roofline_ms)
    cells = [
        case.name,
        precision,
        *(f"{value:.3f}" for value in times),
        str(profile.tiu_commands + profile.gdma_commands),
    ]
    if check:
        expected, found = run_onnx_proto(model, inputs), compiled.run(fed)
        worst = max(
            float(np.abs(found[n] - v).max() / np.abs(v).max()) for n, v in expected.items()
        )
        limit = {"F32": 1e-5, "F16": 5e-3, "BF16": 4e-2, "INT8": 0.2}[precision]
        well &= worst <= limit
        cells.append(f"{worst:.0e}{'' if worst <= limit else ' WRONG'}")
    return tuple(cells), well


def main() -> None:
    """Prints the table; fails where a time is too long or a result wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--precisions", default="F16", help="with commas between them")
    parser.add_argument("--check", action="store_true", help="compare with onnxruntime")
    options = parser.parse_args()
    print("| " + " | ".join(HEADER + (("error",) if options.check else ())) + " |")
    all_well = True
    for case in CASES:
        for precision in options.precisions.split(","):
            cells, well = measure(case, precision, options.check)
            print("| " + " | ".join(cells) + " |" + ("" if well else " <-"), flush=True)
            all_well &= well
    raise SystemExit(0 if all_well else 1)


if __name__ == "__main__":
    main()
