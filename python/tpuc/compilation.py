"""tpuc.compile: from a model to a compiled one, in one call."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import onnx

from tpuc import _core
from tpuc.auto_precision import choose_precisions
from tpuc.calibration.table import CalibrationTable, read_table
from tpuc.compiler import (
    check_model,
    check_quantize,
    deploy,
    is_torch_module,
    join_stages,
    network_name,
    transform,
)
from tpuc.errors import InputTypeError, ModelWarning, check_type
from tpuc.frontend.stages import parse_stages, stage_shapes
from tpuc.model import Model
from tpuc.postprocess import Postprocess
from tpuc.precisions import resolve

if TYPE_CHECKING:
    import torch


def compile(
    model: str | os.PathLike | onnx.ModelProto | torch.nn.Module,
    example_inputs: Any = None,
    quantize: str = "F16",
    *,
    input_shapes: Sequence[Sequence[int]] | Sequence[Sequence[Sequence[int]]] | None = None,
    shape_buckets: Mapping[str, Sequence[int]] | None = None,
    dynamic: bool = False,
    fix_input: Mapping[str, object] | None = None,
    postprocess: Postprocess | str | None = None,
    quantize_table: Mapping[str, str] | str | os.PathLike | None = None,
    calibration_table: CalibrationTable | str | os.PathLike | None = None,
    name: str | None = None,
    opt: int = 2,
    auto_precision: bool | None = None,
) -> Model:
    """Compiles an ONNX model or a PyTorch module for the BM1684X.

    Args:
        model: a path, a model in memory, or a torch.nn.Module.
        example_inputs: of a PyTorch module, the tensor or the tuple of tensors that its
            forward() takes; their sizes are the network's. An ONNX model has none, so that
            the precision may be given here.
        quantize: "F32", "F16", "BF16" or "INT8".
        input_shapes: shapes of the inputs in order; may change any axis and
            fills in symbolic sizes. Several such lists: a stage for each in one
            model, with the weights once.
        shape_buckets: sizes by axis, for a stage of each combination, e.g.
            {"batch": [1, 4, 8]}; the names are those of the model's symbolic sizes.
        dynamic: choose such sizes for symbolic batches and sequences that have none.
        fix_input: values of inputs that become constants, by name; the network has no such
            inputs any more.
        postprocess: makes detections of a detector's outputs, which they replace: options, or
            the kind alone, e.g. "yolov8".
        quantize_table: precision of single operations by name, or a file of
            such pairs.
        calibration_table: what ``tpuc.calibrate`` gave, or a file of it, for INT8; for F16 it
            shows which tensors leave the range of F16.
        name: what to call the network, by default the file's name.
        opt: how much is done for a fast program: 1 little, 2 the usual, 3
            compares many schedules, which takes long.
        auto_precision: F32 for tensors that leave the range of F16 by the table: whatever it
            costs (True), never (False), by default where it costs under 2 % of the time. A
            ModelWarning says what was found.

    Returns:
        The compiled model.

    Raises:
        TypeError: something that is no model, or a PyTorch module without example inputs.
        UserError: the model is broken or not supported; the text says where.

    Example:
        >>> model = tpuc.compile("swin_t.onnx", quantize="INT8", calibration_table=table)
        >>> model = tpuc.compile(torchvision.models.swin_t(), torch.zeros(1, 3, 224, 224))
    """
    if isinstance(example_inputs, str):
        quantize, example_inputs = example_inputs, None
    quantize = check_quantize(quantize)
    for what, value, kinds, expected in (
        ("shape_buckets", shape_buckets, Mapping, "sizes by axis"),
        ("fix_input", fix_input, Mapping, "values by input"),
        ("postprocess", postprocess, (Postprocess, str), "a Postprocess or its kind"),
        ("quantize_table", quantize_table, (Mapping, str, os.PathLike), "precisions or a file"),
        ("name", name, str, "a text"),
        ("opt", opt, int, "1, 2 or 3"),
    ):
        if value is not None:
            check_type(what, value, kinds, expected)
    if is_torch_module(model):
        from tpuc.pytorch import to_onnx

        name = type(model).__name__ if name is None else name
        model = to_onnx(model, example_inputs)
    elif example_inputs is not None:
        raise InputTypeError(
            "example inputs are for PyTorch modules; the sizes of an ONNX model are its own, or "
            "given by input_shapes"
        )
    check_model(model)
    if name is None:
        name = network_name(model)
    stages = parse_stages(input_shapes) if input_shapes is not None else None
    shapes = stage_shapes(model, stages, shape_buckets, dynamic, fix_input)

    def compile_stage(shapes: Sequence[Sequence[int]] | None) -> _core.Bmodel:
        module = transform(
            model, str(name), shapes, fix_input=fix_input, postprocess=Postprocess.of(postprocess)
        )
        precisions = resolve(quantize_table, module)
        if quantize == "INT8" and isinstance(calibration_table, str | os.PathLike):
            from tpuc.tuning.constants import with_constants

            module = with_constants(module, calibration_table, precisions)
        if quantize == "F16" and calibration_table is not None and auto_precision is not False:
            table = calibration_table
            if not isinstance(table, CalibrationTable):
                table = read_table(table)
            precisions, said = choose_precisions(module, table, precisions, auto_precision, opt)
            if said:
                warnings.warn(said, ModelWarning, stacklevel=3)
        return deploy(module, quantize, precisions, calibration_table=calibration_table, opt=opt)

    return Model(join_stages([compile_stage(each) for each in shapes]), str(name))
