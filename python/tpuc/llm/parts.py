"""The parts of a decoder layer, and what files call them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    """Names of tensors without ``.weight`` or ``.bias``.

    Attributes:
        embedding: the table of tokens; ``norm`` the last norm, ``head`` the matrix of logits.
        layer: the start of a layer's names.
        parts: of a layer, by what they are here.
        sandwich: names of parts that differ where what comes out is normalised.
    """

    embedding: str
    norm: str
    head: str
    layer: str
    parts: dict[str, str]
    sandwich: dict[str, str]


HUGGING_FACE = Names(
    embedding="model.embed_tokens",
    norm="model.norm",
    head="lm_head",
    layer="model.layers.{}.",
    parts={
        "attn_norm": "input_layernorm",
        "q": "self_attn.q_proj",
        "k": "self_attn.k_proj",
        "v": "self_attn.v_proj",
        "qkv": "self_attn.qkv_proj",
        "q_norm": "self_attn.q_norm",
        "k_norm": "self_attn.k_norm",
        "o": "self_attn.o_proj",
        "ffn_norm": "post_attention_layernorm",
        "gate": "mlp.gate_proj",
        "up": "mlp.up_proj",
        "gate_up": "mlp.gate_up_proj",
        "down": "mlp.down_proj",
    },
    sandwich={
        "attn_post_norm": "post_attention_layernorm",
        "ffn_norm": "pre_feedforward_layernorm",
        "ffn_post_norm": "post_feedforward_layernorm",
    },
)
GGUF = Names(
    embedding="token_embd",
    norm="output_norm",
    head="output",
    layer="blk.{}.",
    parts={
        "attn_norm": "attn_norm",
        "q": "attn_q",
        "k": "attn_k",
        "v": "attn_v",
        "qkv": "attn_qkv",
        "q_norm": "attn_q_norm",
        "k_norm": "attn_k_norm",
        "o": "attn_output",
        "ffn_norm": "ffn_norm",
        "gate": "ffn_gate",
        "up": "ffn_up",
        # One matrix, of the gate first.
        "gate_up": "ffn_up",
        "down": "ffn_down",
    },
    sandwich={"attn_post_norm": "post_attention_norm", "ffn_post_norm": "post_ffw_norm"},
)
