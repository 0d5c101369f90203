"""Fourier transforms, as products with constant matrices."""

from __future__ import annotations

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, axis_of, constant_of, converts, operand, scalar_of


def fourier_matrix(taken: int, length: int, kept: int, parts: int, inverse: bool) -> np.ndarray:
    """The transform of interleaved numbers, [taken * parts, kept * 2].

    Args:
        taken: elements of the signal; what is missing to ``length`` is 0.
        length: of the transform.
        kept: frequencies.
        parts: 1 for real signals, 2 for real and imaginary parts.
        inverse: whether it goes back.
    """
    # Whole turns are left out before they are rounded.
    turns = np.outer(np.arange(taken), np.arange(kept)) % length / length
    angle = (2 if inverse else -2) * np.pi * turns
    cosine, sine = np.cos(angle), np.sin(angle)
    matrix = np.zeros((taken, parts, kept, 2))
    matrix[:, 0, :, 0], matrix[:, 0, :, 1] = cosine, sine
    if parts == 2:
        matrix[:, 1, :, 0], matrix[:, 1, :, 1] = -sine, cosine
    if inverse:
        matrix /= length
    return matrix.reshape(taken * parts, kept * 2).astype(np.float32)


@converts("DFT")
def _dft(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    if x.rank < 2 or x.shape[-1] not in (1, 2):
        raise UserError(f"has an input {list(x.shape)}, expected a last axis of 1 or 2")
    if node.opset >= 20:
        axis = int(scalar_of(operand(inputs, 2), "the axis", -2))
    else:
        axis = int(node.attr("axis", 1))
    axis = axis_of(axis, x.rank)
    inverse, onesided = bool(node.attr("inverse", 0)), bool(node.attr("onesided", 0))
    default = 2 * (x.shape[axis] - 1) if inverse and onesided else x.shape[axis]
    length = int(scalar_of(operand(inputs, 1), "dft_length", default))
    if axis == x.rank - 1 or length < 1:
        raise UserError(f"has axis {axis} and length {length} for {list(x.shape)}")
    if onesided and inverse:
        return _to_real(x, axis, length, e)
    kept = length // 2 + 1 if onesided else length
    taken = min(length, x.shape[axis])
    x = e.slice_axis(x, axis, 0, taken)
    matrix = fourier_matrix(taken, length, kept, x.shape[-1], inverse)
    return _along(x, axis, matrix, kept, 2, e)


def _to_real(x: Tensor, axis: int, length: int, e: Emitter) -> Tensor:
    """The inverse of a transform whose frequencies beyond the half are left out."""
    half = length // 2 + 1
    if x.shape[-1] != 2 or x.shape[axis] < half:
        raise UserError(f"has {list(x.shape)} for an inverse of length {length}")
    x = e.slice_axis(x, axis, 0, half)
    matrix = fourier_matrix(half, length, length, 2, True).reshape(half, 2, length, 2)[..., :1]
    # Each but the first and, for even lengths, the last stands for its conjugate, too.
    double = np.full(half, 2.0, np.float32)
    double[0] = 1
    if length % 2 == 0:
        double[-1] = 1
    matrix = matrix * double[:, None, None, None]
    return _along(x, axis, matrix.reshape(half * 2, length), length, 1, e)


def _along(x: Tensor, axis: int, matrix: np.ndarray, kept: int, parts: int, e: Emitter) -> Tensor:
    """Multiplies the elements along an axis, and those of the last, by a matrix."""
    order = [*(a for a in range(x.rank) if a not in (axis, x.rank - 1)), axis, x.rank - 1]
    moved = e.permute(x, order)
    outer = moved.shape[:-2]
    rows = e.reshape(moved, (int(np.prod(outer)), matrix.shape[0]))
    result = e.op("matmul", [rows, Tensor.constant(matrix)])
    result = e.reshape(result, (*outer, kept, parts))
    return e.permute(result, [order.index(a) for a in range(x.rank)])


@converts("STFT")
def _stft(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    signal = inputs[0]
    step = int(scalar_of(inputs[1], "frame_step", 0))
    window = constant_of(operand(inputs, 2), "the window")
    default = 0 if window is None else len(window)
    length = int(scalar_of(operand(inputs, 3), "frame_length", default))
    if signal.rank == 3 and signal.shape[2] == 2:
        raise UserError("has a complex signal, expected a real one")
    size = signal.size // signal.shape[0]
    if step < 1 or not 0 < length <= size:
        raise UserError(f"has frames of {length} every {step} of {size} elements")
    kept = length // 2 + 1 if node.attr("onesided", 1) else length
    matrix = fourier_matrix(length, length, kept, 1, False)
    if window is not None:
        matrix = matrix * window.astype(np.float32)[:, None]
    # One filter for each number of a frame.
    filters = np.ascontiguousarray(matrix.T)[:, None, :]
    x = e.reshape(signal, (signal.shape[0], 1, size))
    attributes = {"strides": [step], "pads": [0, 0], "dilations": [1], "group": 1}
    frames = e.op("conv", [x, Tensor.constant(filters)], attributes)
    frames = e.permute(frames, (0, 2, 1))
    return e.reshape(frames, (*frames.shape[:2], kept, 2))
