"""Frequencies of rotary positions, as configurations ask for them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from tpuc.errors import UserError, unknown
from tpuc.llm.config import Rope


def make_rope(
    columns: int, base: float, scaling: Mapping[str, object] | None, positions: int, longest: int
) -> Rope:
    """The rotary positions that ``rope_scaling`` of a config.json describes.

    Args:
        columns: of a head that are turned.
        base: ``rope_theta``.
        scaling: ``rope_scaling``, or None.
        positions: how many the compiled model has.
        longest: ``max_position_embeddings``.

    Raises:
        UserError: a kind that is not known, or one that is not complete.
    """
    rope = Rope.plain(columns, base)
    kind = str((scaling or {}).get("rope_type", (scaling or {}).get("type", "default")))
    if kind == "default" or scaling is None:
        return rope
    try:
        match kind:
            case "linear":
                return Rope(rope.frequencies / float(scaling["factor"]))
            case "llama3":
                return Rope(_llama3(rope.frequencies, scaling))
            case "yarn":
                return _yarn(rope.frequencies, base, scaling, longest)
            case "longrope" | "su":
                return _longrope(rope.frequencies, scaling, positions, longest)
            case "dynamic" if positions <= longest:
                return rope
    except (KeyError, TypeError, ValueError):
        raise UserError(f"rope_scaling of type '{kind}' lacks a number that it needs") from None
    raise unknown("rope_scaling of type", kind, ("linear", "llama3", "yarn", "longrope"))


def _llama3(frequencies: np.ndarray, scaling: Mapping) -> np.ndarray:
    """Low frequencies are divided, high ones kept, those between are mixed."""
    low, high = float(scaling["low_freq_factor"]), float(scaling["high_freq_factor"])
    before = float(scaling["original_max_position_embeddings"])
    turns = before * frequencies / (2 * math.pi)
    share = np.clip((turns - low) / (high - low), 0, 1)
    return frequencies * (share + (1 - share) / float(scaling["factor"]))


def _yarn(frequencies: np.ndarray, base: float, scaling: Mapping, longest: int) -> Rope:
    """As llama3, by the number of the pair and not by its frequency."""
    factor = float(scaling["factor"])
    before = float(scaling.get("original_max_position_embeddings") or longest)
    pairs = len(frequencies)

    def pair_of(turns: float) -> float:
        return pairs * math.log(before / (turns * 2 * math.pi)) / math.log(base)

    first = max(math.floor(pair_of(float(scaling.get("beta_fast", 32)))), 0)
    last = min(math.ceil(pair_of(float(scaling.get("beta_slow", 1)))), 2 * pairs - 1)
    share = 1 - np.clip((np.arange(pairs) - first) / max(last - first, 0.001), 0, 1)
    attention = scaling.get("attention_factor")
    mixed = frequencies * (share + (1 - share) / factor)
    return Rope(mixed, float(attention) if attention else 0.1 * math.log(factor) + 1)


def _longrope(frequencies: np.ndarray, scaling: Mapping, positions: int, longest: int) -> Rope:
    """A factor for each pair: one list for short contexts, another for long ones."""
    before = int(scaling.get("original_max_position_embeddings") or longest)
    name = "short_factor" if positions <= before else "long_factor"
    factors = np.asarray(scaling[name], np.float64)
    if factors.shape != frequencies.shape:
        raise UserError(f"rope_scaling has {factors.size} factors for {frequencies.size} pairs")
    growth = longest / before
    attention = math.sqrt(1 + math.log(growth) / math.log(before)) if growth > 1 else 1.0
    return Rope(frequencies / factors, attention)
