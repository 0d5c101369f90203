"""tpuc info: what is in an ONNX model, a .mlir file or a .bmodel."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from tpuc.cli.common import Parser, add_debug, run_command
from tpuc.errors import UserError

Rows = list[tuple[str, str]]
_HELPERS = ("builtin.module", "func.func", "func.return")


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser(
        "tpuc info",
        description="Says what is in a file: inputs and outputs with types, shapes and scales, "
        "operators, networks and stages, weights, memory.",
    )
    parser.add_argument("file", metavar="FILE", help="an ONNX model, a .mlir file or a .bmodel")
    parser.add_argument("--weights", action="store_true", help="list the weights of a .bmodel too")
    parser.add_argument(
        "--json", action="store_true", help="print what lies in a .bmodel as one JSON object"
    )
    add_debug(parser)
    return parser


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    args = build_parser().parse_args(argv)
    from tpuc.kinds import BMODEL, MLIR, ONNX, describe, kind_of
    from tpuc.outputs import check_input

    kind = kind_of(args.file)
    if kind == BMODEL:
        bmodel_info(args.file, args.weights, args.json)
        return
    if args.json or args.weights:
        raise UserError(f"{args.file}: --json and --weights are for a .bmodel")
    if kind == MLIR:
        _module_info(args.file)
    elif kind == ONNX:
        _onnx_info(args.file)
    else:
        check_input(args.file, "give an ONNX model, a .mlir file or a .bmodel")
        what = f"is {describe(kind)}" if kind else "is of no kind that is known"
        raise UserError(f"{args.file}: {what}, expected an ONNX model, a .mlir file or a .bmodel")


def _print(title: str, rows: Rows) -> None:
    from tpuc.console import print_table

    print_table(title, rows)


def _kinds(names: Iterable[str]) -> str:
    """Operators by number, the most frequent first."""
    counts = Counter(names)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} {name}" for name, count in ordered) or "none"


def _onnx_info(path: str) -> None:
    import onnx

    from tpuc.console import bytes_text
    from tpuc.frontend.load import load_model

    model = load_model(path)
    graph = model.proto.graph
    producer = " ".join(filter(None, (model.proto.producer_name, model.proto.producer_version)))
    rows: Rows = [("kind", f"ONNX model, opset {model.opset}, IR {model.proto.ir_version}")]
    if producer:
        rows.append(("made by", producer))
    domains = {node.domain for node in graph.node} - {"", "ai.onnx"}
    if domains:
        rows.append(("domains", ", ".join(sorted(domains))))

    def described(info: onnx.ValueInfoProto) -> str:
        tensor = info.type.tensor_type
        name = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
        dims = [dim.dim_param or str(dim.dim_value or "?") for dim in tensor.shape.dim]
        return f"{info.name} {name}[{', '.join(dims)}]"

    rows += [("input", described(i)) for i in graph.input if i.name not in model.weights]
    rows += [("output", described(o)) for o in graph.output]
    rows.append(("operators", f"{len(graph.node)}: {_kinds(n.op_type for n in graph.node)}"))
    size = sum(array.nbytes for array in model.weights.values())
    rows.append(("weights", f"{len(model.weights)}, {bytes_text(size)}"))
    _print(path, rows)


def _module_info(path: str) -> None:
    from tpuc.compiler import read_module
    from tpuc.preprocess import Preprocess

    module = read_module(path)
    counts = module.count_ops()
    dialects = Counter({name.split(".")[0]: count for name, count in counts.items()
                        if name not in _HELPERS})  # fmt: skip
    level = next((d for d in ("bm1684x", "tpu", "top") if dialects.get(d)), "no")
    rows: Rows = [("kind", f"MLIR module of the {level} dialect")]
    rows += [("input", f"{p.name} {p.dtype}{list(p.shape)}") for p in module.inputs]
    rows += [("output", f"{p.name} {p.dtype}{list(p.shape)}") for p in module.outputs]
    rows += [("picture", f"{name}: {made.summary()}")
             for name, made in Preprocess.of_inputs(module).items()]  # fmt: skip
    shown = {n: c for n, c in counts.items() if n not in _HELPERS and not n.endswith(".weight")}
    kinds = _kinds(name for name, count in shown.items() for _ in range(count))
    rows.append(("operators", f"{sum(shown.values())}: {kinds}"))
    weights = sum(count for name, count in counts.items() if name.endswith(".weight"))
    rows.append(("weights", str(weights)))
    _print(path, rows)


def bmodel_info(path: str, weights: bool = False, as_json: bool = False) -> None:
    """Prints what lies in a .bmodel.

    Args:
        path: the file.
        weights: list them too.
        as_json: one JSON object instead of tables.

    Raises:
        UserError: it cannot be read.
    """
    from tpuc.model import load_core

    data = load_core(path).describe()
    if as_json:
        print(json.dumps(data, indent=1))
        return
    rows: Rows = [("kind", f".bmodel for {data['chip']}, version {data['version'] or '-'}")]
    # Ours are written with time 0, so that equal inputs give equal files.
    if data["time"] and not data["time"].startswith("1970-01-01"):
        rows.append(("made", data["time"]))
    if data["firmware"]:
        rows.append(("firmware", data["firmware"]))
    rows.append(("networks", ", ".join(
        f"{name} ({len(stages)} stage{'s' * (len(stages) > 1)})"
        for name, stages in data["networks"])))  # fmt: skip
    _print(path, rows)
    for name, stages in data["networks"]:
        for number, stage in enumerate(stages):
            where = f"{name}, stage {number}" if len(stages) > 1 else name
            _print(where, _stage_rows(stage))
            if weights:
                _weight_table(where, stage)


def _tensor(data: dict[str, Any], is_input: bool) -> str:
    text = f"{data['name']} {data['dtype']}{list(data['shape'])}"
    if data["dtype"] in ("i8", "ui8") and data["scale"]:
        # Inputs are multiplied by their scale.
        step = 1 / data["scale"] if is_input else data["scale"]
        text += f", a step is {step:.6g}, zero point {data['zero_point']}"
    return text


def _stage_rows(stage: dict[str, Any]) -> Rows:
    from tpuc.console import bytes_text
    from tpuc.preprocess import parse_record

    rows: Rows = [("input", _tensor(t, True)) for t in stage["inputs"]]
    rows += [("output", _tensor(t, False)) for t in stage["outputs"]]
    rows += [("picture", f"{name}: {made.summary()}")
             for name, made in parse_record(stage["preprocess"]).items()]  # fmt: skip
    # Commands of no operator, such as the one that ends a queue, have no kind.
    layers = [kind for kind in stage["layers"] if kind]
    if layers:
        rows.append(("operators", f"{len(layers)}: {_kinds(layers)}"))
    groups = stage["groups"]
    rows.append(
        (
            "commands",
            f"{stage['tiu_commands']:,} TIU, {stage['gdma_commands']:,} GDMA, in {groups} group"
            f"{'s' * (groups > 1)}",
        )
    )
    if reserved := stage["reserved_commands"]:
        rows.append(("reserved bits", f"set in {reserved:,} commands; kept, and they mean nothing"))
    named = f"{len(stage['weights'])}, " if stage["weights"] else ""
    rows.append(("weights", f"{named}{bytes_text(stage['coefficient_bytes'])} at "
                            f"{stage['coefficient_address']:#x}"))  # fmt: skip
    rows.append(("activations", f"{bytes_text(stage['memory_bytes'])} at "
                                f"{stage['memory_address']:#x}"))  # fmt: skip
    return rows


def _weight_table(where: str, stage: dict[str, Any]) -> None:
    from tpuc.console import print_table

    rows = [(n or "table of the compiler", f"{o:#x}", f"{s:,}") for n, o, s in stage["weights"]]
    if rows:
        print_table(f"weights of {where}", rows, ("name", "offset", "bytes"))
    else:
        print(f"{where}: the file does not say which weights it has")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command(command, argv)
