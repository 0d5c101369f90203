"""Quantised matrices in folders of Hugging Face: which method, and who reads it."""

from __future__ import annotations

from typing import Any, Protocol

from tpuc.errors import unknown
from tpuc.llm.formats.awq import AwqMatrices
from tpuc.llm.formats.gptq import GptqMatrices
from tpuc.llm.formats.packed import PackedMatrices
from tpuc.llm.linear import Linear


class Method(Protocol):
    """Reads the matrices of one method."""

    def has(self, name: str) -> bool:
        """Whether a matrix of that name, without ``.weight``, is quantised."""
        ...

    def matrix(self, name: str, rows: int, depth: int) -> Linear:
        """The matrix; refuses tensors of other sizes."""
        ...


_METHODS = {"gptq": GptqMatrices, "awq": AwqMatrices, "compressed-tensors": PackedMatrices}


def find_method(config: dict[str, Any], storage: object) -> Method | None:
    """What reads the quantised matrices of a checkpoint; None when there are none.

    Args:
        config: config.json.
        storage: the tensors.

    Raises:
        UserError: a method that is not known.
    """
    values = config.get("quantization_config")
    if not values:
        return None
    name = str(values.get("quant_method", ""))
    if name not in _METHODS:
        raise unknown("the quantisation method", name, _METHODS)
    return _METHODS[name](values, storage)
