"""Probes of SFU, CMP and LIN, of the transpositions and broadcasts, and of RQ and DQ."""

from __future__ import annotations

from collections.abc import Iterator
from math import factorial
from struct import pack

import numpy as np

from .elementwise import SHAPE, float_bits, result_fields
from .probe import BF16, F16, F32, I8, I16, I32, LANE_BYTES, NAMES, STATIC_BASE, Probe, Shape

X, TABLE, RESULT = 0x0, 0x10000, 0x30000
UNIT = "float:-1:2"


def narrow(values: list[float], precision: int) -> str:
    """Values in a type, as the drawing rule that repeats them."""
    array = np.array(values, np.float32)
    if precision == F16:
        return "hex:" + array.astype(np.float16).tobytes().hex()
    if precision == BF16:
        return "hex:" + (array.view(np.uint32) >> 16).astype(np.uint16).tobytes().hex()
    return "hex:" + array.tobytes().hex()


def sfu(
    name: str, function: int, precision: int, values: str, *, result: int | None = None,
    table: list[float] | None = None, **fields: int,
) -> Probe:  # fmt: skip
    """A special function; `table` holds coefficients for every lane."""
    probe = Probe(f"sfu/{name}")
    shape: Shape = (1, 64, 4, 16)
    probe.local(X, precision, shape, values)
    if table:
        probe.local(TABLE, precision, (1, 64, 1, len(table)), narrow(table, precision))
        fields.update(opd1_n=len(table), opd1_addr=TABLE)
    kind = precision if result is None else result
    probe.tiu(
        "sSFU", function, **result_fields(shape), res0_prec=kind, opd0_prec=precision,
        res0_addr=RESULT, opd0_addr=X, **fields,
    )  # fmt: skip
    return probe


def special_functions() -> Iterator[Probe]:
    """SFU."""
    for steps in range(4):
        name = f"rsqrt after {steps + 1} steps"
        yield sfu(name, 17, F32, "positive:-20:20", opd2_n_str=steps)
    exponential = [1 / factorial(k) for k in range(7)]
    for precision in (F32, F16, BF16):
        for name, function in (("series by 4", 12), ("series", 13)):
            name = f"{name} {NAMES[precision]}"
            yield sfu(name, function, precision, "float:-4:2", table=exponential)
    yield sfu("exponent f32 to i32", 15, F32, "float:-30:30", result=I32)
    yield sfu("exponent f32", 15, F32, "float:-30:30")


def compare(
    name: str, function: int, types: tuple[int, int], values: tuple[str, str], sign: int = 1
) -> Probe:
    """CMP: what is compared and what is selected have a type and values each."""
    probe = Probe(f"cmp/{name}")
    compared, selected = types
    for address, precision, drawn in (
        (X, compared, values[0]), (0x8000, compared, values[0]),
        (TABLE, selected, values[1]), (0x18000, selected, values[1]),
    ):  # fmt: skip
        probe.local(address, precision, SHAPE, drawn)
    probe.tiu(
        "sCMP", function, **result_fields(SHAPE), opd0_prec=compared, opd2_prec=selected,
        opd0_sign=sign, opd0_addr=X, opd1_addr=0x8000, opd2_addr=TABLE, opd3_addr=0x18000,
        res0_addr=0x20000, res1_addr=RESULT,
    )  # fmt: skip
    return probe


def comparisons() -> Iterator[Probe]:
    """CMP."""
    names = {22: "greater and select", 23: "select greater", 24: "select equal"}
    names.update({25: "less and select", 26: "select less"})
    for function, name in names.items():
        # One exponent and a sign: every fourth pair is equal in f32 only when bits are few.
        values = ("hex:0000803f000000c000004040000080bf0000a040", "float:-13:13")
        yield compare(f"{name} f32", function, (F32, F32), values)
    yield compare("select greater u8 to i16", 23, (I8, I16), ("bits", "bits"), sign=0)


def linear() -> Iterator[Probe]:
    """LIN."""
    for precision in (F32, F16):
        for name, function in (("mac", 1), ("square of sum", 20), ("square of difference", 21)):
            probe = Probe(f"lin/{name} {NAMES[precision]}")
            probe.local(X, precision, SHAPE, UNIT)
            for address in (TABLE, 0x18000):
                probe.local(address, precision, (1, 70, 1, 1), UNIT, "compact")
            probe.tiu(
                "sLIN", function, **result_fields(SHAPE), res0_prec=precision, res0_addr=RESULT,
                opd0_addr=X, opd1_addr=TABLE, opd2_addr=0x18000,
            )  # fmt: skip
            yield probe


def move(
    name: str, function: int, precision: int, source: Shape, result: Shape, **rest: int
) -> Probe:
    """TRANS and BC from local memory."""
    probe = Probe(name)
    probe.local(X, precision, source, "bits")
    probe.tiu(
        "sTRANS&sBC", function,
        **{
            **result_fields(result), "res0_prec": precision, "opd0_c": source[1],
            "opd0_w": source[3], "res0_addr": RESULT, "opd0_addr": X, **rest,
        },
    )  # fmt: skip
    return probe


def moves() -> Iterator[Probe]:
    """Transpositions, copies to lanes and broadcasts."""
    for precision in (I8, F16, F32):
        for n, c, h, w in ((2, 70, 3, 33), (1, 100, 2, 130)):
            for name, function in (("channels to columns", 0), ("columns to channels", 1)):
                name = f"trans/{name} {NAMES[precision]} {n}x{c}x{h}x{w}"
                yield move(name, function, precision, (n, c, h, w), (n, w, h, c))
    yield move("bc/copy to lane 7", 2, F32, SHAPE, SHAPE, res0_addr=RESULT + 7 * LANE_BYTES)
    yield move("bc/one channel to 64", 3, F32, (2, 1, 3, 5), (2, 64, 3, 5))
    for name, function, shape in (
        ("static memory to the lanes", 4, (1, 64, 1, 9)),
        ("static memory over the channels", 5, (1, 70, 1, 1)),
    ):
        probe = Probe(f"bc/{name}")
        probe.flat("s", 0, I32, (1024,), "ramp:0")
        probe.tiu(
            "sTRANS&sBC", function, **result_fields(shape), res0_prec=I32, opd0_c=shape[1],
            opd0_w=shape[3], res0_addr=RESULT, opd0_addr=STATIC_BASE + 40,
        )  # fmt: skip
        yield probe


def quantise(
    name: str, function: int, source: int, result: int, values: str, *,
    constants: tuple[int, int] | None = None, table: list[bytes] | None = None,
    signs: tuple[int, int] = (1, 1), rounding: int = 0, **fields: int,
) -> Probe:  # fmt: skip
    """RQ or DQ with two constants, or with words a channel given as `table`."""
    probe = Probe(name)
    probe.local(X, source, SHAPE, values)
    if table is not None:
        words = len(table[0]) // 4
        data = "hex:" + b"".join(table).hex()
        probe.local(0x20000, I32, (1, SHAPE[1], 1, words), data)
        fields.update(opd1_addr=0x20000)
    if constants is not None:
        first, second = (value & 0xFFFFFFFF for value in constants)
        fields.update(opd1_const=1, opd1_addr=first, opd2_addr=second)
    probe.tiu(
        "sRQ&sDQ", function, **result_fields(SHAPE), opd0_sign=signs[0], opd2_sign=signs[1],
        res0_prec=result, opd0_prec=source, opd2_n_str=rounding, res0_addr=RESULT, opd0_addr=X,
        **fields,
    )  # fmt: skip
    return probe


def quantisation() -> Iterator[Probe]:
    """RQ and DQ."""
    channels = range(SHAPE[1])
    large, middle = f"int:{-(2**20)}:{2**20}", "int:-5000:5000"
    scale = (float_bits(0.00013), float_bits(3.25))
    for rounding in range(5):
        yield quantise(
            f"rq/float scale rounding {rounding}", 0, I32, I8, large, constants=scale,
            rounding=rounding << 3,
        )  # fmt: skip
    rows = [pack("<ff", 1e-5 + c * 1.3e-5, c * 0.29 - 10) for c in channels]
    yield quantise("rq/float scale a channel", 0, I32, I8, large, table=rows)
    for rounding in range(7):
        yield quantise(
            f"rq/integer scale rounding {rounding}", 1, I32, I8, middle,
            constants=(1536, 7 << 16 | -18 & 255), rounding=rounding,
        )  # fmt: skip
    rows = [pack("<iii", 1000 + c * 271, -18 - c % 6, c % 40 - 20) for c in channels]
    yield quantise("rq/integer scale a channel", 1, I32, I8, middle, table=rows)
    step = (5, float_bits(0.037))
    yield quantise("dq/float scale i8", 3, I8, F32, "bits", constants=step)
    yield quantise("dq/float scale u8", 3, I8, F32, "bits", constants=step, signs=(0, 1))
    rows = [pack("<if", c % 20 - 10, 1e-5 + c * 1.3e-5) for c in channels]
    yield quantise("dq/float scale a channel", 3, I8, F32, "bits", table=rows)
    for rounding in range(7):
        yield quantise(
            f"dq/integer scale rounding {rounding}", 4, I8, I16, "bits",
            constants=((-4 & 0xFFFF) << 16 | 7, 12), rounding=rounding,
        )  # fmt: skip


def probes() -> Iterator[Probe]:
    """All of the family."""
    yield from special_functions()
    yield from comparisons()
    yield from linear()
    yield from moves()
    yield from quantisation()
