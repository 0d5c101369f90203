"""Language models compiled and asked, against numpy."""

import numpy as np
import pytest
from llm_models import write_folder, write_gguf
from llm_reference import Reference
from tpuc.cli import front
from tpuc.llm.chat import Chat
from tpuc.llm.checkpoint import Checkpoint
from tpuc.llm.codes import CodedProducts
from tpuc.model import Model, load_core

PROMPT = [3, 41, 7, 90, 12]
FAMILIES = {
    "llama": {},
    "llama3": {"rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
               "high_freq_factor": 4.0, "original_max_position_embeddings": 32}},
    "minicpm": {"model_type": "minicpm", "scale_emb": 3, "scale_depth": 1.4, "dim_model_base": 16},
    "qwen2": {"model_type": "qwen2", "tie_word_embeddings": False},
    "qwen3": {"model_type": "qwen3", "head_dim": 32},
    "phi3": {"model_type": "phi3", "partial_rotary_factor": 0.5, "sliding_window": 4},
    "gemma2": {"model_type": "gemma2", "attn_logit_softcapping": 20.0, "sliding_window": 4,
               "final_logit_softcapping": 10.0, "query_pre_attn_scalar": 32},
    "gemma3": {"model_type": "gemma3_text", "sliding_window": 3, "sliding_window_pattern": 2,
               "rope_local_base_freq": 100.0, "query_pre_attn_scalar": 16},
}  # fmt: skip


def build(source, output, *more):
    assert front.main(["llm", str(source), "-o", str(output), "--seq", "16", *more]) == 0
    return Chat(output)


def check_tokens(chat, reference, prompt, count, tolerance):
    """Every token is the best of the reference's, or as good within the precision."""
    made = list(chat.generate(prompt, count))
    logits = reference.run([*prompt, *made[:-1]])[len(prompt) - 1 :]
    assert len(logits) == len(made)
    chosen = logits[np.arange(len(made)), made]
    spread = np.ptp(logits)
    assert (logits.max(-1) - chosen).max() <= tolerance * spread
    return made


@pytest.mark.parametrize("name", FAMILIES)
def test_families(tmp_path, name):
    write_folder(tmp_path / "model", FAMILIES[name])
    chat = build(tmp_path / "model", tmp_path / "out.bmodel", "--quantize", "F16", "--do_sample")
    checkpoint = Checkpoint(tmp_path / "model", 16)
    expected = Reference(checkpoint).run(PROMPT)
    # Two layers round to 11 bits about ten times each.
    np.testing.assert_allclose(chat.logits(PROMPT), expected, atol=0.01 * np.ptp(expected))
    assert len(check_tokens(chat, Reference(checkpoint), PROMPT, 9, 0.01)) == 9


@pytest.mark.parametrize(("quantize", "tolerance"), [("F16", 0.01), ("BF16", 0.06)])
def test_gguf(tmp_path, quantize, tolerance):
    write_gguf(tmp_path / "model.gguf", "Q4_1")
    chat = build(tmp_path / "model.gguf", tmp_path / "out.bmodel", "--quantize", quantize)
    reference = Reference(Checkpoint(tmp_path / "model.gguf", 16))
    check_tokens(chat, reference, PROMPT, 9, tolerance)


@pytest.mark.parametrize(
    ("quantize", "bits", "tolerance"), [("W4F16", 4, 0.01), ("W8F16", 8, 0.01), ("W4BF16", 4, 0.06)]
)
def test_weights_of_few_bits(tmp_path, quantize, bits, tolerance):
    write_folder(tmp_path / "model", {"model_type": "qwen2"})
    more = ("--quantize", quantize, "--group", "32", "--head", "W8")
    chat = build(tmp_path / "model", tmp_path / "out.bmodel", *more)
    layers, head = (CodedProducts(count, 32) for count in (bits, 8))
    reference = Reference(
        Checkpoint(tmp_path / "model", 16),
        lambda matrix: layers.codes(matrix).values(),
        lambda matrix: head.codes(matrix).values(),
    )
    check_tokens(chat, reference, PROMPT, 9, tolerance)


@pytest.mark.parametrize("kind", ["Q4_0", "Q4_1", "Q8_0"])
def test_codes_of_a_checkpoint_stay(tmp_path, kind):
    write_gguf(tmp_path / "model.gguf", kind)
    quantize = "W8F16" if kind == "Q8_0" else "W4F16"
    chat = build(tmp_path / "model.gguf", tmp_path / "out.bmodel", "--quantize", quantize)
    reference = Reference(Checkpoint(tmp_path / "model.gguf", 16))
    check_tokens(chat, reference, PROMPT, 9, 0.01)
    # Both blocks of a layer read the same bytes.
    assert chat.seq == 16
    core = load_core(tmp_path / "out.bmodel")
    assert core.extract(2).has_coefficients_of(core.extract(3))


def test_a_prompt_longer_than_its_blocks(tmp_path):
    write_folder(tmp_path / "model", {})
    more = ("--quantize", "F16", "--prefill", "4", "--stages", "8")
    chat = build(tmp_path / "model", tmp_path / "out.bmodel", *more)
    assert (chat.prompt_size, chat.seq) == (4, 16)
    check_tokens(chat, Reference(Checkpoint(tmp_path / "model", 16)), PROMPT, 9, 0.01)


def test_what_the_file_holds(tmp_path):
    write_folder(tmp_path / "model", {})
    build(tmp_path / "model", tmp_path / "out.bmodel", "--prefill", "8", "--stages", "4")
    core = load_core(tmp_path / "out.bmodel")
    assert core.networks == [
        ("embedding", 1), ("embedding_cache", 1), ("block_0", 1), ("block_cache_0", 2),
        ("block_1", 1), ("block_cache_1", 2), ("lm_head", 1),
    ]  # fmt: skip

    def ports(number):
        model = Model(core.extract(number))
        return [(s.name, s.dtype, s.shape) for s in (*model.inputs, *model.outputs)]

    assert ports(0) == [
        ("input_ids", "i32", (1, 8)), ("output_states", "bf16", (1, 8, 64)),
    ]  # fmt: skip
    assert ports(2) == [
        ("input_states", "bf16", (1, 8, 64)), ("position_ids", "i32", (1, 8)),
        ("attention_mask", "bf16", (1, 1, 8, 8)), ("output_states", "bf16", (1, 8, 64)),
        ("k_cache", "bf16", (1, 8, 2, 16)), ("v_cache", "bf16", (1, 8, 2, 16)),
    ]  # fmt: skip
    assert ports(3) == [
        ("input_states", "bf16", (1, 1, 64)), ("position_ids", "i32", (1, 1)),
        ("attention_mask", "bf16", (1, 1, 1, 17)), ("history_k", "bf16", (1, 16, 2, 16)),
        ("history_v", "bf16", (1, 16, 2, 16)), ("output_states", "bf16", (1, 1, 64)),
        ("k_cache", "bf16", (1, 1, 2, 16)), ("v_cache", "bf16", (1, 1, 2, 16)),
    ]  # fmt: skip
    assert ports(6) == [("hidden_states", "bf16", (1, 64)), ("token_id", "i32", (1, 1))]
    # Blocks for prompts and for tokens have their weights in common.
    described = [stages for _, stages in core.describe()["networks"]]
    assert core.extract(2).has_coefficients_of(core.extract(3))
    assert core.extract(0).has_coefficients_of(core.extract(1))
    assert len(described[3]) == 2


def test_chat_prints_an_answer(tmp_path, capsys):
    write_folder(tmp_path / "model", {})
    build(tmp_path / "model", tmp_path / "out.bmodel")
    capsys.readouterr()
    line = ["chat", str(tmp_path / "out.bmodel"), "--prompt", "w3 w41 w7", "--tokens", "3"]
    assert front.main(line) == 0
    out, err = capsys.readouterr()
    words = out.split()
    assert len(words) == 3
    assert all(word.startswith("w") for word in words)
    assert "prompt 3 tokens" in err
    assert "tokens/s" in err


@pytest.mark.parametrize(
    ("prompt", "word"), [("", "expected 1 to 15"), (" ".join(["w1"] * 16), "--seq")]
)
def test_refused_prompts(tmp_path, capsys, prompt, word):
    write_folder(tmp_path / "model", {"num_hidden_layers": 1})
    build(tmp_path / "model", tmp_path / "out.bmodel")
    assert front.main(["chat", str(tmp_path / "out.bmodel"), "--prompt", prompt]) == 1
    assert word in capsys.readouterr().err


def test_chat_needs_a_language_model(tmp_path, capsys):
    write_folder(tmp_path / "model", {"num_hidden_layers": 1})
    build(tmp_path / "model", tmp_path / "out.bmodel")
    (tmp_path / "out.config" / "tokenizer.json").unlink()
    assert front.main(["chat", str(tmp_path / "out.bmodel"), "--prompt", "w1"]) == 1
    assert "tokenizer.json" in capsys.readouterr().err
    load_core(tmp_path / "out.bmodel").extract(0).save(str(tmp_path / "one.bmodel"))
    assert front.main(["chat", str(tmp_path / "one.bmodel"), "--prompt", "w1"]) == 1
    assert "no network" in capsys.readouterr().err
