"""The stages between an ONNX file and a .bmodel.

Each stage takes a module and gives a module or a compiled model; the commands
and the Python API are made of these.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx

from tpuc import _core, limits
from tpuc.calibration.table import CalibrationTable
from tpuc.errors import InputTypeError, UserError, unknown
from tpuc.frontend import import_onnx
from tpuc.frontend.fixed import FixedInputs
from tpuc.kinds import MLIR, refuse_other
from tpuc.network import explain, store, stored, with_nodes
from tpuc.outputs import check_input, note_inputs
from tpuc.postprocess import Postprocess
from tpuc.precisions import fused_names, operator_names, record_fused, table_text
from tpuc.preprocess import Preprocess

# The attribute of commands that says why they are so.
EXPLANATION = "bm1684x.explanation"
QUANTIZATIONS = ("F32", "F16", "BF16", "INT8")


def check_quantize(name: str) -> str:
    """The precision's name in capitals.

    Raises:
        UserError: unknown.
    """
    upper = str(name).upper()
    if upper not in QUANTIZATIONS:
        raise unknown("quantize", name, QUANTIZATIONS)
    return upper


def check_opt(level: int) -> int:
    """The level.

    Raises:
        UserError: there is none of that number.
    """
    if level not in (1, 2, 3):
        raise UserError(f"opt {level} is not known, choose 1, 2 or 3")
    return level


def check_calibration(table: str | None) -> None:
    """Refuses a broken table.

    Raises:
        UserError: with the file, the line and the tensor where there are some.
    """
    if table:
        note_inputs(table)
        _core.check_calibration_table(table)


def network_name(model: str | os.PathLike | onnx.ModelProto, given: str = "") -> str:
    """What a network is called in its files: as given, or after its ONNX file.

    Letters that runtimes and shells take for something else become "_".
    """
    stem = "" if isinstance(model, onnx.ModelProto) else Path(model).stem
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in given or stem) or "main"


def is_torch_module(value: object) -> bool:
    """Whether a value is a module of PyTorch, which is not imported for it."""
    return any(
        base.__module__ == "torch.nn.modules.module" and base.__qualname__ == "Module"
        for base in type(value).__mro__
    )


def check_model(model: object) -> None:
    """Refuses what is no model.

    Raises:
        TypeError: says what to do with models of other frameworks.
    """
    if isinstance(model, str | os.PathLike | onnx.ModelProto):
        return
    kind = type(model)
    remedy = "give the path of an ONNX file or an onnx.ModelProto"
    if is_torch_module(model):
        remedy = "give what tpuc.pytorch.to_onnx(module, example_inputs) makes of it"
    elif any(base.__module__.startswith("torch.") for base in kind.__mro__):
        remedy = "export it with torch.onnx.export and " + remedy
    raise InputTypeError(f"the model is a {kind.__module__}.{kind.__qualname__}; {remedy}")


def transform(
    model: str | os.PathLike | onnx.ModelProto,
    name: str,
    input_shapes: Sequence[Sequence[int]] | None = None,
    output_names: Sequence[str] | None = None,
    fix_input: FixedInputs | None = None,
    postprocess: Postprocess | None = None,
) -> _core.Module:
    """From ONNX to a canonical module of the top dialect."""
    check_model(model)
    module = import_onnx(
        model, name=name, input_shapes=input_shapes, output_names=output_names,
        fix_input=fix_input, postprocess=postprocess,
    )  # fmt: skip
    ranges = _core.get_ranges(module)
    source, network = operator_names(module), _core.read_network(module)
    module.run_pipeline("top-canonicalize")
    record_fused(module, source, network)
    # Canonical operations have the names of those that they stand for, not their
    # attributes.
    _core.set_ranges(module, ranges)
    return module


def read_module(path: str | os.PathLike) -> _core.Module:
    """Reads a stage file.

    Raises:
        UserError: missing, damaged or not a module.
    """
    path = check_input(path, "give the .mlir file that model_transform wrote")
    refuse_other(path, (MLIR,), "a module (.mlir) that model_transform wrote")
    return _core.Module.read(str(path))


# How pixels may lie, by the names that this chip's users know.
_PIXELS = {
    "RGB_PLANAR": "rgb_planar",
    "RGB_PACKED": "rgb_packed",
    "BGR_PLANAR": "bgr_planar",
    "BGR_PACKED": "bgr_packed",
    "GRAYSCALE": "gray_planar",
    "RGBA_PLANAR": "rgba_planar",
    "RGBA_PACKED": "rgba_packed",
}


def fuse_preprocess(module: _core.Module, pixels: str | None = None) -> None:
    """Makes a module take pixels as uint8 where it says how pictures become inputs.

    Args:
        module: a module of the top dialect; it is changed.
        pixels: how they lie, e.g. RGB_PACKED; by default as the network takes them.

    Raises:
        UserError: the module says nothing of pictures, or they cannot lie so.
    """
    if pixels is not None and pixels.upper() not in _PIXELS:
        raise unknown("--customization_format", pixels, _PIXELS)
    form = _PIXELS[pixels.upper()] if pixels is not None else ""
    module.run_pipeline(f"func.func(top-fuse-preprocess{{format={form}}})")


def deploy(
    module: _core.Module,
    quantize: str,
    precisions: Mapping[str, str] | None = None,
    stop_after: str = "",
    calibration_table: CalibrationTable | str | os.PathLike | None = None,
    opt: int = 2,
    quant_input: bool = False,
    quant_output: bool = False,
    asymmetric: bool = True,
    quant_inputs: Sequence[int] = (),
    quant_outputs: Sequence[int] = (),
    chip: str = "",
) -> _core.Bmodel | None:
    """Lowers a module at any stage to a compiled model.

    Args:
        module: the module; it is changed.
        quantize: precision of every operation that has none of its own.
        precisions: of single operations, by the compiler's names (precisions.resolve).
        stop_after: name of a stage after which to stop; the module holds it.
        calibration_table: the ranges of tensors, for INT8.
        opt: how much is done for a fast program: 1 little, 2 the usual, 3
            compares many schedules, which takes long.
        quant_input: take inputs in the types that the network computes in.
        quant_output: give outputs in them.
        asymmetric: use zero points where ranges are not symmetric.
        quant_inputs: inputs that quant_input is for, numbered from 1; () for all.
        quant_outputs: outputs that quant_output is for.
        chip: the chip's name; "" for what the module says, or else the default.
    """
    check_opt(opt)
    Preprocess.record(module)
    with tempfile.TemporaryDirectory() as folder:
        # The compiler reads tables from files.
        table = ranges = ""
        if precisions:
            table = str(Path(folder) / "quantize_table")
            Path(table).write_text(table_text(precisions))
        if isinstance(calibration_table, CalibrationTable):
            ranges = str(Path(folder) / "calibration_table")
            calibration_table.save(ranges)
        elif calibration_table is not None:
            ranges = str(calibration_table)

        def run(until: str) -> _core.Bmodel | None:
            return _core.compile(
                module,
                check_quantize(quantize),
                table,
                until,
                ranges,
                opt,
                quant_input=quant_input,
                quant_output=quant_output,
                asymmetric=asymmetric,
                quant_inputs=list(quant_inputs),
                quant_outputs=list(quant_outputs),
                chip=chip,
            )

        if stop_after != "top" and _core.phase_of(module) == "top":
            top = _core.read_network(module)
            run("tpu")
            lowered = _core.read_network(module)
            store(module, with_nodes(top, fused_names(module), lowered))
        network = stored(module)
        if network is None:
            return run(stop_after)
        names = [port.name for port in module.inputs], [port.name for port in module.outputs]
        rows = limits.parse(module.attribute(limits.ATTRIBUTE))
        core = run(stop_after)
        if core is not None and core.explanation:
            core.explanation = explain(core.explanation, network, names, rows)
        elif text := module.attribute(EXPLANATION):
            module.set_attribute(EXPLANATION, explain(text, network, names, rows))
        return core


def join_stages(cores: Sequence[_core.Bmodel]) -> _core.Bmodel:
    """One network for all shapes that it was compiled for; equal weights are there once.

    Raises:
        UserError: two have the same input shapes, or other inputs or outputs.
    """
    return cores[0] if len(cores) == 1 else _core.Bmodel.combine(cores)
