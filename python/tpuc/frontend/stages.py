"""The input shapes that one file is compiled for: given one by one, or as sizes of axes.

A file may hold a network for several sets of input shapes, its stages. Sizes of axes
(``batch=1,4,8``) are called by the names that the model gives to axes that it does not fix.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Mapping, Sequence

import onnx

from tpuc.errors import UserError, unknown
from tpuc.frontend.fixed import FixedInputs, fix_inputs
from tpuc.frontend.graph import network_inputs
from tpuc.frontend.load import from_proto, load_model
from tpuc.frontend.proposal import (
    BATCH,
    Declared,
    describe_unknown,
    is_static,
    show_shape,
)
from tpuc.frontend.shapes import check_shapes, declared_shapes, parse_shapes, resolve_shapes

Shapes = list[list[int]]
Buckets = Mapping[str, Sequence[int]]
# Each stage is compiled for itself.
MOST_STAGES = 64
# Sizes of axes that have no others, where --dynamic asks for some.
_BATCHES, _LENGTHS = (1, 4, 8), (64, 128, 256, 512)
_PICTURE_RANK = 4
_EXAMPLE = "batch=1,4,8 or seq=64:512:64"


def parse_stages(value: object) -> list[Shapes]:
    """Sets of input shapes: a text or a list of texts, one set of shapes, or a list of such.

    Raises:
        UserError: anything else.
    """
    if isinstance(value, str):
        return [parse_shapes(value)]
    if isinstance(value, list | tuple) and value and all(isinstance(item, str) for item in value):
        return [parse_shapes(item) for item in value]
    if _depth(value) == 3:
        return [check_shapes(item) for item in value]
    return [check_shapes(value)]


def _depth(value: object) -> int:
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list | tuple) else 0


def parse_buckets(texts: Iterable[str]) -> dict[str, list[int]]:
    """The sizes of ``NAME=1,4,8`` and ``NAME=FIRST:LAST:STEP``.

    Raises:
        UserError: anything else, or one name twice.
    """
    buckets: dict[str, list[int]] = {}
    for text in texts:
        name, equals, sizes = str(text).rpartition("=")
        if not equals or not name:
            raise UserError(f"--shape_buckets '{text}' is not NAME=SIZES, write it like {_EXAMPLE}")
        if name in buckets:
            raise UserError(f"--shape_buckets gives '{name}' twice")
        buckets[name] = _sizes(name, sizes)
    return buckets


def _sizes(name: str, text: str) -> list[int]:
    if re.fullmatch(r"\d{1,9}(,\d{1,9})*", text):
        return check_sizes(name, [int(size) for size in text.split(",")])
    if re.fullmatch(r"\d{1,9}:\d{1,9}:\d{1,9}", text):
        first, last, step = map(int, text.split(":"))
        if step and 0 < first <= last:
            sizes = range(first, last + 1, step)
            return check_sizes(name, list(sizes[: MOST_STAGES + 1]))
    raise UserError(
        f"--shape_buckets '{name}' has the sizes '{text}', write them like 1,4,8 or 64:512:64 "
        "(first, last, step)"
    )


def check_sizes(name: str, sizes: Sequence[int]) -> list[int]:
    """The sizes of an axis, ascending.

    Raises:
        UserError: one that is no size, or too many.
    """
    wrong = [s for s in sizes if not isinstance(s, int) or isinstance(s, bool) or s < 1]
    if wrong or not sizes:
        shown = wrong[0] if wrong else "none"
        raise UserError(f"--shape_buckets '{name}' has the size {shown}, sizes are at least 1")
    if len(sizes) > MOST_STAGES:
        raise UserError(
            f"--shape_buckets '{name}' has {len(sizes)} sizes or more, a file holds at most "
            f"{MOST_STAGES} shapes"
        )
    return sorted(set(sizes))


def stage_shapes(
    model: str | os.PathLike | onnx.ModelProto,
    stages: Sequence[Shapes] | None,
    buckets: Buckets | None = None,
    dynamic: bool = False,
    fix_input: FixedInputs | None = None,
) -> list[Shapes | None]:
    """The input shapes of each stage.

    Args:
        model: a path or a model in memory.
        stages: shapes as they were given; beside buckets, one set, which fills in what buckets
            leave open.
        buckets: sizes by the name of an axis; ``batch`` is the first axis of all inputs where
            no axis has that name.
        dynamic: choose sizes for axes that the model does not fix and that have none.
        fix_input: inputs that become constants, which have no shapes.

    Returns:
        The shapes in order; [None] for those that the model fixes.

    Raises:
        UserError: the model has no such axis, an axis has no size, or there are too many stages.
    """
    if not buckets and not dynamic:
        return list(stages) if stages else [None]
    if stages and len(stages) > 1:
        raise UserError("several --input_shapes and --shape_buckets or --dynamic are alternatives")
    loaded = from_proto(model) if isinstance(model, onnx.ModelProto) else load_model(model)
    fix_inputs(loaded, fix_input or {})
    inputs = network_inputs(loaded)
    declared = declared_shapes(inputs, loaded.source)
    if dynamic:
        buckets = {**_proposed(declared, loaded.source, bool(stages)), **(buckets or {})}
    axes = _axes(declared, buckets or {})
    base: Mapping[str, Declared] = declared
    if stages:
        given = resolve_shapes(inputs, stages[0], loaded.source)
        base = dict(zip(declared, given, strict=True))
    names = list(buckets or {})
    sizes = [check_sizes(name, (buckets or {})[name]) for name in names]
    result: list[Shapes | None] = []
    for chosen in itertools.product(*sizes):
        if len(result) == MOST_STAGES:
            raise UserError(
                f"--shape_buckets asks for more than {MOST_STAGES} shapes ({', '.join(names)} "
                "in all combinations), give fewer sizes"
            )
        result.append(_with_sizes(base, axes, dict(zip(names, chosen, strict=True)), loaded.source))
    return result


def _axes(declared: Mapping[str, Declared], buckets: Buckets) -> dict[str, set[tuple[str, int]]]:
    """The axes of inputs that each name stands for."""
    axes: dict[str, set[tuple[str, int]]] = {}
    for name, shape in declared.items():
        for axis, size in enumerate(shape or ()):
            if isinstance(size, str) and size != "?":
                axes.setdefault(size, set()).add((name, axis))
    if "batch" not in axes and "batch" in buckets:
        axes["batch"] = {(name, 0) for name, shape in declared.items() if shape}
    for name in buckets:
        if name not in axes:
            raise unknown("--shape_buckets: the axis", name, {**axes, "batch": ()})
    return axes


def _with_sizes(
    base: Mapping[str, Declared],
    axes: Mapping[str, set[tuple[str, int]]],
    sizes: Mapping[str, int],
    source: str,
) -> Shapes:
    """The shapes with sizes in the place of axes' names."""
    chosen = {place: size for name, size in sizes.items() for place in axes[name]}
    shapes: dict[str, Declared] = {
        name: None if shape is None else [chosen.get((name, a), s) for a, s in enumerate(shape)]
        for name, shape in base.items()
    }
    if not all(map(is_static, shapes.values())):
        raise UserError(f"{source}: {describe_unknown(shapes)}")
    return [[int(size) for size in shape or ()] for shape in shapes.values()]


def _proposed(
    declared: Mapping[str, Declared], source: str, are_given: bool
) -> dict[str, Sequence[int]]:
    """Sizes for batches and sequences; those of pictures have to be given."""
    proposed: dict[str, Sequence[int]] = {}
    for name, shape in declared.items():
        for axis, size in enumerate(shape or ()):
            if isinstance(size, int) and size >= 0:
                continue
            if axis == 0 or str(size).lower() in BATCH:
                proposed["batch" if size in ("?", -1) else str(size)] = _BATCHES
            elif size in ("?", -1) or len(shape or ()) == _PICTURE_RANK:
                if are_given:
                    continue
                raise UserError(
                    f"{source}: input '{name}' has {show_shape(shape or ())}, and --dynamic does "
                    f"not know which sizes of axis {axis} are needed; give them with "
                    f"--shape_buckets, like {'height' if size == '?' else size}=224,448"
                    + (", or give several --input_shapes" if size == "?" else "")
                )
            else:
                proposed[str(size)] = _LENGTHS
    if not proposed:
        raise UserError(
            f"{source}: --dynamic finds no axis whose size is not fixed; give several "
            "--input_shapes, or --shape_buckets batch=1,4,8"
        )
    return proposed
