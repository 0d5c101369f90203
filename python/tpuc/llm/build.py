"""From a checkpoint to one file of many networks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tpuc import _core
from tpuc.compiler import deploy
from tpuc.console import Progress, counted_steps
from tpuc.llm.checkpoint import Checkpoint
from tpuc.llm.nets import NetBuilder
from tpuc.llm.options import LlmOptions, check_memory
from tpuc.llm.tokens import find_tokenizer, tokenizer_folder
from tpuc.outputs import check_writable

# A network that is not made yet.
_Make = Callable[[], _core.Module]


def build_llm(
    source: str | Path,
    output: str | Path,
    options: LlmOptions,
    tokenizer: str | Path | None = None,
    progress: Progress | None = None,
) -> list[str]:
    """Compiles a checkpoint.

    Args:
        source: a folder of Hugging Face or a GGUF file.
        output: the .bmodel; its tokenizer goes into the folder beside it.
        options: what is compiled.
        tokenizer: a tokenizer.json or its folder, where the checkpoint has none.
        progress: names the stages.

    Returns:
        The names of the networks.

    Raises:
        UserError: what the checkpoint lacks, or what does not fit.
    """
    progress = progress or Progress()
    check_writable(output)
    with progress.stage("reading"):
        checkpoint = Checkpoint(source, options.seq)
        check_memory(checkpoint.config, options)
        tokens = find_tokenizer(checkpoint, tokenizer)
    builder = NetBuilder(checkpoint, options.multiply, options.multiply_head)
    sets = list(_networks(builder, options))
    with tempfile.TemporaryDirectory(dir=Path(output).parent, prefix=".llm") as folder:
        parts = []
        with progress.measure("compiling"), counted_steps("compiling", len(sets)) as count:
            for number, makers in enumerate(sets):
                # In a file, so that one set at a time lies in memory.
                path = Path(folder) / f"{number}.bmodel"
                _compile(makers, options).save(str(path))
                parts.append(_core.Bmodel.load(str(path)))
                count()
        with progress.stage("writing"):
            whole = _core.Bmodel.combine(parts)
            whole.save(str(output))
            tokens.save(tokenizer_folder(output))
            return [name for name, _ in whole.networks]


def _networks(builder: NetBuilder, options: LlmOptions) -> Iterator[list[_Make]]:
    """The networks, those that share weights together."""
    prompt = options.prompt
    yield [
        lambda: builder.embedding(prompt, "embedding"),
        lambda: builder.embedding(1, "embedding_cache"),
    ]
    for layer in range(builder.checkpoint.config.layers):
        yield [
            lambda layer=layer: builder.block(layer, f"block_{layer}", prompt),
            *(
                lambda layer=layer, history=history: builder.block(
                    layer, f"block_cache_{layer}", 1, history
                )
                for history in options.histories
            ),
        ]
    yield [lambda: builder.head("lm_head", options.do_sample)]
    if options.do_sample:
        yield [lambda: builder.greedy_head("greedy_head")]


def _compile(makers: list[_Make], options: LlmOptions) -> _core.Bmodel:
    cores = []
    for make in makers:
        module = make()
        module.run_pipeline("top-canonicalize")
        # Logits stay in f32; all else goes from one network to the next as it is.
        keeps = any(port.name == "m_logits" for port in module.outputs)
        takes = any(port.name == "m_logits" for port in module.inputs)
        cores.append(
            deploy(
                module, options.precision, opt=options.opt,
                quant_input=not takes, quant_output=not keeps,
            )
        )  # fmt: skip
    return _core.Bmodel.combine(cores, shares_all=True)
