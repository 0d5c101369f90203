"""Normalisations."""

from __future__ import annotations

import math

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Reduce
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, axis_of, converts, operand


@converts("BatchNormalization")
def _batch_norm(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    if node.attr("training_mode", 0):
        return _batch_norm_in_training(node, inputs, e)
    if not node.attr("spatial", 1):
        raise UserError("has statistics per position (spatial 0), which are not supported")
    x = inputs[0]
    epsilon = float(node.attr("epsilon", 1e-5))
    if x.rank >= 2:
        return e.op("batch_norm", inputs[:5], {"epsilon": epsilon})
    if x.rank != 1:
        raise UserError("has an operand without axes")
    # A single axis is the batch; there is one channel.
    flat = e.op("batch_norm", [e.reshape(x, (x.size, 1)), *inputs[1:5]], {"epsilon": epsilon})
    return e.reshape(flat, x.shape)


def _batch_norm_in_training(node: Node, inputs: Inputs, e: Emitter) -> list[Tensor]:
    """With the batch's own statistics, and the running ones after it."""
    x, scale, bias, mean, variance = inputs[:5]
    if x.rank < 2:
        raise UserError("is in training mode without channels, export the model for inference")
    axes = [axis for axis in range(x.rank) if axis != 1]
    line = [1, x.shape[1], *[1] * (x.rank - 2)]
    own_mean = e.reduce(Reduce.MEAN, x, axes)
    centred = e.binary("sub", x, own_mean)
    own_variance = e.reduce(Reduce.MEAN, e.binary("mul", centred, centred), axes)
    root = e.unary("sqrt", e.binary("add", own_variance, float(node.attr("epsilon", 1e-5))))
    y = e.binary("mul", e.binary("div", centred, root), e.reshape(scale, line))
    y = e.binary("add", y, e.reshape(bias, line))
    momentum = float(node.attr("momentum", 0.9))
    running = [
        e.binary("add", e.binary("mul", old, momentum),
                 e.binary("mul", e.reshape(own, (x.shape[1],)), 1 - momentum))
        for old, own in ((mean, own_mean), (variance, own_variance))
    ]  # fmt: skip
    return [y, *running]


def _affine(tensors: list[Tensor | None], shape: tuple[int, ...], e: Emitter) -> list[Tensor]:
    """Scale and bias of the given shape; a missing scale before a bias is one."""
    scale, bias = (*tensors, None, None)[:2]
    if bias is not None and scale is None:
        scale = Tensor.constant(np.ones(shape, np.float32))
    result = []
    for tensor in (scale, bias):
        if tensor is None:
            continue
        if tensor.shape != shape:
            tensor = (
                Tensor.constant(np.broadcast_to(tensor.array, shape).copy(), tensor.name)
                if tensor.is_constant
                else e.broadcast(tensor, shape)
            )
        result.append(tensor)
    return result


@converts("LayerNormalization")
@converts("LayerNormalization", domain="com.microsoft")
def _layer_norm(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    if any(node.outputs[1:]):
        return _layer_norm_with_statistics(node, inputs, e)
    x = inputs[0]
    axis = axis_of(int(node.attr("axis", -1)), x.rank)
    affine = _affine([operand(inputs, 1), operand(inputs, 2)], x.shape[axis:], e)
    epsilon = float(node.attr("epsilon", 1e-5))
    return e.op("layer_norm", [x, *affine], {"axis": axis, "epsilon": epsilon})


def _layer_norm_with_statistics(node: Node, inputs: Inputs, e: Emitter) -> list[Tensor]:
    x = inputs[0]
    axis = axis_of(int(node.attr("axis", -1)), x.rank)
    axes = list(range(axis, x.rank))
    mean = e.reduce(Reduce.MEAN, x, axes)
    centred = e.binary("sub", x, mean)
    variance = e.reduce(Reduce.MEAN, e.binary("mul", centred, centred), axes)
    epsilon = float(node.attr("epsilon", 1e-5))
    inverse = e.unary("rsqrt", e.binary("add", variance, epsilon))
    result = e.binary("mul", centred, inverse)
    if operand(inputs, 1) is not None:
        result = e.binary("mul", result, inputs[1])
    if operand(inputs, 2) is not None:
        result = e.binary("add", result, inputs[2])
    return [result, mean, inverse]


@converts("RMSNormalization")
@converts("SimplifiedLayerNormalization")
def _rms_norm(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    axis = axis_of(int(node.attr("axis", -1)), x.rank)
    affine = _affine([operand(inputs, 1)], x.shape[axis:], e)
    epsilon = float(node.attr("epsilon", 1e-5))
    return e.op("rms_norm", [x, *affine], {"axis": axis, "epsilon": epsilon})


def add_skip(node: Node, inputs: Inputs, bias: Tensor | None, e: Emitter) -> Tensor:
    """What a norm with a skip connection is of: its first two operands and a bias.

    Raises:
        UserError: the mean or variance is asked for.
    """
    if any(node.outputs[1:3]):
        raise UserError("returns its mean or variance, which is not supported")
    x = e.binary("add", inputs[0], inputs[1])
    return x if bias is None else e.binary("add", x, bias)


@converts("SkipLayerNormalization", domain="com.microsoft")
def _skip_layer_norm(node: Node, inputs: Inputs, e: Emitter) -> list[Tensor]:
    x = add_skip(node, inputs, operand(inputs, 4), e)
    affine = _affine([operand(inputs, 2), operand(inputs, 3)], x.shape[-1:], e)
    attributes = {"axis": x.rank - 1, "epsilon": float(node.attr("epsilon", 1e-12))}
    return [e.op("layer_norm", [x, *affine], attributes), x, x, x][: len(node.outputs)]


@converts("InstanceNormalization")
def _instance_norm(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    epsilon = float(node.attr("epsilon", 1e-5))
    return e.op("group_norm", inputs[:3], {"num_groups": x.shape[1], "epsilon": epsilon})


@converts("GroupNormalization")
def _group_norm(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x, scale, bias = inputs
    groups = int(node.required("num_groups"))
    epsilon = float(node.attr("epsilon", 1e-5))
    channels = x.shape[1]
    if node.opset < 21 and scale.size == groups != channels:
        # Until opset 20 scale and bias have an entry a group.
        if groups < 1 or channels % groups:
            raise UserError(f"has {groups} groups for {channels} channels")
        scale, bias = (_repeat(t, channels // groups, e) for t in (scale, bias))
    attributes = {"num_groups": groups, "epsilon": epsilon}
    return e.op("group_norm", [x, scale, bias], attributes)


def _repeat(tensor: Tensor, times: int, e: Emitter) -> Tensor:
    """Every element ``times`` times in a row."""
    if tensor.is_constant:
        return Tensor.constant(np.repeat(tensor.array, times), tensor.name)
    column = e.reshape(tensor, (tensor.size, 1))
    return e.reshape(e.broadcast(column, (tensor.size, times)), (tensor.size * times,))


@converts("LpNormalization")
def _lp_norm(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    axis = axis_of(int(node.attr("axis", -1)), x.rank)
    order = int(node.attr("p", 2))
    if order not in (1, 2):
        raise UserError(f"has p {order}, expected 1 or 2")
    norm = e.reduce(Reduce.L1 if order == 1 else Reduce.L2, x, [axis])
    # A vector of zeroes stays one.
    return e.binary("div", x, e.binary("max", norm, 1e-12))


@converts("MeanVarianceNormalization")
def _mean_variance_norm(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    axes = [axis_of(int(axis), x.rank) for axis in node.attr("axes", [0, 2, 3])]
    centred = e.binary("sub", x, e.reduce(Reduce.MEAN, x, axes))
    variance = e.reduce(Reduce.MEAN, e.binary("mul", centred, centred), axes)
    # The operator set adds 1e-9 to the deviation.
    deviation = e.binary("add", e.unary("sqrt", variance), 1e-9)
    return e.binary("div", centred, deviation)


@converts("LRN")
def _lrn(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    size = int(node.required("size"))
    alpha, beta = float(node.attr("alpha", 1e-4)), float(node.attr("beta", 0.75))
    bias = float(node.attr("bias", 1.0))
    # The sum over neighbouring channels is an average pool along the channels.
    lines = e.reshape(x, (x.shape[0], 1, x.shape[1], math.prod(x.shape[2:])))
    pool = {
        "kernel": [size, 1],
        "strides": [1, 1],
        "pads": [(size - 1) // 2, 0, size // 2, 0],
        "dilations": [1, 1],
        "ceil_mode": False,
        "count_include_pad": True,
    }
    mean = e.op("avg_pool", [e.binary("mul", lines, lines)], pool)
    scaled = e.binary("add", e.binary("mul", mean, alpha), bias)
    factor = e.binary("pow", scaled, beta)
    return e.reshape(e.binary("div", lines, factor), x.shape)
