"""Elements between elements: grids, regions, offsets, and resizing with care."""

from __future__ import annotations

import math

import numpy as np

from randomnets.families.contraction import matrix
from randomnets.families.convolution import filters, image
from randomnets.families.registry import family
from randomnets.network import Network, RejectedError, Value


def _grid(net: Network, batch: int, sizes: tuple[int, ...]) -> Value:
    """Places between -1 and 1, some a little beyond: given, constant or computed."""
    shape = (batch, *sizes, len(sizes))
    form = net.integer(0, 2)
    array = net.rng.uniform(-1.2, 1.2, shape).astype(np.float32)
    if form == 0:
        return net.constant(array)
    value = net.input(shape)
    value.array = array
    if form == 1:
        return value
    offsets = net.call("Mul", net.call("Tanh", value), net.constant(np.float32(0.2)))
    return net.call("Add", offsets, net.constant(np.clip(array, -1, 1)))


def _sampled(net: Network, x: Value, grid: Value, modes: tuple[str, ...]) -> Value:
    mode = net.choose(modes)
    if net.opset >= 20:
        mode = {"bilinear": "linear", "bicubic": "cubic"}.get(mode, mode)
    return net.call(
        "GridSample", x, grid, mode=mode, align_corners=net.integer(0, 1),
        padding_mode=net.choose(("zeros", "border", "reflection")),
    )  # fmt: skip


@family("grid_sample")
def grid_sample(net: Network) -> None:
    """Of two axes in all modes."""
    if net.opset < 17:
        raise RejectedError("opset")
    x = image(net, 2)
    sizes = (net.size(9), net.size(9))
    _sampled(net, x, _grid(net, x.shape[0], sizes), ("bilinear", "bilinear", "nearest", "bicubic"))


@family("grid_sample_3d")
def grid_sample_3d(net: Network) -> None:
    """Of three axes."""
    if net.opset < 20:
        raise RejectedError("opset")
    x = image(net, 3)
    sizes = (net.size(4), net.size(5), net.size(5))
    _sampled(net, x, _grid(net, x.shape[0], sizes), ("bilinear", "nearest"))


@family("deformable_attention")
def deformable_attention(net: Network) -> None:
    """Queries say where values are sampled, and what the samples weigh."""
    if net.opset < 17:
        raise RejectedError("opset")
    values = image(net, 2)
    n = values.shape[0]
    queries = net.input((n, net.size(9), net.size(20)))
    count, points, width = queries.shape[1], net.integer(1, 4), queries.shape[2]
    offsets = net.call("MatMul", queries, matrix(net, (width, points * 2), width * 9))
    places = net.call("Tanh", net.call("Reshape", offsets, net.ints(n, count, points, 2)))
    sampled = _sampled(net, values, places, ("bilinear",))
    weights = net.call("MatMul", queries, matrix(net, (width, points), width))
    weights = net.call("Softmax", weights, axis=-1)
    weights = net.call("Unsqueeze", weights, net.ints(1))
    net.call("ReduceSum", net.call("Mul", sampled, weights), net.ints(3), keepdims=0)


@family("affine_grid")
def affine_grid(net: Network) -> None:
    """A grid of turned places, and what it samples."""
    if net.opset < 20:
        raise RejectedError("opset")
    x = image(net, 2)
    n, c = x.shape[:2]
    turn = np.tile(np.array([[0.9, 0.2, 0.05], [-0.2, 0.8, -0.1]], np.float32), (n, 1, 1))
    corners = net.integer(0, 1)
    # Of one place, definitions differ on where its corner lies.
    low = 2 if corners else 1
    sizes = net.ints(n, c, max(low, net.size(9)), max(low, net.size(9)))
    grid = net.call("AffineGrid", net.constant(turn), sizes, align_corners=corners)
    net.call("GridSample", x, grid, align_corners=corners)


@family("roi_align")
def roi_align(net: Network) -> None:
    """Regions cut out and made of one size."""
    x = image(net, 2)
    n, _, h, w = x.shape
    count = net.integer(1, 5)
    begins = net.rng.uniform(0, 0.6, (count, 2))
    ends = begins + net.rng.uniform(0.2, 0.6, (count, 2))
    boxes = np.concatenate([begins, ends], axis=1) * np.array([w, h, w, h])
    regions = net.constant(boxes.astype(np.float32))
    if net.chance(0.5):
        regions = net.input((count, 4))
        regions.array = boxes.astype(np.float32)
    images = net.constant(net.rng.integers(0, n, count).astype(np.int64))
    modes = {}
    if net.opset >= 17:
        half = net.choose(("half_pixel", "output_half_pixel"))
        modes["coordinate_transformation_mode"] = half
    net.call(
        "RoiAlign", x, regions, images, mode=net.choose(("avg", "avg", "max")),
        output_height=net.integer(1, 5), output_width=net.integer(1, 5),
        sampling_ratio=net.integer(1, 3), spatial_scale=net.choose((1.0, 0.5)), **modes,
    )  # fmt: skip


@family("deform_conv")
def deform_conv(net: Network) -> None:
    """A convolution whose window is moved."""
    if net.opset < 20:
        raise RejectedError("opset")
    x = image(net, 2)
    n, c, h, w = x.shape
    k, width = net.choose((1, 2, 3)), net.size(12)
    pad = k // 2
    high, wide = h + 2 * pad - k + 1, w + 2 * pad - k + 1
    if high < 1 or wide < 1:
        raise RejectedError("window")
    net.work(n * c * width * high * wide * k * k)
    offsets = net.input((n, 2 * k * k, high, wide))
    offsets = net.call("Mul", net.call("Tanh", offsets), net.constant(np.float32(1.5)))
    mask = None
    if net.chance(0.5):
        mask = net.call("Sigmoid", net.input((n, k * k, high, wide)))
    bias = net.constant(net.normal((width,))) if net.chance(0.5) else None
    net.call("DeformConv", x, filters(net, (width, c, k, k)), offsets, bias, mask,
             kernel_shape=[k, k], pads=[pad] * 4)  # fmt: skip


@family("resize_antialias")
def resize_antialias(net: Network) -> None:
    """Smaller images whose windows grow, and cropped ones."""
    if net.opset < 18:
        raise RejectedError("opset")
    x = image(net, 2)
    mode = net.choose(("linear", "cubic"))
    if net.chance(0.6):
        sizes = [max(1, math.ceil(s / net.choose((1, 2, 3)))) for s in x.shape[2:]]
        net.call("Resize", x, None, None, net.ints(*x.shape[:2], *sizes), mode=mode, antialias=1)
        return
    begins = net.rng.uniform(0, 0.3, 2)
    region = np.array([0, 0, *begins, 1, 1, *(begins + 0.6)], np.float32)
    high, wide = net.size(12), net.size(12)
    if high == x.shape[2] or wide == x.shape[3]:
        raise RejectedError("onnxruntime does not crop an axis that keeps its size")
    sizes = net.ints(*x.shape[:2], high, wide)
    net.call("Resize", x, net.constant(region), None, sizes, mode="linear",
             coordinate_transformation_mode="tf_crop_and_resize")  # fmt: skip
