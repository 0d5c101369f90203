"""Probes of CONV and of the pooling command."""

from __future__ import annotations

from collections.abc import Iterator

from .elementwise import float_bits, result_fields
from .probe import BF16, BYTES, F16, F32, I8, I16, I32, NAMES, Probe, Shape

X, WEIGHTS, BIAS, RESULT = 0x0, 0x10000, 0x28000, 0x30000
POOL_BIAS = 0x18000
TENTH, UNIT, SMALL = "float:-4:4", "float:0:4", "float:-1:1"


def windows(size: int, inserted: int, pad: tuple[int, int], taps: int, gap: int, step: int) -> int:
    """How many windows fit an axis."""
    return ((size - 1) * (inserted + 1) + 1 + sum(pad) - (taps - 1) * (gap + 1) - 1) // step + 1


def conv(
    name: str,
    precision: int,
    result: int,
    channels: int,
    outputs: int,
    kernel: tuple[int, int],
    *,
    batches: int = 2,
    stride: tuple[int, int] = (1, 1),
    pad: tuple[int, int, int, int] = (0, 0, 0, 0),
    gaps: tuple[int, int] = (0, 0),
    inserted: tuple[int, int] = (0, 0),
    function: int = 0,
    bias: bool = True,
    initial: str = "",
    **fields: int,
) -> Probe:
    """A convolution of rows of 6 x 7; tuples: (rows, columns), pads above, below, left, right."""
    probe = Probe(f"conv/{name}")
    height, width = 6, 7
    values = "bits" if precision == I8 else TENTH
    probe.local(X, precision, (batches, channels, height, width), values)
    probe.local(WEIGHTS, precision, (outputs, channels, *kernel), values, "weights")
    command = {"opd2_const": 1, "opd2_addr": 0, "opd3_const": 1, "opd3_addr": 0}
    if bias:
        probe.local(BIAS, F32, (1, outputs, 1, 1), UNIT, "compact")
        command.update(opd2_const=0, opd2_addr=BIAS)
    shape: Shape = (
        batches,
        outputs,
        windows(height, inserted[0], pad[:2], kernel[0], gaps[0], stride[0]),
        windows(width, inserted[1], pad[2:], kernel[1], gaps[1], stride[1]),
    )
    if initial:
        probe.local(RESULT, result, shape, initial)
    command.update(
        result_fields(shape),
        opd0_sign=1, opd1_sign=1, opd2_sign=1, res_add=int(bool(initial)),
        res0_prec=result, opd0_prec=precision,
        opd0_up_pad=pad[0], opd0_dn_pad=pad[1], opd0_lf_pad=pad[2], opd0_rt_pad=pad[3],
        res_op_y_str=stride[0], res_op_x_str=stride[1],
        opd0_y_ins0=inserted[0], opd0_x_ins0=inserted[1], opd1_y_ins0=gaps[0], opd1_x_ins0=gaps[1],
        opd0_c=channels, opd0_h=height, opd0_w=width, opd1_h=kernel[0], opd1_w=kernel[1],
        res0_addr=RESULT, opd0_addr=X, opd1_addr=WEIGHTS,
    )  # fmt: skip
    command.update(fields)
    probe.tiu("sCONV", function, **command)
    return probe


def convolutions() -> Iterator[Probe]:
    """CONV on floats and bytes."""
    for precision in (F16, BF16):
        for channels, outputs, kernel, options in (
            (70, 66, (1, 1), {}),
            (70, 5, (3, 3), {"stride": (2, 1), "pad": (1, 1, 1, 2)}),
            (12, 5, (3, 3), {}),
            (33, 5, (2, 3), {"pad": (1, 0, 0, 1)}),
        ):
            for result in (precision, F32):
                name = (
                    f"{NAMES[precision]} to {NAMES[result]} {channels} channels "
                    f"{kernel[0]}x{kernel[1]}"
                )
                yield conv(name, precision, result, channels, outputs, kernel, **options)
    all_round = (1, 1, 1, 1)
    for mode, name in ((1, "reflecting"), (2, "repeating"), (3, "wrapping")):
        yield conv(f"{name} pad", F16, F32, 40, 5, (3, 3), pad=all_round, pad_mode=mode)
    yield conv("pad with 2", F16, F32, 40, 5, (3, 3), pad=all_round, opd3_addr=0x4000)
    yield conv("rotated kernel", F16, F32, 40, 5, (3, 3), kernel_rotate=1)
    yield conv("dilated kernel", F16, F32, 40, 5, (3, 3), gaps=(1, 1))
    yield conv("inserted zeros", F16, F32, 40, 5, (3, 3), inserted=(1, 1))
    yield conv("onto the result", F16, F32, 40, 5, (3, 3), initial=UNIT)
    for channels, kernel, options in (
        (7, (1, 1), {}),
        (70, (1, 1), {}),
        (5, (3, 3), {"pad": all_round, "stride": (1, 2)}),
    ):
        name = f"f32 {channels} channels {kernel[0]}x{kernel[1]}"
        yield conv(name, F32, F32, channels, 5, kernel, batches=1, **options)

    def integer(
        name: str, result: int = I32, kernel: tuple[int, int] = (3, 3), **rest: object
    ) -> Probe:
        return conv(name, I8, result, 70, 66, kernel, bias=False, **rest)

    yield integer("i8 3x3")
    yield integer("i8 1x1", kernel=(1, 1))
    yield integer("u8 by i8 with steps", stride=(2, 1), pad=(1, 1, 1, 2), opd0_sign=0)
    yield integer("i8 by u8", opd1_sign=0)
    yield integer("i8 with a zero point of the weights", opd2_addr=5)
    yield integer("i8 to i16", I16)
    yield integer("i8 to i8", I8)
    for shift, bias in ((7, 0), (10, -1000)):
        yield integer(
            f"i8 requantised by {shift} bias {bias}",
            I8,
            function=1,
            opd2_addr=bias & 0xFFFF,
            opd3_addr=shift,
        )
    yield integer("i8 requantised to u8", I8, function=2, opd3_addr=10)


def pool(
    name: str,
    function: int,
    precision: int,
    kernel: tuple[int, int],
    *,
    result: int | None = None,
    stride: tuple[int, int] = (1, 1),
    pad: tuple[int, int, int, int] = (0, 0, 0, 0),
    weights: bool = False,
    **fields: int,
) -> Probe:
    """A pooling of rows of 9 x 10; with `weights` and a bias, depthwise."""
    probe = Probe(f"pool/{name}")
    batches, channels, height, width = 2, 70, 9, 10
    values = "bits" if precision == I8 else SMALL
    probe.local(X, precision, (batches, channels, height, width), values)
    command = {"opd1_const": 1, "opd2_const": 1}
    if weights:
        probe.local(WEIGHTS, precision, (1, channels, *kernel), values, "compact")
        kind, drawn = (I32, "int:-5000:5000") if precision == I8 else (precision, SMALL)
        probe.local(POOL_BIAS, kind, (1, channels, 1, 1), drawn, "compact")
        command = {"opd1_addr": WEIGHTS, "opd2_addr": POOL_BIAS}
    shape: Shape = (
        batches,
        channels,
        windows(height, 0, pad[:2], kernel[0], 0, stride[0]),
        windows(width, 0, pad[2:], kernel[1], 0, stride[1]),
    )
    command.update(
        result_fields(shape),
        opd0_sign=1, opd1_sign=1, opd2_sign=1, opd3_const=1,
        res0_prec=precision if result is None else result, opd0_prec=precision,
        opd0_up_pad=pad[0], opd0_dn_pad=pad[1], opd0_lf_pad=pad[2], opd0_rt_pad=pad[3],
        res_op_y_str=stride[0], res_op_x_str=stride[1],
        opd0_h=height, opd0_w=width, opd1_h=kernel[0], opd1_w=kernel[1],
        res0_addr=RESULT, opd0_addr=X,
    )  # fmt: skip
    command.update(fields)
    probe.tiu("sPorD", function, **command)
    return probe


def constant(value: float, precision: int) -> int:
    """A constant operand, truncated to its type."""
    import numpy as np

    if precision == F16:
        return int(np.float16(value).view(np.uint16))
    return float_bits(value) >> (16 if BYTES[precision] == 2 else 0)


def pools() -> Iterator[Probe]:
    """Depthwise convolutions, averages and maxima."""
    depthwise, average, maximum = 0, 1, 4
    for kernel, options in (
        ((2, 2), {"stride": (2, 2)}),
        ((3, 3), {"pad": (1, 1, 1, 1)}),
        ((5, 7), {}),
    ):
        for precision in (F32, F16, BF16):
            name = f"{NAMES[precision]} {kernel[0]}x{kernel[1]}"
            area = constant(1 / (kernel[0] * kernel[1]), precision)
            yield pool(f"average {name}", average, precision, kernel, opd1_addr=area, **options)
            yield pool(f"depthwise {name}", depthwise, precision, kernel, weights=True, **options)
            yield pool(f"maximum {name}", maximum, precision, kernel)
    yield pool("maximum i8", maximum, I8, (3, 3))
    for rounding in (0, 2, 3, 5):
        yield pool(
            f"average i8 rounding {rounding}",
            average,
            I8,
            (3, 3),
            opd1_addr=7,
            opd2_addr=6,
            opd2_n_str=rounding,
        )
    for result in (I32, I16, I8):
        name = f"depthwise i8 to {NAMES[result]}"
        yield pool(name, depthwise, I8, (3, 3), result=result, weights=True)


def probes() -> Iterator[Probe]:
    """All of the family."""
    yield from convolutions()
    yield from pools()
