"""The families that a network grows by."""

from __future__ import annotations

from collections.abc import Callable

from randomnets.network import Network

Family = Callable[[Network], None]

FAMILIES: dict[str, Family] = {}


def family(name: str) -> Callable[[Family], Family]:
    """Registers the decorated function, which adds nodes to a network."""

    def register(function: Family) -> Family:
        FAMILIES[name] = function
        return function

    return register
