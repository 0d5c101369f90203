"""A profile as one HTML page that needs nothing else: no network, no server.

Commands go into the page as arrays (compressed, base64), not as objects; the
scripts of assets/ draw them.
"""

from __future__ import annotations

import base64
import html
import json
import zlib
from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from tpuc.profile.colours import colour
from tpuc.profile.trace import layer_runs, new_dependencies

if TYPE_CHECKING:
    from tpuc.profile.model import Layer, Profile

# In the order in which they use each other.
_SCRIPTS = (
    "data.js", "format.js", "view.js", "strips.js", "memory.js", "timeline.js",
    "layers.js", "table.js", "roofline.js", "traffic.js", "compare.js", "explain.js", "graph.js",
    "main.js",
)  # fmt: skip
# Lays the graph out; a library of others, see docs/profile.md.
_LAYOUT = "dagre.min.js"
_SUMS = (
    "start", "end", "commands", "critical_cycles", "tiu_cycles", "gdma_cycles", "macs",
    "read_bytes", "write_bytes", "bound",
)  # fmt: skip


def page_html(*profiles: Profile) -> str:
    """The page of a profile, or of two side by side."""
    assets = resources.files("tpuc.profile") / "assets"
    title = " and ".join(profile.title for profile in profiles)
    parts = {
        "title": html.escape(title),
        "style": (assets / "page.css").read_text("utf-8"),
        "script": "\n".join((assets / name).read_text("utf-8") for name in _SCRIPTS),
        "layout": _pack((assets / _LAYOUT).read_bytes()),
        "models": "\n".join(_model_elements(profile) for profile in profiles),
    }
    page = (assets / "page.html").read_text("utf-8")
    for name, text in parts.items():
        page = page.replace(f"<!--{name}-->", text, 1)
    return page


def _model_elements(profile: Profile) -> str:
    """The data of a model, and apart from it the commands' texts."""
    texts = "\n".join(profile.texts()).encode()
    return (
        f'<script type="text/plain" class="model">{_pack(_payload(profile))}</script>\n'
        f'<script type="text/plain" class="texts">{_pack(texts)}</script>'
    )


def _pack(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def _payload(profile: Profile) -> bytes:
    """A JSON header, its length before it, and the arrays that it lists."""
    columns = _columns(profile)
    groupings = {}
    for by in profile.groupings():
        groupings[by], columns[f"group_{by}"] = _grouping(profile, by)
    header: dict[str, Any] = {
        "title": profile.title,
        "parameters": profile.parameters,
        "cycles": profile.cycles,
        "vendorMs": profile.vendor_ms,
        "siliconMs": profile.silicon_ms,
        "rooflineMs": profile.roofline_ms,
        "rooflineShare": profile.roofline_share,
        "figures": profile.figures(),
        "functions": profile.functions,
        "explanation": profile.explanation,
        "traffic": [(cause, *amounts) for cause, amounts in profile.traffic().items()],
        "tiuCommands": int(np.count_nonzero(profile.commands.engine == 0)),
        "groupings": groupings,
        "columns": [(name, _TYPES[array.dtype.str], len(array)) for name, array in columns.items()],
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    # Arrays begin at multiples of eight, as typed arrays in the page must.
    text += b" " * (-(len(text) + 8) % 8)
    parts = [len(text).to_bytes(8, "little"), text]
    for array in columns.values():
        data = array.tobytes()
        parts += [data, bytes(-len(data) % 8)]
    return b"".join(parts)


_TYPES = {"|u1": "u8", "<u2": "u16", "<u4": "u32", "<i4": "i32", "<f8": "f64"}


def _narrow(values: np.ndarray) -> np.ndarray:
    """Not negative integers in the narrowest type that the page knows."""
    top = int(values.max(initial=0))
    for kind in ("<u2", "<u4"):
        if top <= np.iinfo(kind).max:
            return values.astype(kind)
    return values.astype("<f8")


def _columns(profile: Profile) -> dict[str, np.ndarray]:
    c, held, runs = profile.commands, profile.residencies(), layer_runs(profile)
    # Only what a command really had to wait for is drawn.
    fresh = np.zeros(len(c), np.uint8)
    fresh[list(new_dependencies(profile))] = 1
    return {
        "start": _narrow(c.start),
        "cycles": _narrow(c.cycles),
        "function": _narrow(c.function),
        "dependency": c.dependency.astype("<i4"),
        "fresh": fresh,
        "critical": c.critical.astype("u1"),
        "macs": _narrow(c.macs),
        "readBytes": _narrow(c.read_bytes),
        "writeBytes": _narrow(c.write_bytes),
        "heldBegin": _narrow(held["begin"]),
        "heldEnd": _narrow(held["end"]),
        "heldFirst": _narrow(held["first_cycle"]),
        "heldLast": _narrow(held["last_cycle"]),
        "heldBy": _narrow(held["command"]),
        "runStart": _narrow(runs["start"]),
        "runEnd": _narrow(runs["end"]),
        "runRow": runs["row"].astype("u1"),
        "runCommand": _narrow(runs["command"]),
    }


def _grouping(profile: Profile, by: str) -> tuple[dict[str, Any], np.ndarray]:
    """The sums of groups as lists, and the group of each command."""
    labels, groups = profile.groups(by)
    layers = profile.sums(labels, groups)
    number = {(layer.name, layer.kind): i for i, layer in enumerate(layers)}
    # Groups without a command have no number.
    renumber = np.array([number.get(label, 0) for label in labels] or [0])
    lists = _lists(layers)
    if by == "op":
        lists["title"] = [layer.title for layer in layers]
        lists["nodes"] = [layer.nodes for layer in layers]
        tensors = [profile.fusions.tensors(layer.name) for layer in layers]
        lists["inputs"], lists["results"] = ([side[i] for side in tensors] for i in (0, 1))
    if by == "group":
        lists["colour"] = _main_colours(profile, layers, renumber[groups])
    return lists, _narrow(renumber[groups])


def _lists(layers: Sequence[Layer]) -> dict[str, Any]:
    lists: dict[str, Any] = {name: [getattr(layer, name) for layer in layers] for name in _SUMS}
    lists["name"] = [layer.name for layer in layers]
    lists["kind"] = [layer.kind for layer in layers]
    lists["colour"] = [colour(layer.kind) for layer in layers]
    return lists


def _main_colours(profile: Profile, layers: Sequence[Layer], groups: np.ndarray) -> list[str]:
    """The colour of the kind that takes most of each group."""
    labels, kinds = profile.groups("kind")
    busy = np.zeros((len(layers), len(labels)))
    np.add.at(busy, (groups, kinds), profile.commands.cycles)
    return [colour(labels[i][1]) for i in busy.argmax(1)]
