"""tpuc llm: from a checkpoint of a language model to a .bmodel."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tpuc.cli.common import Parser, add_debug, add_version
from tpuc.errors import UserError, unknown


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser("tpuc llm", description="Compiles a language model to a .bmodel.")
    parser.add_argument(
        "source", metavar="MODEL",
        help="a .gguf file, or a folder of Hugging Face with config.json and safetensors",
    )  # fmt: skip
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="the .bmodel")
    parser.add_argument(
        "--quantize", default="BF16", metavar="W4F16|W4BF16|W8F16|W8BF16|F16|BF16",
        help="how weights are stored and in what is computed (default: BF16)",
    )  # fmt: skip
    parser.add_argument(
        "--group", type=int, default=64, metavar="N",
        help="columns that share a scale, of weights that are quantised here (default: 64)",
    )  # fmt: skip
    parser.add_argument(
        "--head", default="", metavar="W8|F16",
        help="how the matrix of logits is stored (default: W8 where --quantize has fewer bits "
        "than 16, else as there)",
    )  # fmt: skip
    parser.add_argument(
        "--seq", "--seq_length", type=int, default=512, metavar="N",
        help="tokens of a conversation (default: 512)",
    )  # fmt: skip
    parser.add_argument(
        "--prefill", type=int, default=0, metavar="N",
        help="tokens of a prompt that are computed at once (default: as --seq)",
    )  # fmt: skip
    parser.add_argument(
        "--stages", default="", metavar="N,N",
        help="shorter histories for which decoding is compiled too, so that it begins faster",
    )  # fmt: skip
    parser.add_argument(
        "--do_sample", action="store_true", help="give logits, with the choice in greedy_head"
    )
    parser.add_argument(
        "--tokenizer", metavar="FOLDER", help="where tokenizer.json is, if not in MODEL"
    )
    parser.add_argument("--opt", type=int, default=2, metavar="N", help="as for tpuc compile")
    add_version(parser)
    add_debug(parser)
    return parser


_HEADS = {"": 0, "W8": 8, "F16": 16, "BF16": 16}


def _numbers(text: str) -> list[int]:
    try:
        return [int(word) for word in text.split(",") if word.strip()]
    except ValueError:
        raise UserError(f"--stages is '{text}', expected numbers of tokens, as 512,1024") from None


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    args = build_parser().parse_args(argv)
    from tpuc.compiler import check_opt
    from tpuc.console import Progress, print_table
    from tpuc.llm.build import build_llm
    from tpuc.llm.options import LlmOptions

    if Path(args.output).suffix != ".bmodel":
        raise UserError(f"{args.output}: expected the name of a .bmodel")
    if args.head.upper() not in _HEADS:
        raise unknown("--head", args.head, [name for name in _HEADS if name])
    options = LlmOptions(
        quantize=args.quantize.upper(),
        group=args.group,
        head_bits=_HEADS[args.head.upper()],
        seq=args.seq,
        prefill=args.prefill,
        stages=_numbers(args.stages),
        do_sample=args.do_sample,
        opt=check_opt(args.opt),
    )
    progress = Progress()
    names = build_llm(args.source, args.output, options, args.tokenizer, progress)
    rows = [
        ("networks", str(len(names))),
        ("size", f"{Path(args.output).stat().st_size / 2**20:.1f} MiB"),
        *((name, f"{seconds:.1f} s") for name, seconds in progress.seconds.items()),
    ]
    print_table(args.output, rows)
