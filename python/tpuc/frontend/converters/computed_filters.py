"""Convolutions whose filters are computed: products with what the windows see.

The chip wants filters packed beforehand. A filter that depends on inputs is a matrix, and the
windows' elements are another: a slice of the input for each place in the filter.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from tpuc.frontend.emit import Emitter, Tensor


def convolve(
    x: Tensor, w: Tensor, bias: Tensor | None, attributes: Mapping[str, object], e: Emitter
) -> Tensor:
    """A convolution with any filter.

    Args:
        x: [n, channels, ...].
        w: [outputs, channels / group, ...].
        bias: [outputs], or None.
        attributes: strides, pads (begins, then ends), dilations and group.
        e: emits.
    """
    if w.is_constant:
        operands = [t for t in (x, w, bias) if t is not None]
        return e.op("conv", operands, dict(attributes))
    group, outputs, kernel = int(attributes["group"]), w.shape[0], w.shape[2:]
    columns, places = _columns(x, kernel, attributes, e)
    rows = math.prod(w.shape[1:])
    columns = e.reshape(columns, (x.shape[0], group, rows, math.prod(places)))
    matrix = e.reshape(w, (1, group, outputs // group, rows))
    y = e.reshape(e.op("matmul", [matrix, columns]), (x.shape[0], outputs, *places))
    if bias is None:
        return y
    return e.binary("add", y, e.reshape(bias, (1, outputs, *[1] * len(places))))


def _columns(
    x: Tensor, kernel: Sequence[int], attributes: Mapping[str, object], e: Emitter
) -> tuple[Tensor, list[int]]:
    """What each place of a filter meets, [n, channels, filter, result], and the result's sizes."""
    count = len(kernel)
    strides, dilations = attributes["strides"], attributes["dilations"]
    pads = list(attributes["pads"])
    if any(pads):
        x = e.op("pad", [x], {"pads": [0, 0, *pads[:count], 0, 0, *pads[count:]]})
    places = [
        (size - d * (k - 1) - 1) // s + 1
        for size, k, s, d in zip(x.shape[2:], kernel, strides, dilations, strict=True)
    ]
    n, channels = x.shape[:2]
    taps = []
    for tap in itertools.product(*map(range, kernel)):
        first = [0, 0, *(t * d for t, d in zip(tap, dilations, strict=True))]
        part = e.slice(x, first, [n, channels, *places], [1, 1, *strides])
        taps.append(e.reshape(part, (n, channels, 1, math.prod(places))))
    return (taps[0] if len(taps) == 1 else e.op("concat", taps, {"axis": 2})), places
