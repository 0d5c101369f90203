"""tpuc quantize: finds layers that lose too much in INT8, and writes a quantize table."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tpuc.cli.common import Parser
from tpuc.errors import UserError

if TYPE_CHECKING:
    from tpuc import _core
    from tpuc.calibration import Dataset
    from tpuc.config import CompileConfig
    from tpuc.console import Progress
    from tpuc.tuning.tune import Tuning

# Keys of a configuration file that are arguments here.
_KEYS = (
    "input_shapes", "calibration", "data_list", "input_num", "method", "asymmetric",
    "equalize", "round_weights", "correct_bias", "ray", "max_drop", "min_cosine", "report", "mean",
    "scale", "resize_dims", "keep_aspect_ratio", "keep_ratio_mode", "pad_value", "pad_type",
    "pixel_format", "channel_format", "debug",
)  # fmt: skip
_DROP = 0.5


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments, most of them keys of a configuration file."""
    from tpuc.cli.compile import add_keys

    parser = Parser(
        "tpuc quantize", description="Finds the layers that lose too much accuracy in INT8."
    )
    parser.add_argument("source", metavar="MODEL", nargs="?", help="an ONNX model or a .mlir file")
    parser.add_argument("--config", metavar="FILE", help="a YAML or JSON file, as of tpuc compile")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="the quantize table (default: MODEL_qtable beside the model)",
    )
    add_keys(parser, _KEYS)
    return parser


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    args = build_parser().parse_args(argv)
    from tpuc.cli.compile import check_sources, dataset_of, import_module
    from tpuc.config import INPUT_PATHS, make_config
    from tpuc.console import Progress
    from tpuc.outputs import check_writable, note_inputs
    from tpuc.tuning.constants import save_table

    given = {key: value for key, value in vars(args).items() if key not in ("config", "output")}
    config = make_config(args.config, {"max_drop": None, **given})
    if config.source is None:
        raise UserError("no model is given, see tpuc quantize --help")
    check_sources(config)
    if config.max_drop is None and config.min_cosine is None:
        config.max_drop = _DROP
    stem = str(Path(config.source).with_suffix(""))
    output = args.output or f"{stem}_qtable"
    ranges = f"{Path(output).with_suffix('')}_cali_table"
    note_inputs(*(getattr(config, key) for key in INPUT_PATHS))
    for path in (output, ranges):
        check_writable(path)
    progress = Progress()
    with progress.stage("importing"):
        module = import_module(config)
    inputs = dataset_of(config, module, config.input_num)
    if inputs is None:
        raise UserError("no inputs are given: --calibration, a folder of pictures or arrays")
    tuning = tune_config(config, module, inputs, progress)
    _write(output, tuning.table())
    save_table(tuning.ranges, tuning.constants, ranges)
    print_tuning(output, tuning, progress)


def tune_config(
    config: CompileConfig, module: _core.Module, inputs: Dataset, progress: Progress
) -> Tuning:
    """Searches, and writes the report that the configuration asks for.

    Raises:
        UserError: the accuracy cannot be reached with F16.
    """
    from tpuc.calibration import DEFAULT_METHOD
    from tpuc.calibration.methods import check_method
    from tpuc.outputs import check_writable
    from tpuc.tuning.search import Target
    from tpuc.tuning.tune import tune

    method = check_method(config.method or DEFAULT_METHOD)
    if config.report:
        check_writable(config.report)
    # A cosine alone says how good the results have to be.
    max_drop = 100.0 if config.max_drop is None else config.max_drop
    target = Target(max_drop, -1.0 if config.min_cosine is None else config.min_cosine)
    with progress.measure("choosing layers"):
        tuning = tune(
            module, inputs, method, target, asymmetric=config.asymmetric,
            equalize=config.equalize, round_weights=config.round_weights,
            correct_bias=config.correct_bias, ray=config.ray,
        )  # fmt: skip
    if config.report:
        from tpuc.tuning.report import report_html

        _write(config.report, report_html(Path(config.source).stem, tuning))
    check_found(config.source, tuning)
    return tuning


def check_found(source: str, tuning: Tuning) -> None:
    """Refuses a search that did not reach its target.

    Raises:
        UserError: with what was reached.
    """
    best, target = tuning.result.best, tuning.target
    if best is None or not tuning.result.is_met:
        found = f"{target.drop(best.accuracy):.2f} points are lost and the cosine is " \
                f"{best.accuracy.cosine:.5f}" if best else "there are no inputs"  # fmt: skip
        raise UserError(
            f"{source}: with every layer in F16 {found}; allow more, or compile in F32 or BF16"
        )


def _write(path: str, text: str) -> None:
    from tpuc.outputs import write_text

    write_text(path, text)


def tuning_rows(tuning: Tuning) -> list[tuple[str, str]]:
    """What a search found, for a summary."""
    result = tuning.result
    rows = [("layers in INT8", f"{len(result.order) - len(result.chosen)}, in F16 instead "
                                f"{len(result.chosen)}")]  # fmt: skip
    for title, step in (("all in INT8", result.steps[0]), ("as in the table", result.best)):
        if step is not None:
            rows.append(
                (title, f"{step.time}, cosine {step.accuracy.cosine:.5f}, "
                        f"{tuning.target.drop(step.accuracy):.2f} points lost on "
                        f"{step.accuracy.inputs} inputs")
            )  # fmt: skip
    return rows


def print_tuning(path: str, tuning: Tuning, progress: Progress) -> None:
    """The summary of a search."""
    from tpuc.console import print_table

    rows = tuning_rows(tuning)
    rows.append(("searched in", f"{sum(progress.seconds.values()):.1f} s"))
    print_table(path, rows)
    if tuning.result.chosen:
        lines = [
            (c.effect.layer.name, f"{c.effect.output_error:.2e}", f"{c.microseconds:+.2f}",
             f"{c.effect.cosine:.5f}", f"{c.effect.sqnr:.1f}")
            for c in tuning.result.chosen
        ]  # fmt: skip
        header = ("layer", "output error", "us in F16", "cosine alone", "SQNR dB")
        print_table("layers in F16", lines, header)
