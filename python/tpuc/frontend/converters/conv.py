"""Convolutions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.converters.computed_filters import convolve
from tpuc.frontend.converters.windows import spatial_attr, window_pads
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, converts, ints_of, operand

# Of the chip's transposed convolutions, and of their dilations.
_LARGEST_STRIDE = 16


def _kernel(node: Node, inputs: Inputs) -> list[int]:
    x, w = inputs[0], inputs[1]
    if x.rank < 3 or w.rank != x.rank:
        raise UserError(
            f"has an input {list(x.shape)} and a filter {list(w.shape)}, expected the same rank "
            f"of at least 3"
        )
    kernel = list(w.shape[2:])
    stated = node.attr("kernel_shape")
    if stated is not None and list(stated) != kernel:
        raise UserError(f"has kernel_shape {list(stated)}, its filter is {list(w.shape)}")
    return kernel


@converts("Conv")
def _conv(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    kernel = _kernel(node, inputs)
    ones = [1] * len(kernel)
    strides = spatial_attr(node, "strides", ones, len(kernel))
    dilations = spatial_attr(node, "dilations", ones, len(kernel))
    pads = window_pads(node, x.shape[2:], kernel, strides, dilations)
    x, pads = _crop_negative(x, pads, e)
    attributes = {
        "strides": strides,
        "pads": pads,
        "dilations": dilations,
        "group": int(node.attr("group", 1)),
    }
    return convolve(x, inputs[1], operand(inputs, 2), attributes, e)


@converts("Col2Im")
def _col2im(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    image = ints_of(inputs[1], "the shape of the image")
    block = ints_of(inputs[2], "the shape of a block")
    count, taps = len(image), math.prod(block)
    if x.rank != 3 or count not in (1, 2, 3) or len(block) != count or x.shape[1] % taps:
        raise UserError(f"has {list(x.shape)} for an image {image} of blocks {block}")
    strides = spatial_attr(node, "strides", [1] * count, count)
    dilations = spatial_attr(node, "dilations", [1] * count, count)
    pads = spatial_attr(node, "pads", [0] * (2 * count), 2 * count)
    reach = [d * (k - 1) + 1 for d, k in zip(dilations, block, strict=True)]
    rooms = [image[a] + pads[a] + pads[a + count] - reach[a] for a in range(count)]
    places = [room // stride + 1 for room, stride in zip(rooms, strides, strict=True)]
    if math.prod(places) != x.shape[2]:
        raise UserError(f"has {x.shape[2]} blocks, its image {image} has {math.prod(places)}")
    n, channels = x.shape[0], x.shape[1] // taps
    # Each block's elements are added where they lie: a transposed convolution with ones.
    x = e.reshape(x, (n * channels, taps, *places))
    ones = np.eye(taps, dtype=np.float32).reshape(taps, 1, *block)
    attributes = {
        "strides": strides,
        "pads": pads,
        "dilations": dilations,
        "output_padding": [room % stride for room, stride in zip(rooms, strides, strict=True)],
        "group": 1,
    }
    if count == 3:
        result = _conv_transpose_by_conv(x, Tensor.constant(ones), None, attributes, e)
    else:
        result = e.op("conv_transpose", [x, Tensor.constant(ones)], attributes)
    return e.reshape(result, (n, channels, *image))


def _crop_negative(x: Tensor, pads: list[int], e: Emitter) -> tuple[Tensor, list[int]]:
    """Turns negative padding into a slice."""
    if all(pad >= 0 for pad in pads):
        return x, pads
    count = len(pads) // 2
    offsets = [0, 0, *(max(0, -pad) for pad in pads[:count])]
    ends = [0, 0, *(max(0, -pad) for pad in pads[count:])]
    sizes = [s - o - end for s, o, end in zip(x.shape, offsets, ends, strict=True)]
    return e.slice(x, offsets, sizes, [1] * x.rank), [max(0, pad) for pad in pads]


@converts("ConvTranspose")
def _conv_transpose(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    kernel = _kernel(node, inputs)
    count = len(kernel)
    strides = spatial_attr(node, "strides", [1] * count, count)
    dilations = spatial_attr(node, "dilations", [1] * count, count)
    extra = spatial_attr(node, "output_padding", [0] * count, count)
    full = [
        (size - 1) * stride + dilation * (k - 1) + 1 + more
        for size, stride, dilation, k, more in zip(
            x.shape[2:], strides, dilations, kernel, extra, strict=True
        )
    ]
    mode = str(node.attr("auto_pad", "NOTSET"))
    wanted = node.attr("output_shape")
    if wanted is None and mode in ("SAME_UPPER", "SAME_LOWER"):
        wanted = [size * stride for size, stride in zip(x.shape[2:], strides, strict=True)]
    if wanted is not None:
        total = [f - int(w) for f, w in zip(full, list(wanted)[-count:], strict=True)]
        small = [t // 2 for t in total]
        large = [t - t // 2 for t in total]
        pads = small + large if mode == "SAME_UPPER" else large + small
        if mode not in ("SAME_UPPER", "SAME_LOWER"):
            pads = large + small
        # A larger output than the windows reach is filled at its end.
        for axis, t in enumerate(total):
            if t < 0:
                extra[axis] -= t
                pads[axis] = pads[axis + count] = 0
    else:
        pads = (
            [0] * (2 * count)
            if mode == "VALID"
            else spatial_attr(node, "pads", [0] * (2 * count), 2 * count)
        )
    attributes = {
        "strides": strides,
        "pads": pads,
        "dilations": dilations,
        "output_padding": extra,
        "group": int(node.attr("group", 1)),
    }
    bias = operand(inputs, 2)
    if max(strides) > _LARGEST_STRIDE and max(dilations) == 1:
        return _conv_transpose_by_phases(x, inputs[1], bias, attributes, e)
    if count == 3 or max(*strides, *dilations) > _LARGEST_STRIDE or not inputs[1].is_constant:
        return _conv_transpose_by_conv(x, inputs[1], bias, attributes, e)
    operands = [t for t in (x, inputs[1], bias) if t is not None]
    return e.op("conv_transpose", operands, attributes)


def _conv_transpose_by_conv(
    x: Tensor, w: Tensor, bias: Tensor | None, attributes: dict, e: Emitter
) -> Tensor:
    """A transposed convolution of any number of axes: zeros between, and the filter turned."""
    count, group = x.rank - 2, attributes["group"]
    for axis, stride in enumerate(attributes["strides"], 2):
        if stride == 1:
            continue
        size = x.shape[axis]
        split = e.reshape(x, (*x.shape[: axis + 1], 1, *x.shape[axis + 1 :]))
        pads = [0] * (2 * split.rank)
        pads[split.rank + axis + 1] = stride - 1
        spread = e.op("pad", [split], {"pads": pads})
        spread = e.reshape(spread, (*x.shape[:axis], size * stride, *x.shape[axis + 1 :]))
        x = e.slice_axis(spread, axis, 0, (size - 1) * stride + 1)
    channels, per_group, *kernel = w.shape
    # [group, in, out, kernel] -> [group * out, in, kernel], backwards along the kernel
    w = e.reshape(w, (group, channels // group, per_group, *kernel))
    w = e.permute(w, (0, 2, 1, *range(3, w.rank)))
    w = e.reshape(w, (group * per_group, channels // group, *kernel))
    w = _turned(w, range(2, w.rank), e)
    pads, extra = attributes["pads"], attributes["output_padding"]
    reach = [d * (k - 1) for d, k in zip(attributes["dilations"], kernel, strict=True)]
    begins = [r - p for r, p in zip(reach, pads[:count], strict=True)]
    ends = [r - p + m for r, p, m in zip(reach, pads[count:], extra, strict=True)]
    x, pads = _crop_negative(x, begins + ends, e)
    return convolve(x, w, bias, {
        "strides": [1] * count, "pads": pads, "dilations": attributes["dilations"], "group": group,
    }, e)  # fmt: skip


def _turned(w: Tensor, axes: Sequence[int], e: Emitter) -> Tensor:
    """A filter, backwards along axes."""
    steps = [-1 if axis in axes else 1 for axis in range(w.rank)]
    if w.is_constant:
        backwards = tuple(slice(None, None, step) for step in steps)
        return Tensor.constant(np.ascontiguousarray(w.array[backwards]), w.name)
    first = [size - 1 if step < 0 else 0 for size, step in zip(w.shape, steps, strict=True)]
    return e.slice(w, first, w.shape, steps)


def _conv_transpose_by_phases(
    x: Tensor, w: Tensor, bias: Tensor | None, attributes: dict, e: Emitter
) -> Tensor:
    """A transposed convolution of large strides by one to a channel for each place in a stride."""
    count, group, strides = x.rank - 2, attributes["group"], attributes["strides"]
    channels, per_group, *kernel = w.shape
    taps = [-(-k // s) for k, s in zip(kernel, strides, strict=True)]
    fill = [t * s - k for t, s, k in zip(taps, strides, kernel, strict=True)]
    if any(fill):
        w = _padded(w, [0] * w.rank, [0, 0, *fill], e)
    # [in, out, taps * phases] -> [group, in, out, tap, phase, ...]
    pairs = [size for pair in zip(taps, strides, strict=True) for size in pair]
    w = e.reshape(w, (group, channels // group, per_group, *pairs))
    w = _turned(w, range(3, w.rank, 2), e)
    w = e.permute(w, (0, 2, *range(4, w.rank, 2), 1, *range(3, w.rank, 2)))
    outputs = group * per_group
    w = e.reshape(w, (outputs * math.prod(strides), channels // group, *taps))
    reach = [t - 1 for t in taps]
    y = convolve(x, w, None, {
        "strides": [1] * count, "pads": reach * 2, "dilations": [1] * count, "group": group,
    }, e)  # fmt: skip
    places = y.shape[2:]
    y = e.reshape(y, (y.shape[0], outputs, *strides, *places))
    order = [axis for i in range(count) for axis in (2 + count + i, 2 + i)]
    y = e.permute(y, (0, 1, *order))
    y = e.reshape(y, (y.shape[0], outputs, *(n * s for n, s in zip(places, strides, strict=True))))
    before, behind = [0, 0], [0, 0]
    for axis in range(count):
        start, more = attributes["pads"][axis], attributes["output_padding"][axis]
        size = (x.shape[2 + axis] - 1) * strides[axis] + kernel[axis] + more
        size -= start + attributes["pads"][axis + count]
        end = min(start + size, y.shape[2 + axis])
        first = max(start, 0)
        y = e.slice_axis(y, 2 + axis, first, end - first)
        before.append(first - start)
        behind.append(start + size - end)
    if any(before + behind):
        y = _padded(y, before, behind, e)
    if bias is None:
        return y
    return e.binary("add", y, e.reshape(bias, (1, outputs, *[1] * count)))


def _padded(x: Tensor, before: Sequence[int], behind: Sequence[int], e: Emitter) -> Tensor:
    """With zeros around."""
    if x.is_constant:
        return Tensor.constant(np.pad(x.array, list(zip(before, behind, strict=True))), x.name)
    return e.op("pad", [x], {"pads": [*before, *behind]})
