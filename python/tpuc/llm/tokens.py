"""Texts and tokens: the tokenizer of a checkpoint, and the folder that keeps it.

The folder has the files of Hugging Face: tokenizer.json, and tokenizer_config.json with the
template of conversations and the tokens that end an answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tpuc.errors import UserError
from tpuc.llm.checkpoint import Checkpoint
from tpuc.llm.extras import needs
from tpuc.llm.formats.gguf import GgufFile
from tpuc.llm.formats.gguf_tokens import gguf_tokenizer
from tpuc.llm.hf_config import read_json

_TOKENIZER, _CONFIG = "tokenizer.json", "tokenizer_config.json"
_GENERATION = "generation_config.json"


def tokenizer_folder(model: str | Path) -> Path:
    """Where the tokenizer of a .bmodel lies: beside it, under its name."""
    return Path(model).with_suffix(".config")


@dataclass(frozen=True)
class Tokens:
    """A tokenizer and how conversations are written.

    Attributes:
        text: the contents of tokenizer.json.
        template: of conversations, in jinja; empty when there is none.
        ends: tokens that end an answer.
        special: texts of special tokens by name, for the template.
    """

    text: str
    template: str = ""
    ends: Sequence[int] = ()
    special: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> Tokens:
        """Reads a folder.

        Raises:
            UserError: there is no tokenizer in it, or a broken one.
        """
        path = folder / _TOKENIZER
        if not path.is_file():
            raise UserError(
                f"{path}: is missing, which makes tokens of texts; give a tokenizer with "
                "--tokenizer"
            )
        values = read_json(folder / _CONFIG) if (folder / _CONFIG).is_file() else {}
        tokens = cls(
            path.read_text(encoding="utf-8", errors="replace"),
            _template(folder, values),
            special={
                name: text
                for name in ("bos_token", "eos_token", "pad_token", "unk_token")
                if (text := _token_text(values.get(name)))
            },
        )
        return cls(tokens.text, tokens.template, _ends(folder, tokens), tokens.special)

    def save(self, folder: Path) -> None:
        """Writes the folder."""
        folder.mkdir(exist_ok=True)
        (folder / _TOKENIZER).write_text(self.text, encoding="utf-8")
        config = {**self.special, "chat_template": self.template}
        (folder / _CONFIG).write_text(json.dumps(config, indent=2, ensure_ascii=False))
        ends = {"eos_token_id": list(self.ends)}
        (folder / _GENERATION).write_text(json.dumps(ends, indent=2))

    def tokenizer(self) -> Any:
        """The tokenizer of the library ``tokenizers``.

        Raises:
            UserError: the text is none.
        """
        try:
            return needs("tokenizers").Tokenizer.from_str(self.text)
        except UserError:
            raise
        except Exception as error:  # the library raises this class itself
            raise UserError(f"the tokenizer cannot be read: {error}") from None

    def conversation(self, messages: Sequence[dict[str, str]]) -> str:
        """The text of messages, up to where the answer begins."""
        if not self.template:
            return "\n".join(message["content"] for message in messages)
        sandbox = needs("jinja2.sandbox")
        environment = sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        environment.globals["raise_exception"] = _refuse
        try:
            made = environment.from_string(self.template)
            return made.render(messages=messages, add_generation_prompt=True, **self.special)
        except needs("jinja2").TemplateError as error:
            raise UserError(f"the template of conversations fails: {error}") from None


def _refuse(message: str) -> None:
    raise UserError(f"the template of conversations refuses them: {message}")


def _token_text(value: object) -> str:
    """The text of a token, which may be written as an object."""
    return str(value.get("content", "")) if isinstance(value, dict) else str(value or "")


def _template(folder: Path, values: dict[str, Any]) -> str:
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text()
    kept = values.get("chat_template") or ""
    if isinstance(kept, list):
        kept = next((t["template"] for t in kept if t.get("name") == "default"), "")
    return str(kept)


def _ends(folder: Path, tokens: Tokens) -> list[int]:
    """Tokens that end an answer, of the first file that names some."""
    for name in (_GENERATION, "config.json"):
        if (folder / name).is_file():
            found = read_json(folder / name).get("eos_token_id")
            if found is not None:
                return [int(t) for t in (found if isinstance(found, list) else [found])]
    text = tokens.special.get("eos_token")
    number = tokens.tokenizer().token_to_id(text) if text else None
    return [] if number is None else [number]


def find_tokenizer(checkpoint: Checkpoint, given: str | Path | None) -> Tokens:
    """The tokenizer that was given, or the checkpoint's own.

    Raises:
        UserError: there is none.
    """
    if given is not None:
        path = Path(given)
        folder = path.parent if path.is_file() else path
        return Tokens.load(folder)
    if isinstance(checkpoint.storage, GgufFile):
        return _of_gguf(checkpoint.storage)
    return Tokens.load(checkpoint.path)


def _of_gguf(file: GgufFile) -> Tokens:
    values = file.metadata
    texts = values.get("tokenizer.ggml.tokens") or []
    special = {}
    for name in ("bos", "eos", "unknown", "padding"):
        number = values.get(f"tokenizer.ggml.{name}_token_id")
        if isinstance(number, int) and number < len(texts):
            special[f"{name[:3]}_token"] = texts[number]
    ends = [
        values[f"tokenizer.ggml.{name}_token_id"]
        for name in ("eos", "eot")
        if f"tokenizer.ggml.{name}_token_id" in values
    ]
    template = str(values.get("tokenizer.chat_template", ""))
    return Tokens(gguf_tokenizer(file).to_str(), template, ends, special)


def stream_text(tokenizer: Any, tokens: Iterator[int]) -> Iterator[str]:
    """The text of tokens, in pieces, each as soon as its letters are complete."""
    numbers: list[int] = []
    shown = 0
    text = ""
    for token in tokens:
        numbers.append(token)
        text = tokenizer.decode(numbers, skip_special_tokens=True)
        # The first bytes of a letter are no letter yet.
        if not text.endswith("\ufffd") and len(text) > shown:
            yield text[shown:]
            shown = len(text)
    if len(text) > shown:
        yield text[shown:]
