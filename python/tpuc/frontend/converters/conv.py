"""Convolutions."""

from __future__ import annotations

from tpuc.errors import UserError
from tpuc.frontend.converters.windows import spatial_attr, window_pads
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, converts, operand


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
    operands = [t for t in (x, inputs[1], operand(inputs, 2)) if t is not None]
    return e.op("conv", operands, attributes)


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
    operands = [t for t in (x, inputs[1], operand(inputs, 2)) if t is not None]
    return e.op("conv_transpose", operands, attributes)
