"""Conversations with a compiled language model, in the simulator."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from tpuc.errors import UserError
from tpuc.llm.nets import HIDDEN
from tpuc.llm.tokens import Tokens, stream_text, tokenizer_folder
from tpuc.model import Model, load_core

_HIDDEN_BITS = {
    "f16": np.float16(HIDDEN).view(np.uint16),
    # The upper half of the f32 number, rounded.
    "bf16": np.uint16((int(np.float32(HIDDEN).view(np.uint32)) + 0x8000) >> 16),
}


@dataclass
class Speed:
    """What the chip would take, and what the simulator took.

    Attributes:
        prompt: tokens of it; ``tokens`` that followed.
        first: milliseconds on the chip until the first token.
        later: milliseconds on the chip of all others.
        seconds: in the simulator.
    """

    prompt: int = 0
    tokens: int = 0
    first: float = 0.0
    later: float = 0.0
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Tokens a second on the chip, after the first."""
        return 1000 * (self.tokens - 1) / self.later if self.later else 0.0


class Net:
    """A network of the file, with simulators for its stages."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._milliseconds: dict[int, float] = {}

    @property
    def model(self) -> Model:
        """The network, its largest stage selected at first."""
        return self._model

    def run(self, *arrays: np.ndarray) -> list[np.ndarray]:
        """The outputs as they lie in memory."""
        return self._model.core.run(list(arrays))

    @cached_property
    def milliseconds(self) -> float:
        """On the chip, as the vendor's cycle model has it."""
        return self._model.profile().ms


class Chat:
    """A compiled language model that answers.

    Args:
        path: a .bmodel of ``tpuc llm``, or another with networks of the same names.
        tokenizer: the folder of its tokenizer; the one beside the file by default.

    Example:
        >>> chat = Chat("smollm2.bmodel")
        >>> for piece in chat.stream("What is the capital of France?"):
        ...     print(piece, end="", flush=True)

    Raises:
        UserError: a file that lacks networks, or no tokenizer.
    """

    def __init__(self, path: str | Path, tokenizer: str | Path | None = None) -> None:
        self._path = str(path)
        core = load_core(path)
        numbers = {name: number for number, (name, _) in enumerate(core.networks)}
        layers = sum(bool(re.fullmatch(r"block_\d+", name)) for name in numbers)
        blocks = [f"block_{layer}" for layer in range(layers)]
        caches = [f"block_cache_{layer}" for layer in range(layers)]
        for name in ("embedding", "embedding_cache", "lm_head", *blocks, *caches):
            if name not in numbers or not layers:
                raise UserError(
                    f"{path}: has no network '{name}', which language models have; make one with "
                    "tpuc llm"
                )

        def net(name: str) -> Net:
            return Net(Model(core.extract(numbers[name]), f"{path}: {name}"))

        self._embeddings = net("embedding"), net("embedding_cache")
        self._blocks = [net(name) for name in blocks]
        self._caches = [self._stages(core, numbers[name], name) for name in caches]
        self._heads = [net("lm_head")]
        if "greedy_head" in numbers:
            self._heads.append(net("greedy_head"))
        folder = Path(tokenizer) if tokenizer is not None else tokenizer_folder(path)
        self.tokens = Tokens.load(folder)
        self._tokenizer = self.tokens.tokenizer()
        ports = {spec.name: spec for spec in self._blocks[0].model.inputs}
        self._kind = ports["input_states"].dtype
        if self._kind not in _HIDDEN_BITS:
            raise UserError(f"{path}: takes states of {self._kind}, expected f16 or bf16")
        self.prompt_size = ports["input_states"].shape[1]
        self.seq = max(self._caches[0])
        self.speed = Speed()
        self._history: list[list[np.ndarray]] = []

    def _stages(self, core: object, number: int, name: str) -> dict[int, Net]:
        """A network for each length of history, the longest first."""
        found = {}
        for stage in range(core.networks[number][1]):
            part = core.extract(number)
            part.select(0, stage)
            shapes = {port.name: tuple(port.shape) for port in part.inputs}
            found[shapes["history_k"][1]] = Net(Model(part, f"{self._path}: {name}"))
        return dict(sorted(found.items(), reverse=True))

    def encode(self, prompt: str | Sequence[dict[str, str]], raw: bool = False) -> list[int]:
        """The tokens of a question, or of messages of a conversation.

        Args:
            prompt: a text, or messages with ``role`` and ``content``.
            raw: of the text as it is, not as a question.
        """
        if raw and isinstance(prompt, str):
            return self._tokenizer.encode(prompt).ids
        messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
        text = self.tokens.conversation(messages)
        # The template writes the first token itself.
        return self._tokenizer.encode(text, add_special_tokens=not self.tokens.template).ids

    def stream(
        self, prompt: str | Sequence[dict[str, str]], tokens: int = 256, raw: bool = False
    ) -> Iterator[str]:
        """The answer, in pieces as they come.

        Args:
            prompt: as for ``encode``.
            tokens: how many there are at most.
            raw: continue the text.
        """
        return stream_text(self._tokenizer, self.generate(self.encode(prompt, raw), tokens))

    def generate(self, prompt: Sequence[int], tokens: int = 256) -> Iterator[int]:
        """The most likely token, again and again, up to one that ends the answer.

        Raises:
            UserError: the prompt is empty or leaves no room.
        """
        if not 0 < len(prompt) < self.seq:
            raise UserError(
                f"the prompt has {len(prompt)} tokens, expected 1 to {self.seq - 1}; compile the "
                "model for longer ones with --seq"
            )
        start = time.monotonic()
        self.speed = speed = Speed(prompt=len(prompt))
        token, spent = self._read(prompt)
        place = len(prompt)
        for number in range(tokens):
            speed.tokens += 1
            if number == 0:
                speed.first = spent
            else:
                speed.later += spent
            speed.seconds = time.monotonic() - start
            if token in self.tokens.ends:
                return
            yield token
            if place >= self.seq or number + 1 == tokens:
                return
            token, spent = self._step(token, place)
            place += 1

    def _read(self, prompt: Sequence[int]) -> tuple[int, float]:
        """The token after a prompt, and the chip's milliseconds."""
        first = min(len(prompt), self.prompt_size)
        states, spent = self._states(prompt[:first])
        token = -1
        if first == len(prompt):
            token, more = self._choose(states[:, first - 1])
            spent += more
        # What the blocks for prompts do not take goes token by token.
        for place in range(first, len(prompt)):
            token, more = self._step(prompt[place], place)
            spent += more
        return token, spent

    def _states(self, prompt: Sequence[int]) -> tuple[np.ndarray, float]:
        """The last layer's states of a prompt, whose keys and values become the history."""
        size, count = self.prompt_size, len(prompt)
        ids = np.zeros((1, size), np.int32)
        ids[0, :count] = prompt
        positions = np.arange(size, dtype=np.int32)[None]
        mask = np.zeros((1, 1, size, size), np.uint16)
        mask[0, 0][np.triu_indices(size, 1)] = _HIDDEN_BITS[self._kind]
        states = self._embeddings[0].run(ids)[0]
        spent = self._embeddings[0].milliseconds
        self._history = []
        for block, caches in zip(self._blocks, self._caches, strict=True):
            states, *new = block.run(states, positions, self._typed(mask))
            spent += block.milliseconds
            shape = caches[self.seq].model.inputs[3].shape
            history = [np.zeros(shape, states.dtype) for _ in new]
            for whole, part in zip(history, new, strict=True):
                whole[:, :count] = part[:, :count]
            self._history.append(history)
        return states, spent

    def _typed(self, bits: np.ndarray) -> np.ndarray:
        return bits.view(np.float16) if self._kind == "f16" else bits

    def _step(self, token: int, place: int) -> tuple[int, float]:
        """The token after one at a place, and the chip's milliseconds."""
        embedding = self._embeddings[1]
        states = embedding.run(np.full((1, 1), token, np.int32))[0]
        spent = embedding.milliseconds
        positions = np.full((1, 1), place, np.int32)
        size = min(size for size in self._caches[0] if size >= place)
        mask = np.zeros((1, 1, 1, size + 1), np.uint16)
        mask[..., place:size] = _HIDDEN_BITS[self._kind]
        mask = self._typed(mask)
        for caches, history in zip(self._caches, self._history, strict=True):
            past = [np.ascontiguousarray(side[:, :size]) for side in history]
            states, *new = caches[size].run(states, positions, mask, *past)
            spent += caches[size].milliseconds
            if place < self.seq:
                for whole, part in zip(history, new, strict=True):
                    whole[:, place] = part[:, 0]
        token, more = self._choose(states[:, 0])
        return token, spent + more

    def _choose(self, states: np.ndarray) -> tuple[int, float]:
        made = np.ascontiguousarray(states)
        for head in self._heads:
            made = head.run(made)[0]
        return int(made.reshape(-1)[0]), sum(head.milliseconds for head in self._heads)

    def logits(self, prompt: Sequence[int]) -> np.ndarray:
        """The logits after every token of a prompt, [tokens, vocabulary].

        Raises:
            UserError: the model chooses tokens itself, or takes fewer at once.
        """
        if len(self._heads) < 2:
            raise UserError(f"{self._path}: gives no logits, compile it with --do_sample")
        if not 0 < len(prompt) <= self.prompt_size:
            raise UserError(
                f"the prompt has {len(prompt)} tokens, expected 1 to {self.prompt_size}"
            )
        states = self._states(prompt)[0]
        head = self._heads[0]
        rows = [np.ascontiguousarray(states[:, place]) for place in range(len(prompt))]
        return np.concatenate([head.run(row)[0] for row in rows])
