"""Detections out of what a detector's heads give, by operators of the network.

The outputs are recognised by their shapes. Boxes are decoded to corners in pixels, the best by
score are compared, and those that are left become rows: x1, y1, x2, y2, score, class.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.converters.scatter import pick_rows
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Arg, Compare, Reduce
from tpuc.postprocess import Postprocess

# Bins of a distance in YOLOv8's heads.
_BINS = 16
_ANCHORS = 3
# Strides of the heads of published networks, in pixels.
_STRIDES = ((8, 16, 32), (8, 16, 32, 64), (4, 8, 16, 32), (16, 32), (8, 16))
# By which SSD's deltas are divided.
_VARIANCES = (0.1, 0.1, 0.2, 0.2)


@dataclass(frozen=True)
class Head:
    """What a network gives: the outputs by name, and the sizes of its picture, if it has one."""

    outputs: dict[str, Tensor]
    picture: tuple[int, int] | None

    def refuse(self, options: Postprocess, expected: str) -> UserError:
        """The error of outputs that do not fit."""
        found = ", ".join(f"'{name}' {list(t.shape)}" for name, t in self.outputs.items())
        return UserError(
            f"--add_postprocess {options.kind}: the outputs are {found}, expected {expected}; name "
            f"other outputs with --output_names, or leave --add_postprocess out"
        )


@dataclass(frozen=True)
class Candidates:
    """Corners of boxes, [batch, boxes, 4], and scores of their classes, [batch, boxes, classes].

    With ``all_classes`` a box may be a detection of several; classes count from ``first``.
    """

    corners: Tensor
    scores: Tensor
    all_classes: bool = False
    first: int = 0


def detect(head: Head, options: Postprocess, e: Emitter) -> dict[str, Tensor]:
    """The outputs with post-processing: detections, and how many there are.

    Raises:
        UserError: outputs that are none of the kind's.
    """
    if not all(t.dtype == "f32" for t in head.outputs.values()):
        raise head.refuse(options, "floats")
    decode = {"yolov5": _yolov5, "yolov8": _yolov8, "yolo11": _yolov8, "ssd": _ssd}[options.kind]
    rows, count = _suppressed(decode(head, options, e), options, e)
    return {"detections": rows, "num_detections": count}


#
# Boxes
#


def _column(x: Tensor, first: int, size: int, e: Emitter) -> Tensor:
    return e.slice_axis(x, x.rank - 1, first, size)


def _corners(centres: Tensor, sizes: Tensor, e: Emitter) -> Tensor:
    half = e.binary("mul", sizes, 0.5)
    low, high = e.binary("sub", centres, half), e.binary("add", centres, half)
    return e.op("concat", [low, high], {"axis": centres.rank - 1})


def _sigmoid(x: Tensor, e: Emitter) -> Tensor:
    return e.unary("sigmoid", x)


def _is_grid(head: Head, boxes: int, anchors: int) -> bool:
    """Whether there are as many boxes as the cells of a published network's heads have."""
    if head.picture is None:
        return True
    cells = {sum(math.prod(-(-n // s) for n in head.picture) for s in each) for each in _STRIDES}
    return boxes in {anchors * n for n in cells}


def _strides(head: Head, options: Postprocess, maps: Sequence[tuple[int, int]]) -> list[float]:
    if head.picture is None:
        raise UserError(
            f"--add_postprocess {options.kind}: the network has no input [batch, channels, height, "
            f"width], of which heads before decoding have parts"
        )
    strides = []
    for size in maps:
        each = {picture / own for picture, own in zip(head.picture, size, strict=True)}
        if len(each) != 1:
            raise head.refuse(options, f"maps that are parts of the picture {list(head.picture)}")
        strides.append(each.pop())
    return strides


def _grid(height: int, width: int) -> np.ndarray:
    """The cells' columns and rows, [height * width, 2]."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns, rows], -1).reshape(-1, 2).astype(np.float32)


def _joined(parts: list[Tensor], e: Emitter) -> Tensor:
    return parts[0] if len(parts) == 1 else e.op("concat", parts, {"axis": 1})


#
# YOLOv5
#


def _yolov5(head: Head, options: Postprocess, e: Emitter) -> Candidates:
    outputs = list(head.outputs.values())
    expected = (
        "one [batch, boxes, 5 + classes], decoded, or 2 to 4 heads [batch, 3 * (5 + classes), "
        "height, width] or [batch, 3, height, width, 5 + classes] before decoding"
    )
    if len(outputs) == 1 and outputs[0].rank == 3:
        (x,) = outputs
        if x.shape[2] < 6 or not _is_grid(head, x.shape[1], _ANCHORS):
            raise head.refuse(options, expected)
        boxes = _corners(_column(x, 0, 2, e), _column(x, 2, 2, e), e)
    else:
        parts = [_with_anchors(t, e) for t in outputs]
        if None in parts or len({part.shape[4] for part in parts if part}) != 1:
            raise head.refuse(options, expected)
        parts.sort(key=lambda part: -part.shape[2])
        if len(options.anchors) != 2 * _ANCHORS * len(parts):
            raise UserError(
                f"--postprocess_anchors: {len(options.anchors)} numbers, expected widths and "
                f"heights of 3 boxes for each of {len(parts)} heads"
            )
        strides = _strides(head, options, [part.shape[2:4] for part in parts])
        anchors = np.array(options.anchors, np.float32).reshape(len(parts), _ANCHORS, 2)
        x = _joined([
            _decoded_anchors(part, stride, own, e)
            for part, stride, own in zip(parts, strides, anchors, strict=True)
        ], e)  # fmt: skip
        boxes = _corners(_column(x, 0, 2, e), _column(x, 2, 2, e), e)
    classes = x.shape[2] - 5
    scores = e.binary("mul", _column(x, 5, classes, e), _column(x, 4, 1, e))
    return Candidates(boxes, scores)


def _with_anchors(x: Tensor, e: Emitter) -> Tensor | None:
    """A head as [batch, 3, height, width, numbers], None for others."""
    if x.rank == 5 and x.shape[1] == _ANCHORS and x.shape[4] >= 6:
        return x
    if x.rank != 4 or x.shape[1] % _ANCHORS or x.shape[1] // _ANCHORS < 6:
        return None
    n, channels, height, width = x.shape
    split = e.reshape(x, (n, _ANCHORS, channels // _ANCHORS, height, width))
    return e.permute(split, (0, 1, 3, 4, 2))


def _decoded_anchors(x: Tensor, stride: float, anchors: np.ndarray, e: Emitter) -> Tensor:
    n, _, height, width, numbers = x.shape
    x = _sigmoid(e.reshape(x, (n, _ANCHORS, height * width, numbers)), e)
    place = e.binary("mul", _column(x, 0, 2, e), 2.0 * stride)
    offsets = (_grid(height, width) - 0.5) * stride
    place = e.binary("add", place, Tensor.constant(offsets[None, None].astype(np.float32)))
    size = e.binary("mul", _column(x, 2, 2, e), 2.0)
    size = e.binary("mul", e.binary("mul", size, size), Tensor.constant(anchors[None, :, None]))
    decoded = e.op("concat", [place, size, _column(x, 4, numbers - 4, e)], {"axis": 3})
    return e.reshape(decoded, (n, _ANCHORS * height * width, numbers))


#
# YOLOv8 and YOLO11
#


def _yolov8(head: Head, options: Postprocess, e: Emitter) -> Candidates:
    outputs = list(head.outputs.values())
    expected = (
        "one [batch, 4 + classes, boxes], decoded, or 2 to 4 heads before decoding, each "
        "[batch, 64 + classes, height, width] or [batch, 64, height, width] and "
        "[batch, classes, height, width]"
    )
    if len(outputs) == 1 and outputs[0].rank == 3:
        (x,) = outputs
        if x.shape[1] < 5 or not _is_grid(head, x.shape[2], 1):
            raise head.refuse(options, expected)
        x = e.permute(x, (0, 2, 1))
        boxes = _corners(_column(x, 0, 2, e), _column(x, 2, 2, e), e)
        return Candidates(boxes, _column(x, 4, x.shape[2] - 4, e))
    if not all(t.rank == 4 for t in outputs):
        raise head.refuse(options, expected)
    maps: dict[tuple[int, int], list[Tensor]] = {}
    for t in outputs:
        maps.setdefault(tuple(t.shape[2:]), []).append(t)
    parts = []
    for size in sorted(maps, reverse=True):
        part = _distances_and_classes(maps[size], e)
        if part is None:
            raise head.refuse(options, expected)
        parts.append(part)
    if len(maps) < 2 or len({classes.shape[1] for _, classes in parts}) != 1:
        raise head.refuse(options, expected)
    sizes = sorted(maps, reverse=True)
    strides = _strides(head, options, sizes)
    boxes, scores = [], []
    for (distances, classes), size, stride in zip(parts, sizes, strides, strict=True):
        boxes.append(_decoded_distances(distances, size, stride, e))
        flat = e.reshape(classes, (*classes.shape[:2], math.prod(size)))
        scores.append(_sigmoid(e.permute(flat, (0, 2, 1)), e))
    return Candidates(_joined(boxes, e), _joined(scores, e))


def _distances_and_classes(own: list[Tensor], e: Emitter) -> tuple[Tensor, Tensor] | None:
    """The two parts of a head, None for outputs that are none."""
    bins = 4 * _BINS
    if len(own) == 1 and own[0].shape[1] > bins:
        (x,) = own
        return e.slice_axis(x, 1, 0, bins), e.slice_axis(x, 1, bins, x.shape[1] - bins)
    if len(own) == 2 and any(t.shape[1] == bins for t in own):
        # With as many classes as bins, boxes come first.
        first = own[0].shape[1] == bins
        return (own[0], own[1]) if first else (own[1], own[0])
    return None


def _decoded_distances(x: Tensor, size: tuple[int, int], stride: float, e: Emitter) -> Tensor:
    """Corners of boxes whose distances from the cells' centres are means over bins."""
    batch, cells = x.shape[0], math.prod(size)
    x = e.permute(e.reshape(x, (batch, 4, _BINS, cells)), (0, 3, 1, 2))
    share = e.op("softmax", [x], {"axis": 3}, (x.dtype, x.shape))
    bins = Tensor.constant(np.arange(_BINS, dtype=np.float32).reshape(1, 1, 1, _BINS))
    distances = e.reduce(Reduce.SUM, e.binary("mul", share, bins), [3], keepdims=False)
    centres = Tensor.constant(_grid(*size)[None] + np.float32(0.5))
    low = e.binary("sub", centres, _column(distances, 0, 2, e))
    high = e.binary("add", centres, _column(distances, 2, 2, e))
    return e.binary("mul", e.op("concat", [low, high], {"axis": 2}), stride)


#
# SSD
#


def _ssd(head: Head, options: Postprocess, e: Emitter) -> Candidates:
    expected = (
        "boxes [batch, boxes, 4] and scores after softmax [batch, boxes, 1 + classes], and, where "
        "the boxes are not decoded, a constant of the priors [boxes, 4] (centre and size) or "
        "[1, 2, 4 * boxes] (corners and variances)"
    )
    computed = [t for t in head.outputs.values() if not t.is_constant]
    priors = [t for t in head.outputs.values() if t.is_constant]
    boxes = [t for t in computed if t.rank == 3 and t.shape[2] == 4]
    scores = [t for t in computed if t.rank == 3 and t not in boxes[:1] and t.shape[2] > 1]
    if len(computed) != 2 or len(boxes) < 1 or len(scores) != 1 or len(priors) > 1:
        raise head.refuse(options, expected)
    box, score = boxes[0], scores[0]
    if box.shape[:2] != score.shape[:2]:
        raise head.refuse(options, expected)
    if priors:
        places = _priors(priors[0].array, box.shape[1])
        if places is None:
            raise head.refuse(options, expected)
        box = _decoded_deltas(box, *places, e)
    # The first class is the background.
    return Candidates(box, _column(score, 1, score.shape[2] - 1, e), all_classes=True, first=1)


def _priors(array: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Centres and sizes, and variances: [boxes or 1, 4] each; None for other shapes."""
    if array.size == 4 * count:
        return array.reshape(count, 4), np.array([_VARIANCES], np.float32)
    if array.size != 8 * count:
        return None
    corners, variances = array.reshape(2, count, 4)
    low, high = corners[:, :2], corners[:, 2:]
    return np.concatenate([(low + high) / 2, high - low], 1), variances


def _decoded_deltas(x: Tensor, places: np.ndarray, variances: np.ndarray, e: Emitter) -> Tensor:
    scale = Tensor.constant(
        np.concatenate([variances[:, :2] * places[:, 2:], variances[:, 2:] + 0 * places[:, 2:]], 1)
        [None].astype(np.float32)
    )  # fmt: skip
    x = e.binary("mul", x, scale)
    centres = e.binary("add", _column(x, 0, 2, e), Tensor.constant(places[None, :, :2]))
    sizes = e.binary(
        "mul", e.unary("exp", _column(x, 2, 2, e)), Tensor.constant(places[None, :, 2:])
    )
    return _corners(centres, sizes, e)


#
# Suppression
#


def _begins(batch: int, size: int) -> Tensor:
    """The numbers of the first rows of each picture, [batch, 1]."""
    return Tensor.constant(np.arange(batch, dtype=np.int32)[:, None] * size)


def _suppressed(found: Candidates, options: Postprocess, e: Emitter) -> tuple[Tensor, Tensor]:
    batch, boxes, classes = found.scores.shape
    if found.all_classes:
        keys = e.reshape(found.scores, (batch, boxes * classes))
    else:
        keys = e.reduce(Reduce.MAX, found.scores, [2], keepdims=False)
    count = min(keys.shape[1], options.candidates)
    best, places = e.ops("topk", [keys], {"axis": 1, "k": count, "largest": True})
    places = e.cast(places, "i32")
    if found.all_classes:
        own = e.binary("div", places, classes)
        labels = e.binary("sub", places, e.binary("mul", own, classes))
    else:
        own = places
        attributes = {"kind": Arg.MAX, "axis": 2, "keepdims": False, "select_last": False}
        kinds = e.cast(e.op("arg", [found.scores], attributes), "i32")
        rows = e.reshape(e.binary("add", places, _begins(batch, boxes)), (batch * count,))
        labels = pick_rows(e.reshape(kinds, (batch * boxes, 1)), rows, e)
    rows = e.reshape(e.binary("add", own, _begins(batch, boxes)), (batch * count,))
    corners = pick_rows(e.reshape(found.corners, (batch * boxes, 4)), rows, e)
    labels = e.reshape(e.cast(labels, "f32"), (batch * count, 1))
    if found.first:
        labels = e.binary("add", labels, float(found.first))
    operands = [e.reshape(corners, (batch, count, 4)), e.reshape(best, (batch, 1, count))]
    if not options.agnostic:
        operands.append(e.reshape(labels, (batch, count)))
    attributes = {
        "max_output": min(options.detections, count),
        "iou_threshold": float(np.float32(options.iou)),
        "score_threshold": float(np.float32(options.score)),
    }
    chosen = e.cast(e.op("nms", operands, attributes), "i32")
    chosen = e.reshape(chosen, (batch, attributes["max_output"]))
    table = e.op("concat", [corners, e.reshape(best, (batch * count, 1)), labels], {"axis": 1})
    return _rows(table, chosen, options.detections, e)


def _rows(table: Tensor, chosen: Tensor, rows: int, e: Emitter) -> tuple[Tensor, Tensor]:
    """The chosen rows of each picture, and -1 for the class of those that are none."""
    batch, most = chosen.shape
    valid = e.op("compare", [chosen, e.scalar(0, chosen)], {"predicate": Compare.GREATER_EQUAL})
    count = e.reduce(Reduce.SUM, e.cast(valid, "i32"), [1], keepdims=False)
    numbers = e.binary("add", e.binary("max", chosen, 0), _begins(batch, table.shape[0] // batch))
    picked = pick_rows(table, e.reshape(numbers, (batch * most,)), e)
    none = Tensor.constant(np.array([[[0, 0, 0, 0, 0, -1]]], np.float32))
    picked = e.op(
        "where",
        [e.reshape(valid, (batch, most, 1)), e.reshape(picked, (batch, most, 6)), none],
    )
    if most < rows:
        rest = Tensor.constant(np.tile(none.array, (batch, rows - most, 1)))
        picked = e.op("concat", [picked, rest], {"axis": 1})
    return picked, count
