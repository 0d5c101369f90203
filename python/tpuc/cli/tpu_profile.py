"""tpu_profile: says where the time of a .bmodel goes, and writes reports into a folder."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tpuc.cli.common import Parser, add_debug, add_version, program, run_command
from tpuc.cli.ported import add_ported
from tpuc.errors import UserError

if TYPE_CHECKING:
    from tpuc.profile import Profile


def build_parser(prog: str | None = None) -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser(
        prog or program("tpu_profile"),
        description="Says where the time of a .bmodel goes, and writes reports into a folder.",
    )
    parser.add_argument("model", metavar="MODEL", help="the .bmodel")
    parser.add_argument(
        "-o", "--output", metavar="DIR",
        help="the folder for profile.html, profile.json and trace.json (for ui.perfetto.dev)",
    )  # fmt: skip
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object instead of tables"
    )
    parser.add_argument(
        "--parameters", default="vendor", metavar="NAME",
        help="timing model: vendor (the vendor's cycle model) or silicon (with what it leaves out)",
    )  # fmt: skip
    parser.add_argument("--compare", metavar="OTHER", help="another .bmodel, shown beside this one")
    parser.add_argument("--network", metavar="NAME", help="which network of several in a .bmodel")
    parser.add_argument("--compare_network", metavar="NAME", help="the same of the other .bmodel")
    parser.add_argument(
        "--rows", type=int, default=20, metavar="N", help="how many operators to print"
    )
    add_version(parser)
    add_debug(parser)
    add_ported(parser, "tpu_profile")
    return parser


def make_folder(folder: str) -> Path:
    """Makes the folder of the reports.

    Raises:
        UserError: it cannot be made.
    """
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path}: cannot be made: {error.strerror}") from None
    return path


def write_reports(profiles: Sequence[Profile], folder: Path) -> list[str]:
    """Writes the reports on the first profile, and the page of all; returns their names."""
    from tpuc.outputs import write_text
    from tpuc.profile.page import page_html
    from tpuc.profile.trace import trace_json

    reports = {
        "profile.html": page_html(*profiles),
        "profile.json": profiles[0].to_full_json() + "\n",
        "trace.json": trace_json(profiles[0]),
    }
    for name, text in reports.items():
        write_text(folder / name, text)
    return list(reports)


def tell_apart(profiles: list[Profile], files: Sequence[str]) -> list[Profile]:
    """Profiles of files of the same name, called by their folders as well."""
    if len({profile.title for profile in profiles}) == len(profiles):
        return profiles
    titles = [f"{Path(file).absolute().parent.name}/{Path(file).stem}" for file in files]
    if len(set(titles)) < len(titles):
        titles = [f"{letter}: {title}" for letter, title in zip("AB", titles, strict=True)]
    return [replace(p, title=title) for p, title in zip(profiles, titles, strict=True)]


def command(argv: Sequence[str], prog: str | None = None) -> None:
    """Runs the command; ``tpuc profile`` only prints where no folder is given."""
    args = build_parser(prog).parse_args(argv)
    default_folder = None if prog else "profile"
    from tpuc.profile import profile_bmodel
    from tpuc.profile.join import join_names
    from tpuc.profile.summary import print_comparison, print_summary

    files = [args.model, args.compare] if args.compare else [args.model]
    networks = [args.network, args.compare_network]
    if args.compare_network and not args.compare:
        raise UserError("--compare_network needs --compare, the .bmodel that it is in")
    profiles = [
        profile_bmodel(file, args.parameters, network)
        for file, network in zip(files, networks, strict=False)
    ]
    profiles = join_names(tell_apart(profiles, files))
    folder = args.output or (None if args.json else default_folder)
    names = write_reports(profiles, make_folder(folder)) if folder else []
    if args.json:
        print(profiles[0].to_json())
        return
    print_summary(profiles[0], args.rows)
    if args.compare:
        print_comparison(*profiles, args.rows)
    if names:
        print(f"{folder}: {', '.join(names)}")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
