"""What a probe is, how it is written down, and the memory that it starts from.

A probe is a text of lines, read by unittests/Simulator/Functional/ProbeFile.h:

    probe ar/add f32                            a name
    in l 0x8000 f32 2,70,3,5 eu float:-3:3 7    a tensor: memory, address, type, shape, layout,
                                                values, seed
    tiu 64000...                                a command of the TIU (or gdma) in hexadecimal
    out 0123456789abcdef                        the hash of all memories after the commands

Memories are l (local, an address as the TIU sees it), s (static) and g (global, from its base).
Values are functions of the seed and the position only; see `draw`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

I8, F16, F32, I16, I32, BF16, I4 = range(7)
NAMES = {I8: "i8", F16: "f16", F32: "f32", I16: "i16", I32: "i32", BF16: "bf16"}
BYTES = {I8: 1, F16: 2, F32: 4, I16: 2, I32: 4, BF16: 2}
CUBE = {I8: 64, F16: 32, BF16: 32, F32: 1}
LANES, LANE_BYTES, LINE_BYTES = 64, 256 * 1024, 64
LOCAL_BASE, STATIC_BASE, L2_BASE, GLOBAL_BASE = 0x8000000, 0x9000000, 0x10000000, 0x100000000

Shape = tuple[int, ...]
Fields = dict[str, int]


@dataclass
class Tensor:
    """An input of a probe."""

    memory: str
    address: int
    precision: int
    shape: Shape
    layout: str
    values: str
    seed: int

    def line(self) -> str:
        """The line that describes it."""
        shape = ",".join(map(str, self.shape))
        return (
            f"in {self.memory} {self.address:#x} {NAMES[self.precision]} {shape} {self.layout} "
            f"{self.values} {self.seed}"
        )


@dataclass
class Probe:
    """Inputs and commands; `commands` holds (engine, layout, fields)."""

    name: str
    inputs: list[Tensor] = field(default_factory=list)
    commands: list[tuple[int, str, Fields]] = field(default_factory=list)

    def local(
        self, address: int, precision: int, shape: Shape, values: str, layout: str = "eu"
    ) -> None:
        """An input in local memory; layouts eu, compact, line and weights."""
        self._add("l", address, precision, shape, layout, values)

    def flat(self, memory: str, address: int, precision: int, shape: Shape, values: str) -> None:
        """A contiguous input in another memory."""
        self._add(memory, address, precision, shape, "flat", values)

    def _add(self, memory: str, address: int, precision: int, shape: Shape, *rest: str) -> None:
        self.inputs.append(
            Tensor(memory, address, precision, shape, rest[0], rest[1], len(self.inputs) + 1)
        )

    def tiu(self, layout: str, function: int, **fields: int) -> None:
        """A command of the TIU."""
        self.commands.append((0, layout, {"tsk_eu_typ": function, **fields}))

    def gdma(self, layout: str, function: int = 0, **fields: int) -> None:
        """A command of the GDMA; the lane masks of `fields` come after all ones."""
        self.commands.append((1, layout, {"cmd_special_function": function, **fields}))


def mix(values: np.ndarray) -> np.ndarray:
    """Spreads the bits of 64-bit numbers: the finaliser of splitmix64."""
    z = values.astype(np.uint64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


FORMATS = {F32: (8, 23), F16: (5, 10), BF16: (8, 7)}


def draw(values: str, precision: int, shape: Shape, seed: int) -> np.ndarray:
    """The bits of a tensor's elements, as unsigned 32-bit numbers.

    `bits`: any. `float:LO:HI`: a random sign and mantissa, an exponent in [LO, HI).
    `positive:LO:HI`: the same without a sign. `int:LO:HI`: in [LO, HI). `ramp:START`: START,
    START + 1 ... `row:LIMIT`: distinct numbers below LIMIT in each row. `hex:...`: little-endian
    bytes, repeated.
    """
    count = int(np.prod(shape))
    index = np.arange(count, dtype=np.uint64)
    random = mix(index + np.uint64(seed << 32) + np.uint64(0x9E3779B97F4A7C15))
    kind, *arguments = values.split(":")
    bits = 8 * BYTES[precision]
    if kind == "bits":
        result = random
    elif kind in ("float", "positive"):
        low, high = map(int, arguments)
        exponent_bits, mantissa_bits = FORMATS[precision]
        exponent = (random >> np.uint64(32)) % np.uint64(high - low)
        exponent += np.uint64((1 << (exponent_bits - 1)) - 1 + low)
        mantissa = random & np.uint64((1 << mantissa_bits) - 1)
        sign = random >> np.uint64(63) if kind == "float" else np.uint64(0)
        result = sign << np.uint64(bits - 1) | exponent << np.uint64(mantissa_bits) | mantissa
    elif kind == "int":
        low, high = map(int, arguments)
        result = (random % np.uint64(high - low)).astype(np.int64) + low
    elif kind == "ramp":
        result = index + np.uint64(int(arguments[0]))
    elif kind == "row":
        limit = int(arguments[0])
        width = shape[-1]
        row, column = index // np.uint64(width), index % np.uint64(width)
        step = next(s for s in range(7, limit + 8) if np.gcd(s, limit) == 1)
        start = mix(row + np.uint64(seed << 32))
        result = (start % np.uint64(limit) + column * np.uint64(step)) % np.uint64(limit)
    elif kind == "hex":
        data = np.frombuffer(bytes.fromhex(arguments[0]), f"<u{BYTES[precision]}")
        result = np.resize(data, count)
    else:
        raise ValueError(f"no values are named {kind}")
    return result.astype(np.int64).astype(np.uint64).astype(np.uint32)


def align(value: int, to: int) -> int:
    """The next multiple."""
    return -(-value // to) * to


def strides(shape: Shape, precision: int, lane: int = 0, layout: str = "eu") -> Shape:
    """Distances in elements of n, c (a row of lanes), h and w."""
    _, c, h, w = shape
    line = LINE_BYTES // BYTES[precision]
    row = align(w, line) if layout == "line" else w
    channel = align(h * w, line) if layout == "eu" else h * row
    return (-(-(lane + c) // LANES) * channel, channel, row, 1)


def place(tensor: Tensor, memories: dict[str, np.ndarray]) -> None:
    """Writes an input to its memory."""
    size = BYTES[tensor.precision]
    bits = draw(tensor.values, tensor.precision, tensor.shape, tensor.seed)
    elements = bits.astype(f"<u{size}").reshape(tensor.shape)
    if tensor.layout == "flat":
        data = elements.reshape(-1).view(np.uint8)
        memories[tensor.memory][tensor.address : tensor.address + len(data)] = data
        return
    if tensor.layout == "weights":
        outputs, channels, height, width = tensor.shape
        cube = CUBE[tensor.precision]
        groups = -(-channels // cube)
        padded = np.zeros((outputs, groups * cube, height, width), elements.dtype)
        padded[:, :channels] = elements
        elements = padded.reshape(outputs, groups, cube, height, width)
        elements = elements.transpose(0, 1, 3, 4, 2).reshape(1, outputs, 1, -1)
    lanes = memories["l"].reshape(LANES, LANE_BYTES).view(elements.dtype)
    lane, offset = divmod(tensor.address, LANE_BYTES)
    layout = "compact" if tensor.layout == "weights" else tensor.layout
    n_step, c_step, h_step, _ = strides(elements.shape, tensor.precision, lane, layout)
    n, c, h, w = elements.shape
    for channel in range(c):
        row, at = divmod(lane + channel, LANES)
        start = offset // size + row * c_step
        memory = np.lib.stride_tricks.as_strided(
            lanes[at, start:], (n, h, w), [n_step * size, h_step * size, size]
        )
        memory[...] = elements[:, channel]


def digest(memories: Iterable[np.ndarray]) -> int:
    """A hash of memories that zeros do not change, so that it is fast."""
    total = np.uint64(0)
    for number, memory in enumerate(memories):
        words = memory.view(np.uint64)
        where = np.flatnonzero(words)
        salt = (where.astype(np.uint64) + np.uint64(number << 40)) * np.uint64(0x9E3779B97F4A7C15)
        total ^= mix(words[where] ^ mix(salt)).sum(dtype=np.uint64)
    return int(total)


def named(group: str, case: str, make: Callable[[Probe], None]) -> Probe:
    """A probe called group/case that `make` fills in."""
    probe = Probe(f"{group}/{case}")
    make(probe)
    return probe
