"""Probes of rarer forms: lists of coordinates, positions, rows, wide shifts, and long forms."""

from __future__ import annotations

from collections.abc import Iterator

from . import convolution, elementwise, functions, gather, matrix
from .elementwise import ar
from .gather import BATCHES, CHANNELS, COUNTS, DATA, INDEX, RESULT, sg
from .probe import BF16, F16, I8, I16, I32, NAMES, Probe, Shape

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


def long_forms() -> Iterator[Probe]:
    """One in seven of the other probes of the TIU, in the long form."""
    families = (elementwise, convolution, matrix, functions, gather)
    probes = [probe for family in families for probe in family.probes()]
    for probe in probes[::7]:
        commands = [(engine, LONG[layout], fields) for engine, layout, fields in probe.commands]
        yield Probe(f"{probe.name}, long form", probe.inputs, commands)


def probes() -> Iterator[Probe]:
    """All of the family."""
    yield from coordinates()
    yield from positions()
    yield from rows()
    yield from arithmetic()
    yield from long_forms()
