"""Probes of the matrix products MM and MM2, and of the outer operations VC."""

from __future__ import annotations

from collections.abc import Iterator

from .probe import BF16, F16, F32, I8, I32, NAMES, Probe

LEFT, RIGHT, BIAS, RESULT = 0x0, 0x10000, 0x28000, 0x30000
TENTH, UNIT = "float:-4:4", "float:0:4"
NN, NT, TT = 4, 5, 6


def mm2(
    name: str,
    function: int,
    precision: int,
    result: int,
    size: tuple[int, int, int],
    *,
    initial: str = "",
    **fields: int,
) -> Probe:
    """MM2 of rows x inner x columns."""
    probe = Probe(f"mm2/{name}")
    rows, inner, columns = size
    values = "bits" if precision == I8 else TENTH
    left = (inner, rows) if function == TT else (rows, inner)
    right = (inner, columns) if function == NN else (columns, inner)
    stored = (columns, rows) if function == TT else (rows, columns)
    probe.local(LEFT, precision, (1, left[0], 1, left[1]), values)
    probe.local(RIGHT, precision, (1, right[0], 1, right[1]), values)
    if initial:
        probe.local(RESULT, result, (1, stored[0], 1, stored[1]), initial)
    probe.tiu(
        "sMM2", function,
        **{
            "opd0_sign": 1, "opd1_sign": 1, "res0_prec": result, "opd0_prec": precision,
            "res_add": int(bool(initial)), "opd2_const": 1, "res0_c": stored[0],
            "res0_w": stored[1], "opd1_c": right[0], "opd1_w": right[1],
            "res0_addr": RESULT, "opd0_addr": LEFT, "opd1_addr": RIGHT, **fields,
        },
    )  # fmt: skip
    return probe


def mm(
    name: str,
    precision: int,
    result: int,
    size: tuple[int, int, int],
    widths: tuple[int, int],
    *,
    transposed: bool = False,
    bias: bool = False,
    initial: str = "",
    **fields: int,
) -> Probe:
    """MM in column blocks; `widths` are those of the left and the right matrix."""
    probe = Probe(f"mm/{name}")
    rows, inner, columns = size
    left_width, right_width = widths
    left_rows, left_columns = (inner, rows) if transposed else (rows, inner)
    left_blocks = -(-left_columns // left_width)
    blocks = -(-columns // right_width)
    values = "bits" if precision == I8 else TENTH
    probe.local(LEFT, precision, (left_rows, left_blocks, 1, left_width), values)
    probe.local(RIGHT, precision, (inner, blocks, 1, right_width), values)
    command = {"opd2_const": 1}
    if bias:
        probe.local(BIAS, F32, (1, blocks, 1, right_width), UNIT)
        command = {"opd2_const": 0, "opd2_addr": BIAS}
    if initial:
        probe.local(RESULT, result, (rows, blocks, 1, right_width), initial)
    probe.tiu(
        "sMM", 1,
        **{
            "res_add": int(bool(initial)), "left_tran": int(transposed), "opd0_sign": 1,
            "opd1_sign": 1, "res0_prec": result, "opd0_prec": precision, "res0_c": blocks,
            "res0_w": right_width, "opd0_n": left_rows, "opd0_c": left_blocks,
            "opd0_w": left_width, "opd1_w": left_columns - (left_blocks - 1) * left_width,
            "res0_addr": RESULT, "opd0_addr": LEFT, "opd1_addr": RIGHT, **command, **fields,
        },
    )  # fmt: skip
    return probe


def products() -> Iterator[Probe]:
    """MM2 and MM."""
    for precision in (F16, BF16):
        for size in ((5, 7, 9), (70, 33, 20), (3, 200, 65)):
            shape = "x".join(map(str, size))
            kind = NAMES[precision]
            for result in (precision, F32):
                name = f"{kind} to {NAMES[result]} {shape}"
                yield mm2(name, NN, precision, result, size)
            yield mm2(f"{kind} {shape} right transposed", NT, precision, F32, size)
            yield mm2(f"{kind} {shape} all transposed", TT, precision, F32, size)
            yield mm2(f"{kind} {shape} onto the result", NN, precision, F32, size, initial=UNIT)
    size = (70, 200, 65)
    yield mm2("i8", NN, I8, I32, size)
    yield mm2("i8 right transposed", NT, I8, I32, size)
    yield mm2("i8 all transposed", TT, I8, I32, size)
    yield mm2("i8 with a zero point", NN, I8, I32, size, opd2_addr=5)
    yield mm2("u8 by i8", NN, I8, I32, size, opd0_sign=0)
    for size, widths in (((5, 7, 9), (16, 16)), ((4, 200, 65), (50, 16))):
        shape = "x".join(map(str, size))
        yield mm(f"f32 {shape} with a bias", F32, F32, size, widths, bias=True)
        narrow = (min(widths[0], size[0]), widths[1])
        yield mm(f"f32 {shape} left transposed", F32, F32, size, narrow, transposed=True)
        yield mm(f"f32 {shape} onto the result", F32, F32, size, widths, initial=UNIT)
    yield mm("i8 6x70x40", I8, I32, (6, 70, 40), (16, 8))


def outer(name: str, function: int) -> Probe:
    """VC on vectors of 23 and 40 f32 in blocks of 8."""
    probe = Probe(f"vc/{name} f32")
    probe.local(LEFT, F32, (1, 3, 1, 8), "float:-1:2")
    probe.local(RIGHT, F32, (1, 5, 1, 8), "float:-1:2")
    probe.tiu(
        "sVC", function, opd0_sign=1, opd1_sign=1, res0_prec=F32, opd0_prec=F32, opd1_prec=F32,
        res0_addr=RESULT, opd0_addr=LEFT, opd1_addr=RIGHT, res0_c=5, res0_w=8, opd0_c=3, opd0_w=8,
        opd1_w=7,
    )  # fmt: skip
    return probe


def probes() -> Iterator[Probe]:
    """All of the family."""
    yield from products()
    for name, function in (("mul", 0), ("add", 2), ("sub", 3), ("max", 4), ("min", 5)):
        yield outer(name, function)
