"""What is said of a model that holds nodes which are not supported: all of them at once."""

from __future__ import annotations

from collections.abc import Sequence

from tpuc import _core
from tpuc.errors import UserError
from tpuc.frontend.graph import Node

_SHOWN_NODES = 20
_REMEDIES = {
    **dict.fromkeys(
        ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli",
         "Multinomial"),
        "the chip makes no random numbers; give them to the network as an input",
    ),
    **dict.fromkeys(
        ("Unique", "StringSplit"),
        "the size of its result depends on data; end the network before it and compute it on the "
        "host",
    ),
    **dict.fromkeys(
        ("StringNormalizer", "StringConcat", "RegexFullMatch", "LabelEncoder"),
        "the chip holds no strings; compute it on the host",
    ),
    "ImageDecoder": "decode pictures on the host, tpuc run does so",
    "Det": "compute it on the host, or write it out for the few sizes that occur",
    **dict.fromkeys(
        ("Gradient", "Adagrad", "Adam", "Momentum"),
        "it belongs to training, export the model for inference",
    ),
}  # fmt: skip


def refusal(
    source: str, refused: Sequence[tuple[Node, str]], part: _core.Module | None
) -> UserError:
    """The error that lists what is not supported.

    Args:
        source: what to call the model.
        refused: nodes that were not imported, with the reasons.
        part: what was imported. Lowering it tells what else is in the way.
    """
    later = _refused_later(part) if part is not None else ""
    if len(refused) == 1 and refused[0][1] and not later:
        node, reason = refused[0]
        return UserError(f"{source}: {node.describe()}: {_of_node(node, reason)}")
    parts = []
    for node, reason in refused[:_SHOWN_NODES]:
        text = _of_node(node, reason)
        parts.append(node.describe() + (f": {text}" if text else ""))
    if len(refused) > _SHOWN_NODES:
        parts.append(f"and {len(refused) - _SHOWN_NODES} more")
    remedies = {_REMEDIES[n.op_type] for n, _ in refused if n.op_type in _REMEDIES}
    remedy = remedies.pop() if remedies else "rewrite or remove them and export again"
    what = "1 node is" if len(refused) == 1 else f"{len(refused)} nodes are"
    text = f"{source}: {what} not supported: {'; '.join(parts)}; {remedy}"
    return UserError(text + (f"; the lowering refuses {later}" if later else ""))


def _of_node(node: Node, reason: str) -> str:
    return reason.removeprefix(f"node '{node.name}': ")


def _refused_later(module: _core.Module) -> str:
    """What the lowering refuses of a module in the top dialect."""
    try:
        module.run_pipeline("top-canonicalize")
        module.run_pipeline("top-assign-precision{precision=F32},convert-top-to-tpu")
    except UserError as error:
        return str(error)
    return ""
