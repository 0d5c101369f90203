"""Probes of rarer forms: lists of coordinates, positions, rows, wide shifts, and long forms."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from struct import pack

from . import convolution, elementwise, functions, gather, gdma, matrix
from .elementwise import BINARY, ar
from .gather import BATCHES, CHANNELS, COUNTS, DATA, INDEX, RESULT, sg
from .probe import (
    BF16,
    F16,
    F32,
    GLOBAL_BASE,
    I8,
    I16,
    I32,
    LOCAL_BASE,
    NAMES,
    Probe,
    Shape,
    strides,
)

#: The long form of each short form of the TIU.
LONG = {
    "sAR": "AR", "sCONV": "CONV", "sMM": "MM", "sMM2": "MM2", "sPorD": "PorD", "sSFU": "SFU",
    "sCMP": "CMP", "sLIN": "LIN", "sVC": "VC", "sRQ&sDQ": "RQ&DQ", "sTRANS&sBC": "TRANS&BC",
    "sSG": "SG", "sSGL": "SGL",
}  # fmt: skip


def coordinates() -> Iterator[Probe]:
    """Lists that serve all channels: positions to scatter to, pairs of column and row."""
    rows, columns, listed = 4, 10, 70
    types = {"res0_prec": F16, "opd0_prec": F16, "opd1_prec": I16, "opd1_c": listed}
    plane: Shape = (BATCHES, CHANNELS, rows, columns)
    row: Shape = (BATCHES, CHANNELS, 1, listed)
    probe = Probe("sg/shared scatter f16 by i16")
    probe.local(DATA, F16, row, "bits")
    probe.local(INDEX, I16, (1, listed, 1, 1), "ramp:3", "compact")
    sg(probe, 3, 80, listed, 1, **types)
    yield probe
    for name, function, data, result in (
        ("gather", 1, plane, row),
        ("scatter", 4, row, plane),
    ):
        probe = Probe(f"sg/shared {name} f16 by coordinates")
        probe.local(DATA, F16, data, "bits")
        probe.local(INDEX, I16, (1, listed, 1, 2), f"int:0:{rows}", "compact")
        sg(probe, function, result[3], data[3], 2, res0_h=result[2], opd0_h=data[2], **types)
        yield probe


def positions() -> Iterator[Probe]:
    """The positions of what is not zero."""
    for function, kind in ((9, "nonzero"), (16, "safe nonzero")):
        for data, result in ((I8, I16), (I16, I16), (I32, I32)):
            probe = Probe(f"sg/{kind} {NAMES[data]} to {NAMES[result]}")
            probe.local(DATA, data, (BATCHES, CHANNELS, 1, 40), "int:0:2")
            sg(
                probe, function, 40, 40, 40, res0_prec=result, opd0_prec=data, opd1_prec=I8,
                res1_addr=COUNTS,
            )  # fmt: skip
            yield probe


def rows() -> Iterator[Probe]:
    """Rows scattered by an index each."""
    for own in (False, True):
        height, picked, width = 9, 6, 5
        probe = Probe(f"sgl/scatter rows f16 by i16 a table a {'lane' if own else 'channel'}")
        data = (1, 64 if own else CHANNELS, picked, width)
        probe.local(DATA, F16, data, "bits", "line")
        probe.local(INDEX, I16, (BATCHES, CHANNELS, 1, picked), f"row:{height}")
        probe.tiu(
            "sSGL", 18, res0_prec=F16, opd1_prec=I16, opd0_str=4 if own else 3, res0_n=BATCHES,
            res0_c=CHANNELS, res0_h=height, res0_w=width, opd0_h=picked, res0_addr=RESULT,
            opd0_addr=DATA, opd1_addr=INDEX,
        )  # fmt: skip
        yield probe


def arithmetic() -> Iterator[Probe]:
    """Sums of products in narrow floats and to words; shifts as wide as their operand."""
    near = "float:-2:2"
    for kind in (F16, BF16):
        yield ar(
            f"ar/mac {NAMES[kind]}", 18, types=(kind,) * 3, values=(near, near), operand2=0,
            type2=kind, initial=near,
        )  # fmt: skip
    for kind in (I8, I16):
        for signs in ((1, 1, 1), (0, 0, 0)):
            yield ar(
                f"ar/mac {NAMES[kind]} to i32 signs {signs[0]}", 18, types=(I32, kind, kind),
                values=("bits", "bits"), operand2=0x302, initial="bits", signs=signs,
            )  # fmt: skip
    for name, function in (("logical", 6), ("arithmetic", 21), ("circular", 22)):
        for kind in (I16, I32):
            yield ar(
                f"ar/{name} shift {NAMES[kind]} by its type", function, types=(kind,) * 3,
                values=("bits", "int:-7:8"), rounding=3,
            )  # fmt: skip
    for name, function in (("logical", 6), ("arithmetic", 21)):
        for rounding in (0, 3, 4):
            yield ar(
                f"ar/{name} shift i8 beyond its width rounding {rounding}", function,
                types=(I8,) * 3, values=("bits", "int:-31:32"), rounding=rounding,
            )  # fmt: skip


def matrices() -> Iterator[Probe]:
    """Matrices to and from column blocks, in both forms."""
    height, width, pitch = 7, 50, 60
    for layout, blocks, transposed in product(
        ("DMA_matrix", "sDMA_matrix"), ("load", "store"), (False, True)
    ):
        what = " transposed" if transposed else ""
        probe = Probe(f"gdma/{layout} {blocks}{what}")
        shape: Shape = (width, 2, 1, 4) if transposed else (height, 4, 1, 16)
        outside, inside = ("dst", "src") if blocks == "store" else ("src", "dst")
        if blocks == "store":
            probe.local(gdma.LOCAL, F16, shape, "bits")
        else:
            probe.flat("g", 0, F16, (height, pitch), "bits")
        n, c, _, _ = strides(shape, F16)
        matrix_prefix, block_prefix = (
            ("matrix_", "block_") if layout.startswith("s") else (f"{outside}_", f"{inside}_")
        )
        fields = {
            f"{matrix_prefix}hsize": height, f"{matrix_prefix}wsize": width,
            f"{matrix_prefix}hstride": pitch, f"{block_prefix}nsize": shape[0],
            f"{block_prefix}csize": shape[1], f"{block_prefix}wsize": shape[3],
            f"{block_prefix}nstride": n, f"{block_prefix}cstride": c,
        }  # fmt: skip
        probe.gdma(
            layout, int(transposed), src_data_format=F16, stride_enable=1, **fields,
            **gdma.address(outside, GLOBAL_BASE), **gdma.address(inside, LOCAL_BASE + gdma.LOCAL),
        )  # fmt: skip
        yield probe


def by_content() -> Iterator[Probe]:
    """Short forms of the selections, and a base of the positions."""
    shape: Shape = (2, 3, 4, 5)
    sizes = dict(zip(("src_nsize", "src_csize", "src_hsize", "src_wsize"), shape, strict=True))
    places = {**gdma.address("src", LOCAL_BASE), **gdma.address("dst", GLOBAL_BASE)}
    probe = Probe("gdma/sDMA_masked_select f16")
    probe.local(0, F16, shape, "bits")
    probe.local(gdma.LOCAL, I8, shape, "int:0:2")
    probe.gdma(
        "sDMA_masked_select", src_data_format=F16, mask_data_format=I8,
        mask_start_addr_l32=LOCAL_BASE + gdma.LOCAL, **sizes, **places,
    )  # fmt: skip
    yield probe
    for layout, base in (("sDMA_nonzero", 0), ("sDMA_nonzero", 7), ("DMA_nonzero", 100)):
        probe = Probe(f"gdma/{layout} i8 from {base}")
        probe.local(0, I8, shape, "int:0:2")
        probe.gdma(
            layout, src_data_format=I8, index_data_format=I32, dst_nstride=base, **sizes, **places
        )
        yield probe


def runs() -> Iterator[Probe]:
    """Runs of elements in the long form, filled and masked ones."""
    for layout in ("DMA_general", "sDMA_general"):
        for name, function, fields in (
            ("copy", 0, {}),
            ("fill", 0, {"fill_constant_en": 1, "constant_value": 0x12345678}),
            ("to lanes", 1, {"dst_csize": 10, "localmem_mask_l32": 0xF5}),
        ):
            target = LOCAL_BASE + 0x100 if function else GLOBAL_BASE + 5000
            probe = Probe(f"gdma/{layout} {name} f32")
            probe.flat("g", 0, F32, (250,), "bits")
            probe.gdma(
                layout, function, src_data_format=F32, src_cstride=250, **fields,
                **gdma.address("src", GLOBAL_BASE), **gdma.address("dst", target),
            )  # fmt: skip
            yield probe
    probe = Probe("gdma/load to some lanes f32")
    source = gdma.Side("g", 0, elementwise.SHAPE, F32)
    target = gdma.Side("l", gdma.LOCAL, elementwise.SHAPE, F32)
    gdma.tensor(probe, source, target, F32, localmem_mask_l32=0x0F0F0F0F)
    yield probe


def more_arithmetic() -> Iterator[Probe]:
    """Functions of AR and DQ that the other families leave out."""
    for kind in (I16, I32):
        yield ar(
            f"ar/doubling product {NAMES[kind]}", 23, types=(kind,) * 3, values=("bits", "bits"),
            rounding=1,
        )  # fmt: skip
    yield ar("ar/copy of the first batch f32", 28, values=("bits",))
    for name, function in BINARY.items():
        if name in ("max", "min"):
            yield ar(f"ar/{name} i16", function, types=(I16,) * 3, values=("bits", "bits"))
    yield ar("ar/absolute i8", 26, types=(I8,) * 3, values=("bits",))
    yield convolution.pool("depthwise with relu i8 to i32", 2, I8, (3, 3), result=I32, weights=True)
    probe = Probe("sg/safe mask select f16")
    probe.local(DATA, F16, (1, CHANNELS, 1, 40), "bits")
    probe.local(INDEX, I8, (BATCHES, CHANNELS, 1, 40), "int:0:2")
    sg(probe, 15, 40, 40, 40, res0_prec=F16, opd0_prec=F16, opd1_prec=I8, res1_addr=COUNTS)
    yield probe
    table = [pack("<iii", c % 9 - 4, 12 + c, -(c % 5)) for c in range(elementwise.SHAPE[1])]
    for kind in (I16, I32):
        yield functions.quantise(
            f"dq/integer scale a channel to {NAMES[kind]}", 4, I8, kind, "bits", table=table
        )


def short_forms() -> Iterator[Probe]:
    """The probes of this file but for the long forms."""
    yield from coordinates()
    yield from positions()
    yield from rows()
    yield from arithmetic()
    yield from more_arithmetic()
    yield from matrices()
    yield from by_content()
    yield from runs()


def long_forms() -> Iterator[Probe]:
    """The first probe of every function of the TIU, in the long form."""
    families = [elementwise, convolution, matrix, functions, gather]
    seen = set()
    for probe in [probe for family in families for probe in family.probes()] + [*short_forms()]:
        engine, layout, fields = probe.commands[-1]
        key = (layout, fields.get("tsk_eu_typ"))
        if engine == 1 or key in seen:
            continue
        seen.add(key)
        commands = [(0, LONG[layout], fields) for _, layout, fields in probe.commands]
        yield Probe(f"{probe.name}, long form", probe.inputs, commands)


def probes() -> Iterator[Probe]:
    """All of the family."""
    yield from short_forms()
    yield from long_forms()
