"""The one exception that a user of tpuc meets."""

from __future__ import annotations


class UserError(Exception):
    """What the user can do something about: one line, no traceback.

    The text names the file or node, the reason, and the remedy, in lower case
    and without a full stop. The command line prints it as ``error: ...`` and
    ends with exit code 1.
    """

    def __str__(self) -> str:
        return " ".join(super().__str__().split())
