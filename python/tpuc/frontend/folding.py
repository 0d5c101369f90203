"""Evaluates nodes whose operands are all known: the shape arithmetic.

The frequent ones are one numpy call each; the rest goes through onnxruntime, and what
it has not through onnx's own reference evaluation, which is slower and errs more.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from tpuc.errors import UserError
from tpuc.frontend.graph import Node

Array = np.ndarray
Arrays = Sequence[Array | None]

# No constant of a network that is larger than its operands is larger; it stops files that expand
# into memory.
_MAX_ELEMENTS = 1 << 26
_NEVER_FOLDED = {
    "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial",
    "Bernoulli", "Dropout", "Loop", "Scan", "If", "QuantizeLinear", "DequantizeLinear",
    "DynamicQuantizeLinear", "SequenceConstruct", "SplitToSequence", "Optional",
}  # fmt: skip


class NotEvaluatedError(UserError):
    """A node of constants that has no value here, though it may on the chip."""


def can_fold(node: Node) -> bool:
    """Whether the node gives the same result on every run."""
    return not node.domain and node.op_type not in _NEVER_FOLDED


def is_shape_arithmetic(node: Node) -> bool:
    """Whether the node is usually evaluated, so that it may be known elsewhere."""
    return not node.domain and node.op_type in _FAST


def fold(node: Node, arrays: Arrays) -> list[Array]:
    """Evaluates a node.

    Raises:
        NotEvaluatedError: the reference evaluator of ONNX does not take it.
        UserError: its operands have no result.
    """
    function = _FAST.get(node.op_type)
    try:
        result = function(node, arrays) if function is not None else _evaluate(node, arrays)
    except UserError:
        raise
    except MemoryError:
        raise UserError("its constant result does not fit into memory") from None
    except Exception as error:
        raise NotEvaluatedError(f"cannot be evaluated: {error}") from None
    results = list(result) if isinstance(result, list | tuple) else [result]
    return [np.asarray(value) for value in results]


def _evaluate(node: Node, arrays: Arrays) -> list[Array]:
    feeds = {
        name: array
        for name, array in zip(node.inputs, arrays, strict=True)
        if name and array is not None
    }
    try:
        return _run(node, feeds)
    except Exception:
        # A type, an operator or an operator set that onnxruntime does not have, or a fault of
        # the node that the other names, too.
        evaluator = ReferenceEvaluator(node.proto, opsets={"": node.opset})
    with np.errstate(all="ignore"):
        return evaluator.run(None, feeds)


def _run(node: Node, feeds: Mapping[str, Array]) -> list[Array]:
    from tpuc.calibration.runner import open_session

    inputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        for name, array in feeds.items()
    ]
    outputs = [onnx.ValueInfoProto(name=name) for name in node.outputs if name]
    graph = helper.make_graph([node.proto], "node", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", node.opset)])
    # The newest one that every onnxruntime reads.
    model.ir_version = 9
    results = iter(open_session(model, threads=1).run(None, feeds))
    return [next(results) if name else np.array(0) for name in node.outputs]


def _binary(function: Callable) -> Callable:
    def apply(node: Node, arrays: Arrays) -> Array:
        with np.errstate(all="ignore"):
            _check_elements(np.broadcast_shapes(*map(np.shape, arrays)), arrays)
            result = function(arrays[0], arrays[1])
        return result

    return apply


def _check_elements(shape: Sequence[int], operands: Arrays = ()) -> None:
    most = max([_MAX_ELEMENTS, *(array.size for array in operands if array is not None)])
    if math.prod(int(size) for size in shape) > most:
        raise UserError(f"its constant result {list(shape)} is too large")


def _divide(lhs: Array, rhs: Array) -> Array:
    if lhs.dtype.kind == "f":
        return lhs / rhs
    if not np.all(rhs):
        raise UserError("divides by zero")
    # ONNX rounds integer quotients toward zero.
    quotient = np.floor_divide(np.abs(lhs), np.abs(rhs))
    return (np.sign(lhs) * np.sign(rhs) * quotient).astype(lhs.dtype)


def _constant(node: Node, arrays: Arrays) -> Array:
    for name, attribute in node.attributes.items():
        value = node.attr(name)
        if name == "value":
            return numpy_helper.to_array(attribute.t)
        if name in ("value_int", "value_ints"):
            return np.array(value, np.int64)
        if name in ("value_float", "value_floats"):
            return np.array(value, np.float32)
    raise UserError("has no tensor value")


def _cast(node: Node, arrays: Arrays) -> Array:
    target = node.attr("to")
    if target == onnx.TensorProto.STRING or arrays[0].dtype.kind in "OSU":
        raise UserError("casts strings, which are not supported")
    dtype = onnx.helper.tensor_dtype_to_np_dtype(target)
    return arrays[0] if arrays[0].dtype == dtype else arrays[0].astype(dtype)


def _gather(node: Node, arrays: Arrays) -> Array:
    return np.take(arrays[0], arrays[1], axis=node.attr("axis", 0))


def _squeeze_axes(node: Node, arrays: Arrays) -> list[int] | None:
    if len(arrays) > 1 and arrays[1] is not None:
        return [int(axis) for axis in arrays[1].reshape(-1)]
    return node.attr("axes")


def _squeeze(node: Node, arrays: Arrays) -> Array:
    axes = _squeeze_axes(node, arrays)
    return np.squeeze(arrays[0], None if axes is None else tuple(axes))


def _unsqueeze(node: Node, arrays: Arrays) -> Array:
    return np.expand_dims(arrays[0], tuple(_squeeze_axes(node, arrays) or ()))


def _reshape(node: Node, arrays: Arrays) -> Array:
    shape = [int(size) for size in arrays[1]]
    if not node.attr("allowzero", 0):
        shape = [arrays[0].shape[i] if size == 0 else size for i, size in enumerate(shape)]
    return arrays[0].reshape(shape)


def _concat(node: Node, arrays: Arrays) -> Array:
    return np.concatenate(arrays, axis=node.attr("axis"))


def _slice(node: Node, arrays: Arrays) -> Array:
    def part(index: int, name: str) -> list[int] | None:
        if len(arrays) > index and arrays[index] is not None:
            return [int(value) for value in arrays[index].reshape(-1)]
        return node.attr(name)

    starts, ends = part(1, "starts"), part(2, "ends")
    axes = part(3, "axes") or list(range(len(starts)))
    steps = part(4, "steps") or [1] * len(starts)
    index = [slice(None)] * arrays[0].ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        size = arrays[0].shape[axis]
        # A backward slice that ends before the first element has no index.
        stop = None if step < 0 and end < -size else end
        index[axis] = slice(start, stop, step)
    return arrays[0][tuple(index)]


def _constant_of_shape(node: Node, arrays: Arrays) -> Array:
    shape = [int(size) for size in arrays[0]]
    _check_elements(shape)
    if "value" not in node.attributes:
        return np.zeros(shape, np.float32)
    value = numpy_helper.to_array(node.attributes["value"].t)
    return np.full(shape, value.reshape(-1)[0], value.dtype)


def _expand(node: Node, arrays: Arrays) -> Array:
    shape = np.broadcast_shapes(arrays[0].shape, tuple(int(size) for size in arrays[1]))
    _check_elements(shape)
    return np.broadcast_to(arrays[0], shape)


def _tile(node: Node, arrays: Arrays) -> Array:
    repeats = [int(value) for value in arrays[1]]
    _check_elements([s * r for s, r in zip(arrays[0].shape, repeats, strict=True)])
    return np.tile(arrays[0], repeats)


def _range(node: Node, arrays: Arrays) -> Array:
    start, limit, delta = (array.reshape(-1)[0] for array in arrays)
    if delta == 0:
        raise UserError("has the step 0")
    _check_elements([max(0, int((limit - start) / delta))])
    return np.arange(start, limit, delta, dtype=arrays[0].dtype)


def _mod(node: Node, arrays: Arrays) -> Array:
    function = np.fmod if node.attr("fmod", 0) else np.mod
    with np.errstate(all="ignore"):
        return function(arrays[0], arrays[1]).astype(arrays[0].dtype)


def _one_hot(node: Node, arrays: Arrays) -> Array:
    indices, count = arrays[0].astype(np.int64), int(arrays[1].reshape(-1)[0])
    axis = node.attr("axis", -1) % (indices.ndim + 1)
    _check_elements([*indices.shape, count])
    places = np.arange(count).reshape([-1 if a == axis else 1 for a in range(indices.ndim + 1)])
    # A negative index counts from the end.
    hit = np.expand_dims(np.where(indices < 0, indices + count, indices), axis) == places
    return np.where(hit, arrays[2][1], arrays[2][0])


_FAST: dict[str, Callable[[Node, Arrays], object]] = {
    "Add": _binary(operator.add),
    "And": _binary(np.logical_and),
    "Cast": _cast,
    "Concat": _concat,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Div": _binary(_divide),
    "Equal": _binary(np.equal),
    "Expand": _expand,
    "Gather": _gather,
    "GatherElements": lambda node, arrays: np.take_along_axis(
        arrays[0], arrays[1], axis=node.attr("axis", 0)
    ),
    "Greater": _binary(np.greater),
    "Identity": lambda node, arrays: arrays[0],
    "Less": _binary(np.less),
    "Mod": _mod,
    "Mul": _binary(operator.mul),
    "Neg": lambda node, arrays: -arrays[0],
    "Not": lambda node, arrays: np.logical_not(arrays[0]),
    "OneHot": _one_hot,
    "Or": _binary(np.logical_or),
    "Range": _range,
    "Reshape": _reshape,
    "Shape": lambda node, arrays: shape_of(node, arrays[0].shape),
    "Size": lambda node, arrays: np.array(arrays[0].size, np.int64),
    "Slice": _slice,
    "Sqrt": lambda node, arrays: np.sqrt(arrays[0]),
    "Squeeze": _squeeze,
    "Sub": _binary(operator.sub),
    "Tile": _tile,
    "Transpose": lambda node, arrays: arrays[0].transpose(node.attr("perm")),
    "Unsqueeze": _unsqueeze,
    "Where": lambda node, arrays: np.where(arrays[0], arrays[1], arrays[2]),
}


def shape_of(node: Node, shape: Sequence[int]) -> Array:
    """What Shape gives for a tensor of the given shape."""
    return np.array(shape, np.int64)[slice(node.attr("start", 0), node.attr("end"))]
