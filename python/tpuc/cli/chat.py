"""tpuc chat: asks a compiled language model, in the simulator."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tpuc.cli.common import Parser, add_debug, add_version


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser("tpuc chat", description="Runs a language model of tpuc llm in the simulator.")
    parser.add_argument("model", metavar="FILE", help="a .bmodel")
    parser.add_argument("--prompt", required=True, metavar="TEXT", help="the question")
    parser.add_argument(
        "--raw", action="store_true", help="continue the text instead of answering it"
    )
    parser.add_argument(
        "--tokens", type=int, default=256, metavar="N", help="at most so many (default: 256)"
    )
    parser.add_argument(
        "--tokenizer", metavar="FOLDER", help="where tokenizer.json is, if not beside the model"
    )
    add_version(parser)
    add_debug(parser)
    return parser


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    args = build_parser().parse_args(argv)
    from tpuc.llm.chat import Chat

    chat = Chat(args.model, args.tokenizer)
    for piece in chat.stream(args.prompt, args.tokens, args.raw):
        print(piece, end="", flush=True)
    print(flush=True)
    speed = chat.speed
    print(
        f"prompt {speed.prompt} tokens, first token {speed.first:.1f} ms, "
        f"then {speed.per_second:.1f} tokens/s on the chip (vendor's cycle model); "
        f"{speed.tokens} tokens in {speed.seconds:.1f} s in the simulator",
        file=sys.stderr,
    )
