"""Ctrl-C while a command is still being imported: the first module that it imports.

It needs nothing that takes time itself. See tpuc.cli.interrupts for what comes after.
"""

import _signal
import os
import sys

EXIT_CODE = 130
_COMMANDS = ("tpuc", "model_transform", "model_deploy", "model_runner", "run_calibration",
             "run_qtable", "model_tool", "npz_tool", "bmodel_dis", "tpu_profile")  # fmt: skip
# Whether it was said; whoever comes first says it alone.
_said: list[bool] = []


def say_interrupted() -> None:
    """Prints the error, once."""
    if not _said:
        _said.append(True)
        try:  # noqa: SIM105  contextlib takes time to import
            os.write(2, b"error: interrupted\n")
        except OSError:
            pass


def end_at_once(*_: object) -> None:
    """A handler of the signal for when there is nothing to clean up."""
    say_interrupted()
    os._exit(EXIT_CODE)


def _is_command() -> bool:
    """Whether the process is one of the commands; in others Ctrl-C is theirs."""
    name = os.path.basename(sys.argv[0]) if sys.argv else ""
    return name.removesuffix(".py") in _COMMANDS or sys.orig_argv[1:3] == ["-m", "tpuc.cli"]


if _is_command() and _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, end_at_once)
