"""Operator families: each adds one operator, or a form in which people write it."""

from randomnets.families import (  # noqa: F401  register themselves
    activations,
    attention,
    blocks,
    contraction,
    control,
    convolution,
    elementwise,
    fused,
    indexing,
    integers,
    movement,
    norm,
    pooling,
    quantised,
    recurrent,
    reduction,
    sampling,
    spectral,
)
from randomnets.families.registry import FAMILIES

__all__ = ["FAMILIES"]
