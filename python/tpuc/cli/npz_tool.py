"""npz_tool: shows, compares and changes .npz files."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tpuc.cli.common import Parser, add_debug, add_version, name_list, program, run_command
from tpuc.errors import UserError, unknown


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser(program("npz_tool"), description="Shows, compares and changes .npz files.")
    add_version(parser)
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", parser_class=Parser, title="commands"
    )

    def add(name: str, text: str) -> argparse.ArgumentParser:
        each = commands.add_parser(name, help=text, description=text)
        each.add_argument("file", metavar="FILE", help="an .npz file")
        add_debug(each)
        return each

    add("print", "list the arrays with types, shapes and figures")
    dump = add("dump", "print the numbers of an array")
    dump.add_argument("name", metavar="NAME", help="the array")
    dump.add_argument("count", metavar="N", nargs="?", type=int, default=16,
                      help="how many numbers, -1 for all")  # fmt: skip
    compare = add("compare", "compare the arrays of two files")
    compare.add_argument("reference", metavar="REFERENCE", help="what they are compared with")
    compare.add_argument(
        "--tolerance", default="0.99,0.90", metavar="X,X",
        help="least cosine and euclidean similarity",
    )  # fmt: skip
    compare.add_argument("--excepts", metavar="NAMES", help="arrays that are not compared")
    compare.add_argument("-v", "-vv", "-vvv", action="store_true", help=argparse.SUPPRESS)
    extract = add("extract", "write some of the arrays to another file")
    extract.add_argument("output", metavar="OUTPUT", help="the file to write")
    extract.add_argument("names", metavar="NAMES", help="arrays, with commas between them")
    rename = add("rename", "write a file with another name for one array")
    rename.add_argument("output", metavar="OUTPUT", help="the file to write")
    rename.add_argument("name", metavar="NAME", help="the array")
    rename.add_argument("to", metavar="NEW", help="its new name")
    merge = add("merge", "write the arrays of several files to the last one named")
    merge.add_argument("more", metavar="FILE", nargs="+", help="more files, and the one to write")
    return parser


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    parser = build_parser()
    known = ["print", "dump", "compare", "extract", "rename", "merge"]
    if argv and not argv[0].startswith("-") and argv[0] not in known:
        raise unknown("the command", argv[0], known)
    args = parser.parse_args(argv)
    if not args.command:
        parser.error("no command is given")
    {"print": _print, "dump": _dump, "compare": _compare, "extract": _extract, "rename": _rename,
     "merge": _merge}[args.command](args)  # fmt: skip


def _print(args: argparse.Namespace) -> None:
    import numpy as np

    from tpuc.arrays import load_npz
    from tpuc.console import print_table

    rows = []
    for name, array in load_npz(args.file).items():
        figures = ("", "", "")
        if array.size and array.dtype.kind in "fiub":
            wide = array.astype(np.float64)
            figures = tuple(f"{x:.6g}" for x in (wide.min(), wide.max(), wide.mean()))
        rows.append((name, str(array.dtype), "x".join(map(str, array.shape)), *figures))
    print_table(args.file, rows, ("array", "type", "shape", "least", "most", "mean"))


def _dump(args: argparse.Namespace) -> None:
    from tpuc.arrays import load_npz

    arrays = load_npz(args.file)
    if args.name not in arrays:
        raise unknown(f"{args.file}: the array", args.name, arrays)
    array = arrays[args.name]
    flat = array.reshape(-1)
    shown = flat if args.count < 0 else flat[: args.count]
    print(f"{args.name} {array.dtype}{list(array.shape)}")
    print("\n".join(str(value) for value in shown))


def _compare(args: argparse.Namespace) -> None:
    from tpuc.arrays import load_npz
    from tpuc.cli.report import check_comparison
    from tpuc.compare import compare_all, parse_tolerance

    tolerance = parse_tolerance(args.tolerance)
    similar = compare_all(
        load_npz(args.file), load_npz(args.reference), excepts=name_list(args.excepts)
    )
    check_comparison(args.reference, similar, tolerance)


def _extract(args: argparse.Namespace) -> None:
    from tpuc.arrays import load_npz, save_npz
    from tpuc.outputs import check_writable

    check_writable(args.output)
    arrays = load_npz(args.file)
    for name in name_list(args.names):
        if name not in arrays:
            raise unknown(f"{args.file}: the array", name, arrays)
    save_npz(args.output, {name: arrays[name] for name in name_list(args.names)})
    print(f"{args.output}: written")


def _rename(args: argparse.Namespace) -> None:
    from tpuc.arrays import load_npz, save_npz
    from tpuc.outputs import check_writable

    check_writable(args.output)
    arrays = load_npz(args.file)
    if args.name not in arrays:
        raise unknown(f"{args.file}: the array", args.name, arrays)
    if args.to in arrays:
        raise UserError(f"{args.file}: has an array '{args.to}' already")
    renamed = {args.to if name == args.name else name: a for name, a in arrays.items()}
    save_npz(args.output, renamed)
    print(f"{args.output}: {args.name} is {args.to}")


def _merge(args: argparse.Namespace) -> None:
    from tpuc.arrays import load_npz, save_npz
    from tpuc.outputs import check_writable

    *sources, output = [args.file, *args.more]
    check_writable(output)
    merged = {}
    for source in sources:
        for name, array in load_npz(source).items():
            if name in merged:
                raise UserError(f"{source}: the array '{name}' is in another file too")
            merged[name] = array
    save_npz(output, merged)
    print(f"{output}: {len(merged)} arrays")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
