"""A profile in a notebook: the figures and a small timeline."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np

from tpuc.console import times_text
from tpuc.profile.colours import colour

if TYPE_CHECKING:
    from tpuc.profile.model import Profile

_WIDTH, _BAR = 900, 26
_COLUMNS = 450


def render(profile: Profile) -> str:
    """The figures as a table, and both queues over time as an SVG image."""
    rows = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in profile.rows())
    return f"<table>{rows}</table>{timeline(profile)}"


def timeline(profile: Profile) -> str:
    """Both queues over time, a column in the colour of what takes most of it."""
    labels, groups = profile.groups("kind")
    c = profile.commands
    busy = np.bincount(groups, c.cycles, len(labels))
    palette = [colour(kind) for _, kind in labels]
    bars = []
    for engine, name in enumerate(("TIU", "GDMA")):
        top = 4 + engine * (_BAR + 6)
        bars.append(f'<text x="0" y="{top + 17}" font-size="11">{name}</text>')
        mine = c.engine == engine
        shares = _shares(c.start[mine], c.cycles[mine], groups[mine], len(labels), profile.cycles)
        bars += _runs(shares, labels, palette, top)
    legend = " ".join(
        f'<span style="color:{palette[i]}">&#9632;</span> {html.escape(labels[i][0])}'
        for i in np.argsort(-busy)
        if busy[i]
    )
    bottom = 4 + 2 * (_BAR + 6) + 12
    return (
        f'<svg width="{_WIDTH + 60}" height="{bottom + 4}" fill="currentColor" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(bars)}'
        f'<text x="44" y="{bottom}" font-size="11">0</text>'
        f'<text x="{_WIDTH + 44}" y="{bottom}" font-size="11" text-anchor="end">'
        f"{times_text(profile.vendor_ms, profile.silicon_ms)}</text></svg>"
        f"<div style='font-size:12px'>{legend}</div>"
    )


def _shares(
    start: np.ndarray, cycles: np.ndarray, groups: np.ndarray, count: int, total: int
) -> np.ndarray:
    """Busy cycles of each group in each column of time."""
    width = max(total, 1) / _COLUMNS
    shares = np.zeros((_COLUMNS + 1, count))
    for begin, length, group in zip(start, cycles, groups, strict=True):
        first, last = int(begin / width), int((begin + length) / width)
        if first == last:
            shares[first, group] += length
            continue
        shares[first, group] += (first + 1) * width - begin
        shares[first + 1 : last, group] += width
        shares[last, group] += begin + length - last * width
    return shares[:_COLUMNS]


def _runs(
    shares: np.ndarray, labels: list[tuple[str, str]], palette: list[str], top: int
) -> list[str]:
    """Columns of the same group and fill joined to rectangles."""
    width = _WIDTH / _COLUMNS
    most = shares.argmax(1)
    full = max(float(shares.sum(1).max()), 1.0)
    # Columns that are busy for less look paler.
    levels = np.ceil(4 * shares.sum(1) / full).astype(int)
    bars, begin = [], 0
    for i in range(1, len(most) + 1):
        if i < len(most) and most[i] == most[begin] and levels[i] == levels[begin]:
            continue
        if levels[begin]:
            group = int(most[begin])
            bars.append(
                f'<rect x="{44 + begin * width:g}" y="{top}" width="{(i - begin) * width:g}" '
                f'height="{_BAR}" fill="{palette[group]}" fill-opacity="{levels[begin] / 4:g}">'
                f"<title>{html.escape(labels[group][0])}</title></rect>"
            )
        begin = i
    return bars
