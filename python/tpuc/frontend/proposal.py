"""Sizes to propose for inputs whose shapes are not fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Declared = list[int | str] | None
# What a size is mostly called where it counts samples, and sizes that networks often have.
BATCH = ("batch", "batch_size", "n", "b", "bs")
_SEQUENCE, _PICTURE, _PICTURE_RANK = 128, 224, 4


def propose_shapes(declared: Mapping[str, Declared]) -> list[list[int]] | None:
    """A shape for every input: 1 sample, pictures of 224 x 224, sequences of 128.

    Sizes of one name are equal, and those that the model fixes stay.

    Args:
        declared: the shapes by input, with names for sizes that are not fixed.

    Returns:
        The shapes in order, or None when an input has no rank.
    """
    sizes: dict[str, int] = {}
    shapes: list[list[int]] = []
    for shape in declared.values():
        if shape is None:
            return None
        proposed = []
        for axis, size in enumerate(shape):
            if isinstance(size, int) and size >= 0:
                proposed.append(size)
                continue
            name = size if isinstance(size, str) else "?"
            value = _size(name, axis, len(shape))
            # A question mark stands for sizes that have no name.
            proposed.append(value if name == "?" else sizes.setdefault(name, value))
        shapes.append(proposed)
    return shapes


def _size(name: str, axis: int, rank: int) -> int:
    if axis == 0 or name.lower() in BATCH:
        return 1
    return _PICTURE if rank == _PICTURE_RANK else _SEQUENCE


def describe_unknown(declared: Mapping[str, Declared]) -> str:
    """The inputs whose sizes are not fixed, and what to give for all of them."""
    unknown = [
        f"'{name}' has " + ("no shape" if shape is None else show_shape(shape))
        for name, shape in declared.items()
        if not is_static(shape)
    ]
    count = len(declared)
    shapes = propose_shapes(declared)
    example = "" if shapes is None else f", for instance --input_shapes {_compact(shapes)}"
    what = "its static shape" if count == 1 else f"the static shapes of all {count} inputs"
    names = "" if count == 1 else f" ({', '.join(declared)})"
    return f"input {' and '.join(unknown)}; give {what}{names} with --input_shapes{example}"


def is_static(shape: Declared) -> bool:
    """Whether every size is known; 0 is that of a tensor without elements."""
    return shape is not None and all(isinstance(size, int) and size >= 0 for size in shape)


def show_shape(shape: Sequence[int | str]) -> str:
    """A shape as messages have it."""
    return "[" + ", ".join(str(size) for size in shape) + "]"


def _compact(shapes: Sequence[Sequence[int]]) -> str:
    return "[" + ",".join("[" + ",".join(map(str, shape)) + "]" for shape in shapes) + "]"
