"""Reads an ONNX model and its weights, refusing what is broken.

Weights are numpy views of the mapped file. Nothing outside the model's folder
is opened.
"""

from __future__ import annotations

import math
import mmap
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, numpy_helper

from tpuc.errors import UserError
from tpuc.frontend.functions import inline_functions
from tpuc.frontend.wire import WireError, split_weights
from tpuc.kinds import ONNX, refuse_other
from tpuc.outputs import note_inputs

OLDEST_OPSET = 7
# Types of which a byte holds several elements; those that this onnx does not know are left out.
_PACKED_BITS = {
    TensorProto.DataType.Value(name): bits
    for name, bits in {"INT4": 4, "UINT4": 4, "FLOAT4E2M1": 4, "INT2": 2, "UINT2": 2}.items()
    if name in TensorProto.DataType.keys()  # noqa: SIM118  no dictionary
}


@dataclass
class LoadedModel:
    """A model without its weights, the weights by name, and what to call it."""

    proto: onnx.ModelProto
    weights: dict[str, np.ndarray]
    source: str

    @property
    def opset(self) -> int:
        """Version of the standard operator set."""
        versions = (o.version for o in self.proto.opset_import if o.domain in ("", "ai.onnx"))
        # A model of other domains alone imports none.
        return next(versions, onnx.defs.onnx_opset_version())


def load_model(path: str | os.PathLike) -> LoadedModel:
    """Reads a file.

    Raises:
        UserError: missing, empty, truncated, not ONNX, or with broken weights.
    """
    path = Path(path)
    source = str(path)
    refuse_other(path, (ONNX,), "an ONNX model")
    view = _map_file(path)
    try:
        bare, raw_tensors = split_weights(view)
        proto = onnx.ModelProto()
        proto.ParseFromString(bare)
    except (WireError, DecodeError, ValueError, RecursionError) as error:
        raise UserError(
            f"{source}: is not an ONNX model or is cut short ({error}), export the model again"
        ) from None
    _check_header(proto, source)
    _check_names(proto.graph, source)
    model = LoadedModel(inline_functions(proto, source), {}, source)
    for raw in raw_tensors:
        dims = [d - (1 << 64) if d >> 63 else d for d in raw.dims]
        _add_weight(model, raw.name, raw.data_type, dims, view[raw.start : raw.end])
    _take_initializers(model, path.resolve().parent)
    return model


def from_proto(proto: onnx.ModelProto, source: str = "the model") -> LoadedModel:
    """Takes a model that is in memory; its external data cannot be followed."""
    _check_header(proto, source)
    _check_names(proto.graph, source)
    bare = onnx.ModelProto()
    bare.CopyFrom(proto)
    model = LoadedModel(inline_functions(bare, source), {}, source)
    _take_initializers(model, None)
    return model


def _map_file(path: Path) -> memoryview:
    note_inputs(path)
    try:
        with path.open("rb") as file:
            if not file.seek(0, os.SEEK_END):
                raise UserError(f"{path}: the file is empty, expected an ONNX model")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file, give the path of an ONNX model") from None
    except IsADirectoryError:
        raise UserError(f"{path}: is a folder, give the path of an ONNX model") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read: {error}") from None


def _check_header(proto: onnx.ModelProto, source: str) -> None:
    if not proto.HasField("graph") or not (proto.graph.node or proto.graph.output):
        raise UserError(f"{source}: is not an ONNX model (it has no graph), export the model again")
    versions = [o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")]
    if not versions and any(n.domain in ("", "ai.onnx") for n in proto.graph.node):
        raise UserError(f"{source}: imports no version of the ONNX operator set")
    newest = onnx.defs.onnx_opset_version()
    if versions and not OLDEST_OPSET <= versions[0] <= newest:
        raise UserError(
            f"{source}: opset {versions[0]} is not supported, export the model with opset "
            f"{OLDEST_OPSET} to {newest}"
        )
    if proto.graph.sparse_initializer:
        name = proto.graph.sparse_initializer[0].values.name
        raise UserError(
            f"{source}: sparse initialiser '{name}' is not supported, store the weight densely"
        )


def _check_names(graph: onnx.GraphProto, source: str) -> None:
    """Refuses names that are no text, which protobuf hands out as bytes."""
    ports = (*graph.input, *graph.output, *graph.value_info, *graph.initializer)
    names = [port.name for port in ports]
    for node in graph.node:
        names += [node.name, node.op_type, node.domain, *node.input, *node.output]
        names += [attribute.name for attribute in node.attribute]
    for name in names:
        if isinstance(name, bytes):
            raise UserError(f"{source}: the name {name!r} is no UTF-8 text, export the model again")


def _add_weight(
    model: LoadedModel, name: str, data_type: int, dims: list[int], data: memoryview
) -> None:
    where = f"{model.source}: initialiser '{name}'"
    try:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(data_type)
    except KeyError:
        raise UserError(f"{where} has the unknown element type {data_type}") from None
    if data_type == TensorProto.STRING:
        raise UserError(f"{where} holds strings, which are not supported")
    if any(d < 0 for d in dims):
        raise UserError(f"{where} has the negative shape {dims}")
    bits = _PACKED_BITS.get(data_type, 8 * dtype.itemsize)
    needed = (bits * math.prod(dims) + 7) // 8
    if len(data) != needed:
        raise UserError(f"{where} has {len(data)} bytes, its shape {dims} needs {needed}")
    if data_type in _PACKED_BITS:
        packed = TensorProto(data_type=data_type, dims=dims, raw_data=bytes(data))
        _insert(model, name, numpy_helper.to_array(packed))
        return
    _insert(model, name, np.frombuffer(data, dtype).reshape(dims))


def _insert(model: LoadedModel, name: str, array: np.ndarray) -> None:
    if name in model.weights:
        raise UserError(f"{model.source}: two initialisers have the name '{name}'")
    model.weights[name] = array


def _take_initializers(model: LoadedModel, folder: Path | None) -> None:
    """Moves what is left of the initialisers from the message to the weights."""
    for tensor in model.proto.graph.initializer:
        dims = list(tensor.dims)
        if tensor.data_location == TensorProto.EXTERNAL:
            data = _open_external(model, tensor, folder)
            _add_weight(model, tensor.name, tensor.data_type, dims, data)
        elif tensor.HasField("raw_data"):
            data = memoryview(tensor.raw_data)
            _add_weight(model, tensor.name, tensor.data_type, dims, data)
        else:
            try:
                array = numpy_helper.to_array(tensor)
            except Exception as error:
                raise UserError(
                    f"{model.source}: initialiser '{tensor.name}' is broken: {error}"
                ) from None
            _insert(model, tensor.name, array)
    del model.proto.graph.initializer[:]


def _open_external(model: LoadedModel, tensor: TensorProto, folder: Path | None) -> memoryview:
    where = f"{model.source}: initialiser '{tensor.name}'"
    entries = {entry.key: entry.value for entry in tensor.external_data}
    location = entries.get("location", "")
    if folder is None:
        raise UserError(f"{where} lies in another file, give the model's path instead")
    path = (folder / location).resolve()
    if not location or Path(location).is_absolute() or not path.is_relative_to(folder):
        raise UserError(
            f"{where} has its data in '{location}', which is outside the model's folder"
        )
    try:
        data = _map_file(path)
        start = int(entries.get("offset", 0))
        length = int(entries.get("length", len(data) - start))
    except UserError as error:
        raise UserError(f"{where}: external data {error}") from None
    except ValueError:
        raise UserError(f"{where} has a broken reference to its external data") from None
    if start < 0 or length < 0 or start + length > len(data):
        raise UserError(
            f"{where} has its data at bytes {start} to {start + length} of '{location}', "
            f"which has {len(data)}"
        )
    return data[start : start + length]
