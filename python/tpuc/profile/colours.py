"""One colour for each group of commands, the same in page and notebook."""

from __future__ import annotations

from collections.abc import Sequence

# Distinguishable on light and dark ground; the last is for all the rest.
PALETTE = (
    "#4477cc", "#e08a2b", "#3aa35b", "#b455b8", "#d04a4a", "#2aa5b5", "#8a7bd8",
    "#b59a1f", "#7a9a3a", "#d06a9a", "#6b8fa8", "#a0714f",
)  # fmt: skip
REST = "#8c8c8c"


def colours(cycles: Sequence[int]) -> list[str]:
    """Colours of groups: the ones that take longest get one of their own."""
    order = sorted(range(len(cycles)), key=lambda i: -cycles[i])
    result = [REST] * len(cycles)
    for colour, i in zip(PALETTE, order, strict=False):
        result[i] = colour
    return result
