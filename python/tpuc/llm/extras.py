"""Libraries that only language models need."""

from __future__ import annotations

import importlib
from types import ModuleType

from tpuc.errors import UserError


def needs(name: str) -> ModuleType:
    """An imported library.

    Raises:
        UserError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise UserError(
            f"language models need the package '{name.partition('.')[0]}': "
            "install tpuc with its extra, pip install tpuc[llm]"
        ) from None
