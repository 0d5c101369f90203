"""What all commands share: arguments, errors, exit codes."""

from __future__ import annotations

import argparse
import math
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from tpuc.cli.interrupts import interruptible
from tpuc.early import EXIT_CODE, say_interrupted
from tpuc.errors import ModelWarning, UserError, did_you_mean, printable, unknown
from tpuc.outputs import keeping_inputs

QUANTIZATIONS = ("F32", "F16", "BF16", "INT8")
CHIPS = ("bm1684x",)


# Counts, numbers of inputs and threads beyond it mean nothing, and the core takes none.
_LARGEST = (1 << 31) - 1


def _whole(text: str) -> int:
    value = int(text)
    if not -_LARGEST <= value <= _LARGEST:
        raise argparse.ArgumentTypeError(f"{text} is out of range")
    return value


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text} is not finite")
    return value


class Parser(argparse.ArgumentParser):
    """Reports wrong arguments like every other error: one line, exit code 1."""

    def __init__(self, prog: str | None = None, **options: object) -> None:
        # An abbreviation that works today may be ambiguous tomorrow.
        options.setdefault("allow_abbrev", False)
        options.setdefault("formatter_class", HelpFormatter)
        super().__init__(prog, **options)
        # What argparse looks up for type=int and type=float.
        self.register("type", int, _whole)
        self.register("type", float, _finite)

    def error(self, message: str) -> NoReturn:
        """Raises instead of printing the usage."""
        raise UserError(f"{message}, see {self.prog} --help")

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Parses; a flag that is not known is named with the one that is like it."""
        words = list(sys.argv[1:] if args is None else args)
        for word in words:
            if any("\ud800" <= letter <= "\udfff" for letter in word):
                self.error(f"the argument '{word}' is no UTF-8 text")
        # First, since what is mistyped may be missing as well.
        for flag in (word.split("=")[0] for word in words if word.startswith("--")):
            hint = did_you_mean(flag, self._option_string_actions)
            if hint and flag not in self._option_string_actions and self._subparsers is None:
                self.error(f"the option '{flag}' is not known{hint.rstrip('?')}")
        found, rest = self.parse_known_args(words, namespace)
        if rest:
            flag = next((word.split("=")[0] for word in rest if word.startswith("-")), rest[0])
            is_option = flag.startswith("-")
            hint = did_you_mean(flag, self._option_string_actions) if is_option else ""
            what = "option" if is_option else "argument"
            self.error(f"the {what} '{flag}' is not known{hint.rstrip('?')}")
        return found


class HelpFormatter(argparse.HelpFormatter):
    """Shows defaults that are worth knowing, and a value's name once."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32, width=100)

    def _get_help_string(self, action: argparse.Action) -> str | None:
        text = action.help
        shown = action.default not in (None, False, "", argparse.SUPPRESS)
        if not text or not shown or not action.option_strings or "default" in text:
            return text
        value = {True: "on"}.get(action.default, "%(default)s")
        return f"{text} (default: {value})"

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        value = self._format_args(action, self._get_default_metavar_for_optional(action))
        return f"{', '.join(action.option_strings)} {value}"

    def _get_default_metavar_for_optional(self, action: argparse.Action) -> str:
        return {int: "N", float: "X"}.get(action.type, "VALUE")  # type: ignore[call-overload]


def run_command(command: Callable[[Sequence[str]], int | None], argv: Sequence[str] | None) -> int:
    """Runs a command; whatever goes wrong becomes ``error: ...`` and exit code 1."""
    if argv is not None:
        return _run(command, list(argv))
    with interruptible():
        return _run(command, sys.argv[1:])


def _run(command: Callable[[Sequence[str]], int | None], arguments: list[str]) -> int:
    if not sys.warnoptions and "--debug" not in arguments:
        # Warnings of numpy and others are for developers; what matters to users is an error.
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", ModelWarning)
        warnings.showwarning = _show_warning
    try:
        with keeping_inputs():
            return command(arguments) or 0
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        say_interrupted()
        return EXIT_CODE
    except BrokenPipeError:
        # The reader went away; nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except MemoryError:
        print("error: not enough memory", file=sys.stderr)
    except OSError as error:
        # What files and the system refuse: a name that is too long, no permission, no space.
        where = f"{error.filename}: " if error.filename else ""
        print(f"error: {printable(f'{where}{error.strerror or error}')}", file=sys.stderr)
    except Exception as error:
        if "--debug" in arguments:
            raise
        what = f"{type(error).__name__}: {printable(error)}"
        print(f"error: unforeseen {what}; {_reported(error, arguments)}", file=sys.stderr)
    return 1


def _reported(error: Exception, arguments: Sequence[str]) -> str:
    """Writes what is needed to repeat an error that nobody foresaw; returns what to do with it."""
    import tempfile
    import traceback

    import tpuc

    lines = [
        f"tpuc {tpuc.__version__}, Python {sys.version}",
        f"command: {[*sys.argv[:1], *arguments]}",
        f"folder: {Path.cwd()}",
        *traceback.format_exception(error),
    ]
    # Not in the folder of the command's own files, which is removed at its end.
    tempfile.tempdir = None
    try:
        with tempfile.NamedTemporaryFile("w", prefix="tpuc-report-", suffix=".txt", delete=False,
                                         errors="backslashreplace") as file:  # fmt: skip
            file.write("\n".join(lines))
    except OSError:
        return "please report it with the output of --debug"
    return f"please report it with {file.name}, which says where it happened, and with the input"


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"warning: {printable(message)}", file=sys.stderr)


def choice(value: str, allowed: Sequence[str], flag: str) -> str:
    """The allowed value that equals the given one up to case.

    Raises:
        UserError: there is none.
    """
    for item in allowed:
        if item.lower() == value.lower():
            return item
    raise unknown(flag, value, allowed)


def program(name: str) -> str:
    """A command's name as it was typed: ``model_deploy.py`` where that was called."""
    typed = Path(sys.argv[0]).name if sys.argv else ""
    return typed if typed.removesuffix(".py") == name else name


def note(text: str) -> None:
    """Says on stderr, in one line, what the user should know and nothing fails of."""
    print(f"note: {printable(text)}", file=sys.stderr)


def name_list(text: str | None) -> list[str]:
    """The names in a text, with commas between them."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]


class _Version(argparse.Action):
    """Prints the version, which is only then imported."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        import tpuc

        print(f"tpuc {tpuc.__version__}")
        parser.exit()


def add_version(parser: argparse.ArgumentParser) -> None:
    """Adds --version."""
    parser.add_argument("-V", "--version", action=_Version, nargs=0, help="print the version")


def add_chip(parser: argparse.ArgumentParser) -> None:
    """Adds --chip."""
    parser.add_argument(
        "--chip", "--processor", default=CHIPS[0], metavar="CHIP", help="the chip to compile for"
    )


def add_debug(parser: argparse.ArgumentParser) -> None:
    """Adds --debug."""
    parser.add_argument(
        "--debug",
        action="store_true",
        help="keep intermediate files, show unforeseen errors in full",
    )
