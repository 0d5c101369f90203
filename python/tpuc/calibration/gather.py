"""One pass over a dataset that counts every tensor's elements."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tpuc import _core
from tpuc.calibration.methods import BINS
from tpuc.calibration.runner import Runner, source_of
from tpuc.errors import UserError

_THREADS = 2
# glibc's number of the option, and from how many bytes on an array has pages of
# its own.
_M_MMAP_THRESHOLD, _OWN_PAGES = -3, 1 << 20


def tensors_of(graph: _core.Graph) -> dict[str, int]:
    """The tensors that a table can have entries for: name to value."""
    return {
        value.name: number
        for number, value in enumerate(graph.values)
        if value.name and value.dtype == "f32"
    }


def _return_large_arrays() -> None:
    """Makes glibc give large arrays back to the system when they are freed.

    It would keep more and more of them between small ones, the longer it runs.
    """
    try:
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _OWN_PAGES)
    except (AttributeError, OSError, TypeError):
        return  # Another C library.


def gather(
    graph: _core.Graph,
    inputs: Iterable[list[np.ndarray]],
    advance: Callable[[], None] = lambda: None,
) -> dict[int, _core.Histogram]:
    """Histograms of the tensors of a network, by value.

    Of tensors that differ only in the order of elements, the first has one.
    Memory does not depend on the number of inputs.

    Args:
        graph: of a module in the canonical form of the top dialect.
        inputs: each a list of arrays, one an input of the network.
        advance: called after each input.
    """
    _return_large_arrays()
    sources = source_of(graph)
    counted = sorted({sources.get(value, value) for value in tensors_of(graph).values()})
    histograms = {value: _core.Histogram(BINS) for value in counted}
    runner = Runner(graph, counted)
    with ThreadPoolExecutor(_THREADS) as pool:
        for arrays in inputs:
            for part in runner.run(arrays):
                # Counting one part overlaps nothing: its arrays are freed before
                # the next one's are made.
                list(pool.map(lambda item: histograms[item[0]].add(item[1]), part.items()))
            advance()
    return histograms


def merge(
    into: dict[int, _core.Histogram], part: dict[int, _core.Histogram]
) -> dict[int, _core.Histogram]:
    """Adds the counts of a part of the inputs; exact, in any order."""
    if not into:
        return part
    for value, histogram in part.items():
        into[value].merge(histogram)
    return into


def by_name(
    graph: _core.Graph, histograms: dict[int, _core.Histogram]
) -> dict[str, _core.Histogram]:
    """The histogram of each tensor, checked.

    Raises:
        UserError: there were no inputs.
    """
    sources = source_of(graph)
    named = {
        name: histograms[sources.get(value, value)] for name, value in tensors_of(graph).items()
    }
    if any(h.min is None and not h.non_finite for h in named.values()):
        raise UserError("there are no inputs to calibrate on")
    return named
