"""Window attributes that convolutions and pools share."""

from __future__ import annotations

from collections.abc import Sequence

from tpuc.errors import UserError
from tpuc.frontend.graph import Node


def spatial_attr(node: Node, name: str, default: Sequence[int], count: int) -> list[int]:
    """A list attribute with an entry a spatial axis.

    Raises:
        UserError: it has another length.
    """
    value = [int(v) for v in node.attr(name, list(default))]
    if len(value) != count:
        raise UserError(f"has {len(value)} {name}, expected {count}")
    return value


def window_pads(
    node: Node,
    sizes: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
) -> list[int]:
    """Explicit padding, begins then ends, of a window over the given sizes."""
    count = len(sizes)
    mode = str(node.attr("auto_pad", "NOTSET"))
    if mode == "VALID":
        return [0] * (2 * count)
    if mode == "NOTSET":
        return spatial_attr(node, "pads", [0] * (2 * count), 2 * count)
    if mode not in ("SAME_UPPER", "SAME_LOWER"):
        raise UserError(f"has auto_pad '{mode}', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER")
    if any(stride < 1 for stride in strides):
        raise UserError(f"has strides {list(strides)}, expected at least 1")
    begins, ends = [], []
    for size, k, stride, dilation in zip(sizes, kernel, strides, dilations, strict=True):
        out = -(-size // stride)
        total = max(0, (out - 1) * stride + dilation * (k - 1) + 1 - size)
        small, large = total // 2, total - total // 2
        begins.append(small if mode == "SAME_UPPER" else large)
        ends.append(large if mode == "SAME_UPPER" else small)
    return begins + ends
