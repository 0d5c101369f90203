"""Compiles a network and one four times as deep, and compares the times.

    python bench/depth.py

Blocks of attention and two products, and blocks of convolutions, in F16. CPU
seconds, which other programs disturb less than wall time; the best of three.
Exit code 1 when the deep network takes more than five times as long.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import onnx
import tpuc
from onnx import TensorProto, helper, numpy_helper
from tpuc.console import print_table

DEPTH = 12
LIMIT = 5.0
HEADER = ("blocks", "shallow", "seconds", "deep", "seconds", "times as long")


class Builder:
    """An ONNX graph in the making; weights come from a seed."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._random = np.random.default_rng(0)

    def weight(self, *shape: int) -> str:
        """Normal numbers that keep the variance of what they multiply."""
        array = self._random.standard_normal(shape, dtype=np.float32) / np.sqrt(shape[0])
        return self._constant(array.astype(np.float32))

    def indices(self, *values: int) -> str:
        """A vector of integers."""
        return self._constant(np.array(values, np.int64))

    def _constant(self, array: np.ndarray) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def node(self, op: str, *inputs: str, **attributes: object) -> str:
        """Adds a node; returns its output."""
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name, **attributes))
        return name

    def model(self, shape: list[int], output: str) -> onnx.ModelProto:
        """The finished model, of input x."""
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
            self.weights,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def transformer(depth: int) -> onnx.ModelProto:
    """Blocks of attention with 3 heads of 32 channels over 196 tokens."""
    rows, channels, heads = 196, 96, 3
    net = Builder()
    x = "x"
    for _ in range(depth):
        y = net.node("LayerNormalization", x, net.weight(channels), net.weight(channels))
        parts = []
        for order in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]):
            part = net.node("MatMul", y, net.weight(channels, channels))
            part = net.node("Reshape", part, net.indices(1, rows, heads, channels // heads))
            parts.append(net.node("Transpose", part, perm=order))
        scores = net.node("Softmax", net.node("MatMul", parts[0], parts[1]), axis=-1)
        y = net.node("Transpose", net.node("MatMul", scores, parts[2]), perm=[0, 2, 1, 3])
        y = net.node("Reshape", y, net.indices(1, rows, channels))
        x = net.node("Add", x, net.node("MatMul", y, net.weight(channels, channels)))
        y = net.node("LayerNormalization", x, net.weight(channels), net.weight(channels))
        y = net.node("Relu", net.node("MatMul", y, net.weight(channels, 4 * channels)))
        x = net.node("Add", x, net.node("MatMul", y, net.weight(4 * channels, channels)))
    return net.model([1, rows, channels], x)


def convolutions(depth: int) -> onnx.ModelProto:
    """Residual blocks of two 3x3 convolutions of 64 channels."""
    net = Builder()
    x = "x"
    for _ in range(depth):
        y = x
        for _ in range(2):
            y = net.node("Conv", y, net.weight(64, 64, 3, 3), pads=[1, 1, 1, 1])
            y = net.node("Relu", y)
        x = net.node("Add", x, y)
    return net.model([1, 64, 56, 56], x)


def seconds(model: onnx.ModelProto) -> float:
    """CPU seconds of the best of three compilations."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        tpuc.compile(model, quantize="F16")
        best = min(best, time.process_time() - start)
    return best


def row(name: str, make: Callable[[int], onnx.ModelProto]) -> tuple[str, int, float, int, float]:
    """A network in both depths."""
    return name, DEPTH, seconds(make(DEPTH)), 4 * DEPTH, seconds(make(4 * DEPTH))


def main() -> int:
    """Entry point; 1 when depth costs too much."""
    rows = [row("attention", transformer), row("convolutions", convolutions)]
    lines = [
        (name, str(few), f"{short:.2f}", str(many), f"{long:.2f}", f"{long / short:.2f}")
        for name, few, short, many, long in rows
    ]
    print_table("Compile time and depth", lines, HEADER)
    return int(any(long > LIMIT * short for _, _, short, _, long in rows))


if __name__ == "__main__":
    from tpuc.cli.common import run_command

    sys.exit(run_command(lambda _: main(), []))
