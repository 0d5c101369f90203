"""Tensors without axes as inputs, outputs and in between, in every precision."""

import networks as nets
import numpy as np
import pytest
from checks import compiled, reference
from onnx import TensorProto, helper

make = helper.make_node
TOLERANCE = {"F32": 1e-5, "F16": 4e-3, "BF16": 3e-2, "INT8": 3e-2}
UNARY = ("Abs", "Neg", "Sign", "Exp", "Log", "Sqrt", "Reciprocal", "Erf", "Sin", "Tanh", "Floor",
         "Relu", "Sigmoid", "LeakyRelu", "Elu", "HardSigmoid", "Softplus")  # fmt: skip
BINARY = ("Add", "Sub", "Mul", "Div", "Max", "Min", "Pow")
REDUCTIONS = ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceL2", "ReduceLogSumExp")
DATA = {
    "x": np.array(0.7, np.float32), "z": np.array(1.7, np.float32),
    "v": np.float32([0.5, 2, 1.25, 3, 0.75]), "m": np.linspace(0.1, 2, 24, dtype=np.float32),
    "i": np.array(2, np.int64),
}  # fmt: skip
DATA["m"] = DATA["m"].reshape(2, 3, 4)
WEIGHTS = {
    "c": np.float32(0.3), "w": np.float32([1, 2, 3, 4, 5]), "none": np.array([], np.int64),
    "two": np.array(2), "start": np.array([2]), "end": np.array([3]), "sizes": np.array([2, 3]),
    "both": np.array([0, 1]),
}  # fmt: skip


def network(nodes):
    """A network of the inputs that the nodes read; its outputs are what no node reads."""
    read = {name for node in nodes for name in node.input}
    outputs = [name for node in nodes for name in node.output if name not in read]
    inputs = {name: list(DATA[name].shape) for name in DATA if name in read}
    weights = {name: array for name, array in WEIGHTS.items() if name in read}
    model = nets.network(nodes, inputs, dict.fromkeys(outputs), weights, opset=18)
    for port in model.graph.input:
        if port.name == "i":
            port.type.tensor_type.elem_type = TensorProto.INT64
    return model


def elementwise():
    nodes = [make(kind, ["x"], [f"{kind}_x"]) for kind in UNARY]
    for kind in BINARY:
        for left, right in (("x", "c"), ("c", "x"), ("x", "z"), ("x", "v"), ("m", "x")):
            # Exponents are constants.
            if kind == "Pow" and "c" not in (left, right):
                continue
            nodes.append(make(kind, [left, right], [f"{kind}_{left}_{right}"]))
    return nodes


def made_by_others():
    """What leaves a tensor without axes, and arithmetic with a constant behind it."""
    producers = {
        "gather": make("Gather", ["v", "two"], ["gather"]),
        "gather_computed": make("Gather", ["v", "i"], ["gather_computed"]),
        "product": make("MatMul", ["v", "w"], ["product"]),
        "slice": make("Slice", ["v", "start", "end"], ["part"]),
        "squeeze": make("Squeeze", ["part"], ["squeeze"]),
        "reshape": make("Reshape", ["part", "none"], ["reshape"]),
        **{kind: make(kind, ["m"], [kind], keepdims=0) for kind in REDUCTIONS},
        **{f"{kind}_x": make(kind, ["x"], [f"{kind}_x"], keepdims=0) for kind in REDUCTIONS[:4]},
    }
    nodes = list(producers.values())
    for name in producers:
        if name != "slice":
            nodes += [
                make("Add", [name, "c"], [f"{name}_sum"]),
                make("Mul", [f"{name}_sum", "c"], [f"{name}_scaled"]),
                make("Div", ["c", f"{name}_sum"], [f"{name}_ratio"]),
                make("Mul", ["m", f"{name}_sum"], [f"{name}_all"]),
            ]
    return nodes


def views():
    return [
        make("Unsqueeze", ["x", "both"], ["grown"]), make("Add", ["grown", "c"], ["a"]),
        make("Expand", ["x", "sizes"], ["spread"]), make("Mul", ["spread", "c"], ["b"]),
        make("Transpose", ["x"], ["turned"]), make("Sub", ["turned", "c"], ["d"]),
        make("Flatten", ["z"], ["flat"], axis=0), make("Max", ["flat", "c"], ["e"]),
        make("Identity", ["x"], ["same"]), make("Cast", ["i"], ["real"], to=TensorProto.FLOAT),
        make("Mul", ["real", "c"], ["f"]),
    ]  # fmt: skip


@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("nodes", [elementwise, made_by_others, views], ids=lambda f: f.__name__)
def test_results_are_those_of_the_model(nodes, precision):
    model = network(nodes())
    data = {port.name: DATA[port.name] for port in model.graph.input}
    results = compiled(model, precision, data).run(data)
    for name, value in reference(model, data).items():
        assert results[name].shape == value.shape, name
        np.testing.assert_allclose(
            results[name], value, rtol=TOLERANCE[precision], atol=TOLERANCE[precision],
            err_msg=name,
        )  # fmt: skip
