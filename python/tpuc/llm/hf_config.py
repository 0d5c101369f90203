"""config.json of Hugging Face."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from tpuc.errors import UserError, unknown
from tpuc.llm.config import LlmConfig, Rope
from tpuc.llm.families import FAMILIES, Family
from tpuc.llm.rope import make_rope

_ACTIVATIONS = {
    "silu": "silu", "swish": "silu", "gelu": "gelu", "gelu_tanh": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh", "gelu_new": "gelu_tanh", "gelu_fast": "gelu_tanh",
}  # fmt: skip


def read_json(path: Path) -> dict[str, Any]:
    """A file of one JSON object.

    Raises:
        UserError: missing or none.
    """
    try:
        value = json.loads(path.read_text())
    except FileNotFoundError:
        raise UserError(f"{path}: is missing") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: is no JSON file: {error}") from None
    if not isinstance(value, dict):
        raise UserError(f"{path}: is no JSON object")
    return value


def read_config(path: Path, positions: int) -> tuple[LlmConfig, Family, dict[str, Any]]:
    """What a config.json says.

    Args:
        path: the file.
        positions: how many the compiled model has.

    Returns:
        The configuration, the family, and the JSON object.

    Raises:
        UserError: an architecture that is not known, or sizes that are missing.
    """
    values = read_json(path)
    values = values.get("text_config") or values
    kind = str(values.get("model_type", ""))
    if kind not in FAMILIES:
        raise unknown(f"{path}: the architecture", kind, FAMILIES)
    family = FAMILIES[kind]
    try:
        return _config(values, kind, family, positions), family, values
    except (KeyError, TypeError, ValueError) as error:
        what = error.args[0] if isinstance(error, KeyError) else error
        raise UserError(f"{path}: lacks or garbles a value: {what}") from None
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def _config(values: dict[str, Any], kind: str, family: Family, positions: int) -> LlmConfig:
    heads, hidden = int(values["num_attention_heads"]), int(values["hidden_size"])
    layers = int(values["num_hidden_layers"])
    head_size = int(values.get("head_dim") or hidden // heads)
    columns = int(head_size * float(values.get("partial_rotary_factor") or 1.0))
    longest = int(values.get("max_position_embeddings") or positions)
    parameters = values.get("rope_parameters")
    scaling = values.get("rope_scaling") or parameters
    base = float(values.get("rope_theta") or (parameters or {}).get("rope_theta") or 10000.0)
    if scaling and "original_max_position_embeddings" in values:
        before = values["original_max_position_embeddings"]
        scaling = {"original_max_position_embeddings": before, **scaling}
    rope = make_rope(columns, base, scaling, positions, longest)
    local = Rope.plain(columns, float(values.get("rope_local_base_freq") or base))
    slides = _sliding(values, kind, layers)
    window = int(values.get("sliding_window") or 0) if any(slides) else 0
    name = str(values.get("hidden_activation") or values.get("hidden_act") or family.activation)
    if name not in _ACTIVATIONS:
        raise unknown("the activation", name, _ACTIVATIONS)
    scalar = values.get("query_pre_attn_scalar")
    depth = values.get("scale_depth")
    return LlmConfig(
        family=kind,
        vocabulary=int(values["vocab_size"]),
        hidden=hidden,
        intermediate=int(values["intermediate_size"]),
        layers=layers,
        heads=heads,
        kv_heads=int(values.get("num_key_value_heads") or heads),
        head_size=head_size,
        epsilon=float(values.get("rms_norm_eps", 1e-6)),
        ropes=[local if own and "rope_local_base_freq" in values else rope for own in slides],
        windows=[window if own else 0 for own in slides],
        activation=_ACTIVATIONS[name],
        query_scale=float(scalar) ** -0.5 if scalar else 0.0,
        score_cap=float(values.get("attn_logit_softcapping") or 0.0),
        logit_cap=float(values.get("final_logit_softcapping") or 0.0),
        embedding_scale=_embedding_scale(values, family, hidden),
        residual_scale=float(depth) / math.sqrt(layers) if depth else 1.0,
        logit_scale=float(values["dim_model_base"]) / hidden if "dim_model_base" in values else 1.0,
    )


def _embedding_scale(values: dict[str, Any], family: Family, hidden: int) -> float:
    if family.scales_embedding:
        return math.sqrt(hidden)
    return float(values.get("scale_emb") or 1.0)


def _sliding(values: dict[str, Any], kind: str, layers: int) -> list[bool]:
    """Which layers see a window of keys alone."""
    if not values.get("sliding_window"):
        return [False] * layers
    if types := values.get("layer_types"):
        if len(types) != layers:
            raise UserError(f"has {len(types)} layer_types for {layers} layers")
        return [name == "sliding_attention" for name in types]
    if kind == "gemma2":
        return [layer % 2 == 0 for layer in range(layers)]
    if kind.startswith("gemma3"):
        every = int(values.get("sliding_window_pattern") or 6)
        return [(layer + 1) % every != 0 for layer in range(layers)]
    if "use_sliding_window" in values:
        first = int(values.get("max_window_layers") or 0)
        uses = bool(values["use_sliding_window"])
        return [uses and layer >= first for layer in range(layers)]
    return [True] * layers
