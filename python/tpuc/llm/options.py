"""How a language model is compiled, and whether the chip's memory holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tpuc.errors import UserError, unknown
from tpuc.llm.codes import GRANULE, CodedProducts
from tpuc.llm.config import LlmConfig
from tpuc.llm.nets import Multiply, multiply

# Bytes of the chip's memory.
MEMORY = 16 << 30
_HALF = 2
# How weights are held: the precision of what is computed, and the bits of a weight.
PRECISIONS = {
    "F16": ("F16", 16), "BF16": ("BF16", 16), "W8F16": ("F16", 8), "W8BF16": ("BF16", 8),
    "W4F16": ("F16", 4), "W4BF16": ("BF16", 4),
}  # fmt: skip


@dataclass(frozen=True)
class LlmOptions:
    """What is compiled.

    Attributes:
        quantize: a key of ``PRECISIONS``.
        group: columns of a matrix that share a scale where it is quantised here.
        head_bits: of a weight of the matrix of logits; 0 for 8 where others have fewer than 16.
        seq: tokens of a conversation, and so positions of the cache.
        prefill: tokens that the blocks for prompts take at once; 0 for ``seq``.
        stages: lengths of history, besides ``seq``, for which decoding is compiled too.
        do_sample: ``lm_head`` gives logits, and ``greedy_head`` chooses.
        opt: how much is done for a fast program, see tpuc.compiler.deploy.
    """

    quantize: str = "BF16"
    group: int = 64
    head_bits: int = 0
    seq: int = 512
    prefill: int = 0
    stages: Sequence[int] = ()
    do_sample: bool = False
    opt: int = 2

    def __post_init__(self) -> None:
        if self.quantize not in PRECISIONS:
            raise unknown("quantize", self.quantize, PRECISIONS)
        if self.group % GRANULE or self.group < 1:
            raise UserError(f"group is {self.group}, expected a multiple of {GRANULE}")
        if self.head_bits not in (0, 8, 16):
            raise UserError(f"the head has {self.head_bits} bits, expected 8 or 16")
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
        return PRECISIONS[self.quantize][0]

    @property
    def multiply(self) -> Multiply:
        """What emits products with the matrices of layers."""
        return self._products(PRECISIONS[self.quantize][1])

    @property
    def multiply_head(self) -> Multiply:
        """What emits the product with the matrix of logits."""
        bits = PRECISIONS[self.quantize][1]
        return self._products(self.head_bits or max(8, bits))

    def _products(self, bits: int) -> Multiply:
        return multiply if bits == 16 else CodedProducts(bits, self.group)

    @property
    def prompt(self) -> int:
        """Tokens that the blocks for prompts take."""
        return self.prefill or self.seq

    @property
    def histories(self) -> list[int]:
        """Lengths of history for which decoding is compiled, the longest first."""
        return sorted({self.seq, *self.stages}, reverse=True)


def weight_bytes(config: LlmConfig, options: LlmOptions) -> int:
    """Of all matrices: numbers of 16 bits, or codes with a scale and a zero point a group."""
    c = config
    attention = c.hidden * c.head_size * 2 * (c.heads + c.kv_heads)
    layer = attention + 3 * c.hidden * c.intermediate
    bits = PRECISIONS[options.quantize][1]
    head = options.head_bits or max(8, bits)
    table = c.vocabulary * c.hidden

    def size(bits: int) -> float:
        return _HALF if bits == 16 else bits / 8 + 3 / options.group

    return int(c.layers * layer * size(bits) + table * (size(head) + _HALF))


def check_memory(config: LlmConfig, options: LlmOptions) -> None:
    """Refuses what the chip's memory does not hold.

    Raises:
        UserError: says how many bytes there would be, and which sequence would fit.
    """
    weights = weight_bytes(config, options)
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
