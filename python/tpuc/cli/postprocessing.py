"""The arguments that say how outputs become detections."""

from __future__ import annotations

import argparse

from tpuc.config import CompileConfig, make_config
from tpuc.postprocess import OPTIONS, Postprocess

_KEYS = ("add_postprocess", *(f"postprocess_{name}" for name in OPTIONS))


def add_postprocessing(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments: keys of a configuration file."""
    from tpuc.cli.compile import add_keys

    add_keys(parser, _KEYS)


def parse_postprocessing(args: argparse.Namespace) -> Postprocess | None:
    """The post-processing that the arguments say, None when they say nothing.

    Raises:
        UserError: a value that is not allowed.
    """
    config: CompileConfig = make_config(None, {key: getattr(args, key) for key in _KEYS})
    return config.postprocess()
