"""Small language models as checkpoints, of random weights."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers

VOCABULARY = 96
CONFIG = {
    "model_type": "llama", "vocab_size": VOCABULARY, "hidden_size": 64, "intermediate_size": 160,
    "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 256,
    "tie_word_embeddings": True, "eos_token_id": 1,
}  # fmt: skip


def tensors(config: dict, seed: int = 0) -> dict[str, np.ndarray]:
    """The tensors of a folder, as its configuration asks for."""
    random = np.random.default_rng(seed)
    kind, hidden = config["model_type"], config["hidden_size"]
    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    size = config.get("head_dim") or hidden // heads
    inner = config["intermediate_size"]
    gemma = kind.startswith("gemma")

    def matrix(rows: int, depth: int) -> np.ndarray:
        return (random.standard_normal((rows, depth)) / np.sqrt(depth)).astype(np.float32)

    def vector(size: int) -> np.ndarray:
        return (0.1 * random.standard_normal(size) + (not gemma)).astype(np.float32)

    made = {
        "model.embed_tokens.weight": matrix(config["vocab_size"], hidden) * np.float32(4),
        "model.norm.weight": vector(hidden),
    }
    if not config.get("tie_word_embeddings"):
        made["lm_head.weight"] = matrix(config["vocab_size"], hidden)
    for layer in range(config["num_hidden_layers"]):
        start = f"model.layers.{layer}."
        rows = {"q": heads * size, "k": groups * size, "v": groups * size}
        parts = {f"self_attn.{name}_proj": (count, hidden) for name, count in rows.items()}
        parts |= {"mlp.gate_proj": (inner, hidden), "mlp.up_proj": (inner, hidden)}
        if kind == "phi3":
            parts = {"self_attn.qkv_proj": (sum(rows.values()), hidden),
                     "mlp.gate_up_proj": (2 * inner, hidden)}  # fmt: skip
        parts |= {"self_attn.o_proj": (hidden, heads * size), "mlp.down_proj": (hidden, inner)}
        for name, shape in parts.items():
            made[f"{start}{name}.weight"] = matrix(*shape)
        if kind == "qwen2":
            for name, count in rows.items():
                made[f"{start}self_attn.{name}_proj.bias"] = vector(count) - 1
        norms = ["input_layernorm", "post_attention_layernorm"]
        if gemma:
            norms += ["pre_feedforward_layernorm", "post_feedforward_layernorm"]
        for name in norms:
            made[f"{start}{name}.weight"] = vector(hidden)
        if kind in ("qwen3", "gemma3_text"):
            for name in ("q_norm", "k_norm"):
                made[f"{start}self_attn.{name}.weight"] = vector(size)
    return made


def write_tokenizer(folder: Path) -> None:
    """Words w0, w1, ... and nothing else."""
    words = {f"w{i}": i for i in range(VOCABULARY)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="w0"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))


def write_folder(folder: Path, changes: dict, dtype: object = ml_dtypes.bfloat16) -> dict:
    """A folder of Hugging Face; gives its configuration."""
    config = {**CONFIG, **changes}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    save_file({k: v.astype(dtype) for k, v in tensors(config).items()},
              folder / "model.safetensors")  # fmt: skip
    write_tokenizer(folder)
    return config


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: object) -> bytes:
    if isinstance(value, bool):
        return struct.pack("<IB", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    if isinstance(value, str):
        return struct.pack("<I", 8) + _text(value)
    assert isinstance(value, list)
    if isinstance(value[0], str):
        return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(_text, value))
    return struct.pack(f"<IIQ{len(value)}i", 9, 5, len(value), *value)


def quantise(matrix: np.ndarray, kind: str) -> bytes:
    """Blocks of 32 as Q4_0, Q4_1 or Q8_0."""
    blocks = matrix.reshape(-1, 32).astype(np.float32)
    if kind == "Q8_0":
        scale = (np.abs(blocks).max(1) / 127).astype(np.float16)
        codes = np.rint(blocks / scale[:, None].astype(np.float32)).astype(np.int8)
        return b"".join(s.tobytes() + c.tobytes() for s, c in zip(scale, codes, strict=True))
    low = blocks.min(1) if kind == "Q4_1" else -np.abs(blocks).max(1)
    step = (blocks.max(1) - low) / 15 if kind == "Q4_1" else -low / 8
    step, low = step.astype(np.float16), low.astype(np.float16)
    base = low if kind == "Q4_1" else step * np.float16(-8)
    codes = np.rint((blocks - base[:, None].astype(np.float32)) / step[:, None].astype(np.float32))
    codes = codes.clip(0, 15).astype(np.uint8)
    packed = codes[:, :16] | codes[:, 16:] << 4
    heads = [step, low] if kind == "Q4_1" else [step]
    return b"".join(
        b"".join(head[i].tobytes() for head in heads) + packed[i].tobytes()
        for i in range(len(blocks))
    )


_NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}  # fmt: skip
_TYPES = {"F32": 0, "Q4_0": 2, "Q4_1": 3, "Q8_0": 8}


def write_gguf(path: Path, kind: str) -> None:
    """A llama with matrices in blocks of a type; rows of queries and keys pair by pair."""
    c = CONFIG
    letters = [bytes([i]).decode("latin-1") if i > 32 else f"<{i}>" for i in range(VOCABULARY)]
    letters[-1] = "AB"
    metadata: dict[str, object] = {
        "general.architecture": "llama", "llama.block_count": c["num_hidden_layers"],
        "llama.context_length": 256, "llama.embedding_length": c["hidden_size"],
        "llama.feed_forward_length": c["intermediate_size"],
        "llama.attention.head_count": c["num_attention_heads"],
        "llama.attention.head_count_kv": c["num_key_value_heads"],
        "llama.attention.layer_norm_rms_epsilon": c["rms_norm_eps"],
        "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "smollm",
        "tokenizer.ggml.tokens": letters, "tokenizer.ggml.merges": ["A B"],
        "tokenizer.ggml.token_type": [1] * VOCABULARY, "tokenizer.ggml.eos_token_id": 1,
        "tokenizer.ggml.add_bos_token": False,
    }  # fmt: skip
    infos, data = [], b""
    for name, array in tensors(CONFIG).items():
        stem = name.removesuffix(".weight")
        if stem.startswith("model.layers."):
            layer, part = stem.removeprefix("model.layers.").split(".", 1)
            stem = f"blk.{layer}.{_NAMES[part]}"
            if part in ("self_attn.q_proj", "self_attn.k_proj"):
                size = c["hidden_size"] // c["num_attention_heads"]
                halves = array.reshape(-1, 2, size // 2, array.shape[1])
                array = halves.swapaxes(1, 2).reshape(array.shape)
        else:
            stem = _NAMES[stem]
        own = kind if array.ndim == 2 else "F32"
        raw = array.tobytes() if own == "F32" else quantise(array, own)
        axes = array.shape[::-1]
        infos.append(_text(f"{stem}.weight") + struct.pack(
            f"<I{len(axes)}QIQ", len(axes), *axes, _TYPES[own], len(data)))  # fmt: skip
        data += raw + bytes(-len(raw) % 32)
    header = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(metadata))
    header += b"".join(_text(key) + _value(value) for key, value in metadata.items())
    header += b"".join(infos)
    path.write_bytes(header + bytes(-len(header) % 32) + data)
