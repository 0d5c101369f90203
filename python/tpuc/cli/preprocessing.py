"""The arguments that say how a picture becomes an input."""

from __future__ import annotations

import argparse

from tpuc.errors import UserError

_NAMES = ("mean", "scale", "resize_dims", "keep_aspect_ratio", "keep_ratio_mode", "pad_value",
          "pad_type", "pixel_format", "channel_format")  # fmt: skip


def add_preprocessing(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    group = parser.add_argument_group(
        "preprocessing", "how pictures become the input: (pixel - mean) * scale after resizing"
    )
    group.add_argument(
        "--mean", metavar="X,X,X", help="a number a channel, in the order of --pixel_format"
    )
    group.add_argument(
        "--scale", metavar="X,X,X", help="a number a channel, in the order of --pixel_format"
    )
    group.add_argument(
        "--resize_dims", metavar="N,N", help="height,width before the cut (default: the input's)"
    )
    group.add_argument(
        "--keep_aspect_ratio",
        action="store_true",
        default=None,
        help="keep a picture's proportions",
    )
    group.add_argument(
        "--keep_ratio_mode", metavar="MODE",
        help="letterbox pads, short_side_scale cuts (default: letterbox)",
    )  # fmt: skip
    group.add_argument(
        "--pad_value", type=int, metavar="N", help="what letterbox pads with, 0 to 255 (default: 0)"
    )
    group.add_argument(
        "--pad_type", metavar="TYPE",
        help="where letterbox puts the picture: center, or normal (top left; default: center)",
    )  # fmt: skip
    group.add_argument(
        "--pixel_format", metavar="FORMAT",
        help="order of the channels: rgb, bgr, gray or rgba (default: bgr)",
    )  # fmt: skip
    group.add_argument(
        "--channel_format", metavar="FORMAT",
        help="where the channels lie: nchw, nhwc, or none for no picture (default: nchw)",
    )  # fmt: skip


def _numbers(text: str, flag: str, kind: type) -> tuple:
    try:
        return tuple(kind(part) for part in text.strip("[]()").split(","))
    except ValueError:
        raise UserError(f"--{flag} '{text}' is no list of numbers, write it like 1,2,3") from None


def parse_preprocessing(args: argparse.Namespace) -> object | None:
    """The preprocessing that the arguments say, None when they say nothing.

    Raises:
        UserError: a value that is not allowed.
    """
    given = {name: getattr(args, name) for name in _NAMES if getattr(args, name) is not None}
    if not given or given.get("channel_format") == "none":
        return None
    for name, kind in (("mean", float), ("scale", float), ("resize_dims", int)):
        if isinstance(given.get(name), str):
            given[name] = _numbers(given[name], name, kind)
    from tpuc.preprocess import Preprocess

    return Preprocess(**given)
