"""What is done with a detector's boxes on the chip: options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from tpuc.errors import UserError, unknown

# The heads of detectors, by what their users call them, with how much boxes of one class overlap
# at most by default.
KINDS = {"yolov5": 0.45, "yolov8": 0.7, "yolo11": 0.7, "ssd": 0.45}
# Sizes of boxes in pixels, width and height, three a head, as YOLOv5 is published with them.
ANCHORS = (10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326)


@dataclass(frozen=True)
class Postprocess:
    """How detections are made of a network's outputs.

    Attributes:
        kind: a name of ``KINDS``.
        score: detections have a higher score.
        iou: the most that the boxes of two detections of one class overlap: intersection over
            union; None is the kind's own.
        detections: how many rows there are in the result.
        candidates: how many boxes, the best by score, are looked at.
        agnostic: whether boxes of different classes are compared, too.
        anchors: of YOLOv5's heads before decoding: widths and heights, three a head.
    """

    kind: str
    score: float = 0.25
    iou: float | None = None
    detections: int = 300
    candidates: int = 1000
    agnostic: bool = False
    anchors: Sequence[float] = ANCHORS

    def __post_init__(self) -> None:
        if str(self.kind).lower() not in KINDS:
            raise unknown("--add_postprocess", str(self.kind), KINDS)
        object.__setattr__(self, "kind", str(self.kind).lower())
        if self.iou is None:
            object.__setattr__(self, "iou", KINDS[self.kind])
        for name, value in (("score", self.score), ("iou", self.iou)):
            if not 0 <= value <= 1:
                raise UserError(f"--postprocess_{name} {value:g} is not within 0 and 1")
        for name, value in (("detections", self.detections), ("candidates", self.candidates)):
            if value < 1:
                raise UserError(f"--postprocess_{name} {value} is not at least 1")

    @classmethod
    def of(cls, value: str | Postprocess | None) -> Postprocess | None:
        """Options as such, by the kind alone, or none."""
        return cls(value) if isinstance(value, str) else value


# What may be said besides the kind.
OPTIONS = tuple(option.name for option in fields(Postprocess) if option.name != "kind")


def make_postprocess(kind: str | None, values: Mapping[str, Any]) -> Postprocess | None:
    """The post-processing that arguments say, None when they say nothing.

    Args:
        kind: a name of ``KINDS``, or None.
        values: by the names of ``OPTIONS``; None is not given.

    Raises:
        UserError: an option without a kind, or a value that is not allowed.
    """
    given = {name: value for name, value in values.items() if value is not None}
    if kind is None:
        if given:
            raise UserError(f"--postprocess_{next(iter(given))} needs --add_postprocess")
        return None
    return Postprocess(kind, **given)
