"""From a picture to a network's input.

A module carries how its inputs are made from pictures as the attribute
``top.preprocess`` of the input; ``model_transform`` writes it. A compiled model
carries it as JSON.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from tpuc import _core
from tpuc.errors import UserError, unknown
from tpuc.interface import ENTRY, Interface

ATTRIBUTE = "top.preprocess"
RECORD = "bm1684x.preprocess"
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm", ".tif", ".tiff")
_CHANNELS = {"rgb": 3, "bgr": 3, "gray": 1, "rgba": 4}
_LARGEST_SIDE = 1 << 15
_CHOICES = {
    "pixel_format": tuple(_CHANNELS),
    "channel_format": ("nchw", "nhwc"),
    "keep_ratio_mode": ("letterbox", "short_side_scale"),
    "pad_type": ("center", "normal"),
}


@dataclass(frozen=True)
class Preprocess:
    """How a picture becomes an input: resize, crop, ``(pixel - mean) * scale``.

    Attributes:
        mean: subtracted from each channel's 0 to 255, in the order of the pixel format.
        scale: then multiplied, in the same order.
        resize_dims: height and width to resize to; (0, 0) is the network's own. What is
            larger than the network's input is cut off evenly on all sides.
        keep_aspect_ratio: whether a picture keeps its proportions.
        keep_ratio_mode: with them kept, ``letterbox`` fits the whole picture in and pads,
            ``short_side_scale`` fits the short side and cuts.
        pad_value: what letterbox pads with, in the picture's 0 to 255.
        pad_type: ``center`` puts the picture in the middle, ``normal`` at the top left.
        pixel_format: order of the channels: rgb, bgr, gray or rgba.
        channel_format: nchw or nhwc.
    """

    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    scale: tuple[float, ...] = (1.0, 1.0, 1.0)
    resize_dims: tuple[int, int] = (0, 0)
    keep_aspect_ratio: bool = False
    keep_ratio_mode: str = "letterbox"
    pad_value: int = 0
    pad_type: str = "center"
    pixel_format: str = "bgr"
    channel_format: str = "nchw"

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise unknown(f"preprocessing: {name}", getattr(self, name), allowed)
        channels = _CHANNELS[self.pixel_format]
        for name in ("mean", "scale"):
            numbers = tuple(float(x) for x in getattr(self, name))
            if len(numbers) == 1 or (len(numbers) == 3 and len(set(numbers)) == 1):
                numbers = (numbers[0],) * channels
            if len(numbers) != channels:
                raise UserError(
                    f"preprocessing: {name} has {len(numbers)} numbers, {self.pixel_format} has "
                    f"{channels} channels"
                )
            if not all(math.isfinite(x) for x in numbers):
                raise UserError(f"preprocessing: {name} is not finite")
            object.__setattr__(self, name, numbers)
        dims = tuple(int(x) for x in self.resize_dims)
        if len(dims) != 2 or min(dims) < 0 or max(dims) > _LARGEST_SIDE:
            raise UserError("preprocessing: resize_dims is a height and a width, e.g. 256,256")
        if not 0 <= self.pad_value <= 255:
            raise UserError(f"preprocessing: pad_value is {self.pad_value}, expected 0 to 255")
        object.__setattr__(self, "resize_dims", dims)

    def store(self, module: _core.Module, index: int = 0) -> None:
        """Writes it into a module."""
        values = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}
        module.set_input_attribute(index, ATTRIBUTE, values)

    @staticmethod
    def load(module: _core.Module, index: int = 0) -> Preprocess | None:
        """What a module says of an input, or None.

        Raises:
            UserError: it says what is no preprocessing.
        """
        values = module.input_attribute(index, ATTRIBUTE)
        if values is None:
            return None
        known = {field.name for field in fields(Preprocess)}
        if not isinstance(values, dict) or not set(values) <= known:
            raise UserError(f"the attribute {ATTRIBUTE} of an input is no preprocessing")
        try:
            return Preprocess(**values)
        except (TypeError, ValueError) as error:
            raise UserError(f"the attribute {ATTRIBUTE} of an input: {error}") from None

    @staticmethod
    def of_inputs(module: _core.Module) -> dict[str, Preprocess]:
        """What a module says of its inputs, by name."""
        return {
            port.name: made
            for index, port in enumerate(module.inputs)
            if (made := Preprocess.load(module, index)) is not None
        }

    @staticmethod
    def record(module: _core.Module) -> None:
        """Makes the compiled model carry what a module says of its inputs."""
        found: dict = {name: asdict(made) for name, made in Preprocess.of_inputs(module).items()}
        if interface := Interface.of_module(module):
            found[ENTRY] = interface
        if found:
            module.set_attribute(RECORD, json.dumps(found))

    @staticmethod
    def recorded(model: _core.Bmodel) -> dict[str, Preprocess]:
        """What the selected stage of a compiled model says, by input."""
        return parse_record(model.preprocess)

    def summary(self) -> str:
        """It in a few words."""
        size = "x".join(map(str, self.resize_dims)) if all(self.resize_dims) else "the input's size"
        how = f", {self.keep_ratio_mode}" if self.keep_aspect_ratio else ""
        mean, scale = (",".join(f"{x:g}" for x in each) for each in (self.mean, self.scale))
        return (f"{self.pixel_format} {self.channel_format}, resized to {size}{how}, "
                f"mean {mean}, scale {scale}")  # fmt: skip

    def size(self, shape: list[int]) -> tuple[int, int]:
        """Height and width of a network's input.

        Raises:
            UserError: an input of this shape is no picture.
        """
        channels = _CHANNELS[self.pixel_format]
        axes = (1, 2, 3) if self.channel_format == "nchw" else (3, 1, 2)
        if len(shape) != 4 or shape[axes[0]] != channels:
            raise UserError(
                f"an input of shape {list(shape)} is no {self.channel_format} picture of "
                f"{channels} channels, set --pixel_format and --channel_format"
            )
        return shape[axes[1]], shape[axes[2]]

    def apply(self, path: str | os.PathLike, shape: list[int]) -> np.ndarray:
        """Reads a picture as an input of one picture, f32.

        Args:
            path: the file.
            shape: the network's input.

        Raises:
            UserError: the file is no picture, or the shape none of pictures.
        """
        pixels = self.pixels(path, self.size(shape)).astype(np.float32)
        pixels = (pixels - np.float32(self.mean)) * np.float32(self.scale)
        if self.channel_format == "nchw":
            pixels = pixels.transpose(2, 0, 1)
        return np.ascontiguousarray(pixels[None], np.float32)

    def pixels(self, path: str | os.PathLike, size: tuple[int, int]) -> np.ndarray:
        """A picture's bytes after resizing and cropping, [height, width, channels]."""
        try:
            from PIL import Image, UnidentifiedImageError
        except ImportError:
            raise UserError(
                "pillow is not installed, it is needed to read pictures: pip install pillow"
            ) from None
        modes = {"rgb": "RGB", "bgr": "RGB", "gray": "L", "rgba": "RGBA"}
        try:
            with Image.open(path) as file:
                picture = file.convert(modes[self.pixel_format])
                picture = self._resize(picture, size)
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise UserError(f"{path}: is no picture that can be read ({error})") from None
        pixels = np.asarray(picture)
        if pixels.ndim == 2:
            pixels = pixels[:, :, None]
        return pixels[:, :, ::-1] if self.pixel_format == "bgr" else pixels

    def _resize(self, picture: Any, size: tuple[int, int]) -> Any:
        from PIL import Image

        height, width = self.resize_dims if all(self.resize_dims) else size
        if self.keep_aspect_ratio:
            ratios = height / picture.height, width / picture.width
            letterbox = self.keep_ratio_mode == "letterbox"
            ratio = min(ratios) if letterbox else max(ratios)
            inner = max(1, round(picture.width * ratio)), max(1, round(picture.height * ratio))
            picture = picture.resize(inner, Image.Resampling.BILINEAR)
            if letterbox:
                picture = self._pad(picture, (height, width))
        else:
            picture = picture.resize((width, height), Image.Resampling.BILINEAR)
        if (picture.height, picture.width) == tuple(size):
            return picture
        if picture.height < size[0] or picture.width < size[1]:
            raise UserError(
                f"preprocessing: resize_dims {height},{width} are smaller than the network's "
                f"input of {size[0]}x{size[1]}"
            )
        left, top = (picture.width - size[1]) // 2, (picture.height - size[0]) // 2
        return picture.crop((left, top, left + size[1], top + size[0]))

    def _pad(self, picture: Any, size: tuple[int, int]) -> Any:
        from PIL import Image

        value = self.pad_value
        fill = value if picture.mode == "L" else (value,) * len(picture.getbands())
        padded = Image.new(picture.mode, (size[1], size[0]), fill)
        corner = (0, 0)
        if self.pad_type == "center":
            corner = (size[1] - picture.width) // 2, (size[0] - picture.height) // 2
        padded.paste(picture, corner)
        return padded


def parse_record(text: str) -> dict[str, Preprocess]:
    """What a .bmodel says of its inputs, by name; nothing for text that is not tpuc's."""
    try:
        found = json.loads(text or "{}")
        return {name: Preprocess(**values) for name, values in found.items() if name != ENTRY}
    except (ValueError, TypeError, AttributeError, UserError):
        return {}


def is_picture(path: Path) -> bool:
    """Whether a file's name is that of a picture."""
    return path.suffix.lower() in SUFFIXES
