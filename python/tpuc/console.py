"""What the commands print: results to stdout, everything else to stderr.

On a terminal there are progress and tables in colour; in a pipe only plain
lines.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager


class Progress:
    """Names the stages of a command and measures them."""

    def __init__(self, quiet: bool = False) -> None:
        self.seconds: dict[str, float] = {}
        self._quiet = quiet or not sys.stderr.isatty()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Shows a spinner while the block runs, on a terminal, and measures it."""
        with self.measure(name):
            if self._quiet:
                yield
            else:
                from rich.console import Console

                with Console(stderr=True).status(name):
                    yield

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Measures a block that shows what it does by itself."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - start


@contextmanager
def counted_steps(name: str, total: int) -> Iterator[Callable[[], None]]:
    """Shows how many steps are done and the time left, on a terminal.

    Args:
        name: what is done.
        total: steps; 0 when unknown.

    Yields:
        A function to call after each step.
    """
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeLeft())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(name, total=total or None)
        yield lambda: progress.advance(task)


def print_table(title: str, rows: Sequence[Sequence[str]], header: Sequence[str] = ()) -> None:
    """Prints a table, with lines on a terminal and aligned in a pipe."""
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table

        table = Table(title=title, show_header=bool(header))
        for column in header or [""] * len(rows[0]):
            table.add_column(column)
        for row in rows:
            table.add_row(*map(str, row))
        Console().print(table)
        return
    lines = [list(map(str, row)) for row in ([header] if header else []) + list(rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    print(title)
    for line in lines:
        cells = (cell.ljust(w) for cell, w in zip(line, widths, strict=True))
        print("  " + "  ".join(cells).rstrip())


def bytes_text(count: int) -> str:
    """A number of bytes for reading, e.g. 56.3 MiB."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"
