"""tpu_profile: writes where the time of a .bmodel goes into a folder."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tpuc.cli.common import Parser, add_debug, run_command


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser("tpu_profile", description=__doc__)
    parser.add_argument("model", help="the .bmodel")
    parser.add_argument("-o", "--output", default="profile", help="the folder to write")
    parser.add_argument("--json", action="store_true", help="print one JSON object, write nothing")
    parser.add_argument(
        "--parameters", default="vendor", help="timing parameters: vendor or silicon"
    )
    add_debug(parser)
    return parser


def write_folder(profile, title: str, folder: str) -> None:  # noqa: ANN001
    """Writes summary.json, layers.csv and timeline.html."""
    import csv
    import html
    import io
    from pathlib import Path

    from tpuc.errors import UserError
    from tpuc.outputs import write_text

    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path}: cannot be made: {error.strerror}") from None
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(("layer", "kind", "start", "end", "tiu_cycles", "gdma_cycles", "commands"))
    for layer in profile.layers:
        writer.writerow(
            (layer.name, layer.kind, layer.start, layer.end, layer.tiu_cycles,
             layer.gdma_cycles, layer.commands)
        )  # fmt: skip
    write_text(path / "summary.json", profile.to_json() + "\n")
    write_text(path / "layers.csv", table.getvalue())
    page = f"<!doctype html><title>{html.escape(title)}</title>{profile._repr_html_()}"
    write_text(path / "timeline.html", page)


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    args = build_parser().parse_args(argv)
    from tpuc.console import print_table
    from tpuc.model import Model

    profile = Model.load(args.model).profile(args.parameters)
    if args.json:
        print(profile.to_json())
        return
    write_folder(profile, args.model, args.output)
    print_table(args.model, profile.rows())
    print(f"{args.output}: summary.json, layers.csv, timeline.html")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
