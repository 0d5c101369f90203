"""Constants that say sizes, for inputs of other shapes than those that the model was exported for.

The model is imported twice: with its own shapes, the reference, and with those that are wanted. A
constant that names the reference's sizes is replaced by what it says of the new ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from tpuc.errors import UserError

Shape = Sequence[int]
# A constant at such a part of an axis is taken for one that follows from its size.
_PARTS = 8


def reshaped(before: Shape, after: Shape, now: Shape) -> list[int]:
    """The target of a Reshape for an operand of another shape.

    Args:
        before: the operand's shape in the reference.
        after: the result's shape in the reference.
        now: the operand's shape.

    Raises:
        UserError: the target does not say which of its axes the new sizes are.
    """
    result: list[int] = []
    for inner, outer in _groups(before, after):
        sizes = [now[axis] for axis in inner]
        if sizes == [before[axis] for axis in inner]:
            result += [after[axis] for axis in outer]
            continue
        long = [place for place, axis in enumerate(outer) if after[axis] != 1]
        target = [after[axis] for axis in outer]
        if len(long) > 1:
            long = _scaled_axis(before, after, now, inner, outer)
        if len(long) != 1:
            raise UserError(
                f"fixes the shape {list(after)} for an operand of {list(before)}, which does not "
                f"say what it is for {list(now)}; export the model with free axes"
            )
        rest = math.prod(target) // target[long[0]]
        total = math.prod(sizes)
        if total % rest:
            raise UserError(f"cannot reshape {list(now)} as it does {list(before)}")
        target[long[0]] = total // rest
        result += target
    return result


def _scaled_axis(
    before: Shape, after: Shape, now: Shape, inner: list[int], outer: list[int]
) -> list[int]:
    """The one axis of a group's result that goes with the one operand axis that changed."""
    changed = [axis for axis in inner if now[axis] != before[axis]]
    if len(changed) != 1:
        return []
    # The axis of the same size, or the outermost where an axis is split.
    same = [place for place, axis in enumerate(outer) if after[axis] == before[changed[0]]]
    if len(same) == 1:
        return same
    return [0] if changed == inner[:1] and changed[0] == 0 else []


def _groups(before: Shape, after: Shape) -> list[tuple[list[int], list[int]]]:
    """Runs of axes of operand and result that have equally many elements."""
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(before) or j < len(after):
        inner, outer = [], []
        if i < len(before):
            inner.append(i)
            i += 1
        if j < len(after):
            outer.append(j)
            j += 1
        left = math.prod(before[a] for a in inner)
        right = math.prod(after[a] for a in outer)
        while left != right:
            if left < right and i < len(before):
                inner.append(i)
                left *= before[i]
                i += 1
            elif j < len(after):
                outer.append(j)
                right *= after[j]
                j += 1
            else:
                break
        groups.append((inner, outer))
    return groups


def sliced(before: int, now: int, start: int, end: int) -> int:
    """The end of a Slice along an axis of another size.

    Args:
        before: the axis' size in the reference.
        now: its size.
        start: where the slice begins.
        end: where it ends in the reference.

    Raises:
        UserError: both ends follow from the old size.
    """
    if before == now:
        return end
    for bound in (start, end):
        if 1 < bound < before and before % bound == 0 and before // bound <= _PARTS:
            raise UserError(
                f"cuts an axis of {before} at {bound}, which does not say where it cuts one of "
                f"{now}; export the model with free axes"
            )
    return now if end >= before else end


def resized(before: int, after: int, now: int) -> int:
    """The size of a resized axis, in the same ratio.

    Raises:
        UserError: there is no whole number.
    """
    if before == now:
        return after
    if now * after % before:
        raise UserError(
            f"resizes an axis of {before} to {after}, which leaves no whole size for {now}; export "
            f"the model with free axes"
        )
    return now * after // before
