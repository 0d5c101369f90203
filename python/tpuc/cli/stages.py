"""The part that model_deploy and `tpuc compile` share: from top to a file."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np

from tpuc import _core
from tpuc.arrays import load_npz, save_npz
from tpuc.auto_precision import choose_precisions
from tpuc.calibration import calibrate
from tpuc.calibration.table import read_table
from tpuc.cli.common import name_list
from tpuc.cli.report import check_comparison, report_model
from tpuc.compare import compare_all
from tpuc.compiler import deploy, join_stages
from tpuc.console import Progress
from tpuc.inputs import random_inputs, read_inputs
from tpuc.model import Model
from tpuc.outputs import check_writable, write_text
from tpuc.preprocess import Preprocess
from tpuc.reference import run_module

_HELPERS = ("top.weight", "builtin.module", "func.func", "func.return")


def _inputs(module: _core.Module, args: argparse.Namespace) -> dict[str, np.ndarray] | None:
    """The inputs to run, if there are to be any."""
    ports = module.inputs
    if args.test_input:
        return read_inputs(args.test_input, ports, Preprocess.of_inputs(module))
    if getattr(args, "gen_test_input", False):
        return random_inputs(ports, args.gen_test_seed)
    return None


def _precisions(
    module: _core.Module,
    quantize: str,
    args: argparse.Namespace,
    inputs: dict[str, np.ndarray] | None,
    progress: Progress,
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The precisions with which no tensor leaves the range of F16 on samples, and what to say."""
    wanted = getattr(args, "auto_precision", None)
    has_samples = args.calibration_table or args.test_input
    if quantize != "F16" or wanted is False or _core.phase_of(module) != "top" or not has_samples:
        return args.precisions, []
    with progress.stage("finding what leaves F16"):
        if args.calibration_table:
            table = read_table(args.calibration_table)
        else:
            table = calibrate(module, [inputs], method="max")
        precisions, said = choose_precisions(module, table, args.precisions, wanted, args.opt)
    return precisions, [("range of F16", said)] if said else []


def compile_module(
    module: _core.Module,
    quantize: str,
    args: argparse.Namespace,
    tolerance: tuple[float, float],
    progress: Progress | None = None,
    measure: Callable[[Model], Sequence[tuple[str, str]]] | None = None,
    more: Sequence[tuple[str, str]] = (),
    others: Sequence[_core.Module] = (),
) -> Model:
    """Compiles, compares as the arguments ask, writes, and prints a summary.

    Args:
        module: a module in the top dialect; it is changed.
        quantize: the precision.
        args: precisions, calibration_table, model, test_input, test_reference, test_result,
            chip, compare_all, debug, explain, opt, quant_input, quant_output, asymmetric,
            auto_precision; of model_deploy alone: excepts, gen_test_input, gen_test_seed,
            quant_inputs, quant_outputs.
        tolerance: least cosine and euclidean similarity.
        progress: continues an earlier command's stages.
        measure: what else to say of the model in the summary.
        more: rows of the summary that are known already.
        others: the network for other input shapes, for the same file.
    """
    progress = progress or Progress()
    listing = f"{args.model}.commands.mlir"
    if args.debug:
        check_writable(listing)
    inputs = _inputs(module, args)
    excepts = name_list(getattr(args, "excepts", None))
    reference = load_npz(args.test_reference) if args.test_reference else None
    operations = sum(n for name, n in module.count_ops().items() if name not in _HELPERS)
    host = None
    if inputs is not None and (args.compare_all or reference is None):
        with progress.stage("evaluating on the host"):
            names = {port.name for port in module.inputs}
            inputs = {name: array for name, array in inputs.items() if name in names}
            host = run_module(module, inputs, args.test_input or "random inputs")
    if host is not None and reference is not None:
        similar = compare_all(host, reference, "F32", excepts)
        check_comparison(args.test_reference, similar, tolerance)
    precisions, rows = _precisions(module, quantize, args, inputs, progress)
    with progress.stage("compiling"):
        cores = [
            deploy(
                each,
                quantize,
                precisions,
                calibration_table=args.calibration_table,
                opt=args.opt,
                quant_input=args.quant_input,
                quant_output=args.quant_output,
                asymmetric=args.asymmetric,
                quant_inputs=getattr(args, "quant_inputs", ()),
                quant_outputs=getattr(args, "quant_outputs", ()),
                chip=args.chip or "",
            )
            for each in (module, *others)
        ]
        model = Model(join_stages(cores), args.model)
    if args.debug:
        module.write(listing, text=True, elide_above=16)
    if inputs is not None:
        names = {spec.name for spec in model.inputs}
        inputs = {name: array for name, array in inputs.items() if name in names}
        with progress.stage("simulating"):
            results = model.real_results(model.run(inputs))
        expected, title = (
            (reference, args.test_reference)
            if reference is not None
            else (host, "evaluation on the host")
        )
        similar = compare_all(results, expected, model.precision, excepts)
        check_comparison(title, similar, tolerance)
        if args.test_result:
            save_npz(args.test_result, {**inputs, **results})
    rows += more
    rows += model.stage_rows()
    if measure is not None:
        with progress.stage("measuring accuracy"):
            rows += measure(model)
    with progress.stage("writing"):
        model.save(args.model)
        if args.explain:
            write_text(args.explain, model.profile().explanation + "\n")
    report_model(args.model, model, operations, progress.seconds, rows)
    return model
