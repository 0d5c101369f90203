"""Element types of a .bmodel's inputs and outputs: integers with a scale, and bf16.

The container gives each tensor a scale and a zero point: an input holds round(x * scale + zero), an
output stands for (q - zero) * scale. numpy has no bf16; its bits are passed as uint16.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

_QUANTISED = {"i8": np.int8, "ui8": np.uint8}


class QuantisedPort(Protocol):
    """A tensor with its type, scale and zero point."""

    dtype: str
    scale: float
    zero_point: int


def is_quantised(port: QuantisedPort) -> bool:
    """Whether the tensor's integers stand for other numbers; a scale of 0 says no."""
    return port.dtype in _QUANTISED and port.scale != 0


def to_storage(array: np.ndarray, port: QuantisedPort) -> np.ndarray:
    """Floats as an input stores them: rounded half away from zero and saturated.

    Arrays that are not of floats, and inputs that are not quantised, come back as they are; floats
    for a bf16 input become bits.
    """
    array = np.asarray(array)
    if array.dtype.kind != "f":
        return array
    if port.dtype == "bf16":
        bits = array.astype(np.float32).view(np.uint32).astype(np.uint64)
        return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    if not is_quantised(port):
        return array
    kind = _QUANTISED[port.dtype]
    scaled = array.astype(np.float32) * np.float32(port.scale) + np.float32(port.zero_point)
    rounded = np.copysign(np.floor(np.abs(scaled) + np.float32(0.5)), scaled)
    info = np.iinfo(kind)
    return np.clip(np.nan_to_num(rounded), info.min, info.max).astype(kind)


def to_real(array: np.ndarray, port: QuantisedPort) -> np.ndarray:
    """What an output's elements stand for, as f32; other integers come back as they are."""
    if port.dtype == "bf16":
        return (array.astype(np.uint32) << 16).view(np.float32)
    if is_quantised(port):
        zero = np.float32(port.zero_point)
        return (array.astype(np.float32) - zero) * np.float32(port.scale)
    narrow = array.dtype != np.float32 and "float" in array.dtype.name
    return array.astype(np.float32) if narrow else array
