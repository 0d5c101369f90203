"""What the commands print: results to stdout, everything else to stderr.

On a terminal there are progress and tables in colour; in a pipe only plain
lines.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

# In a pipe a phase that took at least so many seconds is worth a line.
_LONG = 5.0


# Shows the steps of a phase: takes its name and their number, gives what to call after each.
Steps = Callable[[str, int], AbstractContextManager[Callable[[], None]]]


@contextmanager
def no_steps(name: str, total: int) -> Iterator[Callable[[], None]]:
    """Shows nothing."""
    yield lambda: None


class Progress:
    """Names the stages of a command and measures them."""

    def __init__(self, quiet: bool = False) -> None:
        self.seconds: dict[str, float] = {}
        self._quiet = quiet

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Shows a spinner and the time while the block runs, on a terminal, and measures it."""
        with self.measure(name):
            if self._quiet:
                yield
            else:
                with counted_steps(name, 0):
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
    """Shows how many steps are done and the time left; in a pipe a line for each long phase.

    Args:
        name: what is done.
        total: steps; 0 when unknown.

    Yields:
        A function to call after each step.
    """
    start, done = time.monotonic(), 0

    def count() -> None:
        nonlocal done
        done += 1

    if not sys.stderr.isatty():
        yield count
        seconds = time.monotonic() - start
        if seconds >= _LONG:
            print(f"{name}: {f'{done} steps, ' if done else ''}{seconds:.1f} s", file=sys.stderr)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = [SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()]
    if total:
        columns[2:] = [BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
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


def times_text(vendor: float, silicon: float) -> str:
    """The time by both timing models, in milliseconds."""
    return f"{vendor:.3f} ms (vendor's cycle model), {silicon:.3f} ms (with what it leaves out)"


def bytes_text(count: int) -> str:
    """A number of bytes for reading, e.g. 56.3 MiB."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"
