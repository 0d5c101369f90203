"""Control flow: branches and loops whose bodies read values of the network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import GraphProto, TensorProto, helper

from randomnets.families.reduction import reduce
from randomnets.families.registry import family
from randomnets.network import Network, RejectedError, Value


def _graph(name: str, nodes: Sequence, inputs: Sequence, outputs: Sequence[str]) -> GraphProto:
    ports = [helper.make_tensor_value_info(n, kind, shape) for n, kind, shape in inputs]
    infos = [helper.make_empty_tensor_value_info(n) for n in outputs]
    return helper.make_graph(list(nodes), name, ports, infos)


def _branch(net: Network, x: Value, name: str) -> GraphProto:
    ops = ("Relu", "Tanh", "Neg", "Sigmoid", "Abs")
    first, second = net.choose(ops), net.choose(ops)
    nodes = [
        helper.make_node(first, [x.name], [f"{name}_a"], f"{name}_{first}_1"),
        helper.make_node(second, [f"{name}_a"], [f"{name}_b"], f"{name}_{second}_2"),
    ]
    return _graph(name, nodes, [], [f"{name}_b"])


@family("if")
def branches(net: Network) -> None:
    """One of two results, by a constant or by what the network computes."""
    x = net.pick()
    if net.chance(0.4):
        condition = net.constant(np.array(net.chance(0.5)))
    else:
        total = reduce(net, "ReduceMean", x, None, 0)
        condition = net.call("Greater", total, net.constant(np.float32(net.choose((0.0, 0.5)))))
    name = f"if{len(net.nodes)}"
    sides = {f"{side}_branch": _branch(net, x, f"{name}_{side}") for side in ("then", "else")}
    net.call("If", condition, captured=[x], **sides)


@family("loop")
def loop(net: Network) -> None:
    """A value is changed a fixed number of times, and its states may be collected."""
    x = net.pick(lambda v: v.array.size <= net.largest // 8)
    count, name = net.integer(1, 5), f"loop{len(net.nodes)}"
    op = net.choose(("Add", "Mul", "Max"))
    nodes = [
        helper.make_node("Tanh", [f"{name}_x"], [f"{name}_t"], f"{name}_Tanh"),
        helper.make_node(op, [f"{name}_t", x.name], [f"{name}_y"], f"{name}_{op}"),
        helper.make_node("Identity", [f"{name}_go"], [f"{name}_on"], f"{name}_Identity"),
    ]
    outputs = [f"{name}_on", f"{name}_y"]
    if net.chance(0.5):
        nodes.append(helper.make_node("Neg", [f"{name}_y"], [f"{name}_z"], f"{name}_Neg"))
        outputs.append(f"{name}_z")
    ports = [
        (f"{name}_i", TensorProto.INT64, ()),
        (f"{name}_go", TensorProto.BOOL, ()),
        (f"{name}_x", TensorProto.FLOAT, x.shape),
    ]
    body = _graph(name, nodes, ports, outputs)
    go = net.constant(np.array(True)) if net.chance(0.5) else None
    net.call("Loop", net.constant(count, np.int64), go, x, body=body, captured=[x],
             outputs=len(outputs) - 1)  # fmt: skip


@family("scan")
def scan(net: Network) -> None:
    """A state goes over the parts of an axis."""
    x = net.pick(lambda v: v.rank >= 2)
    axis = net.integer(0, min(1, x.rank - 1))
    if x.shape[axis] > 9:
        x = net.call("Slice", x, net.ints(0), net.ints(net.integer(1, 9)), net.ints(axis))
    part = (*x.shape[:axis], *x.shape[axis + 1 :])
    if int(np.prod(part)) == 0:
        raise RejectedError("empty")
    name = f"scan{len(net.nodes)}"
    op = net.choose(("Add", "Max", "Sub"))
    nodes = [
        helper.make_node(op, [f"{name}_s", f"{name}_p"], [f"{name}_u"], f"{name}_{op}"),
        helper.make_node("Tanh", [f"{name}_u"], [f"{name}_n"], f"{name}_Tanh"),
        helper.make_node("Mul", [f"{name}_n", f"{name}_p"], [f"{name}_o"], f"{name}_Mul"),
    ]
    ports = [(f"{name}_s", TensorProto.FLOAT, part), (f"{name}_p", TensorProto.FLOAT, part)]
    body = _graph(name, nodes, ports, [f"{name}_n", f"{name}_o"])
    state = net.constant(net.normal(part)) if net.chance(0.6) else net.input(part)
    back = int(net.chance(0.3))
    net.call("Scan", state, x, body=body, num_scan_inputs=1, outputs=2, scan_input_axes=[axis],
             scan_output_axes=[net.choose((0, axis))], scan_input_directions=[back],
             scan_output_directions=[int(net.chance(0.3))])  # fmt: skip
