"""Input shapes as the user gives them: parsed as data, checked against the model."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import onnx

from tpuc.errors import UserError
from tpuc.frontend.proposal import Declared, describe_unknown, is_static, show_shape

EXAMPLE = "[[1,3,224,224]]"
LARGEST_DIM = 1 << 31


def parse_shapes(text: str) -> list[list[int]]:
    """Parses ``[[1,3,224,224],[1,128]]``; one bare list counts as one shape.

    Raises:
        UserError: anything else.
    """
    try:
        if not re.fullmatch(r"[\[\]\d,\s+-]*", text):
            raise ValueError
        value = json.loads(text)
    except (ValueError, RecursionError):
        shown = text if len(text) <= 60 else text[:57] + "..."
        raise UserError(
            f"--input_shapes '{shown}' is not a list of shapes, write it like {EXAMPLE}"
        ) from None
    return check_shapes(value)


def check_shapes(value: Sequence) -> list[list[int]]:
    """Checks a nested list as ``parse_shapes`` does."""
    if not isinstance(value, list | tuple) or not value:
        raise UserError(f"input shapes are {value!r}, expected a list of lists like {EXAMPLE}")
    if all(isinstance(item, int) for item in value):
        value = [value]
    shapes = []
    for index, shape in enumerate(value):
        if not isinstance(shape, list | tuple):
            raise UserError(
                f"input shape {index} is {shape!r}, expected a list, write shapes like {EXAMPLE}"
            )
        for size in shape:
            if not isinstance(size, int) or isinstance(size, bool) or not 0 < size < LARGEST_DIM:
                raise UserError(
                    f"input shape {index} has the size {size!r}, every size must be an integer "
                    f"of at least 1"
                )
        shapes.append([int(size) for size in shape])
    return shapes


def resolve_shapes(
    inputs: Sequence[onnx.ValueInfoProto], given: Sequence[Sequence[int]] | None, source: str
) -> list[list[int]]:
    """The static shape of every network input.

    A given shape may change any axis; whether the model's constants allow it
    shows where they meet it.

    Raises:
        UserError: a shape is missing or has another rank than the model's.
    """
    if given is not None and len(given) != len(inputs):
        names = ", ".join(f"'{i.name}'" for i in inputs)
        raise UserError(
            f"{source}: {len(given)} input shapes given, the model has {len(inputs)} inputs "
            f"({names})"
        )
    declared = declared_shapes(inputs, source)
    if given is None:
        if not all(map(is_static, declared.values())):
            raise UserError(f"{source}: {describe_unknown(declared)}")
        return [[int(size) for size in shape or ()] for shape in declared.values()]
    shapes = [list(shape) for shape in given]
    for (name, known), shape in zip(declared.items(), shapes, strict=True):
        _check_against_model(name, known, shape, source)
    return shapes


def declared_shapes(inputs: Sequence[onnx.ValueInfoProto], source: str) -> dict[str, Declared]:
    """The shapes that the model gives its inputs.

    Raises:
        UserError: an input is no tensor.
    """
    return {info.name: _declared(info, source) for info in inputs}


def _declared(info: onnx.ValueInfoProto, source: str) -> Declared:
    """The shape that the model gives an input, with names for sizes that are not fixed."""
    tensor = info.type.tensor_type
    if not info.type.HasField("tensor_type"):
        raise UserError(f"{source}: input '{info.name}' is not a tensor")
    if not tensor.HasField("shape"):
        return None
    return [
        d.dim_value if d.HasField("dim_value") else d.dim_param or "?" for d in tensor.shape.dim
    ]


def _check_against_model(name: str, declared: Declared, shape: list[int], source: str) -> None:
    if declared is None:
        return
    if len(shape) != len(declared):
        raise UserError(
            f"{source}: input '{name}' was given the shape {shape} of rank {len(shape)}, the "
            f"model has {show_shape(declared)} of rank {len(declared)}"
        )
