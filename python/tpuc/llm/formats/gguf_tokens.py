"""The tokenizer in the metadata of a GGUF file, as one of the library ``tokenizers``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tpuc.errors import UserError, unknown
from tpuc.llm.extras import needs
from tpuc.llm.formats.gguf import GgufFile

_DIGITS = "\\p{N}"
_CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_WORDS = (
    "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|{digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+"
    "|\\s+(?!\\S)|\\s+"
)
# How texts are cut into words before words become tokens, by ``tokenizer.ggml.pre``: a pattern,
# or None for that of GPT-2, after cutting out every digit where the second is true.
_CUTS = {
    "default": (None, False),
    "gpt-2": (None, False),
    "smollm": (None, True),
    "qwen2": (_CONTRACTIONS + _WORDS.replace("{digits}", _DIGITS), False),
    "llama-bpe": (_CONTRACTIONS + _WORDS.replace("{digits}", _DIGITS + "{1,3}"), False),
}
# Kinds of tokens: those that are never part of a text, and those that users added.
_CONTROL, _ADDED = 3, 4


def gguf_tokenizer(file: GgufFile) -> Any:
    """The tokenizer of a file.

    Raises:
        UserError: there is none, or one of an unknown kind.
    """
    values = file.metadata
    texts = values.get("tokenizer.ggml.tokens")
    kind = values.get("tokenizer.ggml.model")
    if not isinstance(texts, list) or not kind:
        raise UserError(f"{file.path}: has no tokenizer, give one with --tokenizer")
    if kind not in ("gpt2", "llama"):
        raise UserError(
            f"{file.path}: its tokenizer is of the kind '{kind}', which is not supported; give its "
            "tokenizer.json with --tokenizer"
        )
    try:
        return _tokenizer(file, texts)
    except UserError:
        raise
    except Exception as error:  # the library raises this class itself
        raise UserError(
            f"{file.path}: its tokenizer is broken: {error}; give its tokenizer.json with "
            "--tokenizer"
        ) from None


def _tokenizer(file: GgufFile, texts: list[str]) -> Any:
    values = file.metadata
    is_pieces = values["tokenizer.ggml.model"] == "llama"
    tokenizer = _sentence_pieces(values, texts) if is_pieces else _byte_level(file, texts)
    added = needs("tokenizers").AddedToken
    kinds = values.get("tokenizer.ggml.token_type") or []
    for wanted in (_CONTROL, _ADDED):
        found = [t for t, k in zip(texts, kinds, strict=False) if k == wanted]
        special = wanted == _CONTROL
        (tokenizer.add_special_tokens if special else tokenizer.add_tokens)(
            [added(text, special=special, normalized=False) for text in found]
        )
    if values.get("tokenizer.ggml.add_bos_token", is_pieces):
        number = int(values.get("tokenizer.ggml.bos_token_id", 1))
        text = texts[number]
        tokenizer.post_processor = needs("tokenizers.processors").TemplateProcessing(
            single=[text, "$A"], special_tokens=[(text, number)]
        )
    return tokenizer


def _byte_level(file: GgufFile, texts: list[str]) -> Any:
    """Pairs of bytes are merged, in the order of a list."""
    library, cuts = needs("tokenizers"), needs("tokenizers.pre_tokenizers")
    name = str(file.metadata.get("tokenizer.ggml.pre", "default"))
    if name not in _CUTS:
        error = unknown(f"{file.path}: the cut of words", name, _CUTS)
        raise UserError(f"{error}, or give the model's tokenizer.json with --tokenizer")
    pattern, digits = _CUTS[name]
    lines = file.metadata.get("tokenizer.ggml.merges") or []
    merges = [tuple(line.split(" ", 1)) for line in lines]
    vocabulary = {text: number for number, text in enumerate(texts)}
    tokenizer = library.Tokenizer(library.models.BPE(vocab=vocabulary, merges=merges))
    steps = [cuts.Digits(individual_digits=True)] if digits else []
    if pattern is not None:
        steps.append(cuts.Split(library.Regex(pattern), "isolated"))
    steps.append(cuts.ByteLevel(add_prefix_space=False, use_regex=pattern is None))
    tokenizer.pre_tokenizer = cuts.Sequence(steps)
    tokenizer.decoder = needs("tokenizers.decoders").ByteLevel()
    return tokenizer


def _sentence_pieces(values: dict[str, Any], texts: list[str]) -> Any:
    """The pair whose union has the best score is merged first."""
    library, decoders = needs("tokenizers"), needs("tokenizers.decoders")
    normalizers = needs("tokenizers.normalizers")
    scores = values.get("tokenizer.ggml.scores") or []
    vocabulary = {text: number for number, text in enumerate(texts)}
    ranked = sorted(_pairs(vocabulary), key=lambda pair: -scores[pair[2]] if scores else 0)
    merges = [(left, right) for left, right, _ in ranked]
    unknown_text = texts[int(values.get("tokenizer.ggml.unknown_token_id", 0))]
    tokenizer = library.Tokenizer(
        library.models.BPE(
            vocab=vocabulary, merges=merges, unk_token=unknown_text, fuse_unk=True,
            byte_fallback=True,
        )
    )  # fmt: skip
    steps = [normalizers.Replace(" ", "\u2581")]
    if values.get("tokenizer.ggml.add_space_prefix", True):
        steps.insert(0, normalizers.Prepend("\u2581"))
    tokenizer.normalizer = normalizers.Sequence(steps)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(),
         decoders.Strip(" ", 1, 0)]
    )  # fmt: skip
    return tokenizer


def _pairs(vocabulary: dict[str, int]) -> Iterator[tuple[str, str, int]]:
    """Every two tokens that together are a third, and its number."""
    for text, number in vocabulary.items():
        for cut in range(1, len(text)):
            left, right = text[:cut], text[cut:]
            if left in vocabulary and right in vocabulary:
                yield left, right, number
