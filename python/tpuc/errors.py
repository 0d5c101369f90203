"""The exception and the warning that a user of tpuc meets, and how messages help."""

from __future__ import annotations

from collections.abc import Iterable

# What is longer than a name can reasonably be is cut in the middle.
_LONGEST_WORD = 400


def printable(text: object) -> str:
    """Text of files or arguments in one line, as a terminal can show it.

    What would control the terminal or has no shape is escaped, a word without end is cut.
    """
    words = [
        word if len(word) <= _LONGEST_WORD else f"{word[: _LONGEST_WORD // 2]}...{word[-20:]}"
        for word in str(text).split()
    ]
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in " ".join(words)
    )


class UserError(Exception):
    """What the user can do something about: one line, no traceback.

    The text names the file or node, the reason, and the remedy, in lower case
    and without a full stop. The command line prints it as ``error: ...`` and
    ends with exit code 1.
    """

    def __str__(self) -> str:
        return printable(super().__str__())


class InputTypeError(UserError, TypeError):
    """A value of a type that cannot be used; a ``TypeError`` for Python's users."""


def check_type(what: str, value: object, kinds: type | tuple[type, ...], expected: str) -> None:
    """Refuses an argument of a type that means nothing.

    Raises:
        TypeError: names the argument, its type, and what is expected.
    """
    if not isinstance(value, kinds):
        raise InputTypeError(f"{what} is a {type(value).__name__}, expected {expected}")


class ModelWarning(UserWarning):
    """What the user should know of a model and nothing fails of, in one line.

    The command line prints it as ``warning: ...``.
    """


def did_you_mean(word: str, known: Iterable[str], count: int = 1) -> str:
    """``, did you mean 'X'?`` when there are names like the given one, else nothing."""
    import difflib

    by_lower: dict[str, str] = {}
    for name in known:
        by_lower.setdefault(name.lower(), name)
    near = difflib.get_close_matches(str(word).lower(), by_lower, count, 0.6)
    if not near:
        return ""
    return f", did you mean {' or '.join(repr(by_lower[name]) for name in near)}?"


def unknown(what: str, word: str, known: Iterable[str]) -> UserError:
    """The error for a word that is none of the known ones."""
    known = list(known)
    hint = did_you_mean(word, known) or ","
    return UserError(f"{what} '{word}' is not known{hint} choose one of {', '.join(known)}")
