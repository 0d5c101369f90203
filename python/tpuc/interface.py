"""What a model's own interface has and the chip's has not: types, empty tensors, sizes by data.

The chip gives integers as i32 and floats as f32; a module and a compiled model carry which types
the source model says, and which of its inputs and outputs have no elements and so are not there.
An output of which the network computes how many entries it has is as large as it may get, and
another output says how many entries count.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx

from tpuc import _core
from tpuc.errors import UserError

# The attribute of @main, and the entry in a compiled model's record; no input has this name.
ATTRIBUTE = "top.interface"
ENTRY = ""
# What a network gives by itself.
_PLAIN = (onnx.TensorProto.FLOAT, onnx.TensorProto.INT32, onnx.TensorProto.UNDEFINED)


@dataclass
class Interface:
    """Element types by output, and the empty tensors: type and shape by name.

    Types are called as in ONNX, e.g. INT64. Of an output with a bound: the axis along which only
    the first entries count, and the output that holds their number.
    """

    types: dict[str, str] = field(default_factory=dict)
    empty_inputs: dict[str, tuple[str, list[int]]] = field(default_factory=dict)
    empty_outputs: dict[str, tuple[str, list[int]]] = field(default_factory=dict)
    bounds: dict[str, tuple[int, str]] = field(default_factory=dict)

    def set_type(self, name: str, number: int) -> None:
        """Notes the type that the source model gives an output."""
        if number not in _PLAIN:
            self.types[name] = onnx.TensorProto.DataType.Name(number)

    @staticmethod
    def note_empty(where: dict, name: str, array: np.ndarray) -> None:
        """Notes a tensor without elements in ``empty_inputs`` or ``empty_outputs``."""
        number = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
        where[name] = (onnx.TensorProto.DataType.Name(number), list(array.shape))

    def store(self, module: _core.Module) -> None:
        """Makes a module carry it."""
        if any(self.__dict__.values()):
            module.set_attribute(ATTRIBUTE, json.dumps(self.__dict__))

    @classmethod
    def of_module(cls, module: _core.Module) -> dict | None:
        """What a module carries, None for nothing."""
        try:
            return json.loads(module.attribute(ATTRIBUTE))
        except (UserError, ValueError):
            return None

    @classmethod
    def of_record(cls, text: str) -> Interface:
        """What the record of a compiled model says."""
        try:
            return cls(**json.loads(text or "{}").get(ENTRY, {}))
        except (ValueError, TypeError, AttributeError):
            return cls()

    def add_bound(self, name: str, axis: int, outputs: Sequence[str]) -> str:
        """Notes that of an output only the first entries along an axis count.

        Returns:
            What to call the output that holds their number: not as one of ``outputs``.
        """
        count = f"{name}_count"
        while count in outputs or any(count == other for _, other in self.bounds.values()):
            count += "_"
        self.bounds[name] = axis, count
        self.set_type(count, onnx.TensorProto.INT64)
        return count

    def cut(self, results: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Results with the entries that count, without the outputs that say how many do."""
        known = {name: bound for name, bound in self.bounds.items() if bound[1] in results}
        counts = {count for _, count in known.values()}
        left = {name: array for name, array in results.items() if name not in counts}
        for name, (axis, count) in known.items():
            if name in left:
                size = int(results[count].reshape(-1)[0])
                left[name] = left[name].take(range(size), axis)
        return left

    def without_empty(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The inputs that have elements."""
        return {n: a for n, a in inputs.items() if n not in self.empty_inputs}

    def in_own_types(self, results: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Results in the source model's types, the empty ones among them."""
        typed = {name: _as_type(array, self.types.get(name)) for name, array in results.items()}
        for name, (dtype, shape) in self.empty_outputs.items():
            typed[name] = np.zeros(shape, _numpy_type(dtype))
        return typed


def _numpy_type(name: str) -> np.dtype:
    return onnx.helper.tensor_dtype_to_np_dtype(onnx.TensorProto.DataType.Value(name))


def _as_type(array: np.ndarray, name: str | None) -> np.ndarray:
    # Quantised results stay as the chip gives them.
    if name is None or array.dtype.name not in ("float32", "int32", "float16"):
        return array
    with np.errstate(over="ignore"):
        return array.astype(_numpy_type(name))
