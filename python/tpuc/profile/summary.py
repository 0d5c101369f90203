"""A profile in the terminal: the figures, the traffic, the longest layers."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tpuc.console import bytes_text

if TYPE_CHECKING:
    from tpuc.profile.model import Layer, Profile

_BOUND_STYLES = {"TIU": "cyan", "GDMA": "yellow", "hidden": "dim"}


def print_summary(profile: Profile, rows: int = 20) -> None:
    """Prints to stdout, in colour on a terminal.

    Args:
        profile: what to print.
        rows: how many layers at most, the longest first.
    """
    from rich.console import Console

    # A pipe has no width; nothing is cut off there.
    console = Console() if sys.stdout.isatty() else Console(width=160, highlight=False)
    console.print(_figures(profile))
    if traffic := profile.traffic():
        console.print(_traffic(traffic))
    layers = sorted(profile.layers, key=lambda layer: -layer.critical_cycles)
    if layers:
        console.print(_layers(profile, layers, rows))


def print_comparison(first: Profile, second: Profile, rows: int = 20) -> None:
    """Prints where the time of two models differs most.

    Args:
        first: a model.
        second: the model to compare with it; they are joined by the names of
            operations or, when one does not know them, by the functions of
            commands.
        rows: how many names at most.
    """
    from rich.console import Console
    from rich.markup import escape

    by = "op" if first.has_layers and second.has_layers else "function"
    sides: list[dict[str, int]] = [{}, {}]
    for side, profile in zip(sides, (first, second), strict=True):
        # A node may have become operations of several kinds.
        for layer in profile.sums(*profile.groups(by)):
            side[layer.name] = side.get(layer.name, 0) + layer.critical_cycles
    names = dict.fromkeys([*sides[0], *sides[1]])
    pairs = [(name, sides[0].get(name, 0), sides[1].get(name, 0)) for name in names]
    pairs.sort(key=lambda pair: -abs(pair[2] - pair[1]))
    title = f"{second.title} against {first.title}, cycles on the critical chain"
    titles = (escape(first.title), escape(second.title))
    table = _table(title, (by, *titles, "difference"), 1)
    table.add_row("all", f"{first.cycles:,}", f"{second.cycles:,}", _signed(first, second))
    for row, key in (
        ("vendor's cycle model", "vendor_ms"),
        ("with what it leaves out", "silicon_ms"),
    ):
        a, b = getattr(first, key), getattr(second, key)
        table.add_row(row, f"{a:.3f} ms", f"{b:.3f} ms", f"{b - a:+.3f} ms")
    for name, a, b in pairs[:rows]:
        table.add_row(escape(name), f"{a:,}", f"{b:,}", f"{b - a:+,}")
    console = Console() if sys.stdout.isatty() else Console(width=160, highlight=False)
    console.print(table)


def _signed(first: Profile, second: Profile) -> str:
    return f"{second.cycles - first.cycles:+,}"


def _table(title: str, columns: Sequence[str], left: int):  # noqa: ANN202 (rich is imported late)
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    # Names come from files: brackets in them are no markup.
    title = escape(title)
    style = box.ROUNDED if sys.stdout.isatty() else box.SIMPLE_HEAD
    table = Table(title=title, box=style, title_justify="left", title_style="bold")
    for i, column in enumerate(columns):
        table.add_column(
            column, justify="left" if i < left else "right", no_wrap=i >= left, overflow="fold"
        )
    return table


def _figures(profile: Profile):  # noqa: ANN202
    table = _table(f"{profile.title}, cycle model `{profile.parameters}`", ("", ""), 2)
    table.show_header = False
    for name, value in profile.rows():
        table.add_row(name, value)
    return table


def _traffic(traffic: dict[str, tuple[int, int]]):  # noqa: ANN202
    table = _table("DDR traffic by cause", ("cause", "read", "written", "share"), 1)
    total = sum(read + written for read, written in traffic.values())
    for cause, (read, written) in sorted(traffic.items(), key=lambda item: -sum(item[1])):
        share = (read + written) / total
        table.add_row(cause, bytes_text(read), bytes_text(written), f"{share:.1%}")
    return table


def _layers(profile: Profile, layers: Sequence[Layer], rows: int):  # noqa: ANN202
    from rich.markup import escape

    what = "operation" if profile.has_layers else "function"
    columns = (what, "kind", "bound by", "critical", "share", "TIU", "GDMA", "commands", "DDR")
    if not profile.has_layers:
        columns = (what, *columns[2:])
    shown = f"{min(rows, len(layers))} of {len(layers)}"
    table = _table(f"{what}s by cycles on the critical chain ({shown})", columns, len(columns) - 6)
    for layer in layers[:rows]:
        share = layer.critical_cycles / max(profile.cycles, 1)
        style = _BOUND_STYLES[layer.bound]
        names = (layer.title, layer.kind) if profile.has_layers else (layer.name,)
        table.add_row(
            *map(escape, names), f"[{style}]{layer.bound}[/]", f"{layer.critical_cycles:,}",
            f"{share:.1%}", f"{layer.tiu_cycles:,}", f"{layer.gdma_cycles:,}",
            f"{layer.commands:,}", bytes_text(layer.read_bytes + layer.write_bytes),
        )  # fmt: skip
    return table
