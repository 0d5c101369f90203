"""tpu_profile: says where the time of a .bmodel goes, and writes reports into a folder."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tpuc.cli.common import Parser, add_debug, run_command
from tpuc.errors import UserError


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser("tpu_profile", description=__doc__)
    parser.add_argument("model", help="the .bmodel")
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="the folder for profile.json and trace.json (for ui.perfetto.dev)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, no tables")
    parser.add_argument(
        "--parameters", default="vendor", help="timing parameters: vendor or silicon"
    )
    parser.add_argument("--rows", type=int, default=20, help="how many operations to print")
    add_debug(parser)
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


def write_reports(profile, folder: Path) -> list[str]:  # noqa: ANN001 (imported late)
    """Writes the reports and returns their names."""
    from tpuc.outputs import write_text
    from tpuc.profile.trace import trace_json

    reports = {
        "profile.json": profile.to_full_json() + "\n",
        "trace.json": trace_json(profile),
    }
    for name, text in reports.items():
        write_text(folder / name, text)
    return list(reports)


def command(argv: Sequence[str], default_folder: str | None = "profile") -> None:
    """Runs the command; without a folder it only prints."""
    args = build_parser().parse_args(argv)
    from tpuc.profile import profile_bmodel
    from tpuc.profile.summary import print_summary

    profile = profile_bmodel(args.model, args.parameters)
    folder = args.output or (None if args.json else default_folder)
    names = write_reports(profile, make_folder(folder)) if folder else []
    if args.json:
        print(profile.to_json())
        return
    print_summary(profile, args.rows)
    if names:
        print(f"{folder}: {', '.join(names)}")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
