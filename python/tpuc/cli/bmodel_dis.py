"""bmodel_dis: prints the commands of a .bmodel."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tpuc.cli.common import Parser, add_debug, run_command


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser("bmodel_dis", description=__doc__)
    parser.add_argument("model", help="the .bmodel")
    parser.add_argument("-o", "--output", help="write to a file instead of printing")
    add_debug(parser)
    return parser


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    args = build_parser().parse_args(argv)
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
