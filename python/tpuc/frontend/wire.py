"""Splits an ONNX file into its graph and the bytes of its weights.

Protobuf would copy every weight once; here the file is mapped and weights are
found by walking the wire format, so that they stay where they are. Only the
fields that lead to a weight are looked at; everything else is handed to
protobuf unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# Field numbers of onnx.proto.
MODEL_GRAPH = 7
GRAPH_INITIALIZER = 5
TENSOR_DIMS = 1
TENSOR_DATA_TYPE = 2
TENSOR_NAME = 8
TENSOR_RAW_DATA = 9
TENSOR_EXTERNAL_DATA = 13
TENSOR_DATA_LOCATION = 14
EXTERNAL = 1

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
# Weights below this size stay in the protobuf message.
SMALL_BYTES = 256


class WireError(ValueError):
    """The bytes are not a protobuf message."""


@dataclass
class RawTensor:
    """An initialiser as the file states it; ``start`` and ``end`` are file offsets."""

    name: str = ""
    data_type: int = 0
    dims: list[int] = field(default_factory=list)
    start: int = 0
    end: int = 0


def _varint(view: memoryview, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end:
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise WireError("a number has more than 64 bits")
    raise WireError("the data ends within a number")


def _fields(view: memoryview, at: int, end: int):  # noqa: ANN202
    """Yields (field number, wire type, field start, payload start, payload end)."""
    while at < end:
        start = at
        key, at = _varint(view, at, end)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise WireError("a field has the number 0")
        payload = at
        if kind == _BYTES:
            length, payload = _varint(view, at, end)
            at = payload + length
        elif kind == _VARINT:
            _, at = _varint(view, at, end)
        elif kind == _FIXED64:
            at += 8
        elif kind == _FIXED32:
            at += 4
        else:
            raise WireError(f"a field has the unknown wire type {kind}")
        if at > end:
            raise WireError(f"the data ends {at - end} bytes too early")
        yield number, kind, start, payload, at


def _read_tensor(view: memoryview, at: int, end: int) -> RawTensor | None:
    """The tensor when its values are raw bytes inside the file, else None."""
    tensor = RawTensor()
    for number, kind, _, payload, stop in _fields(view, at, end):
        if number == TENSOR_DIMS:
            if kind == _VARINT:
                tensor.dims.append(_varint(view, payload, stop)[0])
            else:
                while payload < stop:
                    size, payload = _varint(view, payload, stop)
                    tensor.dims.append(size)
        elif number == TENSOR_DATA_TYPE and kind == _VARINT:
            tensor.data_type = _varint(view, payload, stop)[0]
        elif number == TENSOR_NAME:
            tensor.name = bytes(view[payload:stop]).decode("utf-8", "replace")
        elif number == TENSOR_RAW_DATA:
            tensor.start, tensor.end = payload, stop
        elif (
            number == TENSOR_DATA_LOCATION
            and kind == _VARINT
            and _varint(view, payload, stop)[0] == EXTERNAL
        ):
            return None
    return tensor if tensor.end - tensor.start >= SMALL_BYTES else None


def _encode_varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def split_weights(view: memoryview) -> tuple[bytes, list[RawTensor]]:
    """Returns the model without its large weights, and where those are.

    Raises:
        WireError: the bytes are not a protobuf message.
    """
    tensors: list[RawTensor] = []
    model = bytearray()
    kept_from = 0
    for number, kind, start, payload, stop in _fields(view, 0, len(view)):
        if number != MODEL_GRAPH or kind != _BYTES:
            continue
        model += view[kept_from:start]
        graph = bytearray()
        graph_from = payload
        for inner, inner_kind, at, inner_payload, end in _fields(view, payload, stop):
            if inner != GRAPH_INITIALIZER or inner_kind != _BYTES:
                continue
            tensor = _read_tensor(view, inner_payload, end)
            if tensor is not None:
                tensors.append(tensor)
                graph += view[graph_from:at]
                graph_from = end
        graph += view[graph_from:stop]
        model += _encode_varint(MODEL_GRAPH << 3 | _BYTES) + _encode_varint(len(graph)) + graph
        kept_from = stop
    model += view[kept_from:]
    return bytes(model), tensors
