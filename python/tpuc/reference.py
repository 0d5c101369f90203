"""Reference results: onnxruntime on the ONNX model, or top on the host."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from tpuc import _core
from tpuc.arrays import DTYPES, match_inputs
from tpuc.errors import UserError
from tpuc.interface import Interface
from tpuc.outputs import check_input


def run_onnx(path: str | os.PathLike, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Runs an ONNX file in onnxruntime.

    Raises:
        UserError: onnxruntime is missing or refuses the model or the inputs.
    """
    path = check_input(path, "give the path of an ONNX model")
    return _run_session(str(path), str(path), inputs)


def run_onnx_values(
    path: str | os.PathLike, inputs: Mapping[str, np.ndarray], values: Sequence[str]
) -> dict[str, np.ndarray]:
    """Runs an ONNX file in onnxruntime and returns inner values too.

    Args:
        path: the file.
        inputs: by name.
        values: names of values to return besides the outputs.

    Raises:
        UserError: onnxruntime is missing or refuses the model or the inputs.
    """
    path = check_input(path, "give the path of an ONNX model")
    try:
        # Weights outside of the file stay there; onnxruntime finds them from a
        # file beside the model only, so they are read here.
        model = onnx.load(str(path))
    except Exception as error:
        raise UserError(f"{path}: is not an ONNX model that can be read ({error})") from None
    return run_onnx_proto(model, inputs, values, str(path))


@dataclass(frozen=True)
class OnnxPort:
    """An input of an ONNX model."""

    name: str
    dtype: str
    shape: tuple[int, ...]


def onnx_ports(path: str | os.PathLike) -> list[OnnxPort]:
    """The inputs of an ONNX file that are no weights.

    Raises:
        UserError: the file is no model, or an input has no fixed shape.
    """
    from tpuc.frontend.load import load_model

    model = load_model(path)
    return [port_of(info, str(path)) for info in model.proto.graph.input
            if info.name not in model.weights]  # fmt: skip


def port_of(info: onnx.ValueInfoProto, where: str) -> OnnxPort:
    """An input's type and shape.

    Raises:
        UserError: it has no fixed shape.
    """
    tensor = info.type.tensor_type
    shape = tuple(dim.dim_value for dim in tensor.shape.dim)
    if not all(shape):
        raise UserError(
            f"{where}: input '{info.name}' has no fixed shape, give the inputs with --input"
        )
    names = {np.dtype(kind): name for name, kind in DTYPES.items() if name != "bf16"}
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    return OnnxPort(info.name, names.get(dtype, "f32"), shape)


def run_onnx_proto(
    model: onnx.ModelProto,
    inputs: Mapping[str, np.ndarray],
    values: Sequence[str] = (),
    where: str = "the model",
) -> dict[str, np.ndarray]:
    """Runs a model in memory in onnxruntime and returns inner values too.

    Raises:
        UserError: onnxruntime is missing or refuses the model or the inputs.
    """
    own = {output.name for output in model.graph.output}
    extended = onnx.ModelProto()
    extended.CopyFrom(model)
    for value in values:
        if value not in own:
            extended.graph.output.append(onnx.ValueInfoProto(name=value))
    try:
        data = extended.SerializeToString()
    except ValueError:
        raise UserError(
            f"{where}: is larger than the 2 GiB that a model in memory may have"
        ) from None
    return _run_session(data, where, inputs)


def _run_session(
    model: str | bytes, path: str, inputs: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    try:
        import onnxruntime
    except ImportError:
        raise UserError(
            "onnxruntime is not installed, it is needed to compare with the ONNX model"
        ) from None
    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    # On hosts without INT8 dot products its fastest sums saturate at 16 bits.
    options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        feeds = {}
        for port in session.get_inputs():
            if port.name not in inputs:
                raise UserError(f"{path}: the input '{port.name}' is missing")
            wanted = {"tensor(float)": np.float32, "tensor(int64)": np.int64,
                      "tensor(int32)": np.int32, "tensor(double)": np.float64,
                      "tensor(float16)": np.float16, "tensor(bool)": np.bool_}  # fmt: skip
            array = np.asarray(inputs[port.name])
            feeds[port.name] = array.astype(wanted.get(port.type, array.dtype))
        return dict(zip(names, session.run(None, feeds), strict=True))
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{path}: onnxruntime: {error}") from None


def run_module(
    module: _core.Module, inputs: Mapping[str, np.ndarray], where: str, all_values: bool = False
) -> dict[str, np.ndarray]:
    """Evaluates a top module on the host."""
    results = _core.evaluate(module, match_inputs(inputs, module.inputs, where), all_values)
    interface = Interface.of_module(module)
    return results if all_values or not interface else Interface(**interface).cut(results)
