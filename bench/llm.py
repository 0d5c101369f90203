"""Language models: cycles of their networks in the vendor's model, beside the bound of the bus.

Without a checkpoint it compiles single layers and matrices of logits in published shapes, of
random weights; with one, the whole model:

    python bench/llm.py
    python bench/llm.py --shapes 896 --quantize W4F16
    python bench/llm.py --model SmolLM2-135M-Instruct.Q4_1.gguf --quantize W4BF16 --seq 512
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from tpuc import _core
from tpuc.compiler import deploy
from tpuc.llm.checkpoint import Checkpoint
from tpuc.llm.config import LlmConfig, Rope
from tpuc.llm.families import FAMILIES
from tpuc.llm.linear import Linear
from tpuc.llm.nets import NetBuilder
from tpuc.llm.options import PRECISIONS, LlmOptions
from tpuc.model import Model

# Bytes that a matrix transfer moves in a cycle.
BUS = 58
# Hidden, intermediate, heads, heads of keys, size of a head, vocabulary, layers.
SHAPES = {
    896: (896, 4864, 14, 2, 64, 151936, 24),
    2048: (2048, 11008, 16, 2, 128, 151936, 36),
    4096: (4096, 14336, 32, 8, 128, 128256, 32),
}


class RandomCheckpoint(Checkpoint):
    """A model of random weights in a published shape."""

    def __init__(self, hidden: int) -> None:
        sizes = SHAPES[hidden]
        rope = Rope.plain(sizes[4], 1e6)
        self.family = FAMILIES["qwen2" if hidden < 4096 else "llama"]
        self.config = LlmConfig(
            family="random", hidden=sizes[0], intermediate=sizes[1], heads=sizes[2],
            kv_heads=sizes[3], head_size=sizes[4], vocabulary=sizes[5], layers=sizes[6],
            epsilon=1e-6, ropes=[rope] * sizes[6],
        )  # fmt: skip

    def _random(self, rows: int, depth: int, name: str) -> Linear:
        # Equal matrices would be stored once.
        random = np.random.default_rng([rows, depth, *name.encode()])
        scale = np.float32(1 / np.sqrt(depth))
        return Linear(
            (rows, depth), lambda: random.standard_normal((rows, depth), np.float32) * scale
        )

    def linear(self, layer: int, part: str) -> Linear:
        """A matrix of a layer."""
        c = self.config
        depth = {"o": c.heads * c.head_size, "down": c.intermediate}.get(part, c.hidden)
        return self._random(self._rows(part), depth, part)

    def _rows(self, part: str) -> int:
        c = self.config
        queries, keys = c.heads * c.head_size, c.kv_heads * c.head_size
        rows = {"q": queries, "k": keys, "v": keys, "gate": c.intermediate, "up": c.intermediate}
        return rows.get(part, c.hidden)

    def bias(self, layer: int, part: str) -> np.ndarray | None:
        """Of queries, keys and values where the family has some."""
        has = self.family.query_bias and part in "qkv"
        return np.full(self._rows(part), 0.1, np.float32) if has else None

    def norm(self, layer: int, part: str) -> np.ndarray:
        """Weights near 1."""
        return np.linspace(0.9, 1.1, self.config.hidden, dtype=np.float32)

    def last_norm(self) -> np.ndarray:
        """Weights near 1."""
        return self.norm(0, "")

    def head(self) -> Linear:
        """The matrix of logits."""
        return self._random(self.config.vocabulary, self.config.hidden, "head")


@dataclass
class Row:
    """A network's figures."""

    name: str
    cycles: int
    bound: float
    weights: int

    def text(self) -> str:
        """A line of the table."""
        share = self.bound / self.cycles
        return (
            f"{self.name:<44} {self.cycles:>12,} {self.bound:>12,.0f} {share:>6.1%} "
            f"{self.weights / 2**20:>9.1f}"
        )


def compile_net(module: _core.Module, options: LlmOptions) -> Model:
    """A network as tpuc llm compiles it."""
    module.run_pipeline("top-canonicalize")
    core = deploy(module, options.precision, opt=options.opt, quant_input=True, quant_output=True)
    return Model(core)


def measure(name: str, model: Model) -> Row:
    """Cycles of a network, and of the bus for its weights and inputs."""
    weights = model.core.describe()["networks"][0][1][0]["coefficient_bytes"]
    sizes = {"f32": 4, "i32": 4}
    inputs = sum(int(np.prod(s.shape)) * sizes.get(s.dtype, 2) for s in model.inputs)
    return Row(name, model.profile().cycles, (weights + inputs) / BUS, weights)


def layers(
    hidden: int, options: LlmOptions, caches: list[int], prompts: list[int]
) -> Iterator[Row]:
    """One layer: a token after histories of these lengths, and prompts of these."""
    builder = NetBuilder(RandomCheckpoint(hidden), options.multiply, options.multiply_head)
    makers: dict[str, Callable[[], _core.Module]] = {
        f"decode, {cache} of cache": lambda cache=cache: builder.block(0, "block", 1, cache)
        for cache in caches
    }
    makers |= {
        f"prefill of {prompt}": lambda prompt=prompt: builder.block(0, "block", prompt)
        for prompt in prompts
    }
    for name, make in makers.items():
        yield measure(f"{hidden}: {name}, {options.quantize}", compile_net(make(), options))


def head(hidden: int, options: LlmOptions) -> Row:
    """The matrix of logits."""
    builder = NetBuilder(RandomCheckpoint(hidden), options.multiply, options.multiply_head)
    name = f"{hidden}: lm_head, {'W8' if options.quantize[0] == 'W' else options.quantize}"
    return measure(name, compile_net(builder.head("lm_head", logits=False), options))


def whole(path: str, options: LlmOptions) -> Iterator[Row]:
    """A token of a model, network by network, and together."""
    checkpoint = Checkpoint(path, options.seq)
    builder = NetBuilder(checkpoint, options.multiply, options.multiply_head)
    count = checkpoint.config.layers
    block = measure(
        f"one of {count} layers", compile_net(builder.block(0, "block", 1, options.seq), options)
    )
    last = measure("lm_head", compile_net(builder.head("lm_head", logits=False), options))
    first = measure("embedding", compile_net(builder.embedding(1, "embedding"), options))
    yield from (first, block, last)
    cycles = first.cycles + count * block.cycles + last.cycles
    total = Row(
        f"a token, {options.quantize}, {1e9 / cycles:.1f} tokens/s at 1 GHz", cycles,
        count * block.bound + last.bound, count * block.weights + last.weights,
    )  # fmt: skip
    yield total


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shapes", default="896,2048,4096", help="hidden sizes, of " + ", ".join(
        map(str, SHAPES)))  # fmt: skip
    parser.add_argument("--quantize", default="W4F16", choices=PRECISIONS)
    parser.add_argument("--caches", default="512", help="lengths of history")
    parser.add_argument("--prompts", default="512", help="lengths of prompts")
    parser.add_argument("--heads", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--model", help="a checkpoint instead of shapes")
    parser.add_argument("--seq", type=int, default=512)
    args = parser.parse_args()
    options = LlmOptions(args.quantize, seq=args.seq)
    print(f"{'':<44} {'cycles':>12} {'bound':>12} {'':>6} {'MiB':>9}", flush=True)
    if args.model:
        for row in whole(args.model, options):
            print(row.text(), flush=True)
        return
    numbers = [[int(n) for n in text.split(",") if n] for text in (args.caches, args.prompts)]
    for hidden in map(int, args.shapes.split(",")):
        for row in layers(hidden, options, *numbers):
            print(row.text(), flush=True)
        if args.heads:
            print(head(hidden, options).text(), flush=True)


if __name__ == "__main__":
    main()
