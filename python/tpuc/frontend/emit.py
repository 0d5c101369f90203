"""Values of a network and the operations that converters emit.

A ``Tensor`` is a constant, which is a numpy array until an operation needs it
in the module, or a value of the module. Converters call ``Emitter``; they
never touch the extension module.
"""

from __future__ import annotations

import copy
import json
import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tpuc import _core
from tpuc.errors import ModelWarning, UserError
from tpuc.frontend.graph import Node
from tpuc.limits import ATTRIBUTE, KEY, IndexTracker

if TYPE_CHECKING:
    from tpuc.frontend.bounded import Bound

# Data is f32 in the top dialect, masks are i1, indices are i64 or i32. Narrower
# floats are stored without loss; narrower integers are counted without wrapping.
_FLOATS = (
    "float16", "float32", "float64", "bfloat16", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2",
    "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn",
)  # fmt: skip
_INTEGERS = (
    "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "int4", "uint4",
    "int2", "uint2",
)  # fmt: skip
_NUMPY_TYPES = {
    "f32": np.dtype(np.float32),
    "i64": np.dtype(np.int64),
    "i32": np.dtype(np.int32),
    "i1": np.dtype(np.bool_),
}


def top_type(dtype: np.dtype) -> str:
    """The top element type that stands for a numpy element type."""
    dtype = np.dtype(dtype)
    if dtype.name in _FLOATS:
        return "f32"
    if dtype.kind == "b":
        return "i1"
    if dtype.name in _INTEGERS:
        return "i64" if dtype.itemsize == 8 else "i32"
    raise UserError(f"element type {dtype.name} is not supported, use a float or integer type")


# More than any board of this chip has bytes of memory.
_MAX_ELEMENTS = 1 << 35
# More than any node becomes; it stops a node that asks for one operation an element.
_MAX_OPERATIONS = 10_000


def check_size(shape: Sequence[int], what: str = "has a result") -> None:
    """Refuses a tensor that no memory holds, also one without elements along another axis.

    Raises:
        UserError: says its size after ``what``.
    """
    if math.prod(max(size, 1) for size in shape) > _MAX_ELEMENTS:
        raise UserError(
            f"{what} of {'x'.join(map(str, shape))} elements, more than the chip's memory holds"
        )


def _within_i32(array: np.ndarray, name: str) -> np.ndarray:
    """Numbers of 64 bits as near as the chip, which counts in i32, has them."""
    limits = np.iinfo(np.int32)
    low, high = array.min(initial=0), array.max(initial=0)
    if low >= limits.min and high <= limits.max:
        return array
    far = low if low < limits.min else high
    warnings.warn(
        f"the constant '{name}' has {far}, beyond the 32 bits in which the chip counts; it becomes "
        f"{np.clip(far, limits.min, limits.max)}",
        ModelWarning,
        stacklevel=2,
    )
    least = max(limits.min, np.iinfo(array.dtype).min)
    return np.asarray(np.clip(array, least, limits.max))


class Tensor:
    """A constant or computed tensor of the network being imported."""

    __slots__ = ("_element", "array", "bound", "dtype", "from_shape", "id", "name", "shape")

    def __init__(
        self,
        dtype: str,
        shape: Sequence[int],
        *,
        id: int | None = None,
        array: np.ndarray | None = None,
        name: str = "",
        from_shape: bool = False,
    ) -> None:
        self.dtype = dtype
        self.shape = tuple(shape)
        self.id = id
        self.array = array
        self.name = name
        # Whether a constant follows from the shape of a computed tensor, and
        # so is right for every batch.
        self.from_shape = from_shape
        self._element: np.dtype | None = None
        # Where only the first entries along an axis count, see ``bounded``.
        self.bound: Bound | None = None

    @classmethod
    def constant(cls, array: np.ndarray, name: str = "", from_shape: bool = False) -> Tensor:
        """A constant with the element type that the ONNX model gives it."""
        array = np.asarray(array)
        dtype = top_type(array.dtype)
        return cls(dtype, array.shape, array=array, name=name, from_shape=from_shape)

    @classmethod
    def empty(cls, dtype: str, shape: Sequence[int]) -> Tensor:
        """A tensor without elements: a constant, as there is nothing to compute."""
        check_size(shape)
        return cls.constant(np.zeros(shape, _NUMPY_TYPES[dtype]))

    @property
    def element(self) -> np.dtype | None:
        """The element type that the model gives it, None where that is not known."""
        return self._element if self.array is None else self.array.dtype

    def of_element(self, dtype: np.dtype | None) -> Tensor:
        """The same values, of the given element type in the model."""
        if self.is_constant or dtype is None or dtype == self._element:
            return self
        result = self if self._element is None else copy.copy(self)
        result._element = dtype
        return result

    def bounded(self, bound: Bound | None) -> Tensor:
        """The same value, of which only the first entries along an axis count."""
        if bound is self.bound:
            return self
        result = copy.copy(self)
        result.bound = bound
        return result

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def is_constant(self) -> bool:
        """Whether the value is known now."""
        return self.array is not None


class Emitter:
    """Emits top operations at the location of one ONNX node after another."""

    def __init__(self, name: str) -> None:
        self._builder = _core.ModuleBuilder(name)
        self.location = name
        self._emitted = ("", 0)
        # Shapes by name as the model was exported, when the batch is another.
        self.reference_shapes: dict[str, tuple[int, ...]] = {}
        self._indices = IndexTracker()
        # What was chosen by values, so that nodes that choose by one have as many.
        self.chosen: dict[object, object] = {}
        self.inputs: list[Tensor] = []

    def reference_shape(self, node: Node, tensor: Tensor) -> tuple[int, ...] | None:
        """The shape of a node's first operand as the model was exported, when it is another."""
        before = self.reference_shapes.get(node.inputs[0])
        if before is None or before == tensor.shape or len(before) != tensor.rank:
            return None
        return before

    def input(self, name: str, shape: Sequence[int], dtype: str) -> Tensor:
        """Adds an input of the network."""
        value = self._builder.add_input(name, list(shape), dtype)
        self._indices.add_input(value.id, name)
        self.inputs.append(Tensor(dtype, shape, id=value.id, name=name))
        return self.inputs[-1]

    def output(self, name: str, tensor: Tensor) -> None:
        """Makes a tensor an output of the network."""
        self._builder.add_output(name, self._materialize(tensor))

    def finish(self) -> _core.Module:
        """Ends the network and verifies it."""
        module = self._builder.finish()
        if self._indices.rows:
            module.set_attribute(ATTRIBUTE, json.dumps({KEY: self._indices.rows}))
        return module

    def op(
        self,
        name: str,
        operands: Sequence[Tensor],
        attributes: dict | None = None,
        result: tuple[str, Sequence[int]] | None = None,
    ) -> Tensor:
        """Emits ``top.<name>`` with one result.

        Args:
            name: the mnemonic.
            operands: the operands; constants become weights.
            attributes: plain Python values; enumerations are IntEnum.
            result: element type and shape, for operations that do not infer them.
        """
        return self.ops(name, operands, attributes, None if result is None else [result])[0]

    def ops(
        self,
        name: str,
        operands: Sequence[Tensor],
        attributes: dict | None = None,
        results: Sequence[tuple[str, Sequence[int]]] | None = None,
    ) -> list[Tensor]:
        """Emits ``top.<name>`` with any number of results.

        Raises:
            UserError: a result that no memory holds, or too many operations for a node.
        """
        self._count_operation()
        types = None if results is None else [(t, list(s)) for t, s in results]
        for _, shape in types or ():
            check_size(shape)
        values = self._builder.add_op(
            "top." + name,
            [self._materialize(operand) for operand in operands],
            attributes or {},
            types,
            self.location,
        )
        for value in values:
            check_size(value.shape)
        ids = [operand.id for operand in operands]
        self._indices.follow(name, ids, [value.id for value in values])
        return [Tensor(value.dtype, value.shape, id=value.id) for value in values]

    def _count_operation(self) -> None:
        location, count = self._emitted
        self._emitted = self.location, (count if location == self.location else 0) + 1
        if self._emitted[1] > _MAX_OPERATIONS:
            raise UserError(
                f"becomes more than {_MAX_OPERATIONS} operations, which is too many for one node"
            )

    def name(self, tensor: Tensor, name: str) -> None:
        """Says that the present node computes a tensor of the source model."""
        if tensor.id is not None:
            self._builder.name_tensor(tensor.id, self.location, name)

    def limit_indices(self, indices: Tensor, rows: int) -> None:
        """Says that a tensor's numbers are rows of a table of so many."""
        self._indices.limit(indices.id, rows)

    def set_range(self, tensor: Tensor, low: float, high: float) -> None:
        """Says to which interval the source model quantises a computed tensor."""
        self._builder.set_range(tensor.id, low, high)

    def scalar(self, value: float, like: Tensor) -> Tensor:
        """A constant of rank 0 with another tensor's element type."""
        return Tensor.constant(np.array(value, _NUMPY_TYPES[like.dtype]))

    def reshape(self, tensor: Tensor, shape: Sequence[int]) -> Tensor:
        """The same elements under another shape; free on constants."""
        shape = tuple(int(size) for size in shape)
        if shape == tensor.shape:
            return tensor
        if math.prod(shape) != tensor.size:
            raise UserError(
                f"cannot reshape {list(tensor.shape)} ({tensor.size} elements) to {list(shape)} "
                f"({math.prod(shape)} elements)"
            )
        if tensor.is_constant:
            return Tensor.constant(tensor.array.reshape(shape), tensor.name)
        return self.op("reshape", [tensor], result=(tensor.dtype, shape))

    def permute(self, tensor: Tensor, order: Sequence[int]) -> Tensor:
        """Reorders the axes; free on constants."""
        order = [int(axis) for axis in order]
        if order == list(range(tensor.rank)):
            return tensor
        if tensor.is_constant:
            return Tensor.constant(tensor.array.transpose(order), tensor.name)
        return self.op("permute", [tensor], {"order": order})

    def slice(
        self, tensor: Tensor, offsets: Sequence[int], sizes: Sequence[int], steps: Sequence[int]
    ) -> Tensor:
        """A regular part of a tensor; nothing when the part is the whole."""
        if tuple(sizes) == tensor.shape and all(step == 1 for step in steps):
            return tensor
        if 0 in sizes:
            return Tensor.empty(tensor.dtype, sizes)
        attributes = {"offsets": list(offsets), "sizes": list(sizes), "steps": list(steps)}
        return self.op("slice", [tensor], attributes)

    def slice_axis(self, tensor: Tensor, axis: int, start: int, size: int) -> Tensor:
        """A contiguous part along one axis."""
        offsets, sizes = [0] * tensor.rank, list(tensor.shape)
        offsets[axis], sizes[axis] = start, size
        return self.slice(tensor, offsets, sizes, [1] * tensor.rank)

    def broadcast(self, tensor: Tensor, shape: Sequence[int]) -> Tensor:
        """Expands axes of size 1 as numpy does."""
        shape = tuple(int(size) for size in shape)
        if shape == tensor.shape:
            return tensor
        return self.op("broadcast", [tensor], result=(tensor.dtype, shape))

    def cast(self, tensor: Tensor, dtype: str) -> Tensor:
        """Converts the element type; free on constants."""
        if dtype == tensor.dtype:
            return tensor
        if tensor.is_constant:
            return Tensor.constant(tensor.array.astype(_NUMPY_TYPES[dtype]), tensor.name)
        return self.op("cast", [tensor], result=(dtype, tensor.shape))

    def unary(self, name: str, tensor: Tensor, **attributes: object) -> Tensor:
        """An operation whose result has its operand's type."""
        return self.op(name, [tensor], attributes, (tensor.dtype, tensor.shape))

    def binary(self, name: str, lhs: Tensor, rhs: Tensor | float) -> Tensor:
        """A broadcasting operation on two tensors or a tensor and a number."""
        if not isinstance(rhs, Tensor):
            rhs = self.scalar(rhs, lhs)
        return self.op(name, [lhs, rhs])

    def reduce(
        self, kind: int, tensor: Tensor, axes: Sequence[int], keepdims: bool = True
    ) -> Tensor:
        """Combines the elements along axes."""
        attributes = {"kind": kind, "axes": [int(a) for a in axes], "keepdims": keepdims}
        return self.op("reduce", [tensor], attributes)

    def _materialize(self, tensor: Tensor) -> int:
        """The number of the tensor's value in the module."""
        if tensor.id is None:
            array = tensor.array
            dtype = _NUMPY_TYPES[tensor.dtype]
            name = tensor.name or f"{self.location}_constant"
            if tensor.dtype == "i64":
                array = _within_i32(array, name)
            if array.dtype != dtype:
                array = array.astype(dtype)
            if not (array.flags.c_contiguous and array.flags.aligned):
                array = np.array(array, order="C", copy=True)
            if tensor.size == 0:
                raise UserError(f"constant '{tensor.name}' has no elements")
            tensor.id = self._builder.add_weight(name, array, tensor.dtype).id
        return tensor.id
