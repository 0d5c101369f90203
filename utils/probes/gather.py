"""Probes of SG and SGL: access by lists of indices in the lanes."""

from __future__ import annotations

from collections.abc import Iterator

from .probe import F16, F32, I8, I16, NAMES, Probe

DATA, INDEX, RESULT, COUNTS = 0x0, 0x10000, 0x30000, 0x38000
BATCHES, CHANNELS, WIDTH, PICKED = 2, 70, 40, 25


def sg(probe: Probe, function: int, width: int, data: int, index: int, **fields: int) -> None:
    """An SG command with one row a channel; the arguments are widths."""
    probe.tiu(
        "sSG", function,
        **{
            "res0_addr": RESULT, "res0_n": BATCHES, "res0_c": CHANNELS, "res0_h": 1,
            "res0_w": width, "opd0_addr": DATA, "opd1_addr": INDEX, "opd0_h": 1, "opd0_w": data,
            "opd1_c": CHANNELS, "opd1_w": index, **fields,
        },
    )  # fmt: skip


def probes() -> Iterator[Probe]:
    """All of the family."""
    for function, kind in ((5, "gather"), (13, "safe gather")):
        for data, index in ((I8, I8), (F16, I8), (F16, I16), (F32, I16)):
            for own in (False, True):
                what = "a table a lane" if own else "a table a channel"
                name = f"{kind} {NAMES[data]} by {NAMES[index]} {what}"
                probe = Probe(f"sg/{name}")
                probe.local(DATA, data, (1, 64 if own else CHANNELS, 1, WIDTH), "bits")
                indices = (BATCHES, CHANNELS, 1, PICKED)
                probe.local(INDEX, index, indices, f"int:0:{WIDTH}")
                sg(
                    probe, function, PICKED, WIDTH, PICKED, res0_prec=data, opd0_prec=data,
                    opd1_prec=index, opd0_str=4 if own else 0,
                )  # fmt: skip
                yield probe
    for function, kind in ((6, "scatter"), (14, "safe scatter")):
        probe = Probe(f"sg/{kind} f16 by i8")
        probe.local(DATA, F16, (1, CHANNELS, 1, PICKED), "bits")
        probe.local(INDEX, I8, (BATCHES, CHANNELS, 1, PICKED), f"row:{WIDTH}")
        sg(probe, function, WIDTH, PICKED, PICKED, res0_prec=F16, opd0_prec=F16, opd1_prec=I8)
        yield probe
    probe = Probe("sg/shared gather f16 by i16")
    probe.local(DATA, F16, (BATCHES, CHANNELS, 1, WIDTH), "bits")
    probe.local(INDEX, I16, (1, PICKED, 1, 1), f"int:0:{WIDTH}", "compact")
    sg(
        probe, 0, PICKED, WIDTH, 1, opd1_c=PICKED, res0_prec=F16, opd0_prec=F16, opd1_prec=I16
    )  # fmt: skip
    yield probe
    probe = Probe("sg/mask select f16")
    probe.local(DATA, F16, (1, CHANNELS, 1, WIDTH), "bits")
    probe.local(INDEX, I8, (BATCHES, CHANNELS, 1, WIDTH), "int:0:2")
    sg(
        probe, 8, WIDTH, WIDTH, WIDTH, res0_prec=F16, opd0_prec=F16, opd1_prec=I8,
        res1_addr=COUNTS,
    )  # fmt: skip
    yield probe
    rows, picked, width = 9, 6, 5
    probe = Probe("sgl/gather rows f16 by i16")
    probe.local(DATA, F16, (1, CHANNELS, rows, width), "bits", "line")
    probe.local(INDEX, I16, (BATCHES, CHANNELS, picked, 1), f"int:0:{rows}")
    probe.tiu(
        "sSGL", 17, res0_prec=F16, opd1_prec=I16, opd0_str=3, res0_n=BATCHES, res0_c=CHANNELS,
        res0_h=picked, res0_w=width, opd0_h=rows, res0_addr=RESULT, opd0_addr=DATA,
        opd1_addr=INDEX,
    )  # fmt: skip
    yield probe
