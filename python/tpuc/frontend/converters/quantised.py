"""QuantizeLinear and DequantizeLinear: where a model says how it is quantised.

A pair around a computed tensor computes nothing here: it leaves the tensor its
range. Constants are evaluated. What lies between a pair may only move data; for other
readers the integers are computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.converters.integer_products import (
    dequantize_by_arithmetic,
    quantised,
    quantize_by_arithmetic,
)
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, axis_of, constant_of, converts, operand

_FLOAT_MODEL = "give the float model and choose the precision with --quantize"
# Operators that may stand between the two of a pair.
MOVES = ("Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Slice", "MaxPool", "Identity",
         "DepthToSpace", "SpaceToDepth")  # fmt: skip
_CONTRACTIONS = ("Conv", "ConvTranspose", "Gemm", "MatMul")


@dataclass(frozen=True)
class Steps:
    """What integers stand for: (integer - zero) * scale, along an axis when there are several."""

    scale: np.ndarray
    zero: np.ndarray
    axis: int | None

    @classmethod
    def of(cls, node: Node, inputs: Inputs, stored: np.dtype | None) -> Steps:
        """The parameters of a node.

        Args:
            node: of either operator.
            inputs: its operands.
            stored: the integers' type, None if the node decides.
        """
        scale = np.asarray(constant_of(inputs[1], "the scale"), np.float32)
        zero = constant_of(operand(inputs, 2), "the zero point")
        if node.attr("block_size", 0):
            raise UserError(f"has scales of blocks, which are not supported; {_FLOAT_MODEL}")
        if not (np.isfinite(scale).all() and (scale > 0).all()):
            raise UserError("has a scale that is not a positive number, export the model again")
        if zero is None:
            zero = np.zeros(scale.shape, stored or np.uint8)
        if zero.dtype.kind not in "iu":
            raise UserError(f"has values of type {zero.dtype.name}, expected integers; "
                            f"{_FLOAT_MODEL}")  # fmt: skip
        if scale.size == 1:
            return cls(scale.reshape(()), zero.reshape(-1)[0], None)
        axis = axis_of(int(node.attr("axis", 1)), inputs[0].rank)
        if scale.shape != zero.shape or scale.shape != (inputs[0].shape[axis],):
            raise UserError(
                f"has {scale.size} scales and {zero.size} zero points for axis {axis} of "
                f"{list(inputs[0].shape)}"
            )
        return cls(scale, zero, axis)

    def along(self, rank: int) -> tuple[np.ndarray, np.ndarray]:
        """Scale and zero point in a shape that meets a tensor's."""
        if self.axis is None:
            return self.scale, self.zero
        shape = [1] * rank
        shape[self.axis] = -1
        return self.scale.reshape(shape), self.zero.reshape(shape)

    def same(self, other: Steps) -> bool:
        """Whether both mean the same."""
        return np.array_equal(self.scale, other.scale) and np.array_equal(self.zero, other.zero)


class Quantised(Tensor):
    """A computed tensor between the two nodes of a pair; its value is the unrounded one."""

    __slots__ = ("node", "steps")

    def __init__(self, tensor: Tensor, steps: Steps, node: str) -> None:
        super().__init__(tensor.dtype, tensor.shape, id=tensor.id, name=tensor.name)
        self.steps = steps
        self.node = node

    def plain(self) -> Tensor:
        """The tensor itself."""
        return Tensor(self.dtype, self.shape, id=self.id, name=self.name)


def represented(steps: Steps) -> tuple[float, float]:
    """The interval of numbers that integers of one scale represent.

    -128 is left out: symmetric quantisation does not use it.
    """
    scale, zero = float(steps.scale), int(steps.zero)
    info = np.iinfo(steps.zero.dtype)
    low, high = (info.min - zero) * scale, (info.max - zero) * scale
    if zero - info.min == info.max - zero + 1:
        low = -high
    return low, high


def unquantised(nodes: Sequence[Node]) -> list[str]:
    """Names of the contractions of a model with pairs whose weights are in none.

    Args:
        nodes: in their order.
    """
    ends: set[str] = set()
    for node in nodes:
        moves = node.op_type in MOVES and node.inputs[0] in ends
        if node.op_type == "DequantizeLinear" or moves:
            ends.update(node.outputs)
    return [
        node.name for node in nodes if node.op_type in _CONTRACTIONS and node.inputs[1] not in ends
    ]


@converts("QuantizeLinear")
def quantize(node: Node, inputs: Inputs, emitter: Emitter) -> Tensor:
    """Rounds a constant, leaves a computed tensor its range, or computes the integers."""
    tensor = inputs[0]
    if not _is_plain(node, inputs):
        return quantize_by_arithmetic(node, inputs, emitter)
    steps = Steps.of(node, inputs, None)
    if tensor.is_constant:
        scale, zero = steps.along(tensor.rank)
        info = np.iinfo(zero.dtype)
        counts = np.rint(tensor.array.astype(np.float32) / scale) + zero.astype(np.float32)
        return Tensor.constant(np.clip(counts, info.min, info.max).astype(zero.dtype))
    if steps.axis is not None or steps.zero.dtype not in (np.int8, np.uint8):
        return quantize_by_arithmetic(node, inputs, emitter)
    low, high = represented(steps)
    if not low < high or low > 0 or high < 0:
        return quantize_by_arithmetic(node, inputs, emitter)
    emitter.set_range(tensor, low, high)
    return Quantised(tensor, steps, node.name)


def _is_plain(node: Node, inputs: Inputs) -> bool:
    """Whether scale and zero point are constants for integers of 8 bits and more."""
    zero = operand(inputs, 2)
    dtype = node.output_types[0] if zero is None else node.input_types[2]
    return (
        inputs[1].is_constant
        and (zero is None or zero.is_constant)
        and not node.attr("block_size", 0)
        and dtype.kind in "iu"
        and (inputs[0].is_constant or inputs[0].dtype == "f32")
    )


def materialised(tensor: Tensor, emitter: Emitter) -> Tensor:
    """The integers of a tensor between the two nodes of a pair."""
    if not isinstance(tensor, Quantised):
        return tensor
    scale, zero = tensor.steps.along(tensor.rank)
    return quantised(
        tensor.plain(),
        Tensor.constant(scale),
        Tensor.constant(zero.astype(np.float32)) if zero.any() else None,
        zero.dtype,
        emitter,
    )


@converts("DequantizeLinear")
def dequantize(node: Node, inputs: Inputs, emitter: Emitter) -> Tensor:
    """Evaluates a constant, ends a pair, or computes what integers stand for."""
    tensor = inputs[0]
    if not _is_plain(node, inputs) and not isinstance(tensor, Quantised):
        return dequantize_by_arithmetic(node, inputs, emitter)
    steps = Steps.of(node, inputs, tensor.array.dtype if tensor.is_constant else None)
    if tensor.is_constant:
        scale, zero = steps.along(tensor.rank)
        wide = tensor.array.astype(np.float64) - zero.astype(np.float64)
        return Tensor.constant((wide * scale).astype(np.float32), tensor.name)
    if isinstance(tensor, Quantised) and steps.same(tensor.steps):
        return tensor.plain()
    operands = [materialised(tensor, emitter), *inputs[1:]]
    return dequantize_by_arithmetic(node, operands, emitter)
