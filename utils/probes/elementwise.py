"""Probes of AR: arithmetic, comparisons, shifts, addressing, and casts."""

from __future__ import annotations

from collections.abc import Iterator
from struct import pack, unpack

from .probe import BF16, F16, F32, I8, I16, I32, LANE_BYTES, NAMES, Probe, Shape, strides

A, B, RESULT = 0x0, 0x8000, 0x30000
SHAPE: Shape = (2, 70, 3, 5)
ADD, SUB, MUL, MAX, MIN = 2, 3, 0, 4, 5
BINARY = {"add": ADD, "sub": SUB, "mul": MUL, "max": MAX, "min": MIN}
FLOATS = (F32, F16, BF16)
WIDE, HALF_RANGE = "float:-13:13", "float:-9:9"


def float_bits(value: float) -> int:
    """The bits of an f32."""
    return int(unpack("<I", pack("<f", value))[0])


def result_fields(shape: Shape) -> dict[str, int]:
    """The shape of the result as fields."""
    return dict(zip(("res0_n", "res0_c", "res0_h", "res0_w"), shape, strict=True))


def ar(
    name: str,
    function: int,
    *,
    types: tuple[int, int, int] = (F32, F32, F32),
    values: tuple[str, ...] = (WIDE, WIDE),
    shape: Shape = SHAPE,
    signs: tuple[int, int, int] = (1, 1, 1),
    operand2: int | None = None,
    type2: int = I8,
    rounding: int = 0,
    lane: int = 0,
    initial: str = "",
    **fields: int,
) -> Probe:
    """An AR command; `types` are those of result, operand 0 and operand 1."""
    probe = Probe(name)
    result, *operands = types
    base = lane * LANE_BYTES
    for address, precision, drawn in zip((A, B), operands, values, strict=False):
        probe.local(base + address, precision, shape, drawn)
    if initial:
        probe.local(RESULT, result, shape, initial)
    if operand2 is not None:
        fields.update(opd2_const=1, opd2_addr=operand2)
    command = {
        **result_fields(shape),
        "tsk_opd_num": len(values) if operand2 is None else 3,
        "res0_prec": result,
        "opd0_prec": operands[0],
        "opd1_prec": operands[1],
        "opd2_prec": type2,
        "opd0_sign": signs[0],
        "opd1_sign": signs[1],
        "opd2_sign": signs[2],
        "opd2_n_str": rounding,
        "res0_addr": RESULT,
        "opd0_addr": base + A,
        "opd1_addr": base + B if len(values) > 1 else 0,
        **fields,
    }
    probe.tiu("sAR", function, **command)
    return probe


def floats() -> Iterator[Probe]:
    """Arithmetic of floats."""
    for precision in FLOATS:
        types = (precision, precision, precision)
        drawn = WIDE if precision == F32 else HALF_RANGE
        for name, function in BINARY.items():
            yield ar(f"ar/{name} {NAMES[precision]}", function, types=types, values=(drawn, drawn))
        yield ar(f"ar/abs {NAMES[precision]}", 26, types=types, values=(drawn,))
        yield ar(f"ar/copy {NAMES[precision]}", 19, types=types, values=(drawn,))
    yield ar("ar/absolute difference f32", 27)
    yield ar("ar/add f32 denormals", ADD, values=("hex:9f160100", "hex:9f160100"))
    half = (F16, F16, F16)
    yield ar("ar/mul f16 to a denormal", MUL, types=half, values=("hex:000c", "hex:0010"))
    for steps in range(4):
        yield ar(f"ar/div f32 after {steps + 1} steps", 12, rounding=steps)
    yield ar("ar/mac f32", 18, operand2=0, type2=F32, initial="hex:0000803f")


def integers() -> Iterator[Probe]:
    """Arithmetic of integers."""
    byte = (I8, I8, I8)
    any_bits = ("bits", "bits")
    for name in ("add", "sub", "mul"):
        for result in (I8, I16, I32):
            yield ar(
                f"ar/{name} i8 to {NAMES[result]}",
                BINARY[name],
                types=(result, I8, I8),
                values=any_bits,
            )
    for name, function in (("add", 15), ("sub", 16), ("mul", 20)):
        yield ar(f"ar/saturating {name} i8", function, types=byte, values=any_bits)
        for rounding in range(7):
            yield ar(
                f"ar/saturating {name} i8 shifted right by 3 rounding {rounding}",
                function,
                types=byte,
                values=any_bits,
                operand2=0xFD,
                rounding=rounding,
            )
    yield ar("ar/saturating add u8", 15, types=byte, values=any_bits, signs=(0, 0, 0))
    for name, function in (("and", 7), ("or", 8), ("xor", 9)):
        yield ar(f"ar/{name} i8", function, types=byte, values=any_bits)
    yield ar("ar/not i8", 1, types=byte, values=("bits",))
    yield ar(
        "ar/arithmetic shift i32 by i8",
        21,
        types=(I32, I32, I8),
        values=("int:-128000:128000", "int:-7:8"),
        rounding=3,
    )
    yield ar("ar/logical shift i8", 6, types=byte, values=("bits", "int:-7:8"), rounding=3)
    for name, function in (("greater", 10), ("equal", 11), ("less", 13)):
        yield ar(
            f"ar/select {name} f32",
            function,
            values=("float:0:1", "float:0:1"),
            operand2=float_bits(10),
            type2=F32,
        )
    word = (I32, I32, I32)
    yield ar("ar/first one i32", 29, types=word, values=("bits",))
    yield ar("ar/first zero i32", 30, types=word, values=("bits",))
    yield ar(
        "ar/mac i8 to i16",
        18,
        types=(I16, I8, I8),
        values=any_bits,
        operand2=0x203,
        initial="int:-100:100",
    )


def addressing() -> Iterator[Probe]:
    """Start lanes, strides and compact operands."""
    yield ar("ar/add from lane 3 to lane 0", ADD, lane=3)
    for name, layout, fields in (
        ("strides of 0 repeat", "eu", {"opd1_str": 3, "opd1_c_str": 16}),
        ("a value a channel", "compact", {"opd1_str": 2}),
    ):
        probe = ar(f"ar/{name}", ADD, **fields)
        del probe.inputs[1]
        probe.local(B, F32, (1, 70, 1, 1), WIDE, layout)
        yield probe
    n, c, _, _ = strides(SHAPE, F32)
    yield ar(
        "ar/copy exchanges rows and columns",
        19,
        values=(WIDE,),
        **{"res0_h": 5, "res0_w": 3, "opd0_str": 3, "opd0_n_str": n, "opd0_c_str": c},
        **{"opd0_h_str": 1, "opd0_w_str": 5},
    )


def cast(
    name: str, source: int, result: int, values: str, *, sign: int = 1, result_sign: int = 1,
    rounding: int = 0, shape: Shape = (1, 64, 4, 64),
) -> Probe:  # fmt: skip
    """A cast."""
    return ar(
        f"cast/{name}",
        14,
        types=(result, source, source),
        values=(values,),
        signs=(sign, 1, result_sign),
        rounding=rounding,
        shape=shape,
    )


def casts() -> Iterator[Probe]:
    """Conversions between types."""
    small: Shape = (1, 64, 1, 64)
    # Quarters: many of them lie half way between integers.
    quarters = "float:-2:33"
    for rounding in range(5):
        for result in (I8, I16, I32):
            name = f"f32 to {NAMES[result]} rounding {rounding}"
            yield cast(name, F32, result, quarters, rounding=rounding, shape=small)
        name = f"f32 to u8 rounding {rounding}"
        yield cast(name, F32, I8, quarters, result_sign=0, rounding=rounding, shape=small)
    for rounding in range(5):
        values = "float:-30:18" if rounding == 0 else "float:-14:16"
        yield cast(f"f32 to f16 rounding {rounding}", F32, F16, values, rounding=rounding)
    for rounding in (0, 2):
        values = "float:-100:100"
        yield cast(f"f32 to bf16 rounding {rounding}", F32, BF16, values, rounding=rounding)
    yield cast("f16 to f32", F16, F32, "int:0:31744", rounding=1)
    yield cast("f16 to i8 rounding 3", F16, I8, "int:0:31744", rounding=3)
    yield cast("bf16 to f32", BF16, F32, "int:0:32640")
    yield cast("i32 to f32", I32, F32, "bits")
    yield cast("i32 to i8", I32, I8, "bits")
    both = cast("i8 and u8 to f16", I8, F16, "bits")
    again = dict(both.commands[0][2])
    again.update(opd0_sign=0, res0_addr=RESULT + 0x8000)
    both.commands.append((0, "sAR", again))
    yield both


def probes() -> Iterator[Probe]:
    """All of the family."""
    yield from floats()
    yield from integers()
    yield from addressing()
    yield from casts()
