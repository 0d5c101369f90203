"""What all commands share: arguments, errors, exit codes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from tpuc.errors import UserError
from tpuc.outputs import keeping_inputs

QUANTIZATIONS = ("F32", "F16", "BF16", "INT8")
CHIPS = ("bm1684x",)


class Parser(argparse.ArgumentParser):
    """Reports wrong arguments like every other error: one line, exit code 1."""

    def __init__(self, prog: str | None = None, **options: object) -> None:
        # An abbreviation that works today may be ambiguous tomorrow.
        options.setdefault("allow_abbrev", False)
        super().__init__(prog, **options)

    def error(self, message: str) -> NoReturn:
        """Raises instead of printing the usage."""
        raise UserError(f"{message}, see {self.prog} --help")


def run_command(command: Callable[[Sequence[str]], int | None], argv: Sequence[str] | None) -> int:
    """Runs a command; whatever goes wrong becomes ``error: ...`` and exit code 1."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        with keeping_inputs():
            return command(arguments) or 0
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader went away; nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except MemoryError:
        print("error: not enough memory", file=sys.stderr)
    except Exception as error:
        if "--debug" in arguments:
            raise
        text = " ".join(str(error).split())
        print(
            f"error: internal error ({type(error).__name__}: {text}), "
            f"please report it with the output of --debug",
            file=sys.stderr,
        )
    return 1


def choice(value: str, allowed: Sequence[str], flag: str) -> str:
    """The allowed value that equals the given one up to case.

    Raises:
        UserError: there is none.
    """
    for item in allowed:
        if item.lower() == value.lower():
            return item
    raise UserError(f"{flag} '{value}' is not known, choose one of {', '.join(allowed)}")


def refuse_dynamic(args: argparse.Namespace) -> None:
    """Refuses --dynamic, which scripts for the vendor's compiler may pass."""
    if getattr(args, "dynamic", False):
        raise UserError(
            "--dynamic is not supported, compile one .bmodel for each input shape (--input_shapes)"
        )


def add_debug(parser: argparse.ArgumentParser) -> None:
    """Adds --debug."""
    parser.add_argument(
        "--debug", action="store_true", help="keep intermediate files, show internal errors in full"
    )
