"""Writes python/tpuc/_core.pyi, the types of the extension module, from the module.

pybind11 puts the signature of what it binds on the first line of its docstring.
A test compares ``stub()`` with the file: run this after a change of the bindings.
"""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType

TARGET = Path(__file__).resolve().parent.parent / "python/tpuc/_core.pyi"
HEADER = '''"""{doc}"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
'''
# What pybind11 says, and what a person would.
PLAIN = (
    (r"tpuc\._core\.", ""),
    (r"(typing|collections\.abc)\.(SupportsInt \| typing\.SupportsIndex|SupportsInt)", "int"),
    (r"typing\.(SupportsFloat \| typing\.SupportsIndex|SupportsFloat)", "float"),
    (r"typing\.Annotated\[numpy\.typing\.ArrayLike, [^\]]*\]", "ArrayLike"),
    (r"numpy\.typing\.NDArray\[numpy\.(\w+)\]", r"NDArray[np.\1]"),
    (r"\bnumpy\.ndarray\b", "np.ndarray"),
    (r"\bcollections\.abc\.|\btyping\.|\bnumpy\.typing\.", ""),
    (r"\b(object|typing\.Any)\b", "Any"),
)


def plain(signature: str) -> str:
    """A signature in the words of the stub."""
    for pattern, replacement in PLAIN:
        signature = re.sub(pattern, replacement, signature)
    signature = re.sub(r"\bself: \w+", "self", signature)
    return signature


def split_doc(function: object) -> tuple[str, str]:
    """The signature, and the text below it."""
    first, _, text = (function.__doc__ or "").strip().partition("\n")
    return plain(first), " ".join(text.split())


def document(text: str, indent: str) -> list[str]:
    """A docstring's lines."""
    if not text:
        return [f"{indent}..."]
    first, *rest = textwrap.wrap(text, 90 - len(indent))
    if not rest:
        return [f'{indent}"""{first}"""']
    return [f'{indent}"""{first}', *(indent + line for line in rest), f'{indent}"""']


def function_lines(name: str, function: object, indent: str, static: bool = False) -> list[str]:
    """A function or method."""
    signature, text = split_doc(function)
    arguments = signature[signature.index("(") :]
    lines = [f"{indent}@staticmethod"] if static else []
    return [*lines, f"{indent}def {name}{arguments}:", *document(text, indent + "    ")]


def property_lines(name: str, member: property) -> list[str]:
    """A read-only attribute."""
    signature, text = split_doc(member.fget)
    kind = signature.rpartition("-> ")[2]
    text = " ".join((member.__doc__ or text).split())
    return ["    @property", f"    def {name}(self) -> {kind}:", *document(text, "        ")]


def class_lines(name: str, kind: type) -> list[str]:
    """A class with what is bound for it."""
    lines = [f"class {name}:", *document(" ".join(kind.__doc__.split()), "    ")]
    for key, member in sorted(vars(kind).items()):
        if isinstance(member, property):
            lines += ["", *property_lines(key, member)]
        elif isinstance(member, staticmethod):
            lines += ["", *function_lines(key, member.__func__, "    ", static=True)]
        elif inspect.isroutine(member) and (not key.startswith("_") or key == "__init__"):
            doc = member.__doc__ or ""
            if doc.startswith(f"{key}("):
                lines += ["", *function_lines(key, member, "    ")]
    return lines


def stub(module: ModuleType) -> str:
    """The text of the stub, as ruff lays it out."""
    lines = [HEADER.format(doc=module.__doc__.strip())]
    for name, member in sorted(vars(module).items()):
        if inspect.isclass(member):
            lines += ["", *class_lines(name, member), ""]
        elif inspect.isroutine(member):
            lines += ["", *function_lines(name, member, ""), ""]
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", TARGET, "-"]
    return subprocess.check_output(command, input="\n".join(lines), text=True)


if __name__ == "__main__":
    from tpuc import _core

    TARGET.write_text(stub(_core))
