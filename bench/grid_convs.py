"""Random convolutions with their exact results, for grid.py."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from grid_cases import (
    MOST_PRODUCTS,
    MOST_WEIGHTS,
    PRECISIONS,
    Case,
    Values,
    chance,
    finish,
    log_uniform,
    odd_size,
    pick,
)
from onnx import helper


def convolve(
    x: np.ndarray,
    w: np.ndarray,
    strides: Sequence[int],
    pads: Sequence[int],
    dilations: Sequence[int],
    group: int,
) -> np.ndarray:
    """The convolution of x [n, c, ...] with w [oc, c / group, ...]."""
    axes = len(strides)
    margins = [(0, 0), (0, 0), *((pads[i], pads[axes + i]) for i in range(axes))]
    x = np.pad(x, margins)
    kernel = w.shape[2:]
    output = [
        (x.shape[2 + i] - (kernel[i] - 1) * dilations[i] - 1) // strides[i] + 1 for i in range(axes)
    ]
    n, c, oc = x.shape[0], x.shape[1], w.shape[0]
    y = np.zeros((n, group, oc // group, math.prod(output)))
    for tap in itertools.product(*map(range, kernel)):
        cut = tuple(
            slice(t * d, t * d + (o - 1) * s + 1, s)
            for t, d, o, s in zip(tap, dilations, output, strides, strict=True)
        )
        part = x[(slice(None), slice(None), *cut)].reshape(n, group, c // group, -1)
        y += w[(slice(None), slice(None), *tap)].reshape(group, oc // group, -1) @ part
    return y.reshape(n, oc, *output)


def convolve_transposed(
    x: np.ndarray,
    w: np.ndarray,
    strides: Sequence[int],
    pads: Sequence[int],
    dilations: Sequence[int],
    group: int,
    extra: Sequence[int],
) -> np.ndarray:
    """The transposed convolution of x [n, c, ...] with w [c, oc / group, ...]."""
    axes = len(strides)
    n, c, per_group = x.shape[0], x.shape[1], w.shape[1]
    full = [
        (x.shape[2 + i] - 1) * strides[i] + (w.shape[2 + i] - 1) * dilations[i] + 1 + extra[i]
        for i in range(axes)
    ]
    y = np.zeros((n, group * per_group, *full))
    rows = x.reshape(n, group, c // group, -1)
    for tap in itertools.product(*map(range, w.shape[2:])):
        cut = tuple(
            slice(t * d, t * d + (i - 1) * s + 1, s)
            for t, d, i, s in zip(tap, dilations, x.shape[2:], strides, strict=True)
        )
        part = w[(slice(None), slice(None), *tap)].reshape(group, c // group, per_group)
        sums = part.swapaxes(1, 2) @ rows
        y[(slice(None), slice(None), *cut)] += sums.reshape(n, group * per_group, *x.shape[2:])
    end = [full[i] - pads[axes + i] for i in range(axes)]
    return y[(slice(None), slice(None), *(slice(pads[i], end[i]) for i in range(axes)))]


@dataclass
class _Conv:
    transposed: bool
    group: int
    x: list[int]
    w: list[int]
    strides: list[int]
    dilations: list[int]
    pads: list[int]
    extra: list[int]

    def output(self) -> list[int]:
        """Spatial sizes of the result."""
        axes = len(self.strides)
        sizes = []
        for i in range(axes):
            reach = (self.w[2 + i] - 1) * self.dilations[i] + 1
            pad = self.pads[i] + self.pads[axes + i]
            if self.transposed:
                sizes.append((self.x[2 + i] - 1) * self.strides[i] + reach + self.extra[i] - pad)
            else:
                sizes.append((self.x[2 + i] + pad - reach) // self.strides[i] + 1)
        return sizes

    def channels(self) -> int:
        """Of the result."""
        return self.w[1] * self.group if self.transposed else self.w[0]

    def products(self) -> int:
        """Multiply-accumulates."""
        places = math.prod(self.x[2:] if self.transposed else self.output())
        return self.x[0] * places * math.prod(self.w)


def _draw_conv(rng: np.random.Generator) -> _Conv:
    transposed = chance(rng, 0.2)
    axes = int(pick(rng, [1, 2, 3], [2, 5, 0 if transposed else 3]))
    kind = pick(rng, ["dense", "depthwise", "grouped"], [5, 2, 2])
    group = 1 if kind == "dense" else odd_size(rng, 2, 160)
    if kind == "depthwise":
        inner, outer = 1, int(pick(rng, [1, 2, 3], [6, 1, 1]))
    elif kind == "grouped":
        group = min(group, 40)
        inner, outer = log_uniform(rng, 1, 70), log_uniform(rng, 1, 70)
    else:
        inner, outer = odd_size(rng, 1, 300), odd_size(rng, 1, 300)
    longest = {1: 3000, 2: 90, 3: 20}[axes]
    spatial = [log_uniform(rng, 1, longest) for _ in range(axes)]
    widest = {1: 25, 2: 8, 3: 4}[axes]
    kernel = [log_uniform(rng, 1, widest) for _ in range(axes)]
    strides = [int(pick(rng, [1, 2, 3, 4, 7, 15, 16, 19], [9, 5, 2, 1, 1, 0.2, 0.2, 0.2]))
               for _ in range(axes)]  # fmt: skip
    dilations = [int(pick(rng, [1, 2, 3, 6, 17], [9, 2, 1, 0.5, 0.2])) for _ in range(axes)]
    if transposed:
        strides = [min(stride, 7) for stride in strides]
        dilations = [min(dilation, 3) for dilation in dilations]
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    style = pick(rng, ["none", "same", "any", "far"], [3, 4, 2, 1])
    if style == "none":
        pads = [0] * (2 * axes)
    elif style == "same":
        pads = [r // 2 for r in reach] * 2
    else:
        most = [r + (2 if style == "far" else -1) for r in reach]
        pads = [int(rng.integers(0, m + 1)) for m in most * 2]
    extra = [int(rng.integers(0, max(s, 1))) if transposed and chance(rng, 0.4) else 0
             for s in strides]  # fmt: skip
    batch = int(pick(rng, [1, 2, 3, 5, 17], [8, 3, 2, 1, 0.5]))
    weights = [inner * group, outer, *kernel] if transposed else [outer * group, inner, *kernel]
    x = [batch, inner * group, *spatial]
    return _Conv(transposed, group, x, weights, strides, dilations, pads, extra)


def make_conv(rng: np.random.Generator) -> Case:
    """A Conv with 1 to 3 spatial axes or a ConvTranspose with 1 or 2."""
    values = Values(rng, str(pick(rng, PRECISIONS, [2, 3, 2, 3])))
    while True:
        conv = _draw_conv(rng)
        output = conv.output()
        if (
            min(output) >= 1
            and conv.products() <= MOST_PRODUCTS // 5
            and math.prod(conv.x) <= 3_000_000
            and conv.x[0] * conv.channels() * math.prod(output) <= 3_000_000
            and math.prod(conv.w) <= MOST_WEIGHTS // 8
        ):
            break
    x = values.input("x", conv.x)
    w = values.weights(conv.w, 1 if conv.transposed else 0)
    b = values.bias(conv.channels()) if chance(rng, 0.6) else None
    weights = {"w": w} if b is None else {"w": w, "b": b}
    attributes = {
        "kernel_shape": conv.w[2:],
        "strides": conv.strides,
        "dilations": conv.dilations,
        "pads": conv.pads,
        "group": conv.group,
    }
    if conv.transposed:
        attributes["output_padding"] = conv.extra
    op = "ConvTranspose" if conv.transposed else "Conv"
    nodes = [helper.make_node(op, ["x", *weights], ["s"], "conv", **attributes)]
    wide = x.astype(np.float64), w.astype(np.float64)
    settings = (conv.strides, conv.pads, conv.dilations, conv.group)
    if conv.transposed:
        sums, sizes = (
            convolve_transposed(f(wide[0]), f(wide[1]), *settings, conv.extra)
            for f in (np.asarray, np.abs)
        )
    else:
        sums, sizes = (convolve(f(wide[0]), f(wide[1]), *settings) for f in (np.asarray, np.abs))
    most = 255 * values.step * np.abs(wide[1]).reshape(conv.w[0], -1).sum(axis=1).max()
    inner = conv.w[0] // conv.group if conv.transposed else conv.w[1]
    terms = inner * math.prod(conv.w[2:])
    column = None if b is None else b.reshape(-1, *[1] * len(conv.strides))
    text = (
        f"{op} {'x'.join(map(str, conv.x))} by {'x'.join(map(str, conv.w))} group {conv.group} "
        f"strides {conv.strides} pads {conv.pads} dilations {conv.dilations}"
        f"{f' output_padding {conv.extra}' if any(conv.extra) else ''}"
    )
    return finish(rng, text, values, nodes, {"x": x}, weights, (sums, sizes), terms, column, most)
