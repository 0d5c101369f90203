"""How a language model is compiled, and whether the chip's memory holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tpuc.errors import UserError, unknown
from tpuc.llm.config import LlmConfig

# Bytes of the chip's memory.
MEMORY = 16 << 30
_HALF = 2
PRECISIONS = {"F16": "F16", "BF16": "BF16"}


@dataclass(frozen=True)
class LlmOptions:
    """What is compiled.

    Attributes:
        quantize: a key of ``PRECISIONS``.
        seq: tokens of a conversation, and so positions of the cache.
        prefill: tokens that the blocks for prompts take at once; 0 for ``seq``.
        stages: lengths of history, besides ``seq``, for which decoding is compiled too.
        do_sample: ``lm_head`` gives logits, and ``greedy_head`` chooses.
        opt: how much is done for a fast program, see tpuc.compiler.deploy.
    """

    quantize: str = "BF16"
    seq: int = 512
    prefill: int = 0
    stages: Sequence[int] = ()
    do_sample: bool = False
    opt: int = 2

    def __post_init__(self) -> None:
        if self.quantize not in PRECISIONS:
            raise unknown("quantize", self.quantize, PRECISIONS)
        if self.seq < 2:
            raise UserError(f"seq is {self.seq}, expected at least 2")
        if not 0 <= self.prefill <= self.seq:
            raise UserError(f"prefill is {self.prefill}, expected at most seq, {self.seq}")
        for stage in self.stages:
            if not 1 <= stage <= self.seq:
                raise UserError(f"a stage is of {stage} tokens, expected 1 to seq, {self.seq}")

    @property
    def precision(self) -> str:
        """In which the networks compute."""
        return PRECISIONS[self.quantize]

    @property
    def prompt(self) -> int:
        """Tokens that the blocks for prompts take."""
        return self.prefill or self.seq

    @property
    def histories(self) -> list[int]:
        """Lengths of history for which decoding is compiled, the longest first."""
        return sorted({self.seq, *self.stages}, reverse=True)


def weight_bytes(config: LlmConfig) -> int:
    """Of all matrices, in 16 bits each."""
    c = config
    attention = c.hidden * c.head_size * 2 * (c.heads + c.kv_heads)
    layer = attention + 3 * c.hidden * c.intermediate
    return _HALF * (c.layers * layer + 2 * c.vocabulary * c.hidden)


def check_memory(config: LlmConfig, options: LlmOptions) -> None:
    """Refuses what the chip's memory does not hold.

    Raises:
        UserError: says how many bytes there would be, and which sequence would fit.
    """
    weights = weight_bytes(config)
    row = 2 * config.layers * config.kv_heads * config.head_size * _HALF
    total = weights + row * options.seq
    if total <= MEMORY:
        return
    most = (MEMORY - weights) // row
    remedy = f"at most --seq {most} fits" if most > 1 else "its weights alone do not fit"
    raise UserError(
        f"the model needs {total} bytes, {weights} of weights and {row * options.seq} of keys and "
        f"values for {options.seq} tokens, and the chip has {MEMORY}; {remedy}"
    )
