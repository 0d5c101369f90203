"""A search for layers as one HTML page that needs nothing else."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from importlib import resources

import numpy as np

from tpuc import _core
from tpuc.tuning.layers import Layer
from tpuc.tuning.search import Choice
from tpuc.tuning.tune import Tuning

_WIDTH, _HEIGHT = 200, 34


def report_html(title: str, tuning: Tuning) -> str:
    """The page of a search.

    Args:
        title: what the network is called.
        tuning: what was found.
    """
    parts = {
        "title": html.escape(f"{title} in INT8"),
        "summary": html.escape(_summary(tuning)),
        "steps": _steps(tuning),
        "layers": _layers(tuning),
    }
    page = (resources.files("tpuc.tuning") / "assets" / "report.html").read_text("utf-8")
    for name, text in parts.items():
        page = page.replace(f"<!--{name}-->", text)
    return page


def _summary(tuning: Tuning) -> str:
    result, target = tuning.result, tuning.target
    asked = f"at most {target.max_drop:g} points lost"
    if target.min_cosine > -1:
        asked += f", cosine at least {target.min_cosine:g}"
    return (
        f"Asked for, on {tuning.inputs} inputs: {asked}. {len(result.chosen)} of "
        f"{len(result.order)} layers fall back to F16."
    )


def _table(identifier: str, header: Sequence[str], rows: Iterable[str]) -> str:
    heads = "".join(f"<th>{html.escape(name)}</th>" for name in header)
    body = "\n".join(rows)
    return (
        f'<table id="{identifier}"><thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n'
        f"</tbody></table>"
    )


def _steps(tuning: Tuning) -> str:
    rows = []
    for step in tuning.result.steps:
        mark = ' class="out"' if step is tuning.result.best else ""
        cells = (
            str(step.layers), f"{step.milliseconds:.3f}", f"{step.silicon:.3f}",
            f"{tuning.target.drop(step.accuracy):.2f}", f"{step.accuracy.cosine:.6f}",
            f"{step.accuracy.worst:.6f}", "yes" if tuning.target.met(step.accuracy) else "no",
        )  # fmt: skip
        rows.append(f"<tr{mark}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    header = (
        "layers in F16",
        "ms (vendor's cycle model)",
        "ms (with what it leaves out)",
        "points lost",
        "cosine",
        "worst cosine",
        "good enough",
    )
    return _table("steps", header, rows)


def _layers(tuning: Tuning) -> str:
    total = sum(choice.effect.output_error for choice in tuning.result.order) or 1.0
    chosen = set(tuning.result.precisions())
    order = sorted(tuning.result.order, key=lambda choice: choice.effect.layer.index)
    rows = [
        _row(number, choice, choice.effect.layer.name in chosen, total,
             _drawings(tuning, choice.effect.layer))
        for number, choice in enumerate(order, 1)
    ]  # fmt: skip
    header = ("", "layer", "operation", "precision", "cosine", "SQNR dB", "output error", "us",
              "input")  # fmt: skip
    return _table("layers", header, rows)


def _row(number: int, choice: Choice, leaves: bool, total: float, drawing: str) -> str:
    effect = choice.effect
    part = effect.output_error / total
    bar = f'<span class="bar" style="width:{60 * part:.1f}px"></span>'
    sqnr = f"{effect.sqnr:.1f}" if np.isfinite(effect.sqnr) else "exact"
    return (
        f"<tr{' class=out' if leaves else ''}><td>{number}</td>"
        f'<td class="text name">{html.escape(effect.layer.name)}</td>'
        f'<td class="text">{html.escape(effect.layer.operation.kind)}</td>'
        f'<td class="text kind">{"F16" if leaves else "INT8"}</td>'
        f"<td>{effect.cosine:.6f}</td>"
        f'<td data-value="{min(effect.sqnr, 999):.3f}">{sqnr}</td>'
        f'<td data-value="{effect.output_error:.9e}">{bar} {effect.output_error:.2e}</td>'
        f'<td data-value="{choice.microseconds:.4f}">{choice.microseconds:+.2f}</td>'
        f"<td>{drawing}</td></tr>"
    )


def _drawings(tuning: Tuning, layer: Layer) -> str:
    drawings = []
    for value, kind in layer.data.items():
        histogram = tuning.histograms.get(tuning.graph.values[value].name)
        if histogram is not None:
            drawings.append(draw(histogram, kind.low * kind.scale, kind.high * kind.scale))
    return "".join(drawings)


def draw(histogram: _core.Histogram, low: float, high: float) -> str:
    """A histogram as SVG, with the range that INT8 covers.

    Args:
        histogram: of a tensor.
        low: the smallest number that INT8 represents.
        high: the largest.
    """
    least, most = histogram.min or 0.0, histogram.max or 0.0
    left, right = min(least, low), max(most, high)
    span = (right - left) or 1.0
    counts = histogram.counts
    used = np.flatnonzero(counts)
    centres = (used - len(counts) // 2 + 0.5) * histogram.width
    columns = np.clip(((centres - left) / span * _WIDTH).astype(int), 0, _WIDTH - 1)
    sums = np.bincount(columns, counts[used].astype(np.float64), _WIDTH)
    heights = np.log1p(sums) / max(np.log1p(sums.max()), 1e-9) * (_HEIGHT - 2)

    def place(number: float) -> float:
        return (number - left) / span * _WIDTH

    bars = {"counts": [], "lost": []}
    for column in np.flatnonzero(sums):
        middle = left + (column + 0.5) * span / _WIDTH
        kind = "counts" if low - span / _WIDTH <= middle <= high + span / _WIDTH else "lost"
        height = max(heights[column], 1.0)
        bars[kind].append(f"M{column} {_HEIGHT}v{-height:.1f}h1v{height:.1f}z")
    paths = "".join(
        f'<path class="{kind}" d="{"".join(shapes)}"/>' for kind, shapes in bars.items() if shapes
    )
    lines = "".join(
        f'<line class="range" x1="{place(x):.1f}" x2="{place(x):.1f}" y2="{_HEIGHT}"/>'
        for x in (low, high)
    )
    text = f"{least:.4g} to {most:.4g}, INT8 {low:.4g} to {high:.4g}"
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img"><title>{text}</title>{paths}{lines}'
        f"</svg>"
    )
