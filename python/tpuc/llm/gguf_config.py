"""The configuration in the metadata of a GGUF file."""

from __future__ import annotations

import math

import numpy as np

from tpuc.errors import UserError, unknown
from tpuc.llm.config import LlmConfig, Rope
from tpuc.llm.families import FAMILIES, Family
from tpuc.llm.formats.gguf import GgufFile
from tpuc.llm.rope import make_rope


def gguf_config(file: GgufFile, positions: int) -> tuple[LlmConfig, Family]:
    """What the metadata says.

    Args:
        file: the file.
        positions: how many the compiled model has.

    Raises:
        UserError: an architecture that is not known, or sizes that are missing.
    """
    kind = str(file.metadata.get("general.architecture", ""))
    if kind not in FAMILIES:
        raise unknown(f"{file.path}: the architecture", kind, FAMILIES)
    try:
        return _config(file, kind, positions), FAMILIES[kind]
    except (KeyError, TypeError, ValueError) as error:
        what = error.args[0] if isinstance(error, KeyError) else error
        raise UserError(f"{file.path}: lacks or garbles a value: {what}") from None
    except UserError as error:
        raise UserError(f"{file.path}: {error}") from None


def _config(file: GgufFile, kind: str, positions: int) -> LlmConfig:
    def value(key: str, default: object = None) -> object:
        found = file.metadata.get(f"{kind}.{key}", default)
        if found is None:
            raise KeyError(f"{kind}.{key}")
        return found

    def number(key: str, default: float | None = None) -> float:
        return float(value(key, default))

    heads, hidden = int(number("attention.head_count")), int(number("embedding_length"))
    layers = int(number("block_count"))
    head_size = int(number("attention.key_length", hidden // heads))
    if int(number("attention.value_length", head_size)) != head_size:
        raise UserError("has values of another size than keys, which is not supported")
    columns = int(number("rope.dimension_count", head_size))
    base = number("rope.freq_base", 10000.0)
    longest = int(number("context_length", positions))
    rope = make_rope(columns, base, _scaling(file, kind, longest), positions, longest)
    if "rope_freqs.weight" in file.names:
        rope = Rope(rope.frequencies / np.asarray(file.read("rope_freqs.weight"), np.float64))
    window = int(number("attention.sliding_window", 0.0))
    slides = [_slides(kind, layer) and window > 0 for layer in range(layers)]
    local = Rope.plain(columns, 10000.0) if kind == "gemma3" else rope
    table = file.shape("token_embd.weight") if "token_embd.weight" in file.names else (0,)
    return LlmConfig(
        family=kind,
        vocabulary=int(number("vocab_size", table[0])),
        hidden=hidden,
        intermediate=int(number("feed_forward_length")),
        layers=layers,
        heads=heads,
        kv_heads=int(number("attention.head_count_kv", heads)),
        head_size=head_size,
        epsilon=number("attention.layer_norm_rms_epsilon"),
        ropes=[local if own else rope for own in slides],
        windows=[window if own else 0 for own in slides],
        activation=FAMILIES[kind].activation,
        score_cap=number("attn_logit_softcapping", 0.0),
        logit_cap=number("final_logit_softcapping", 0.0),
        embedding_scale=(
            math.sqrt(hidden) if FAMILIES[kind].scales_embedding else number("embedding_scale", 1.0)
        ),
        residual_scale=number("residual_scale", 1.0),
        logit_scale=1.0 / number("logit_scale", 1.0),
    )


def _slides(kind: str, layer: int) -> bool:
    """Whether a layer sees a window of keys alone, where there is one."""
    return layer % 2 == 0 if kind == "gemma2" else kind != "gemma3" or (layer + 1) % 6 != 0


def _scaling(file: GgufFile, kind: str, longest: int) -> dict[str, object] | None:
    """What ``rope_scaling`` of a config.json would say."""
    start = f"{kind}.rope.scaling."
    kept = file.metadata.get(start + "type")
    before = file.metadata.get(start + "original_context_length", longest)
    names = [f"rope_factors_{name}.weight" for name in ("short", "long")]
    if all(name in file.names for name in names):
        short, long = (np.asarray(file.read(name)) for name in names)
        return {"rope_type": "longrope", "short_factor": short, "long_factor": long,
                "original_max_position_embeddings": before}  # fmt: skip
    if kept in (None, "none"):
        return None
    return {"rope_type": kept, "factor": file.metadata.get(start + "factor", 1.0),
            "original_max_position_embeddings": before}  # fmt: skip
