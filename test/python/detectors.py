"""Small detectors with random weights, and what is done with their boxes, in numpy."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def heads_model(channels, sizes, picture, split=None, seed=0, batch=1):
    """A network of one picture with heads of the given channels.

    Args:
        channels: of each head; with ``split`` of its two parts.
        sizes: heights and widths of the heads.
        picture: height and width.
        split: channels of the first of two outputs a head, or None for one.
        seed: of the weights.
        batch: pictures.
    """
    rng = np.random.default_rng(seed)
    nodes, weights, outputs = [], [], []
    for index, size in enumerate(sizes):
        stride = picture[0] // size[0]
        parts = [channels] if split is None else [split, channels - split]
        nodes.append(helper.make_node(
            "AveragePool", ["picture"], [f"small{index}"], kernel_shape=[stride] * 2,
            strides=[stride] * 2))  # fmt: skip
        for part, count in enumerate(parts):
            name = f"head{index}_{part}"
            # Of a picture with a mean of 0 all heads have results of one size.
            weight = rng.standard_normal((count, 3, 3, 3)) * stride
            bias = rng.standard_normal(count) * 0.3 - 0.5
            weights += [
                numpy_helper.from_array(weight.astype(np.float32), f"{name}_w"),
                numpy_helper.from_array(bias.astype(np.float32), f"{name}_b"),
            ]
            nodes.append(helper.make_node(
                "Conv", [f"small{index}", f"{name}_w", f"{name}_b"], [name], name=name,
                pads=[1] * 4))  # fmt: skip
            outputs.append(helper.make_tensor_value_info(name, 1, [batch, count, *size]))
    port = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [batch, 3, *picture])
    graph = helper.make_graph(nodes, "detector", [port], outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def passing_model(shapes, constants=()):
    """A network that gives its inputs, plus nothing, and constants."""
    nodes, inputs, outputs = [], [], []
    weights = [numpy_helper.from_array(np.float32(0), "zero")]
    for index, shape in enumerate(shapes):
        nodes.append(
            helper.make_node("Add", [f"x{index}", "zero"], [f"y{index}"], name=f"y{index}")
        )
        inputs.append(helper.make_tensor_value_info(f"x{index}", TensorProto.FLOAT, shape))
        outputs.append(helper.make_tensor_value_info(f"y{index}", TensorProto.FLOAT, shape))
    for index, array in enumerate(constants):
        weights.append(numpy_helper.from_array(array, f"k{index}"))
        nodes.append(helper.make_node("Identity", [f"k{index}"], [f"z{index}"]))
        outputs.append(helper.make_tensor_value_info(f"z{index}", TensorProto.FLOAT, array.shape))
    graph = helper.make_graph(nodes, "detector", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def add_picture(model: onnx.ModelProto, picture) -> onnx.ModelProto:
    """The model with an input of a picture, of which its result has nothing."""
    graph = model.graph
    graph.input.insert(0, helper.make_tensor_value_info("picture", 1, [1, 3, *picture]))
    return model


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype(np.float64)))


def corners(boxes):
    centre, half = boxes[..., :2], boxes[..., 2:] / 2
    return np.concatenate([centre - half, centre + half], -1)


def grid(height, width):
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns, rows], -1).reshape(-1, 2)


def decode_yolov5(heads, picture, anchors):
    """Heads [B, 3 (5 + C), h, w] as boxes [B, N, 4] and scores [B, N, C]."""
    parts = []
    for head, own in zip(heads, np.reshape(anchors, (len(heads), 3, 2)), strict=True):
        batch, channels, height, width = head.shape
        x = sigmoid(head.reshape(batch, 3, channels // 3, -1).transpose(0, 1, 3, 2))
        stride = picture[0] / height
        place = (x[..., :2] * 2 - 0.5 + grid(height, width)) * stride
        size = (x[..., 2:4] * 2) ** 2 * own[None, :, None]
        parts.append(
            np.concatenate([place, size, x[..., 4:]], -1).reshape(batch, -1, channels // 3)
        )
    x = np.concatenate(parts, 1)
    return corners(x[..., :4]), x[..., 5:] * x[..., 4:5]


def decode_yolov8(heads, picture):
    """Heads [B, 64 + C, h, w] as boxes and scores."""
    boxes, scores = [], []
    for head in heads:
        batch, channels, height, width = head.shape
        x = head.reshape(batch, channels, -1).astype(np.float64)
        powers = np.exp(x[:, :64].reshape(batch, 4, 16, -1))
        share = powers / powers.sum(2, keepdims=True)
        distance = (share * np.arange(16)[None, None, :, None]).sum(2).transpose(0, 2, 1)
        centre, stride = grid(height, width) + 0.5, picture[0] / height
        boxes.append(
            np.concatenate([centre - distance[..., :2], centre + distance[..., 2:]], -1) * stride
        )
        scores.append(sigmoid(x[:, 64:].transpose(0, 2, 1)))
    return np.concatenate(boxes, 1), np.concatenate(scores, 1)


def overlap(a, b):
    """Intersection over union of f32 boxes, as onnxruntime divides it."""
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    if not (high > low).all():
        return np.float32(0)
    extent = high - low
    shared = extent[0] * extent[1]
    areas = [(x[2] - x[0]) * (x[3] - x[1]) for x in (a, b)]
    return shared / (areas[0] + areas[1] - shared)


def suppress(boxes, scores, options, all_classes=False, first=0):
    """Detections [rows, 6] of one picture, and how many there are."""
    boxes, scores = boxes.astype(np.float32), scores.astype(np.float32)
    if all_classes:
        keys, own, kinds = scores.reshape(-1), *np.divmod(np.arange(scores.size), scores.shape[1])
    else:
        keys, own, kinds = scores.max(1), np.arange(len(scores)), scores.argmax(1)
    order = np.argsort(-keys, kind="stable")[: options.candidates]
    left = []
    for i in order:
        if len(left) == options.detections or not keys[i] > np.float32(options.score):
            break
        others = (j for j in left if options.agnostic or kinds[j] == kinds[i])
        if all(overlap(boxes[own[i]], boxes[own[j]]) <= np.float32(options.iou) for j in others):
            left.append(i)
    rows = np.tile(np.array([0, 0, 0, 0, 0, -1], np.float32), (options.detections, 1))
    for row, i in zip(rows, left, strict=False):
        row[:] = [*boxes[own[i]], keys[i], kinds[i] + first]
    return rows, len(left)


def picture(seed, batch, size):
    """Pixels of -0.5 to 0.5."""
    return np.random.default_rng(seed).random((batch, 3, *size), np.float32) - np.float32(0.5)
