"""Which architectures are known, and what is special about each.

Everything else follows from a checkpoint's configuration. A family says which parts its layers
have; that its tensors are there, and no others, is checked when they are read.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """What a configuration does not say.

    Attributes:
        query_bias: the projections of queries, keys and values have biases.
        head_norms: queries and keys are normalised, head by head.
        sandwich: what attention and the feed-forward part give is normalised, too.
        joined: one matrix makes queries, keys and values, one gate and up.
        norm_offset: is added to the weights of norms, unless a file has them with it.
        activation: of the gate where the configuration names none.
        scales_embedding: tokens are multiplied by the root of their size.
        interleaved: GGUF files hold the rows of queries and keys pair by pair.
    """

    query_bias: bool = False
    head_norms: bool = False
    sandwich: bool = False
    joined: bool = False
    norm_offset: float = 0.0
    activation: str = "silu"
    scales_embedding: bool = False
    interleaved: bool = False


_LLAMA = Family(interleaved=True)
_GEMMA2 = Family(
    sandwich=True, norm_offset=1.0, activation="gelu_tanh", scales_embedding=True
)  # fmt: skip
_GEMMA3 = Family(
    head_norms=True, sandwich=True, norm_offset=1.0, activation="gelu_tanh", scales_embedding=True
)
# By ``model_type`` of config.json or ``general.architecture`` of a GGUF file.
FAMILIES = {
    "llama": _LLAMA,
    "mistral": _LLAMA,
    "minicpm": _LLAMA,
    "qwen2": Family(query_bias=True),
    "qwen3": Family(head_norms=True),
    "phi3": Family(joined=True),
    "gemma2": _GEMMA2,
    "gemma3": _GEMMA3,
    "gemma3_text": _GEMMA3,
}
