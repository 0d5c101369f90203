"""tpuc debug: finds out where a wrong result comes from."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tpuc.cli.common import Parser, add_debug
from tpuc.errors import UserError, did_you_mean

if TYPE_CHECKING:
    import numpy as np

    from tpuc.debug.tensors import Place, Stepping


def _layers_parser() -> Parser:
    parser = Parser(
        "tpuc debug",
        description="Compares every operation of an ONNX model with onnxruntime, on the host.",
        epilog="tpuc debug dump and tpuc debug reduce have a --help of their own.",
    )
    parser.add_argument("source", metavar="MODEL", help="an ONNX model")
    parser.add_argument("--input", required=True, metavar="FILE", help="an .npz of inputs")
    parser.add_argument("--input_shapes", metavar="SHAPES", help="e.g. [[1,3,224,224]]")
    parser.add_argument(
        "--tolerance", default="0.99,0.90", metavar="X,X",
        help="least cosine and euclidean similarity",
    )  # fmt: skip
    add_debug(parser)
    return parser


def _layers(argv: Sequence[str]) -> None:
    args = _layers_parser().parse_args(argv)
    from tpuc.cli.layers import compare_layers
    from tpuc.compare import parse_tolerance
    from tpuc.frontend import parse_shapes

    shapes = parse_shapes(args.input_shapes) if args.input_shapes is not None else None
    compare_layers(args.source, args.input, shapes, parse_tolerance(args.tolerance))


def _dump_parser() -> Parser:
    parser = Parser(
        "tpuc debug dump",
        description="Runs a .bmodel up to a command and shows a tensor in the chip's memory.",
    )
    parser.add_argument("model", metavar="MODEL", help="the .bmodel")
    parser.add_argument("--input", metavar="FILE", help="an .npz of inputs")
    parser.add_argument("--network", metavar="NAME", help="which network of several in a .bmodel")
    parser.add_argument("--list", action="store_true", help="list the tensors that can be named")
    parser.add_argument(
        "--after", metavar="COMMAND", help="the command to stop after, e.g. gdma:12, tiu:7 or end "
        "(default: the one that completes the tensor)"
    )  # fmt: skip
    parser.add_argument("--tensor", metavar="NAME", help="a tensor of the ONNX model")
    parser.add_argument(
        "--address",
        metavar="ADDRESS",
        help="where a tensor lies: an address of the chip, or local:BYTE in a lane",
    )
    parser.add_argument(
        "--shape", metavar="N,...", help="with --address, e.g. 1,64,56,56; n,c,h,w in local memory"
    )
    parser.add_argument(
        "--dtype", default="f16", metavar="TYPE", help="with --address: f32, f16, bf16, i8, ..."
    )
    parser.add_argument("--lane", type=int, default=0, help="with local:, the first lane")
    parser.add_argument("--compact", action="store_true", help="with local:, channels without gaps")
    parser.add_argument(
        "--strides", metavar="N,...", help="with --address, in elements, e.g. 3136,3136,56,1"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="an .npz to write the tensor to")
    parser.add_argument("--check", metavar="NPZ", help="compare with an array of the tensor's name")
    parser.add_argument(
        "--tolerance", default="0.99,0.90", metavar="X,X",
        help="least cosine and euclidean similarity",
    )  # fmt: skip
    add_debug(parser)
    return parser


def _dump(argv: Sequence[str]) -> None:
    args = _dump_parser().parse_args(argv)
    from tpuc.arrays import load_npz, save_npz
    from tpuc.compare import parse_tolerance
    from tpuc.debug.tensors import Stepping, places
    from tpuc.model import Model
    from tpuc.outputs import check_writable, note_inputs

    tolerance = parse_tolerance(args.tolerance)
    if sum(map(bool, (args.list, args.tensor, args.address))) != 1:
        raise UserError("give one of --list, --tensor NAME and --address A")
    note_inputs(args.model, args.input, args.check)
    if args.output:
        check_writable(args.output)
    model = Model.load(args.model, args.network)
    known = places(model)
    if args.list:
        _list(args.model, known)
        return
    if not args.input:
        raise UserError("--input is missing, give an .npz with the inputs by name")
    place = _find(args.model, known, args.tensor) if args.tensor else _described(args)
    reference = _reference(args.check, place.name) if args.check else None
    stepping = Stepping(model, load_npz(args.input), args.input)
    _advance(stepping, args.after, place)
    array = stepping.read(place)
    _describe(place, array, stepping.position)
    if args.output:
        save_npz(args.output, {place.name: array})
        print(f"{args.output}: written")
    if reference is not None:
        _check(args.check, array, reference, place.name, tolerance)


def _list(path: str, known: Sequence[Place]) -> None:
    from tpuc.console import print_table

    if not known:
        raise UserError(
            f"{path}: does not say where its tensors lie, give --address and --shape instead"
        )
    rows = [(p.name, p.dtype, "x".join(map(str, p.shape)), p.where, p.after) for p in known]
    print_table(path, rows, ("tensor", "type", "shape", "address", "after"))


def _find(path: str, known: Sequence[Place], name: str) -> Place:
    # A name that stands twice is meant as it is in the end.
    found = {place.name: place for place in known}.get(name)
    if found:
        return found
    hint = did_you_mean(name, [place.name for place in known]) or ", see --list"
    raise UserError(f"{path}: no tensor '{name}' is in memory at any time{hint}")


def _integers(text: str, flag: str) -> tuple[int, ...]:
    try:
        values = tuple(int(part) for part in text.strip("[]").split(","))
        if not all(0 <= value < 1 << 36 for value in values):
            raise ValueError
    except ValueError:
        raise UserError(f"{flag} '{text}' is not a list of numbers like 1,64,56,56") from None
    return values


def _described(args: argparse.Namespace) -> Place:
    """The place that --address and the arguments beside it describe."""
    import math

    from tpuc.debug.tensors import LANE_BYTES, LANES, Place, local_strides

    if not args.shape:
        raise UserError("--shape is missing, --address needs it")
    shape = _integers(args.shape, "--shape")
    if not shape or 0 in shape or math.prod(shape) > 1 << 32:
        raise UserError(f"--shape '{args.shape}' holds no elements or more than any memory")
    local = args.address.lower().startswith("local:")
    try:
        address = int(args.address[6:] if local else args.address, 0)
        if not 0 <= address < (LANE_BYTES if local else 1 << 40):
            raise ValueError
    except ValueError:
        raise UserError(
            f"--address '{args.address}' is not an address, write 0x100000000 or local:0x400"
        ) from None
    strides: tuple[int, ...] = _integers(args.strides, "--strides") if args.strides else ()
    dtype = args.dtype.lower()
    Place("", dtype, shape).check_type()
    if not local:
        if strides and len(strides) != len(shape):
            raise UserError("--strides and --shape must have as many numbers")
        return Place(args.address, dtype, shape, address=address,
                     dims=shape if strides else (), strides=strides)  # fmt: skip
    if len(shape) != 4 or (strides and len(strides) != 4):
        raise UserError("local memory is addressed by n,c,h,w: give four numbers")
    if not 0 <= args.lane < LANES:
        raise UserError(f"--lane {args.lane} is not one of 0 to {LANES - 1}")
    strides = strides or local_strides(shape, dtype, args.lane, args.compact)
    return Place(args.address, dtype, shape, local=True, address=address, lane=args.lane,
                 dims=shape, strides=strides)  # fmt: skip


def _reference(path: str, name: str) -> np.ndarray:
    from tpuc.arrays import load_npz

    arrays = load_npz(path)
    if name in arrays:
        return arrays[name]
    if len(arrays) == 1:
        return next(iter(arrays.values()))
    raise UserError(f"{path}: has no array '{name}', it has {', '.join(arrays)}")


def _advance(stepping: Stepping, after: str | None, place: Place) -> None:
    from tpuc.debug.tensors import parse_position

    if after is None and place.command:
        stepping.complete(place)
    elif after is None or after.lower() == "end":
        stepping.run_to_end()
    else:
        stepping.run_until(*parse_position(after))


def _describe(place: Place, array: np.ndarray, position: str) -> None:
    import numpy as np

    print(f"{place.name} {place.dtype}{list(place.shape)} at {place.where}, after {position}")
    wide = array.astype(np.float64)
    finite = wide[np.isfinite(wide)]
    if finite.size:
        print(f"  least {finite.min():.6g}, most {finite.max():.6g}, mean {finite.mean():.6g}")
    if finite.size < wide.size:
        print(f"  {wide.size - finite.size} of {wide.size} values are infinite or no numbers")
    shown = ", ".join(f"{value:.6g}" for value in wide.reshape(-1)[:8])
    print(f"  {shown}{', ...' if wide.size > 8 else ''}")


def _check(
    path: str, array: np.ndarray, reference: np.ndarray, name: str, tolerance: tuple[float, float]
) -> None:
    from tpuc.cli.report import check_comparison
    from tpuc.compare import compare

    check_comparison(path, [compare(array, reference, name)], tolerance)


def _reduce(argv: Sequence[str]) -> None:
    from tpuc.cli import reduce

    reduce.command(argv)


def command(argv: Sequence[str]) -> None:
    """Runs `tpuc debug ...`."""
    parts = {"dump": _dump, "reduce": _reduce}
    if argv and argv[0] in parts:
        parts[argv[0]](argv[1:])
    else:
        _layers(argv)
