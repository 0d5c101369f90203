"""From a histogram to the largest magnitude that INT8 should represent.

Each method answers for one tensor alone. A tensor that is never negative has
255 steps up to its threshold, others 127 on each side of zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tpuc import _core
from tpuc.errors import UserError, unknown

# Half of the bins of a histogram lie on each side of zero; at least half of
# those of the larger side are in use. A step of the finest candidate then still
# has several bins.
BINS = 1 << 14
_KL_BINS = 2048
_CANDIDATES = 96
# Thresholds below this part of the largest magnitude are not considered.
_LEAST = 1 / 64
# How much more than the least squared error by_search accepts.
_SLACK = 0.1


@dataclass(frozen=True)
class Magnitudes:
    """The distribution of a tensor's magnitudes.

    Attributes:
        counts: elements a bin; bin k holds magnitudes from k to k + 1 times the width.
        width: of a bin.
        largest: the largest magnitude.
        steps: integer steps from zero to the threshold.
    """

    counts: np.ndarray = field(repr=False)
    width: float
    largest: float
    steps: int

    @property
    def centres(self) -> np.ndarray:
        """The magnitude that stands for each bin."""
        return (np.arange(len(self.counts)) + 0.5) * self.width


def magnitudes(histogram: _core.Histogram) -> Magnitudes:
    """Folds a histogram at zero."""
    counts = histogram.counts.astype(np.float64)
    half = len(counts) // 2
    folded = counts[half:] + counts[:half][::-1]
    used = max(int(np.flatnonzero(folded)[-1]) + 1, 1) if folded.any() else 1
    low, high = histogram.min or 0.0, histogram.max or 0.0
    steps = 255 if low >= 0 else 127
    return Magnitudes(folded[:used], histogram.width, max(-low, high), steps)


def by_max(data: Magnitudes) -> float:
    """The largest magnitude: nothing is cut off."""
    return data.largest


def by_percentile(data: Magnitudes, percent: float = 99.99) -> float:
    """The magnitude that so many percent of the elements do not exceed."""
    total = data.counts.sum()
    reached = np.searchsorted(np.cumsum(data.counts), total * percent / 100)
    return min((int(reached) + 1) * data.width, data.largest)


def _candidates(data: Magnitudes) -> np.ndarray:
    """Thresholds worth trying, closer to each other towards zero."""
    return data.largest * np.geomspace(_LEAST, 1.0, _CANDIDATES)


def squared_error(data: Magnitudes, threshold: float) -> float:
    """The sum of squared differences that rounding and cutting off make."""
    step = threshold / data.steps
    kept = np.minimum(np.rint(data.centres / step), data.steps) * step
    return float(data.counts @ (data.centres - kept) ** 2)


def by_mse(data: Magnitudes) -> float:
    """The threshold with the least mean squared difference."""
    candidates = _candidates(data)
    return float(candidates[np.argmin([squared_error(data, t) for t in candidates])])


def divergence(counts: np.ndarray, kept: int, levels: int) -> float:
    """Kullback-Leibler divergence of quantised from original counts.

    Args:
        counts: of magnitudes.
        kept: bins below the threshold; what lies above is added to the last.
        levels: levels of the quantised distribution.
    """
    original = counts[:kept].copy()
    tail = counts[kept:].sum()
    group = np.arange(kept) * levels // kept
    occupied = original > 0
    sums = np.bincount(group, original, levels)
    bins = np.bincount(group, occupied, levels)
    spread = np.divide(sums, bins, out=np.zeros(levels), where=bins > 0)
    quantised = np.where(occupied, spread[group], 0.0)
    original[-1] += tail
    if not quantised.sum():
        return np.inf
    p, q = original / original.sum(), quantised / quantised.sum()
    # A level without elements stands for elements: a small chance instead of none.
    q = np.where((p > 0) & (q == 0), 1e-9, q)
    mask = p > 0
    return float(np.sum(p[mask] * np.log(p[mask] / q[mask])))


def coarse(data: Magnitudes) -> tuple[np.ndarray, float]:
    """Counts of few enough bins to compare distributions, and their width."""
    counts, width = data.counts, data.width
    while len(counts) > _KL_BINS:
        counts = np.add.reduceat(counts, np.arange(0, len(counts), 2))
        width *= 2
    counts = counts.copy()
    # Zeros, of which activations make many, are exact at every threshold.
    counts[0] = counts[1] if len(counts) > 1 else counts[0]
    return counts, width


def by_kl(data: Magnitudes) -> float:
    """The threshold whose quantised distribution is nearest to the tensor's."""
    counts, width = coarse(data)
    levels = (data.steps + 1) // 2
    if len(counts) <= levels:
        return data.largest
    candidates = range(levels, len(counts) + 1, max(1, (len(counts) - levels) // 128))
    best = min(candidates, key=lambda kept: divergence(counts, kept, levels))
    return min((best + 0.5) * width, data.largest) if best < len(counts) else data.largest


def by_search(data: Magnitudes) -> float:
    """Of the thresholds with about the least error the one that keeps most information.

    The squared error is flat around its least value. Among the thresholds within ``_SLACK`` of
    it, the one with the least divergence of the quantised distribution from the tensor's is taken.
    """
    candidates = _candidates(data)
    errors = np.array([squared_error(data, t) for t in candidates])
    counts, width = coarse(data)
    levels = (data.steps + 1) // 2
    good = candidates[errors <= errors.min() * (1 + _SLACK)]
    kept = [min(max(int(t / width), levels), len(counts)) for t in good]
    if len(counts) <= levels:
        return float(candidates[errors.argmin()])
    return float(good[np.argmin([divergence(counts, bins, levels) for bins in kept])])


METHODS: dict[str, Callable[[Magnitudes], float]] = {
    "max": by_max,
    "percentile": by_percentile,
    "kl": by_kl,
    "mse": by_mse,
    "search": by_search,
}


def use_bins(count: int) -> None:
    """Sets how many bins by_kl and by_search compare.

    Raises:
        UserError: fewer than a threshold needs, or more than histograms have.
    """
    global _KL_BINS
    if not 256 <= count <= BINS // 2:
        raise UserError(f"--histogram_bin_num {count} is not within 256 to {BINS // 2}")
    _KL_BINS = count


def check_method(name: str) -> str:
    """A method's name in lower case.

    Raises:
        UserError: unknown.
    """
    lower = str(name).lower().removeprefix("use_")
    lower = {
        "min-max": "max",
        "minmax": "max",
        "entropy": "kl",
        "percentile9999": "percentile",
    }.get(lower, lower)
    if lower not in METHODS:
        raise unknown("--method", name, METHODS)
    return lower
