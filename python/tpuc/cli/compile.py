"""tpuc compile: from ONNX (or .mlir) to a .bmodel, in one command or from one file."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from tpuc.cli.common import CHIPS, Parser, add_version, choice
from tpuc.cli.ported import add_ported
from tpuc.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from pydantic.fields import FieldInfo

    from tpuc import _core
    from tpuc.calibration import Dataset
    from tpuc.calibration.accuracy import Sample
    from tpuc.config import CompileConfig
    from tpuc.console import Progress
    from tpuc.model import Model


# Also known with dashes.
_DASHED = ("max_drop", "min_cosine", "stop_after", "compile_from", "compile_to")
# May be given several times.
_REPEATED = ("fix_input", "input_shapes", "shape_buckets")
# Keys of a configuration file by what they are about, for --help.
GROUPS = {
    "": ("output", "quantize", "quantize_table", "auto_precision", "chip", "input_shapes",
         "shape_buckets", "dynamic", "fix_input", "output_names", "model_name", "opt", "stop_after",
         "compile_to", "compile_from", "text", "explain", "debug"),
    "INT8: sample inputs and ranges": (
        "calibration", "data_list", "input_num", "calibration_table", "method", "asymmetric",
        "equalize", "round_weights", "correct_bias", "ray"),
    "INT8: layers in F16 where accuracy needs it": ("max_drop", "min_cosine", "report"),
    "pictures: (pixel - mean) * scale after resizing": (
        "mean", "scale", "resize_dims", "keep_aspect_ratio", "keep_ratio_mode", "pad_value",
        "pad_type", "pixel_format", "channel_format"),
    "detections: rows of x1, y1, x2, y2, score, class": (
        "add_postprocess", "postprocess_score", "postprocess_iou", "postprocess_detections",
        "postprocess_candidates", "postprocess_agnostic", "postprocess_anchors"),
    "inputs and outputs: f32 (indices i32) by default": (
        "fuse_preprocess", "customization_format", "quant_input", "quant_output"),
    "accuracy": ("test_data", "labels", "test_num", "test_input", "test_reference", "test_result",
                 "tolerance", "compare_all"),
}  # fmt: skip
# What values of single keys are called.
_VALUES = {"input_shapes": "SHAPES", "shape_buckets": "NAME=SIZES", "fix_input": "NAME=VALUE",
           "model_name": "NAME",
           "output_names": "NAMES", "add_postprocess": "KIND", "postprocess_anchors": "X,X,X",
           "mean": "X,X,X", "scale": "X,X,X",
           "resize_dims": "N,N",
           "tolerance": "X,X", "ray": "ADDRESS", "method": "NAME",
           "customization_format": "FORMAT"}  # fmt: skip


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments: a model, and the keys of a configuration file."""
    from tpuc.config import CompileConfig

    parser = Parser("tpuc compile", description="Compiles a model to a .bmodel.")
    parser.add_argument("source", metavar="MODEL", nargs="?", help="an ONNX model or a .mlir file")
    parser.add_argument(
        "--config", metavar="FILE", help="a YAML or JSON file of these options (docs/compile.yaml)"
    )
    add_keys(parser, [name for name in CompileConfig.model_fields if name != "source"])
    add_version(parser)
    add_ported(parser, "model_transform")
    add_ported(parser, "model_deploy")
    return parser


def add_keys(parser: argparse.ArgumentParser, names: Sequence[str]) -> None:
    """Adds keys of a configuration file as arguments, in groups."""
    from tpuc.config import CompileConfig

    wanted = set(names)
    rest = wanted.difference(*GROUPS.values())
    for title, keys in GROUPS.items():
        chosen = [key for key in keys if key in wanted] + ([] if title else sorted(rest))
        group = parser.add_argument_group(title) if title and chosen else parser
        for key in chosen:
            _add_key(group, key, CompileConfig.model_fields[key])


def _add_key(group: argparse._ActionsContainer, name: str, field: FieldInfo) -> None:
    """Adds a key as an argument; what is not given stays None."""
    flags = ["-o", "--output"] if name == "output" else [f"--{name}"]
    if name in _DASHED:
        flags.append(f"--{name.replace('_', '-')}")
    text = field.description
    if field.annotation in (bool, bool | None):
        shown = " (default: on)" if field.default else ""
        group.add_argument(
            *flags, action=argparse.BooleanOptionalAction, default=None, help=f"{text}{shown}"
        )
        return
    if field.default is not None and "default" not in text:
        text = f"{text} (default: {field.default})"
    action = "append" if name in _REPEATED else "store"
    group.add_argument(*flags, action=action, metavar=_metavar(name, field), help=text)


def _metavar(name: str, field: FieldInfo) -> str:
    """What a value of a key is called."""
    from tpuc.config import PATHS

    choices = [*get_args(field.annotation)]
    choices = [*(get_args(choices[0]) if choices and get_args(choices[0]) else choices)]
    words = [choice for choice in choices if isinstance(choice, str)]
    if words:
        return "|".join(words)
    kinds = {field.annotation, *choices}
    if name in PATHS:
        return "FILE"
    return _VALUES.get(name) or ("N" if int in kinds else "X" if float in kinds else "VALUE")


def command(argv: Sequence[str]) -> None:
    """Runs the command."""
    args = build_parser().parse_args(argv)
    if args.chip is not None:
        args.chip = choice(args.chip, CHIPS, "--chip")
    from tpuc.calibration.accuracy import read_labels
    from tpuc.cli.report import report_module
    from tpuc.cli.stages import compile_module
    from tpuc.compare import parse_tolerance
    from tpuc.compiler import check_calibration, check_quantize, deploy, fuse_preprocess
    from tpuc.config import INPUT_PATHS, make_config
    from tpuc.console import Progress
    from tpuc.outputs import check_writable, note_inputs
    from tpuc.precisions import check_table, resolve

    if args.quantize is not None:
        args.quantize = check_quantize(args.quantize)
    given = {key: value for key, value in vars(args).items() if key != "config"}
    config = make_config(args.config, given)
    _check(config)
    check_calibration(config.calibration_table)
    tolerance = parse_tolerance(config.tolerance)
    check_table(config.quantize_table)
    if config.labels:
        read_labels(config.labels)
    note_inputs(*(getattr(config, key) for key in INPUT_PATHS))
    for path in (config.output, config.test_result, config.explain, config.report):
        if path is not None:
            check_writable(path)
    progress = Progress()
    with progress.stage("importing"):
        module, *others = import_stages(config)
    # The model may have its weights in other files.
    check_writable(config.output)
    precisions = resolve(config.quantize_table, module)
    original, table = module, config.calibration_table
    rows: list[tuple[str, str]] = []
    if table is None and config.stop_after != "top":
        if _searches(config):
            module, table, precisions, rows = _search(config, module, progress)
        else:
            module, table = _calibrate(config, module, precisions, progress)
    elif table is not None and config.quantize == "INT8" and config.stop_after != "top":
        from tpuc.tuning.constants import with_constants

        module = with_constants(module, table, precisions, config.asymmetric)
    if others and table is not None and config.quantize == "INT8":
        from tpuc.tuning.constants import with_constants

        others = [with_constants(each, table, precisions, config.asymmetric) for each in others]
    if config.fuse_preprocess:
        # Ranges are those of the network before, which is what tables name.
        for each in {original, module, *others}:
            fuse_preprocess(each, config.customization_format)
    measure = None if config.stop_after else _accuracy(config, original, progress)
    if config.stop_after:
        if config.stop_after != "top":
            deploy(
                module,
                config.quantize,
                precisions,
                config.stop_after,
                table,
                config.opt,
                config.quant_input,
                config.quant_output,
                config.asymmetric,
            )
        module.write(config.output, text=config.text)
        report_module(config.output, module)
        return
    options = argparse.Namespace(
        **{**config.model_dump(), "model": config.output, "calibration_table": table,
           "precisions": precisions}
    )  # fmt: skip
    compile_module(module, config.quantize, options, tolerance, progress, measure, rows, others)


def _check(config: CompileConfig) -> None:
    """Refuses arguments that do not go together, before any work is done."""
    config.postprocess()
    if config.source is None:
        raise UserError("no model is given, see tpuc compile --help")
    if config.compile_to:
        if config.stop_after not in (None, config.compile_to):
            raise UserError("--stop_after and --compile_to are the same, give one of them")
        config.stop_after = config.compile_to
    if config.text and not config.stop_after:
        raise UserError("--text needs --stop_after, a .bmodel is never text")
    if config.output is None:
        raise UserError("no file to write is given, see -o in tpuc compile --help")
    check_sources(config)
    if config.customization_format and not config.fuse_preprocess:
        raise UserError("--customization_format needs --fuse_preprocess")
    if config.quantize_table and _searches(config):
        raise UserError(
            "--quantize_table and --max_drop or --min_cosine are alternatives, give one of them"
        )
    if config.report and not _searches(config):
        raise UserError("--report needs --max_drop or --min_cosine, and --quantize INT8")
    if config.labels and not (config.test_data or config.calibration or config.data_list):
        raise UserError("--labels needs --test_data, the inputs that they belong to")


def check_sources(config: CompileConfig) -> None:
    """Refuses inputs, or ranges, from two places, of which one would count for nothing.

    Raises:
        UserError: names the two.
    """
    keys = ("calibration", "data_list", "calibration_table")
    sources = [f"--{key}" for key in keys if getattr(config, key)]
    if len(sources) > 1:
        raise UserError(f"{' and '.join(sources)} are alternatives, give one of them")


def import_module(config: CompileConfig) -> _core.Module:
    """The module of a configuration's source that is for one set of input shapes.

    Raises:
        UserError: it asks for several.
    """
    modules = import_stages(config)
    if len(modules) > 1:
        raise UserError("several input shapes are for tpuc compile, give one")
    return modules[0]


def import_stages(config: CompileConfig) -> list[_core.Module]:
    """A module of the configuration's source for each set of input shapes."""
    from tpuc.compiler import network_name, read_module, transform
    from tpuc.frontend.stages import stage_shapes

    source = Path(config.source)
    if source.suffix.lower() in (".mlir", ".mlirbc"):
        _refuse_keys(config, _ONNX_KEYS)
        modules = [read_module(source)]
        check_phase(config, modules[0])
    else:
        if config.compile_from:
            raise UserError("--compile_from is for .mlir files, an ONNX model is at no phase")
        shapes = stage_shapes(
            source, config.input_shapes, config.shape_buckets, config.dynamic, config.fix_input
        )
        if len(shapes) > 1 and config.stop_after:
            raise UserError("--stop_after writes one module, give one set of input shapes")
        name = network_name(source, config.model_name or "")
        modules = [
            transform(
                source, name, each, config.output_names, config.fix_input, config.postprocess()
            )
            for each in shapes
        ]
    preprocess = config.preprocess()
    if preprocess is not None:
        for module in modules:
            preprocess.size(module.inputs[0].shape)
            preprocess.store(module)
    return modules


# Keys that are for ONNX models, and what a .mlir file has instead.
_ONNX_KEYS = {
    "model_name": "its name", "input_shapes": "its shapes", "shape_buckets": "its shapes",
    "dynamic": "its shapes", "fix_input": "its inputs", "output_names": "its outputs",
    "add_postprocess": "that of model_transform",
}  # fmt: skip


def _refuse_keys(config: CompileConfig, keys: Mapping[str, str]) -> None:
    for key, instead in keys.items():
        if getattr(config, key):
            raise UserError(f"--{key} is for ONNX models, a .mlir file has {instead}")


def check_phase(config: CompileConfig, module: _core.Module) -> None:
    """Refuses a module that is not where the configuration says, or beyond where to stop."""
    from tpuc import _core
    from tpuc.config import PHASES

    phase = _core.phase_of(module)
    if config.compile_from not in (None, phase):
        raise UserError(
            f"{config.source}: is at phase '{phase}', --compile_from says '{config.compile_from}'"
        )
    if config.stop_after and PHASES.index(config.stop_after) < PHASES.index(phase):
        raise UserError(
            f"{config.source}: is at phase '{phase}' already, --stop_after '{config.stop_after}' "
            "comes before"
        )


def dataset_of(config: CompileConfig, module: _core.Module, count: int | None) -> Dataset | None:
    """The inputs to find ranges on, None when there are none."""
    from tpuc.calibration import Dataset
    from tpuc.calibration.dataset import read_list

    source = config.calibration or (config.data_list and read_list(config.data_list))
    return Dataset(source, module, count) if source else None


def _searches(config: CompileConfig) -> bool:
    """Whether layers that fall back to F16 are to be found."""
    asked = config.max_drop is not None or config.min_cosine is not None
    return asked and config.quantize == "INT8"


def _search(
    config: CompileConfig, module: _core.Module, progress: Progress
) -> tuple[_core.Module, str, dict[str, str], list[tuple[str, str]]]:
    """Writes ranges and precisions beside the output.

    Returns:
        What to compile, the file of ranges, the precisions, and rows for the summary.
    """
    from tpuc.cli.quantize import tune_config, tuning_rows
    from tpuc.outputs import write_text
    from tpuc.tuning.constants import save_table

    inputs = dataset_of(config, module, config.input_num)
    if inputs is None:
        raise UserError("--max_drop and --min_cosine need inputs, give them with --calibration")
    tuning = tune_config(config, module, inputs, progress)
    stem = str(Path(config.output).with_suffix(""))
    save_table(tuning.ranges, tuning.constants, f"{stem}_cali_table")
    write_text(f"{stem}_qtable", tuning.table())
    return tuning.module, f"{stem}_cali_table", tuning.result.precisions(), tuning_rows(tuning)


def _calibrate(
    config: CompileConfig, module: _core.Module, precisions: dict[str, str], progress: Progress
) -> tuple[_core.Module, str | None]:
    """Writes the ranges beside the output; returns what to compile, and the file."""
    from tpuc.calibration import DEFAULT_METHOD
    from tpuc.calibration.methods import check_method
    from tpuc.cli.report import warn_of
    from tpuc.console import counted_steps
    from tpuc.outputs import check_writable
    from tpuc.tuning.calibrate import calibrate_all
    from tpuc.tuning.constants import save_table

    method = check_method(config.method or DEFAULT_METHOD)
    dataset = dataset_of(config, module, config.input_num)
    if dataset is None:
        return module, None
    path = str(Path(config.output).with_suffix("")) + "_cali_table"
    for output in (path, config.output):
        check_writable(output)
    is_int8 = config.quantize == "INT8"
    with progress.measure("calibrating"):
        table, constants = calibrate_all(
            module, dataset, method, asymmetric=config.asymmetric, equalize=config.equalize,
            round_weights=config.round_weights and is_int8,
            correct_bias=config.correct_bias and is_int8, ray=config.ray, steps=counted_steps,
        )  # fmt: skip
        module = constants.applied(module, table, precisions, config.asymmetric)
    save_table(table, constants, path)
    warn_of(table)
    return module, path


def _accuracy(
    config: CompileConfig, module: _core.Module, progress: Progress
) -> Callable[[Model], list[tuple[str, str]]] | None:
    """What measures a compiled model; the float network runs now, before it is lowered."""
    from tpuc.calibration.accuracy import float_results, measure, read_labels

    if config.fuse_preprocess and not config.test_data and not _has_pictures(config, module):
        return None  # What was calibrated on is no longer what the network takes.
    inputs, first, title = _test_inputs(config, module)
    if inputs is None:
        return None
    labels: np.ndarray | None = read_labels(config.labels)[first:] if config.labels else None
    with progress.stage("running the float network"):
        samples: list[Sample] = list(float_results(module, inputs))
    if not samples:
        return None

    def run(model: Model) -> list[tuple[str, str]]:
        found = measure(model, samples, labels)
        return [("accuracy on", f"{found.inputs} {title}"), *found.rows()]

    return run


def _has_pictures(config: CompileConfig, module: _core.Module) -> bool:
    dataset = dataset_of(config, module, None)
    return dataset is not None and dataset.has_pictures


def _test_inputs(config: CompileConfig, module: _core.Module) -> tuple[Iterator | None, int, str]:
    """Inputs to measure on, the number of the first, and what they are."""
    from tpuc.calibration import Dataset

    if not config.test_num:
        return None, 0, ""
    if config.test_data:
        return iter(Dataset(config.test_data, module, config.test_num)), 0, "test inputs"
    dataset = dataset_of(config, module, None)
    if dataset is None:
        return None, 0, ""
    if len(dataset) > config.input_num:
        chosen = islice(iter(dataset), config.input_num, config.input_num + config.test_num)
        return chosen, config.input_num, "held-out inputs"
    # Better than nothing, and said so.
    return islice(iter(dataset), config.test_num), 0, "inputs that were calibrated on"
