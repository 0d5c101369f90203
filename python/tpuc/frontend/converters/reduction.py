"""Reductions along axes."""

from __future__ import annotations

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Arg, Reduce
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import (
    Inputs,
    axes_of,
    axis_of,
    converts,
    ints_of,
    operand,
    scalar_of,
)

_KINDS = {
    "ReduceMean": Reduce.MEAN,
    "ReduceSum": Reduce.SUM,
    "ReduceMax": Reduce.MAX,
    "ReduceMin": Reduce.MIN,
    "ReduceProd": Reduce.PROD,
    "ReduceL1": Reduce.L1,
    "ReduceL2": Reduce.L2,
    "ReduceSumSquare": Reduce.SUM_SQUARE,
    "ReduceLogSum": Reduce.LOG_SUM,
    "ReduceLogSumExp": Reduce.LOG_SUM_EXP,
}


@converts(*_KINDS)
def _reduce(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    axes = ints_of(operand(inputs, 1), "the list of axes")
    if axes is None:
        axes = node.attr("axes")
    if not axes:
        if node.attr("noop_with_empty_axes", 0):
            return _without_axes(node.op_type, x, e)
        axes = list(range(x.rank))
    keepdims = bool(node.attr("keepdims", 1))
    if not x.rank:
        return _without_axes(node.op_type, x, e)
    if x.dtype == "i1":
        # Over truth values the largest is "any" and the smallest is "all".
        number = e.reduce(_KINDS[node.op_type], e.cast(x, "i32"), axes_of(axes, x.rank), keepdims)
        return e.cast(number, "i1")
    return e.reduce(_KINDS[node.op_type], x, axes_of(axes, x.rank), keepdims)


def _without_axes(op_type: str, x: Tensor, e: Emitter) -> Tensor:
    """What a reduction does to every single element."""
    if op_type in ("ReduceL1", "ReduceL2"):
        return e.unary("abs", x)
    if op_type == "ReduceSumSquare":
        return e.binary("mul", x, x)
    if op_type == "ReduceLogSum":
        return e.unary("log", x)
    return x


@converts("ArgMax", "ArgMin")
def _arg(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    attributes = {
        "kind": Arg.MAX if node.op_type == "ArgMax" else Arg.MIN,
        "axis": axis_of(int(node.attr("axis", 0)), x.rank),
        "keepdims": bool(node.attr("keepdims", 1)),
        "select_last": bool(node.attr("select_last_index", 0)),
    }
    return e.op("arg", [x], attributes)


@converts("TopK")
def _topk(node: Node, inputs: Inputs, e: Emitter) -> list[Tensor]:
    x = inputs[0]
    k = int(scalar_of(inputs[1], "k", 0)) if len(inputs) > 1 else int(node.required("k"))
    attributes = {
        "axis": axis_of(int(node.attr("axis", -1)), x.rank),
        "k": k,
        "largest": bool(node.attr("largest", 1)),
    }
    return e.ops("topk", [x], attributes)


@converts("CumSum")
def _cumsum(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    if x.rank == 0:
        raise UserError("has an operand without axes")
    attributes = {
        "axis": axis_of(int(scalar_of(inputs[1], "the axis", 0)), x.rank),
        "exclusive": bool(node.attr("exclusive", 0)),
        "reverse": bool(node.attr("reverse", 0)),
    }
    return e.op("cumsum", [x], attributes)
