"""bmodel_dis: prints the commands of a .bmodel."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tpuc.cli.common import Parser, add_debug, program, run_command


def build_parser(prog: str | None = None) -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser(prog or program("bmodel_dis"), description="Prints the commands of a .bmodel.")
    parser.add_argument("model", metavar="MODEL", help="the .bmodel")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write to a file instead of printing"
    )
    add_debug(parser)
    return parser


def command(argv: Sequence[str], prog: str | None = None) -> None:
    """Runs the command."""
    args = build_parser(prog).parse_args(argv)
    import sys

    from tpuc.model import load_core
    from tpuc.outputs import check_writable, note_inputs, write_text

    note_inputs(args.model)
    if args.output:
        check_writable(args.output)
    text = load_core(args.model).disassemble()
    if args.output:
        write_text(args.output, text)
    else:
        sys.stdout.write(text)
        sys.stdout.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
