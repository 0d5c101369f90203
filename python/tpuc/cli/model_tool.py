"""model_tool: shows, joins and divides .bmodel files."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tpuc.cli.common import Parser, add_debug, add_version, program, run_command
from tpuc.errors import UserError

# Of tpu-mlir's model_tool, and what to do instead.
_REFUSED = {
    "--encrypt": "files are not encrypted",
    "--decrypt": "files are not encrypted",
    "--update_weight": "compile the model with the other weights",
    "--combine_dir": "give the files of the folders to --combine",
    "--refresh": "tpuc reads and writes files of the current form",
    "--dump": "tpuc dis prints commands, --weight lists weights",
    "--kernel_dump": "the firmware is part of the driver",
    "--kernel_update": "the firmware is part of the driver",
    "--kernel_remove": "the firmware is part of the driver",
}


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser(program("model_tool"), description="Shows, joins and divides .bmodel files.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--info", metavar="FILE", help="networks, stages, inputs, outputs, memory")
    what.add_argument("--print", metavar="FILE", help="the same, with every weight")
    what.add_argument("--weight", metavar="FILE", help="as --print")
    what.add_argument("--chip", metavar="FILE", help="the chip that a file is for")
    what.add_argument("--is_dynamic", "--dynamic", metavar="FILE", help="always false here")
    what.add_argument(
        "--extract", metavar="FILE", help="write a file for each network: FILE_NETWORK.bmodel"
    )
    what.add_argument(
        "--combine", nargs="+", metavar="FILE",
        help="join files into the one of -o; networks of one name become its stages, equal weights "
        "are stored once",
    )  # fmt: skip
    what.add_argument(
        "--combine_coeff", nargs="+", metavar="FILE",
        help="the same, for files that must have equal weights",
    )  # fmt: skip
    for flag in _REFUSED:
        what.add_argument(flag, nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("-o", "--output", metavar="FILE", help="the file to write")
    add_version(parser)
    add_debug(parser)
    return parser


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    args = build_parser().parse_args(argv)
    from tpuc.cli.info import bmodel_info
    from tpuc.model import load_core

    for flag, remedy in _REFUSED.items():
        if getattr(args, flag.strip("-")) is not None:
            raise UserError(f"{flag} is not supported: {remedy}")
    if args.info or args.print or args.weight:
        bmodel_info(args.info or args.print or args.weight, weights=not args.info)
    elif args.chip:
        print(load_core(args.chip).describe()["chip"])
    elif args.is_dynamic:
        load_core(args.is_dynamic)
        print("false")
    elif args.extract:
        _extract(args.extract, args.output)
    else:
        _combine(args.combine or args.combine_coeff, args.output, bool(args.combine_coeff))


def _extract(path: str, output: str | None) -> None:
    from tpuc.model import load_core
    from tpuc.outputs import check_writable

    if output:
        raise UserError("--extract names its files itself, leave -o out")
    core = load_core(path)
    names = [name for name, _ in core.networks]
    files = [Path(path).with_name(f"{Path(path).stem}_{_file_name(name)}.bmodel") for name in names]
    if len(set(files)) < len(files):
        raise UserError(f"{path}: has two networks whose names make the same file name")
    for file in files:
        check_writable(file)
    for number, file in enumerate(files):
        core.extract(number).save(str(file))
        print(f"{file}: network {names[number]}")


def _file_name(name: str) -> str:
    """A network's name as a part of a file's."""
    return "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name)


def _combine(paths: Sequence[str], output: str | None, shares: bool) -> None:
    from tpuc import _core
    from tpuc.console import bytes_text
    from tpuc.model import load_core
    from tpuc.outputs import check_writable

    if not output:
        raise UserError("no file to write is given, see -o in model_tool --help")
    if any(Path(path).resolve() == Path(output).resolve() for path in paths):
        raise UserError(f"{output}: is one of the files to join, give another output")
    check_writable(output)
    cores = [load_core(path) for path in paths]
    for path, core in zip(paths[1:], cores[1:], strict=True):
        if shares and not core.has_coefficients_of(cores[0]):
            raise UserError(f"{path}: has other weights than {paths[0]}; join them with --combine")
    whole = _core.Bmodel.combine(cores)
    whole.save(str(output))
    size, parts = Path(output).stat().st_size, sum(Path(path).stat().st_size for path in paths)
    networks = ", ".join(f"{name} ({stages})" for name, stages in whole.networks)
    print(f"{output}: networks and their stages: {networks}; {bytes_text(size)}, the files have "
          f"{bytes_text(parts)}")  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
