"""Operator families: each adds one operator, or a form in which people write it."""

from randomnets.families import (  # noqa: F401  register themselves
    activations,
    attention,
    blocks,
    contraction,
    convolution,
    elementwise,
    indexing,
    integers,
    movement,
    norm,
    pooling,
    reduction,
)
from randomnets.families.registry import FAMILIES

__all__ = ["FAMILIES"]
