"""Operators of quantised networks as the floats that 16 bits may compute them by."""

from __future__ import annotations

import numpy as np

from randomnets.definitions import Body, Values


def qlinear_conv(body: Body, values: Values) -> None:
    """A convolution whose filters hold all scales, rounded."""
    x, _, x_zero, w, _, w_zero, _, _ = _operands(body)
    scale = _scale(body, values)
    filters = (values[w].astype(np.float32) - np.float32(values[w_zero])) * scale
    kept = {a.name: body.attr(a.name) for a in body.node.attribute}
    wide, zero = body("Cast", x, to=1), np.float32(values[x_zero])
    if any(kept.get("pads", ())):
        # What surrounds the image is its zero point.
        wide = body("Sub", wide, body.constant(zero))
        _rounded(body, values, body("Conv", wide, body.constant(filters), **kept))
        return
    shape = [1, -1, *[1] * (filters.ndim - 2)]
    sums = filters.sum(axis=tuple(range(1, filters.ndim))).reshape(shape) * zero
    y = body("Conv", wide, body.constant(filters), **kept)
    _rounded(body, values, body("Sub", y, body.constant(sums)))


def qlinear_matmul(body: Body, values: Values) -> None:
    """A product whose matrix holds all scales, rounded."""
    x, _, x_zero, w, _, w_zero, _, _ = _operands(body)
    matrix = (values[w].astype(np.float32) - np.float32(values[w_zero])) * _scale(body, values)
    y = body("MatMul", body("Cast", x, to=1), body.constant(matrix))
    sums = matrix.sum(axis=0) * np.float32(values[x_zero])
    _rounded(body, values, body("Sub", y, body.constant(sums)))


def _operands(body: Body) -> list[str]:
    return [body.operand(i) for i in range(8)]


def _scale(body: Body, values: Values) -> np.float32:
    """Of sums of products, in steps of the result."""
    x, w, y = (np.float32(values[body.operand(i)]) for i in (1, 4, 6))
    return x * w / y


def _rounded(body: Body, values: Values, y: str) -> None:
    zero = values[body.operand(7)]
    info = np.iinfo(zero.dtype)
    y = body("Add", body("Round", y), body.constant(float(zero)))
    y = body("Clip", y, body.constant(float(info.min)), body.constant(float(info.max)))
    body.give(body("Cast", y, to=2 if zero.dtype == np.uint8 else 3))
