"""Tensors in the memory of a run that stops between commands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tpuc.errors import UserError
from tpuc.model import Model
from tpuc.storage import to_real

ENGINES = ("tiu", "gdma")
LANES = 64
LANE_BYTES = 256 * 1024
# Where the GDMA sees local memory, lane after lane.
_LOCAL_BASE = 0x0800_0000
_LINE_BYTES = 64

# bf16 is read as bits and widened.
_TYPES = {"f32": "<f4", "f16": "<f2", "bf16": "<u2", "i32": "<i4", "ui32": "<u4", "i16": "<i2",
          "ui16": "<u2", "i8": "i1", "ui8": "u1"}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A tensor in memory, and the command that completes it.

    Attributes:
        name: of the source model's tensor.
        dtype: e.g. ``f16``.
        shape: as in the source model, though axes may be merged.
        local: whether it lies in local memory.
        address: in global memory; in local memory a byte inside the lane.
        lane: that holds the first element, in local memory.
        dims: the shape that the memory is addressed with, with ``strides`` in
            elements; n, c, h, w in local memory. Empty for a row-major tensor.
        whole, begin: when this is a part of the tensor, the tensor's shape in
            as many axes and where the part begins in it.
        scale, zero_point: of quantised data, real = scale * (value - zero_point).
        group, engine, command: the command that completes it.
        other_command: of the other queue, which must have run too, or 0.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    local: bool = False
    address: int = 0
    lane: int = 0
    dims: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()
    whole: tuple[int, ...] = ()
    begin: tuple[int, ...] = ()
    scale: float = 1.0
    zero_point: int = 0
    group: int = 0
    engine: int = 1
    command: int = 0
    other_command: int = 0

    def check_type(self) -> None:
        """Refuses element types that cannot be shown.

        Raises:
            UserError: one of them.
        """
        if self.dtype not in _TYPES:
            raise UserError(
                f"element type '{self.dtype}' cannot be shown, choose one of {', '.join(_TYPES)}"
            )

    @property
    def after(self) -> str:
        """The completing command as the command line writes it."""
        return position_text(self.group, self.engine, self.command)

    @property
    def where(self) -> str:
        """The address for reading."""
        return f"lane {self.lane} byte {self.address:#x}" if self.local else f"{self.address:#x}"


def position_text(group: int, engine: int, command: int) -> str:
    """A command as ``gdma:12``, with its group when that is not the first."""
    text = f"{ENGINES[engine]}:{command}"
    return f"{group}:{text}" if group else text


def parse_position(text: str) -> tuple[int, int, int]:
    """Parses ``gdma:12`` or ``1:tiu:7``: group, engine and command.

    Raises:
        UserError: anything else.
    """
    parts = text.lower().split(":")
    if len(parts) == 2:
        parts = ["0", *parts]
    try:
        group, engine, command = int(parts[0]), ENGINES.index(parts[1]), int(parts[2])
        if len(parts) != 3 or group < 0 or not 0 <= command < 1 << 20:
            raise ValueError
    except (ValueError, IndexError):
        raise UserError(
            f"--after '{text}' is not a command, write it like gdma:12 or tiu:7"
        ) from None
    return group, engine, command


def places(model: Model) -> list[Place]:
    """The tensors that a model's side table knows, in the order of its commands."""
    result = []
    for entry in model.core.tensors():
        for key in ("shape", "dims", "strides"):
            entry[key] = tuple(entry[key])
        result.append(Place(**entry))
    return result


class Parts:
    """Puts tensors together that come to lie in memory part by part."""

    def __init__(self) -> None:
        self._arrays: dict[tuple[str, tuple[int, ...]], tuple[np.ndarray, np.ndarray]] = {}

    def add(self, place: Place, values: np.ndarray) -> np.ndarray | None:
        """Takes what lies at a place; returns the tensor when all of it is known."""
        if not place.whole or place.whole == place.shape:
            return values
        key = (place.name, place.whole)
        if key not in self._arrays:
            empty = np.zeros(place.whole, values.dtype), np.zeros(place.whole, bool)
            self._arrays[key] = empty
        array, known = self._arrays[key]
        spans = zip(place.begin, place.shape, strict=True)
        box = tuple(slice(begin, begin + size) for begin, size in spans)
        if array[box].shape != values.shape:
            raise UserError(f"a part of '{place.name}' does not fit into {list(place.whole)}")
        array[box] = values
        known[box] = True
        if not known.all():
            return None
        del self._arrays[key]
        return array


class Stepping:
    """A model in the middle of its commands, with access to its memory."""

    def __init__(self, model: Model, inputs: Mapping[str, np.ndarray], where: str) -> None:
        self._run = model.core.start(model.stored_inputs(inputs, where))

    def run_until(self, group: int, engine: int, command: int) -> None:
        """Runs until a command is complete, and of the other queue what that needs."""
        self._run.run_until(group, engine, command)

    def complete(self, place: Place) -> None:
        """Runs until a tensor is complete."""
        if place.other_command:
            self.run_until(place.group, 1 - place.engine, place.other_command)
        self.run_until(place.group, place.engine, place.command)

    def run_to_end(self) -> None:
        """Runs what is left."""
        self._run.run_to_end()

    def results(self, model: Model) -> dict[str, np.ndarray]:
        """The model's outputs as they are now, quantised ones as what they stand for."""
        pairs = zip(model.outputs, self._run.results(), strict=True)
        return {spec.name: to_real(array, spec) for spec, array in pairs}

    @property
    def position(self) -> str:
        """How far the queues have run."""
        group, tiu, gdma = self._run.position()
        return f"{f'group {group}, ' if group else ''}tiu:{tiu} gdma:{gdma}"

    def read(self, place: Place) -> np.ndarray:
        """The values of a tensor, floats for floats and quantised data.

        Raises:
            UserError: not in a memory of the model, or of a narrow type.
        """
        place.check_type()
        dtype = np.dtype(_TYPES[place.dtype])
        values = self._local(place, dtype) if place.local else self._global(place, dtype)
        values = values.reshape(place.shape)
        if place.dtype == "bf16":
            values = (values.astype(np.uint32) << 16).view(np.float32)
        if (place.scale, place.zero_point) != (1.0, 0):
            values = (values.astype(np.float32) - place.zero_point) * np.float32(place.scale)
        return values

    def _global(self, place: Place, dtype: np.dtype) -> np.ndarray:
        dims = place.dims or place.shape
        strides = place.strides or _row_major(dims)
        count = 1 + sum((size - 1) * stride for size, stride in zip(dims, strides, strict=True))
        data = np.frombuffer(self._run.read(place.address, count * dtype.itemsize), dtype)
        byte_strides = [stride * dtype.itemsize for stride in strides]
        return np.lib.stride_tricks.as_strided(data, dims, byte_strides)

    def _local(self, place: Place, dtype: np.dtype) -> np.ndarray:
        if math.prod(place.dims) > LANES * LANE_BYTES:
            raise UserError(f"the shape {list(place.dims)} is larger than local memory")
        n, c, h, w = np.ix_(*(np.arange(size) for size in place.dims))
        lane, row = (place.lane + c) % LANES, (place.lane + c) // LANES
        ns, cs, hs, ws = place.strides
        byte = place.address + (n * ns + row * cs + h * hs + w * ws) * dtype.itemsize
        if int(byte.max()) + dtype.itemsize > LANE_BYTES:
            raise UserError(
                f"the tensor ends at byte {int(byte.max()) + dtype.itemsize} of a lane, which has "
                f"{LANE_BYTES}"
            )
        memory = np.frombuffer(self._run.read(_LOCAL_BASE, LANES * LANE_BYTES), np.uint8)
        first = (lane * LANE_BYTES + byte)[..., None]
        return memory[first + np.arange(dtype.itemsize)].view(dtype)[..., 0]


def _row_major(dims: Sequence[int]) -> tuple[int, ...]:
    return tuple(math.prod(dims[i + 1 :]) for i in range(len(dims)))


def local_strides(shape: Sequence[int], dtype: str, lane: int, compact: bool) -> tuple[int, ...]:
    """Strides of the usual layouts of n, c, h, w in local memory, in elements.

    Args:
        shape: n, c, h, w.
        dtype: the element type.
        lane: that holds the first element.
        compact: whether a channel follows the other without a gap; else each
            begins at a multiple of 64 bytes.
    """
    _, c, h, w = shape
    line = _LINE_BYTES // np.dtype(_TYPES[dtype]).itemsize
    channel = h * w if compact else -(-h * w // line) * line
    return (-(-(lane + c) // LANES) * channel, channel, w, 1)
