"""Heads out of packed products, and products of heads: MatmulWithPermuteAndSplit, HdimIsBatch."""

import itertools

import networks as nets
import numpy as np
import pytest
from checks import compiled, reference
from onnx import helper
from tpuc import _core
from tpuc.compiler import deploy
from tpuc.frontend import import_onnx

BATCH, ROWS, HEADS, WIDTH = 2, 10, 3, 8
# How far results may be off, as a part of the largest: a few roundings of each type.
NEAR = {"F32": 1e-5, "F16": 4e-3, "BF16": 3e-2, "INT8": 6e-2}
# Axes of a row of the product: parts, heads and columns of a head, in the order of memory.
ORDERS = {
    "part by part": ("parts", "heads", "columns"),
    "head by head": ("heads", "parts", "columns"),
    "column by column": ("heads", "columns", "parts"),
}


def node(op, inputs, output, **attributes):
    """A node named after its output."""
    outputs = output if isinstance(output, list) else [output]
    return helper.make_node(op, inputs, outputs, f"{outputs[0]}_{op}", **attributes)


class Packed:
    """A network that computes `parts` values of heads by one product and uses them."""

    def __init__(self, order, how, parts, softmax):
        rng = np.random.default_rng(len(order) + parts)
        columns = parts * HEADS * WIDTH
        self.weights = {
            "w": (rng.standard_normal((16, columns)) / 4).astype(np.float32),
            "b": rng.standard_normal(columns).astype(np.float32) / 4,
            "scale": np.float32(WIDTH**-0.5),
        }
        self.nodes = [node("MatMul", ["x", "w"], "xw"), node("Add", ["xw", "b"], "packed")]
        names = [f"part{i}" for i in range(parts)]
        self.take_apart(ORDERS[order], how, names)
        self.use(names, softmax)

    def constant(self, name, *values):
        """Adds a list of integers and returns its name."""
        self.weights[name] = np.array(values, np.int64)
        return name

    def take_apart(self, order, how, names):
        """[batch, rows, columns] to [batch, heads, rows, columns of a head] for each part."""
        sizes = {"parts": len(names), "heads": HEADS, "columns": WIDTH}
        shape = self.constant("shape", BATCH, ROWS, *(sizes[axis] for axis in order))
        axis = {name: 2 + order.index(name) for name in order}
        perm = [axis["parts"], 0, axis["heads"], 1, axis["columns"]]
        self.nodes += [
            node("Reshape", ["packed", shape], "apart"),
            node("Transpose", ["apart"], "turned", perm=perm),
        ]
        pieces = [f"{name}_piece" for name in names]
        if how == "split":
            self.nodes.append(node("Split", ["turned"], pieces, axis=0))
        for i, (name, piece) in enumerate(zip(names, pieces, strict=True)):
            first = self.constant("first", 0)
            if how == "gather":
                self.weights[f"i{i}"] = np.array(i, np.int64)
                self.nodes.append(node("Gather", ["turned", f"i{i}"], name, axis=0))
                continue
            if how == "slice":
                begin, end = self.constant(f"b{i}", i), self.constant(f"e{i}", i + 1)
                self.nodes.append(node("Slice", ["turned", begin, end, first], piece))
            self.nodes.append(node("Squeeze", [piece, first], name))

    def use(self, names, softmax):
        """Attention, or products alone, over the first parts; the others are added."""
        keys = names[1]
        self.nodes.append(node("Mul", [names[0], "scale"], "q"))
        if len(names) == 2:
            self.nodes.append(node("Mul", ["q", keys], "y"))
            return
        self.nodes += [
            node("Transpose", [keys], "kt", perm=[0, 1, 3, 2]),
            node("MatMul", ["q", "kt"], "scores"),
            node("Softmax" if softmax else "Sigmoid", ["scores"], "mixing"),
            node("MatMul", ["mixing", names[2]], "mixed"),
        ]
        last = "mixed"
        for name in names[3:]:
            self.nodes.append(node("Add", [last, name], f"with_{name}"))
            last = f"with_{name}"
        self.nodes.append(node("Transpose", [last], "y", perm=[0, 2, 1, 3]))

    def model(self):
        return nets.network(
            self.nodes, {"x": [BATCH, ROWS, 16]}, {"y": None}, self.weights, opset=13
        )


def check(model, precision):
    """The compiled network computes what onnxruntime does."""
    data = {"x": np.random.default_rng(3).standard_normal((BATCH, ROWS, 16)).astype(np.float32)}
    expected = reference(model, data)["y"]
    found = compiled(model, precision, data).run(data)["y"]
    assert np.abs(found - expected).max() <= NEAR[precision] * np.abs(expected).max()


FORMS = list(itertools.product(ORDERS, ("split", "slice", "gather")))


@pytest.mark.parametrize(("order", "how"), FORMS)
@pytest.mark.parametrize("softmax", [True, False], ids=["softmax", "no softmax"])
def test_packed_projections_are_taken_apart(order, how, softmax):
    check(Packed(order, how, 3, softmax).model(), "F16")


@pytest.mark.parametrize("parts", [2, 3, 5])
@pytest.mark.parametrize("precision", NEAR)
def test_any_number_of_parts(parts, precision):
    check(Packed("head by head", "split", parts, softmax=False).model(), precision)


@pytest.mark.parametrize(("order", "how"), FORMS)
def test_parts_are_columns_of_the_product(order, how):
    module = import_onnx(Packed(order, how, 3, softmax=False).model(), name="net")
    module.run_pipeline("top-canonicalize")
    count = module.count_ops()
    # Nothing of rank 5 is left: each part is cut, then turned.
    assert count["top.slice"] == 3
    assert not any("x10x3x3x8" in text or "x3x2x3" in text for text in shapes(module))


def shapes(module):
    """What each operation says of its types."""
    return [" ".join(operation) for operation in module.operations()]


def linear_attention(rank):
    """q (k^T v): products of heads without a softmax; batch and heads joined for rank 3."""
    rng = np.random.default_rng(7)
    width = HEADS * WIDTH
    weights = {
        name: (rng.standard_normal((16, width)) / 4).astype(np.float32) for name in ("q", "k", "v")
    }
    weights["shape"] = np.array([BATCH, ROWS, HEADS, WIDTH], np.int64)
    weights["joined"] = np.array([BATCH * HEADS, ROWS, WIDTH], np.int64)
    weights["heads"] = np.array([BATCH, HEADS, ROWS, WIDTH], np.int64)
    nodes = []
    for name in ("q", "k", "v"):
        nodes += [
            node("MatMul", ["x", name], f"{name}0"),
            node("Reshape", [f"{name}0", "shape"], f"{name}1"),
            node("Transpose", [f"{name}1"], f"{name}2", perm=[0, 2, 1, 3]),
        ]
        if rank == 3:
            nodes.append(node("Reshape", [f"{name}2", "joined"], f"{name}3"))
    q, k, v = (f"{name}{3 if rank == 3 else 2}" for name in ("q", "k", "v"))
    nodes += [
        node("Transpose", [k], "kt", perm=[0, 2, 1] if rank == 3 else [0, 1, 3, 2]),
        node("MatMul", ["kt", v], "kv"),
        node("MatMul", [q, "kv"], "qkv"),
    ]
    last = "qkv"
    if rank == 3:
        nodes.append(node("Reshape", [last, "heads"], "apart"))
        last = "apart"
    nodes.append(node("Transpose", [last], "y", perm=[0, 2, 1, 3]))
    return nets.network(nodes, {"x": [BATCH, ROWS, 16]}, {"y": None}, weights, opset=13)


@pytest.mark.parametrize("rank", [3, 4])
@pytest.mark.parametrize("precision", NEAR)
def test_products_of_heads_take_tokens_as_they_lie(rank, precision):
    check(linear_attention(rank), precision)


@pytest.mark.parametrize("rank", [3, 4])
def test_heads_stay_within_their_rows(rank, tmp_path):
    module = import_onnx(linear_attention(rank), name="net")
    deploy(module, "F16", stop_after="layout")
    path = tmp_path / "layout.mlir"
    module.write(str(path), text=True)
    text = path.read_text()
    assert text.count("hdim_is_batch = true") == 2
    # The keys are transposed, nothing else moves.
    assert text.count("tpu.permute") <= 1


@pytest.mark.parametrize("softmax", [True, False], ids=["softmax", "no softmax"])
@pytest.mark.parametrize("precision", ["F32", "F16"])
def test_the_evaluation_knows_heads(softmax, precision):
    model = Packed("part by part", "split", 3, softmax).model() if softmax else linear_attention(4)
    x = np.random.default_rng(4).standard_normal((BATCH, ROWS, 16)).astype(np.float32)
    expected = reference(model, {"x": x})["y"]
    module = import_onnx(model, name="net")
    deploy(module, precision, stop_after="layout")
    assert module.count_ops()["tpu.attention" if softmax else "tpu.matmul"] > 0
    (found,) = _core.evaluate(module, [x]).values()
    assert np.abs(found - expected).max() <= NEAR[precision] * np.abs(expected).max()
