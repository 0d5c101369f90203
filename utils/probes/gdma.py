"""Probes of the GDMA: moves between the memories."""

from __future__ import annotations

from collections.abc import Iterator

from .elementwise import SHAPE
from .probe import (
    F16,
    F32,
    GLOBAL_BASE,
    I8,
    I32,
    L2_BASE,
    LANE_BYTES,
    LOCAL_BASE,
    NAMES,
    STATIC_BASE,
    Probe,
    Shape,
    strides,
)

LOCAL, LOCAL2, OUT = 0x8000, 0x10000, 0x100000


def address(side: str, value: int) -> dict[str, int]:
    """A 40-bit address as two fields."""
    return {
        f"{side}_start_addr_l32": value & 0xFFFFFFFF,
        f"{side}_start_addr_h8": value >> 32,
    }


def dense(shape: Shape) -> Shape:
    """The strides of a contiguous tensor."""
    _, c, h, w = shape
    return (c * h * w, h * w, w, 1)


class Side:
    """A tensor of a move: where it lies and its strides."""

    def __init__(self, memory: str, at: int, shape: Shape, precision: int, lane: int = 0) -> None:
        self.memory, self.at, self.shape, self.lane = memory, at, shape, lane
        base = {"l": LOCAL_BASE, "s": STATIC_BASE, "g": GLOBAL_BASE, "2": L2_BASE}[memory]
        self.address = base + at + lane * LANE_BYTES
        local = memory == "l"
        self.strides = strides(shape, precision, lane) if local else dense(shape)

    def fill(self, probe: Probe, precision: int) -> None:
        """Gives it values."""
        if self.memory == "l":
            at = self.at + self.lane * LANE_BYTES
            probe.local(at, precision, self.shape, "bits")
        else:
            probe.flat(self.memory, self.at, precision, self.shape, "bits")


def tensor(
    probe: Probe, source: Side, target: Side, precision: int, function: int = 0,
    layout: str = "DMA_tensor", filled: bool = True, **fields: int,
) -> None:  # fmt: skip
    """A move of a tensor; the source gets values first."""
    if filled:
        source.fill(probe, precision)
    same = int(source.shape == target.shape)
    command = {"stride_enable": 1, "nchw_copy": same, "src_data_format": precision}
    for name, side in (("src", source), ("dst", target)):
        command.update(address(name, side.address))
        for axis, size, stride in zip("nchw", side.shape, side.strides, strict=True):
            command[f"{name}_{axis}size"] = size
            command[f"{name}_{axis}stride"] = stride
    probe.gdma(layout, function, **{**command, **fields})


def tensors(precision: int) -> Iterator[Probe]:
    """Moves of whole tensors."""
    kind = NAMES[precision]
    outside = Side("g", 0, SHAPE, precision)
    inside = Side("l", LOCAL, SHAPE, precision)

    def probe(name: str, source: Side, target: Side, function: int = 0, **rest: object) -> Probe:
        made = Probe(f"gdma/{name} {kind}")
        tensor(made, source, target, precision, function, **rest)
        return made

    for lane in (0, 5):
        yield probe(f"load to lane {lane}", outside, Side("l", LOCAL, SHAPE, precision, lane))
    stored = Side("g", OUT, SHAPE, precision)
    yield probe("store", inside, stored)
    yield probe("lane 0 to lane 3", inside, Side("l", LOCAL2, SHAPE, precision, 3))
    yield probe("reshape", outside, Side("l", LOCAL, (1, 35, 12, 5), precision))
    exchanged = Side("l", LOCAL, (70, 2, 3, 5), precision)
    yield probe("exchange batches and channels", outside, exchanged, 1)
    turned: Shape = (2, 5, 3, 70)
    cw = {"layout": "DMA_cw_transpose"}
    yield probe("transpose outside", outside, Side("g", OUT, turned, precision), **cw)
    yield probe("transpose to the lanes", outside, Side("l", LOCAL, turned, precision), **cw)
    yield probe("distribute", outside, Side("l", LOCAL, turned, precision), 4)
    yield probe("collect", inside, Side("g", OUT, turned, precision), 2)
    one, many = (2, 1, 3, 5), (2, 61, 3, 5)
    spread = Side("l", LOCAL, many, precision, 3)
    yield probe("broadcast", Side("g", 0x200000, one, precision), spread, 3)
    constant = {"fill_constant_en": 1, "constant_value": 0x42424242}
    yield probe("fill", Side("g", 0, SHAPE, precision), inside, filled=False, **constant)


def linear() -> Iterator[Probe]:
    """Runs of elements."""
    probe = Probe("gdma/run outside f32")
    probe.flat("g", 0, F32, (250,), "bits")
    places = {**address("src", GLOBAL_BASE), **address("dst", GLOBAL_BASE + 5000)}
    probe.gdma("sDMA_general", src_data_format=F32, src_cstride=250, **places)
    yield probe
    probe = Probe("gdma/run to 10 lanes i8")
    probe.flat("g", 0, I8, (100,), "bits")
    places["dst_start_addr_l32"] = LOCAL_BASE + 0x100 + 2 * LANE_BYTES
    places["dst_start_addr_h8"] = 0
    probe.gdma("sDMA_general", 1, src_data_format=I8, src_cstride=100, dst_csize=10, **places)
    yield probe


def matrices() -> Iterator[Probe]:
    """A matrix to column blocks."""
    rows, columns = 7, 50
    for name, function, blocks in (
        ("matrix", 0, (rows, 4, 1, 16)),
        ("matrix transposed", 1, (columns, 2, 1, 4)),
    ):
        probe = Probe(f"gdma/{name} f16")
        probe.flat("g", 0, F16, (rows, 60), "bits")
        n, c, _, _ = strides(blocks, F16)
        probe.gdma(
            "DMA_matrix", function, src_data_format=F16, stride_enable=1, src_hsize=rows,
            src_wsize=columns, src_hstride=60, dst_nsize=blocks[0], dst_csize=blocks[1],
            dst_wsize=blocks[3], dst_nstride=n, dst_cstride=c,
            **address("src", GLOBAL_BASE), **address("dst", LOCAL_BASE + LOCAL),
        )  # fmt: skip
        yield probe


def rows_by_index(
    name: str, layout: str, channels: int, indices: str, source: int, target: int
) -> Probe:
    """Gather or scatter of rows of 6 f16 in 5 channels; `channels` are those of the indices."""
    count, width, listed = 5, 6, 8
    probe = Probe(f"gdma/{name}")
    probe.flat("g", 0, F16, (count, source, width), "bits")
    probe.flat("g", 0x10000, I32, (channels, listed), indices)
    probe.gdma(
        layout, src_data_format=F16, stride_enable=1, constant_value=0x3C00,
        src_cstride=source * width, src_hstride=width, dst_cstride=target * width,
        dst_hstride=width, index_cstride=listed, index_hstride=1, src_csize=count,
        src_hsize=source, src_wsize=width, dst_csize=count, dst_hsize=target, dst_wsize=width,
        index_csize=channels, index_hsize=listed, index_start_addr_l32=0x10000,
        index_start_addr_h8=1, **address("src", GLOBAL_BASE),
        **address("dst", GLOBAL_BASE + 0x20000),
    )  # fmt: skip
    return probe


def by_content() -> Iterator[Probe]:
    """Moves that depend on indices and masks."""
    # Indices up to 22 for 20 rows: some lie outside.
    for name, channels in (("gather, shared indices", 1), ("gather, indices a channel", 5)):
        yield rows_by_index(name, "DMA_gather", channels, "int:0:23", 20, 8)
    yield rows_by_index("scatter", "DMA_scatter", 1, "row:20", 8, 20)
    shape: Shape = (2, 3, 4, 5)
    sizes = dict(zip(("src_nsize", "src_csize", "src_hsize", "src_wsize"), shape, strict=True))
    places = {**address("src", LOCAL_BASE), **address("dst", GLOBAL_BASE)}
    probe = Probe("gdma/masked select f16")
    probe.local(0, F16, shape, "bits")
    probe.local(LOCAL, I8, shape, "int:0:2")
    probe.gdma(
        "DMA_masked_select", src_data_format=F16, mask_data_format=I8,
        mask_start_addr_l32=LOCAL_BASE + LOCAL, **sizes, **places,
    )  # fmt: skip
    yield probe
    probe = Probe("gdma/nonzero i8")
    probe.local(0, I8, shape, "int:0:2")
    probe.gdma("DMA_nonzero", src_data_format=I8, index_data_format=I32, **sizes, **places)
    yield probe


def other_memories() -> Iterator[Probe]:
    """Static memory and L2."""
    line: Shape = (1, 1, 1, 64)
    outside = Side("g", 0, line, I32)
    probe = Probe("gdma/to static memory i32")
    tensor(probe, outside, Side("s", 0x100, line, I32), I32)
    yield probe
    probe = Probe("gdma/through L2 i32")
    tensor(probe, outside, Side("2", 0x100, line, I32), I32)
    tensor(probe, Side("2", 0x100, line, I32), Side("g", 0x9000, line, I32), I32, filled=False)
    yield probe


def probes() -> Iterator[Probe]:
    """All of the family."""
    for precision in (F32, F16, I8):
        yield from tensors(precision)
    yield from linear()
    yield from matrices()
    yield from by_content()
    yield from other_memories()
