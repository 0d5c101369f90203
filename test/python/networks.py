"""Small ONNX networks for the tests."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def network(nodes, inputs, outputs, weights=None, opset=13):
    """A model; inputs and outputs are {name: shape}, weights {name: array}."""
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info(n, FLOAT, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info(n, FLOAT, s) for n, s in outputs.items()],
        [numpy_helper.from_array(a, n) for n, a in (weights or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 9
    return model


def small_convnet(batch=1):
    """Convolution, ReLU, linear layer: 3x8x8 to 5 numbers."""
    rng = np.random.default_rng(1)
    weights = {
        "w": rng.standard_normal((4, 3, 3, 3)).astype(np.float32),
        "b": rng.standard_normal(4).astype(np.float32),
        "fc": rng.standard_normal((5, 256)).astype(np.float32),
        "fb": rng.standard_normal(5).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], "conv", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"], "relu"),
        helper.make_node("Flatten", ["r"], ["f"], "flatten"),
        helper.make_node("Gemm", ["f", "fc", "fb"], ["y"], "fc", transB=1),
    ]
    return network(nodes, {"x": [batch, 3, 8, 8]}, {"y": [batch, 5]}, weights)


def one_node(op, inputs=("x",), shape=(2, 4), weights=None, opset=13, outputs=("y",), **attributes):
    """A model of a single node named "node"."""
    node = helper.make_node(op, list(inputs), list(outputs), "node", **attributes)
    return network([node], {"x": list(shape)}, {"y": None}, weights, opset)


def save(model, path):
    """Writes without any check and returns the path as text."""
    path.write_bytes(model.SerializeToString())
    return str(path)


def load_bytes(model):
    """The serialised model."""
    return bytearray(model.SerializeToString())


def external(model, name, location, **entries):
    """Moves an initialiser's data to another file."""
    for tensor in model.graph.initializer:
        if tensor.name == name:
            tensor.ClearField("raw_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            for key, value in {"location": location, **entries}.items():
                tensor.external_data.add(key=key, value=str(value))
    return model
