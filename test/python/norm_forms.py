"""Random spellings of normalisations, as exporters write them."""

from __future__ import annotations

import math

import numpy as np
from onnx import TensorProto, helper, numpy_helper

# Roots: of which the caller divides by the result, and of which it multiplies with it.
DIVISORS = ("sqrt", "pow")
FACTORS = ("reciprocal", "rsqrt_pow", "one_over")


class Graph:
    """Nodes by call; every tensor is named by its node's number."""

    def __init__(self, opset: int):
        self.opset = opset
        self.nodes, self.weights = [], []

    def __call__(self, op: str, *inputs: str, **attributes) -> str:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name, **attributes))
        return name

    def constant(self, value, dtype=np.float32) -> str:
        name = f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def reduce(self, op: str, x: str, axes: list[int], rank: int, keepdims: bool) -> str:
        """The reduced axes stay, by themselves or by an Unsqueeze."""
        if self.opset >= (13 if op == "ReduceSum" else 18):
            reduced = self(op, x, self.constant(axes, np.int64), keepdims=int(keepdims))
        else:
            reduced = self(op, x, axes=axes, keepdims=int(keepdims))
        if keepdims:
            return reduced
        positive = [axis % rank for axis in axes]
        if self.opset >= 13:
            return self("Unsqueeze", reduced, self.constant(positive, np.int64))
        return self("Unsqueeze", reduced, axes=positive)

    def model(self, output: str, feeds: dict[str, np.ndarray]):
        inputs = [
            helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
            for n, v in feeds.items()
        ]
        result = helper.make_tensor_value_info(output, TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "net", inputs, [result], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 8
        return model


def norm(rng: np.random.Generator, x: np.ndarray):
    """A model of the input ``x``, what it is made of, and its scale and bias."""
    g = Graph(int(rng.integers(9, 19)))
    rank = x.ndim
    count = int(rng.integers(1, min(3, rank) + 1))
    axes = list(range(rank - count, rank))
    if rng.random() < 0.3:
        axes = sorted(int(axis) for axis in rng.choice(rank, count, replace=False))
    size = math.prod(x.shape[axis] for axis in axes)
    parameter = [x.shape[axis] if axis in axes else 1 for axis in range(rank)]
    if rng.random() < 0.5:
        axes = [axis - rank for axis in axes]
    keepdims = bool(rng.integers(2))
    choices = {
        "axes": axes,
        "keepdims": keepdims,
        "opset": g.opset,
        "centred": bool(rng.integers(2)),
        "mean": str(rng.choice(["mean", "sum_div", "sum_mul"])),
        "square": str(rng.choice(["mul", "pow"])),
        "epsilon": float(rng.choice([1e-3, 1e-5, 1e-6, 1e-8, 1e-12])),
        "where": str(rng.choice(["inside", "inside", "outside", "limit"])),
    }
    kinds = ["mean", "sum", "sum_square", "l2"] + ["moments"] * choices["centred"]
    choices["kind"] = str(rng.choice(kinds))
    if choices["kind"] == "l2" and choices["where"] == "inside":
        choices["where"] = "limit"
    roots = (*DIVISORS, *FACTORS) if choices["where"] == "inside" else DIVISORS
    choices["root"] = str(rng.choice(roots))
    orders = ["plain", "affine", "scale_first"]
    if choices["root"] in FACTORS and choices["centred"]:
        orders.append("shifted_mean")
    choices["order"] = str(rng.choice(orders))

    def mean(value: str) -> str:
        if choices["mean"] == "mean":
            return g.reduce("ReduceMean", value, axes, rank, keepdims)
        total = g.reduce("ReduceSum", value, axes, rank, keepdims)
        if choices["mean"] == "sum_div":
            return g("Div", total, g.constant(size))
        return g("Mul", g.constant(1 / size), total)

    def square(value: str) -> str:
        if choices["square"] == "mul":
            return g("Mul", value, value)
        return g("Pow", value, g.constant(2))

    numerator = mean_of_x = "x"
    if choices["centred"]:
        mean_of_x = mean("x")
        numerator = g("Sub", "x", mean_of_x)
    spread = {
        "mean": lambda: mean(square(numerator)),
        "sum": lambda: g.reduce("ReduceSum", square(numerator), axes, rank, keepdims),
        "sum_square": lambda: g.reduce("ReduceSumSquare", numerator, axes, rank, keepdims),
        "l2": lambda: g.reduce("ReduceL2", numerator, axes, rank, keepdims),
        "moments": lambda: g("Relu", g("Sub", mean(square("x")), square(mean_of_x))),
    }[choices["kind"]]()
    epsilon = g.constant(choices["epsilon"])
    if choices["where"] == "inside":
        spread = g("Add", spread, epsilon)
    root = choices["root"]
    if choices["kind"] != "l2":
        if root in ("pow", "rsqrt_pow"):
            spread = g("Pow", spread, g.constant(0.5 if root == "pow" else -0.5))
        else:
            spread = g("Sqrt", spread)
    if root == "reciprocal":
        spread = g("Reciprocal", spread)
    elif root == "one_over":
        spread = g("Div", g.constant(1), spread)
    if choices["where"] != "inside":
        spread = g("Add" if choices["where"] == "outside" else "Max", spread, epsilon)
    parameters = rng.uniform(0.5, 1.5, parameter), rng.standard_normal(parameter)
    scale, bias = (g.constant(array) for array in parameters)
    apply = "Mul" if root in FACTORS else "Div"
    if choices["order"] == "shifted_mean":
        factor = g("Mul", spread, scale)
        shift = g("Sub", bias, g("Mul", mean_of_x, factor))
        y = g("Add", g("Mul", "x", factor), shift)
    elif choices["order"] == "scale_first":
        y = g(apply, g("Mul", numerator, scale), spread)
    else:
        y = g(apply, numerator, spread)
        if choices["order"] == "affine":
            y = g("Add", g("Mul", y, scale), bias)
    return g.model(y, {"x": x}), choices, parameters


def rows(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Input of numbers that F16 has, with rows of the kinds that norms fail on."""
    x = rng.standard_normal(shape)
    matrix = x.reshape(-1, shape[-1])
    for row in matrix:
        kind = rng.integers(6)
        if kind == 0:
            row[rng.integers(shape[-1])] = rng.choice([1500, 2500, 30000, 65504, -65504])
        elif kind == 1:
            row *= 15000
        elif kind == 2:
            row *= 1e-4
        elif kind == 3:
            row[:] = 0
        elif kind == 4:
            row += 10
    return np.clip(x, -65504, 65504).astype(np.float16).astype(np.float32)


def reference(x: np.ndarray, choices: dict, scale: np.ndarray, bias: np.ndarray):
    """The norm in f64, and by how much a relative error of x's mean moves the result."""
    axes = tuple(choices["axes"])
    size = math.prod(x.shape[axis] for axis in axes)
    x = x.astype(np.float64)
    centre = x.mean(axis=axes, keepdims=True) if choices["centred"] else 0.0
    numerator = x - centre
    spread = (numerator**2).sum(axis=axes, keepdims=True)
    if choices["kind"] in ("mean", "moments"):
        spread /= size
    epsilon = choices["epsilon"]
    root = np.sqrt(spread + epsilon * (choices["where"] == "inside"))
    if choices["where"] == "outside":
        root = root + epsilon
    elif choices["where"] == "limit":
        root = np.maximum(root, epsilon)
    y = numerator / root
    if choices["order"] != "plain":
        y = y * scale
    if choices["order"] in ("affine", "shifted_mean"):
        y = y + bias
    return y, np.abs(centre) / root
