"""Names that two profiles of one network can be joined by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tpuc.profile.model import GDMA

if TYPE_CHECKING:
    from tpuc.profile.model import Profile


def join_names(profiles: Sequence[Profile]) -> list[Profile]:
    """The profiles with operations of one node called alike.

    A compiler may name an operation after the node or after the tensor that it
    computes, with the operator's name behind, and what is fused after any of
    its nodes. Where another profile knows whose tensor that is, or which of its
    operations has the node, that operation's name is taken.
    """
    known: dict[str, str] = {}
    for profile in profiles:
        known.update(tensor_nodes(profile))
        for name, _ in profile.names:
            known.update(dict.fromkeys(profile.fusions.nodes(name), name))
    return [_renamed(profile, known) for profile in profiles]


def tensor_nodes(profile: Profile) -> dict[str, str]:
    """The node that computes each tensor that the model's side table knows."""
    nodes = {}
    for tensor in profile.tensors():
        index = tensor["command"] - 1
        if tensor["engine"] == GDMA:
            index += profile.tiu_commands
        # Ids count anew in each group; only the first is numbered like this.
        if tensor["group"] or not 0 <= index < len(profile.commands):
            continue
        layer = int(profile.commands.layer[index])
        if 0 <= layer < len(profile.names):
            nodes[tensor["name"]] = profile.names[layer][0]
    return nodes


def _renamed(profile: Profile, known: Mapping[str, str]) -> Profile:
    own = {name for name, _ in profile.names}

    def rename(name: str) -> str:
        for tensor in (name, name.rpartition("_")[0]):
            node = known.get(tensor)
            if node is not None and node not in own:
                return node
        return name

    names = tuple((rename(name), kind) for name, kind in profile.names)
    return replace(profile, names=names)
