"""Checkpoints: what is read of them, and what is refused."""

import json

import ml_dtypes
import numpy as np
import pytest
from llm_models import CONFIG, quantise, tensors, write_folder, write_gguf, write_tokenizer
from safetensors.numpy import save_file
from tpuc.cli import front
from tpuc.llm.checkpoint import Checkpoint
from tpuc.llm.linear import Codes
from tpuc.llm.tokens import find_tokenizer


def stored(config, name):
    return tensors(config)[f"model.layers.1.{name}.weight"].astype(ml_dtypes.bfloat16)


def test_parts_of_a_folder(tmp_path):
    config = write_folder(tmp_path, {})
    checkpoint = Checkpoint(tmp_path, 64)
    np.testing.assert_array_equal(
        checkpoint.linear(1, "q").values(), stored(config, "self_attn.q_proj").astype(np.float32)
    )
    np.testing.assert_array_equal(checkpoint.head().values(), checkpoint.embedding().values())


def test_joined_matrices_are_cut(tmp_path):
    config = write_folder(tmp_path, {"model_type": "phi3"})
    checkpoint = Checkpoint(tmp_path, 64)
    whole = stored(config, "self_attn.qkv_proj").astype(np.float32)
    parts = [checkpoint.linear(1, part).values() for part in "qkv"]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    whole = stored(config, "mlp.gate_up_proj").astype(np.float32)
    parts = [checkpoint.linear(1, part).values() for part in ("gate", "up")]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize(("kind", "bound"), [("Q4_0", 0.15), ("Q4_1", 0.08), ("Q8_0", 0.01)])
def test_gguf_blocks(tmp_path, kind, bound):
    path = tmp_path / "model.gguf"
    write_gguf(path, kind)
    checkpoint = Checkpoint(path, 64)
    for part, name in (("q", "self_attn.q_proj"), ("down", "mlp.down_proj")):
        matrix = tensors(CONFIG)[f"model.layers.1.{name}.weight"]
        made = checkpoint.linear(1, part)
        codes = made.stored()
        assert isinstance(codes, Codes)
        assert codes.group == 32
        # Half a step of a block, whose numbers reach about 3 deviations.
        step = np.abs(matrix).max() * bound
        np.testing.assert_allclose(made.values(), matrix, atol=step)


def test_gguf_rows_of_pairs_are_halves(tmp_path):
    write_gguf(tmp_path / "model.gguf", "F32")
    checkpoint = Checkpoint(tmp_path / "model.gguf", 64)
    for part in ("q", "k", "v"):
        matrix = tensors(CONFIG)[f"model.layers.0.self_attn.{part}_proj.weight"]
        np.testing.assert_array_equal(checkpoint.linear(0, part).values(), matrix)


def test_gguf_tokenizer(tmp_path):
    write_gguf(tmp_path / "model.gguf", "F32")
    tokens = find_tokenizer(Checkpoint(tmp_path / "model.gguf", 64), None)
    assert tokens.ends == [1]
    tokenizer = tokens.tokenizer()
    assert tokenizer.encode("ABC").ids == [95, ord("C")]
    assert tokenizer.decode([95, ord("C")]) == "ABC"


def packed(codes, axis, order=range(8)):
    """Codes of 4 bits as words of 32 along an axis, the first of ``order`` lowest."""
    rows = np.moveaxis(codes.astype(np.uint32), axis, -1)
    eights = rows.reshape(*rows.shape[:-1], -1, 8)
    words = sum(eights[..., place] << np.uint32(4 * i) for i, place in enumerate(order))
    return np.ascontiguousarray(np.moveaxis(words, -1, axis)).view(np.int32)


def quantised_folder(folder, method, **more):
    """A folder whose first matrix of queries is quantised; gives codes, scales and zeros."""
    random = np.random.default_rng(1)
    rows, depth, group = 64, 64, 32
    codes = random.integers(0, 16, (rows, depth), np.uint8)
    scales = random.uniform(0.5, 1, (rows, depth // group)).astype(np.float16)
    zeros = random.integers(1, 16, (rows, depth // group), np.uint8)
    made = {k: v.astype(np.float16) for k, v in tensors(CONFIG).items()}
    name = "model.layers.0.self_attn.q_proj"
    del made[name + ".weight"]
    if method == "gptq":
        made[name + ".qweight"] = packed(codes.T, 0)
        made[name + ".qzeros"] = packed(zeros.T - 1, 1)
        made[name + ".scales"] = np.ascontiguousarray(scales.T)
        made[name + ".g_idx"] = more.pop("order", np.arange(depth) // group).astype(np.int32)
    elif method == "awq":
        order = (0, 2, 4, 6, 1, 3, 5, 7)
        made[name + ".qweight"] = packed(codes.T, 1, order)
        made[name + ".qzeros"] = packed(zeros.T, 1, order)
        made[name + ".scales"] = np.ascontiguousarray(scales.T)
    else:
        made[name + ".weight_packed"] = packed(codes, 1)
        made[name + ".weight_zero_point"] = packed(zeros, 0)
        made[name + ".weight_scale"] = scales
        weights = {"num_bits": 4, "group_size": group, "symmetric": False, "type": "int"}
        more |= {"format": "pack-quantized", "config_groups": {"g": {"weights": weights}}}
    values = {"quant_method": method, "bits": 4, "group_size": group, **more}
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**CONFIG, "quantization_config": values}))
    save_file(made, folder / "model.safetensors")
    write_tokenizer(folder)
    return codes.astype(np.float32), scales.astype(np.float32), zeros.astype(np.float32)


@pytest.mark.parametrize("method", ["gptq", "awq", "compressed-tensors"])
def test_quantised_folders(tmp_path, method):
    codes, scales, zeros = quantised_folder(tmp_path, method)
    made = Checkpoint(tmp_path, 64).linear(0, "q")
    assert isinstance(made.stored(), Codes)
    expected = (codes - np.repeat(zeros, 32, 1)) * np.repeat(scales, 32, 1)
    np.testing.assert_allclose(made.values(), expected, rtol=1e-5, atol=1e-5)
    assert isinstance(Checkpoint(tmp_path, 64).linear(0, "k").stored(), np.ndarray)


def test_columns_in_another_order(tmp_path):
    order = np.random.default_rng(3).permutation(64) // 32
    codes, scales, zeros = quantised_folder(tmp_path, "gptq", order=order)
    expected = (codes - zeros[:, order]) * scales[:, order]
    made = Checkpoint(tmp_path, 64).linear(0, "q").values()
    np.testing.assert_allclose(made, expected, rtol=1e-5, atol=1e-5)


def compile_line(source, output, *more):
    return ["llm", str(source), "-o", str(output), "--seq", "32", *more]


def refusal(argv, capsys):
    assert front.main(argv) == 1
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    return lines[0]


def truncated(folder):
    write_folder(folder, {})
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def contradicting(folder):
    write_folder(folder, {})
    (folder / "config.json").write_text(json.dumps({**CONFIG, "intermediate_size": 128}))


def fewer_layers(folder):
    write_folder(folder, {})
    (folder / "config.json").write_text(json.dumps({**CONFIG, "num_hidden_layers": 1}))


def more_layers(folder):
    write_folder(folder, {})
    (folder / "config.json").write_text(json.dumps({**CONFIG, "num_hidden_layers": 3}))


def unknown_method(folder):
    write_folder(folder, {})
    values = {"quant_method": "gptkuh", "bits": 4}
    (folder / "config.json").write_text(json.dumps({**CONFIG, "quantization_config": values}))


def no_tokenizer(folder):
    write_folder(folder, {})
    (folder / "tokenizer.json").unlink()


def unknown_architecture(folder):
    write_folder(folder, {})
    (folder / "config.json").write_text(json.dumps({**CONFIG, "model_type": "mamba"}))


def no_config(folder):
    write_folder(folder, {})
    (folder / "config.json").unlink()


def no_weights(folder):
    write_folder(folder, {})
    (folder / "model.safetensors").unlink()


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (truncated, ("model.safetensors", "fetch it again")),
        (contradicting, ("gate_proj", "[160, 64]", "[128, 64]")),
        (fewer_layers, ("more layers than the 1",)),
        (more_layers, ("no tensor", "model.layers.2.")),
        (unknown_method, ("gptkuh", "gptq")),
        (no_tokenizer, ("tokenizer.json", "--tokenizer")),
        (unknown_architecture, ("mamba", "llama")),
        (no_config, ("config.json", "is missing")),
        (no_weights, ("no safetensors",)),
    ],
)
def test_refused_folders(tmp_path, capsys, break_it, words):
    break_it(tmp_path / "model")
    output = tmp_path / "out.bmodel"
    message = refusal(compile_line(tmp_path / "model", output), capsys)
    assert all(word in message for word in words), message
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_truncated_gguf(tmp_path, capsys):
    path = tmp_path / "model.gguf"
    write_gguf(path, "Q4_1")
    whole = path.read_bytes()
    for size, word in ((6, "GGUF"), (300, "cut off"), (len(whole) - 4000, "cut off")):
        path.write_bytes(whole[:size])
        assert word in refusal(compile_line(path, tmp_path / "out.bmodel"), capsys)
        assert not (tmp_path / "out.bmodel").exists()


def test_a_sequence_that_does_not_fit(tmp_path, capsys):
    write_folder(tmp_path / "model", {})
    line = compile_line(tmp_path / "model", tmp_path / "out.bmodel")
    line[line.index("32")] = str(1 << 27)
    message = refusal(line, capsys)
    # 2 layers of 2 heads of 16 keys and values, 2 bytes each.
    assert str(256 << 27) in message
    assert "--seq 67108096" in message


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (("--quantize", "W5F16"), "W5F16"),
        (("--prefill", "64"), "prefill"),
        (("--stages", "8,x"), "--stages"),
        (("--stages", "64"), "stage"),
    ],
)
def test_refused_options(tmp_path, capsys, more, word):
    write_folder(tmp_path / "model", {})
    line = compile_line(tmp_path / "model", tmp_path / "out.bmodel", *more)
    assert word in refusal(line, capsys)


def test_quantised_blocks_are_as_the_format_says():
    # One block of Q4_1: 1.5 * code - 2.
    codes = np.arange(32) % 16
    block = quantise((codes * 1.5 - 2).astype(np.float32)[None], "Q4_1")
    assert len(block) == 20
    assert np.frombuffer(block[:4], np.float16).tolist() == [1.5, -2]
