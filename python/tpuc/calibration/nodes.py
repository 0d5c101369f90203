"""The operations of the top dialect as ONNX nodes.

One function an operation, unless the importer's converters say that it is an operator
(``twins``). The meaning of an operation is that of docs/reference/top.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from tpuc import _core
from tpuc.errors import UserError
from tpuc.frontend import converters, enums  # noqa: F401  (declare the twins)
from tpuc.frontend.converters.recurrent import FUNCTIONS
from tpuc.frontend.registry import find_twin

OPSET = 20
_ONNX_TYPES = {"f32": onnx.TensorProto.FLOAT, "i64": onnx.TensorProto.INT64,
               "i32": onnx.TensorProto.INT32, "i1": onnx.TensorProto.BOOL}  # fmt: skip


@dataclass
class Nodes:
    """Nodes and constants under construction."""

    values: list[_core.GraphValue]
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def emit(self, kind: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        """Adds a node and returns the name of its first output."""
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, array: np.ndarray) -> str:
        """Adds a constant and returns its name."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def ints(self, numbers: list[int]) -> str:
        """Adds a list of i64."""
        return self.constant(np.array(numbers, np.int64))

    def real(self, number: float) -> str:
        """Adds a scalar f32."""
        return self.constant(np.float32(number))

    def shape(self, value: int) -> list[int]:
        """The shape of a value."""
        return self.values[value].shape


@dataclass(frozen=True)
class Call:
    """An operation, and the names of its operands and results."""

    operation: _core.GraphOperation
    inputs: list[str]
    outputs: list[str]

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute."""
        return self.operation.attributes.get(name, default)


Converter = Callable[[Call, Nodes], None]
_CONVERTERS: dict[str, Converter] = {}


def onnx_type(dtype: str) -> int:
    """ONNX's number of an element type."""
    return _ONNX_TYPES[dtype]


def convert(call: Call, nodes: Nodes) -> None:
    """Adds the nodes of an operation: those of its function, or its twin among ONNX's operators.

    Raises:
        UserError: it has neither.
    """
    kind = call.operation.kind
    if kind in _CONVERTERS:
        _CONVERTERS[kind](call, nodes)
    elif twin := find_twin(kind):
        values = {name: call.get(name, value) for name, value in twin.attributes.items()}
        nodes.emit(twin.op_type, call.inputs, call.outputs[0], **values)
    else:
        raise UserError(
            f"node '{call.operation.location}': the operation {kind} cannot be calibrated, "
            f"compile with --quantize F16, BF16 or F32"
        )


def converts(*kinds: str) -> Callable[[Converter], Converter]:
    """Registers the function for operations."""

    def register(function: Converter) -> Converter:
        _CONVERTERS.update(dict.fromkeys(kinds, function))
        return function

    return register


@converts("mod")
def _mod(call: Call, nodes: Nodes) -> None:
    lhs, rhs = call.inputs
    is_real = nodes.values[call.operation.operands[0]].dtype == "f32"
    if call.get("fmod", False) or not is_real:
        nodes.emit("Mod", [lhs, rhs], call.outputs[0], fmod=int(call.get("fmod", False)))
        return
    rest = nodes.emit("Mod", [lhs, rhs], fmod=1)
    zero = nodes.real(0.0)
    signs = [nodes.emit("Less", [value, zero]) for value in (rest, rhs)]
    is_zero = nodes.emit("Equal", [rest, zero])
    keeps = nodes.emit("Or", [nodes.emit("Not", [nodes.emit("Xor", signs)]), is_zero])
    nodes.emit("Where", [keeps, rest, nodes.emit("Add", [rest, rhs])], call.outputs[0])


@converts("compare")
def _compare(call: Call, nodes: Nodes) -> None:
    kinds = {
        enums.Compare.EQUAL: "Equal", enums.Compare.NOT_EQUAL: "Equal",
        enums.Compare.LESS: "Less", enums.Compare.LESS_EQUAL: "LessOrEqual",
        enums.Compare.GREATER: "Greater", enums.Compare.GREATER_EQUAL: "GreaterOrEqual",
    }  # fmt: skip
    predicate = enums.Compare(call.get("predicate"))
    if predicate == enums.Compare.NOT_EQUAL:
        nodes.emit("Not", [nodes.emit("Equal", call.inputs)], call.outputs[0])
    else:
        nodes.emit(kinds[predicate], call.inputs, call.outputs[0])


@converts("rsqrt")
def _rsqrt(call: Call, nodes: Nodes) -> None:
    nodes.emit("Reciprocal", [nodes.emit("Sqrt", call.inputs)], call.outputs[0])


@converts("silu")
def _silu(call: Call, nodes: Nodes) -> None:
    nodes.emit("Mul", [call.inputs[0], nodes.emit("Sigmoid", call.inputs)], call.outputs[0])


@converts("gelu")
def _gelu(call: Call, nodes: Nodes) -> None:
    tanh = call.get("approximate", enums.Gelu.NONE) == enums.Gelu.TANH
    nodes.emit("Gelu", call.inputs, call.outputs[0], approximate="tanh" if tanh else "none")


@converts("clip")
def _clip(call: Call, nodes: Nodes) -> None:
    limits = [nodes.real(call.get("min")), nodes.real(call.get("max"))]
    nodes.emit("Clip", [*call.inputs, *limits], call.outputs[0])


@converts("softmax")
def _softmax(call: Call, nodes: Nodes) -> None:
    kind = "LogSoftmax" if call.get("log", False) else "Softmax"
    nodes.emit(kind, call.inputs, call.outputs[0], axis=call.get("axis"))


def _limit(call: Call, nodes: Nodes, value: str) -> None:
    """Applies do_relu and gives the result its name."""
    limit = call.get("relu_limit", -1.0)
    if limit >= 0:
        nodes.emit("Clip", [value, nodes.real(0.0), nodes.real(limit)], call.outputs[0])
    else:
        nodes.emit("Relu", [value], call.outputs[0])


@converts("conv", "conv_transpose")
def _conv(call: Call, nodes: Nodes) -> None:
    attributes = {name: list(call.get(name)) for name in ("strides", "pads", "dilations")}
    attributes["group"] = call.get("group", 1)
    kind = "Conv"
    if call.operation.kind == "conv_transpose":
        kind = "ConvTranspose"
        attributes["output_padding"] = list(call.get("output_padding"))
    if call.get("do_relu", False):
        _limit(call, nodes, nodes.emit(kind, call.inputs, **attributes))
    else:
        nodes.emit(kind, call.inputs, call.outputs[0], **attributes)


@converts("matmul")
def _matmul(call: Call, nodes: Nodes) -> None:
    sides = []
    for index, name in enumerate(("left_transpose", "right_transpose")):
        side = call.inputs[index]
        if call.get(name, False):
            rank = len(nodes.shape(call.operation.operands[index]))
            order = [*range(rank - 2), rank - 1, rank - 2]
            side = nodes.emit("Transpose", [side], perm=order)
        sides.append(side)
    if len(call.inputs) == 3:
        nodes.emit("Add", [nodes.emit("MatMul", sides), call.inputs[2]], call.outputs[0])
    else:
        nodes.emit("MatMul", sides, call.outputs[0])


@converts("max_pool", "avg_pool")
def _pool(call: Call, nodes: Nodes) -> None:
    attributes = {name: list(call.get(name)) for name in ("strides", "pads", "dilations")}
    attributes["kernel_shape"] = list(call.get("kernel"))
    attributes["ceil_mode"] = int(call.get("ceil_mode", False))
    if call.operation.kind == "max_pool":
        nodes.emit("MaxPool", call.inputs, call.outputs[0], **attributes)
        return
    attributes["count_include_pad"] = int(call.get("count_include_pad", False))
    nodes.emit("AveragePool", call.inputs, call.outputs[0], **attributes)


def _affine(call: Call, nodes: Nodes, value: str, shape: list[int]) -> None:
    """Scales and shifts a normalised value by the operands after the first."""
    steps = [("Mul", name) for name in call.inputs[1:2]]
    steps += [("Add", name) for name in call.inputs[2:3]]
    for kind, name in steps:
        factor = nodes.emit("Reshape", [name, nodes.ints(shape)]) if shape else name
        value = nodes.emit(kind, [value, factor])
    nodes.emit("Identity", [value], call.outputs[0])


@converts("layer_norm")
def _layer_norm(call: Call, nodes: Nodes) -> None:
    axis = call.get("axis")
    inputs = list(call.inputs)
    if len(inputs) == 1:
        sizes = nodes.shape(call.operation.operands[0])[axis:]
        inputs.append(nodes.constant(np.ones(sizes, np.float32)))
    nodes.emit(
        "LayerNormalization", inputs, call.outputs[0], axis=axis, epsilon=call.get("epsilon")
    )


@converts("rms_norm")
def _rms_norm(call: Call, nodes: Nodes) -> None:
    value = call.inputs[0]
    axes = list(range(call.get("axis"), len(nodes.shape(call.operation.operands[0]))))
    square = nodes.emit("Mul", [value, value])
    mean = nodes.emit("ReduceMean", [square, nodes.ints(axes)], keepdims=1)
    root = nodes.emit("Sqrt", [nodes.emit("Add", [mean, nodes.real(call.get("epsilon"))])])
    _affine(call, nodes, nodes.emit("Div", [value, root]), [])


@converts("group_norm")
def _group_norm(call: Call, nodes: Nodes) -> None:
    shape = nodes.shape(call.operation.operands[0])
    groups = nodes.emit(
        "Reshape", [call.inputs[0], nodes.ints([shape[0], call.get("num_groups"), -1])]
    )
    mean = nodes.emit("ReduceMean", [groups, nodes.ints([2])], keepdims=1)
    centred = nodes.emit("Sub", [groups, mean])
    square = nodes.emit("Mul", [centred, centred])
    variance = nodes.emit("ReduceMean", [square, nodes.ints([2])], keepdims=1)
    root = nodes.emit("Sqrt", [nodes.emit("Add", [variance, nodes.real(call.get("epsilon"))])])
    normal = nodes.emit("Div", [centred, root])
    normal = nodes.emit("Reshape", [normal, nodes.ints(shape)])
    _affine(call, nodes, normal, [1, shape[1], *[1] * (len(shape) - 2)])


@converts("batch_norm")
def _batch_norm(call: Call, nodes: Nodes) -> None:
    nodes.emit("BatchNormalization", call.inputs, call.outputs[0], epsilon=call.get("epsilon"))


@converts("reduce")
def _reduce(call: Call, nodes: Nodes) -> None:
    kinds = {
        enums.Reduce.MEAN: "ReduceMean", enums.Reduce.SUM: "ReduceSum",
        enums.Reduce.MAX: "ReduceMax", enums.Reduce.MIN: "ReduceMin",
        enums.Reduce.PROD: "ReduceProd", enums.Reduce.L1: "ReduceL1",
        enums.Reduce.L2: "ReduceL2", enums.Reduce.SUM_SQUARE: "ReduceSumSquare",
        enums.Reduce.LOG_SUM: "ReduceLogSum", enums.Reduce.LOG_SUM_EXP: "ReduceLogSumExp",
    }  # fmt: skip
    axes = list(call.get("axes"))
    inputs = [call.inputs[0], nodes.ints(axes)] if axes else call.inputs
    nodes.emit(
        kinds[enums.Reduce(call.get("kind"))], inputs, call.outputs[0],
        keepdims=int(call.get("keepdims", True)),
    )  # fmt: skip


@converts("arg")
def _arg(call: Call, nodes: Nodes) -> None:
    kind = "ArgMax" if call.get("kind") == enums.Arg.MAX else "ArgMin"
    nodes.emit(
        kind, call.inputs, call.outputs[0], axis=call.get("axis"),
        keepdims=int(call.get("keepdims", True)),
        select_last_index=int(call.get("select_last", False)),
    )  # fmt: skip


@converts("topk")
def _topk(call: Call, nodes: Nodes) -> None:
    node = helper.make_node(
        "TopK", [call.inputs[0], nodes.ints([call.get("k")])], call.outputs,
        axis=call.get("axis"), largest=int(call.get("largest", True)),
    )  # fmt: skip
    nodes.nodes.append(node)


@converts("cumsum")
def _cumsum(call: Call, nodes: Nodes) -> None:
    axis = nodes.constant(np.int64(call.get("axis")))
    nodes.emit(
        "CumSum", [call.inputs[0], axis], call.outputs[0],
        exclusive=int(call.get("exclusive", False)), reverse=int(call.get("reverse", False)),
    )  # fmt: skip


@converts("nms")
def _nms(call: Call, nodes: Nodes) -> None:
    most = int(call.get("max_output"))
    batch, classes, _ = nodes.shape(call.operation.operands[1])
    inputs = [*call.inputs, nodes.ints([most]), nodes.real(call.get("iou_threshold"))]
    if (least := call.get("score_threshold", -np.inf)) > -np.inf:
        inputs.append(nodes.real(least))
    chosen = nodes.emit(
        "NonMaxSuppression", inputs, center_point_box=int(call.get("center_point_box", False))
    )
    # One list of (batch, class, box), class after class, as a row for each of these.
    columns = nodes.emit("Transpose", [chosen], perm=[1, 0])
    own, kind, box = (
        nodes.emit("Gather", [columns, nodes.constant(np.int64(index))], axis=0)
        for index in range(3)
    )
    row = nodes.emit("Add", [nodes.emit("Mul", [own, nodes.constant(np.int64(classes))]), kind])
    row = nodes.emit("Unsqueeze", [row, nodes.ints([1])])
    others = nodes.emit("Transpose", [row], perm=[1, 0])
    before = nodes.emit("Cast", [nodes.emit("Less", [others, row])], to=onnx.TensorProto.INT64)
    begin = nodes.emit("ReduceSum", [before, nodes.ints([1])], keepdims=1)
    ones = nodes.emit("Add", [nodes.emit("Mul", [row, nodes.ints([0])]), nodes.ints([1])])
    place = nodes.emit("CumSum", [ones, nodes.constant(np.int64(0))], exclusive=1)
    place = nodes.emit("Sub", [place, begin])
    places = nodes.emit("Concat", [row, place], axis=1)
    none = nodes.constant(np.full((batch * classes, most), -1, np.int64))
    filled = nodes.emit("ScatterND", [none, places, box])
    nodes.emit("Reshape", [filled, nodes.ints([batch, classes, most])], call.outputs[0])


@converts("recurrent")
def _recurrent(call: Call, nodes: Nodes) -> None:
    kind = enums.CellKind(call.get("kind"))
    direction = enums.CellDirection(call.get("direction"))
    weight, state = (nodes.shape(value) for value in call.operation.operands[1:3])
    (directions, rows, units), (_, _, _, batch) = weight, state
    steps = nodes.shape(call.operation.operands[0])[2]
    ranks = [len(nodes.shape(value)) for value in call.operation.operands]
    options = {rank: name for rank, name in zip(ranks[3:], call.inputs[3:], strict=True)}

    # The gates are the sequence, of which each direction selects its own.
    channels = directions * rows
    flat = nodes.emit("Reshape", [call.inputs[0], nodes.ints([channels, steps, batch])])
    inputs = [nodes.emit("Transpose", [flat], perm=[1, 2, 0])]
    own = np.eye(channels, dtype=np.float32).reshape(directions, rows, channels)
    inputs += [nodes.constant(own), call.inputs[1], "", "", "", ""]
    before_reset = int(call.get("linear_before_reset", False))
    if before_reset:
        zeros = nodes.constant(np.zeros((directions, 2 * rows - units), np.float32))
        own_bias = nodes.emit("Reshape", [options[3], nodes.ints([directions, units])])
        inputs[3] = nodes.emit("Concat", [zeros, own_bias], axis=1)
    if 2 in options:
        count = nodes.emit("ReduceSum", [options[2], nodes.ints([0])], keepdims=0)
        inputs[4] = nodes.emit("Cast", [count], to=onnx.TensorProto.INT32)
    for index in range(state[0]):
        part = nodes.emit("Gather", [call.inputs[2], nodes.constant(np.int64(index))], axis=0)
        inputs[5 + index] = nodes.emit("Transpose", [part], perm=[0, 2, 1])
    if kind == enums.CellKind.LSTM and 3 in options:
        inputs.append(nodes.emit("Reshape", [options[3], nodes.ints([directions, 3 * units])]))

    attributes: dict[str, Any] = _activations(call, kind, directions)
    if call.get("clip", 0.0) > 0:
        attributes["clip"] = call.get("clip")
    if kind == enums.CellKind.GRU:
        attributes["linear_before_reset"] = before_reset
    if kind == enums.CellKind.LSTM:
        attributes["input_forget"] = int(call.get("input_forget", False))
    results = [f"t{len(nodes.nodes)}_{index}" for index in range(1 + state[0])]
    while not inputs[-1]:
        inputs.pop()
    nodes.nodes.append(
        helper.make_node(
            kind.name, inputs, results, direction=direction.name.lower(), hidden_size=units,
            **attributes,
        )
    )  # fmt: skip
    turned = [nodes.emit("Transpose", [results[0]], perm=[1, 3, 0, 2])]
    for result in results[1:]:
        last = nodes.emit("Transpose", [result], perm=[0, 2, 1])
        turned.append(nodes.emit("Reshape", [last, nodes.ints([directions, units, 1, batch])]))
    states = nodes.emit("Concat", turned, axis=2)
    shape = [1, directions * units, steps + state[0], batch]
    nodes.emit("Reshape", [states, nodes.ints(shape)], call.outputs[0])


def _activations(call: Call, kind: enums.CellKind, directions: int) -> dict[str, Any]:
    """ONNX's attributes of a cell's activations."""
    names = {function.kind: name for name, function in FUNCTIONS.items()}
    count = {enums.CellKind.LSTM: 3, enums.CellKind.GRU: 2, enums.CellKind.RNN: 1}[kind]
    kinds = [call.get(f"{part}_activation", default) for part, default in (
        ("gate", enums.CellActivation.SIGMOID), ("cell", enums.CellActivation.TANH),
        ("output", enums.CellActivation.TANH))][:count]  # fmt: skip
    chosen = [FUNCTIONS[names[enums.CellActivation(value)]] for value in kinds]
    numbers = {
        "activation_alpha": [
            a for f, a in zip(chosen, call.get("alphas"), strict=False) if f.alpha is not None
        ],
        "activation_beta": [
            b for f, b in zip(chosen, call.get("betas"), strict=False) if f.beta is not None
        ],
    }
    attributes: dict[str, Any] = {k: v * directions for k, v in numbers.items() if v}
    attributes["activations"] = [names[function.kind] for function in chosen] * directions
    return attributes
