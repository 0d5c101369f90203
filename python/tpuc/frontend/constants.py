"""Constants of a network: initialisers, and results that are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.emit import Tensor
from tpuc.frontend.folding import fold
from tpuc.frontend.graph import Node

# Operands that are evaluated to see whether nothing follows from them.
_SMALL = 1 << 16


class LazyConstant(Tensor):
    """An initialiser whose element type is looked at when it is used."""

    __slots__ = ("pending",)

    def __init__(self, array: object, name: str) -> None:
        self.pending = array
        self.name = name

    def resolve(self) -> Tensor:
        """The constant."""
        return Tensor.constant(self.pending, self.name)


def typed(node: Node, results: list) -> list:
    """Results that know the element types which the model gives them."""
    types = [*node.output_types, *[None] * len(results)]
    return [
        result.of_element(dtype) if isinstance(result, Tensor) else result
        for result, dtype in zip(results, types, strict=False)
    ]


def evaluate_empty(node: Node, inputs: list[Tensor | None]) -> list[Tensor] | None:
    """Results without elements, which no number of an operand changes; None for others."""
    known = [t for t in inputs if t is not None]
    if all(t.is_constant or t.size > _SMALL for t in known) or all(t.size for t in known):
        return None
    arrays = [
        None if t is None else t.array if t.is_constant else np.zeros(t.shape, dtype)
        for t, dtype in zip(inputs, node.input_types, strict=True)
    ]
    try:
        results = fold(node, arrays)
    except UserError:
        return None
    return [Tensor.constant(r) for r in results] if not any(r.size for r in results) else None


def folded(node: Node, inputs: Sequence[Tensor | None]) -> list[Tensor]:
    """The results of a node of constants."""
    results = fold(node, [None if t is None else t.array for t in inputs])
    names = [*node.outputs, *[""] * len(results)]
    from_shape = any(t is not None and t.from_shape for t in inputs)
    return [Tensor.constant(r, n, from_shape) for r, n in zip(results, names, strict=False)]
