"""LSTM, GRU and RNN, element by element against onnxruntime."""

from dataclasses import dataclass, field

import numpy as np
import onnx
import pytest
import tpuc
from checks import compiled, reference
from onnx import TensorProto, helper, numpy_helper
from tpuc import UserError

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
# Of results of at most 1: f32 sums in another order; the rounding of h in each step, which a cell
# that keeps its state adds up to a few units.
TOLERANCES = {"F32": 2e-6, "F16": 2e-3, "BF16": 1.6e-2, "INT8": 0.1}


@dataclass
class Case:
    """A network of one node."""

    op: str
    steps: int = 5
    batch: int = 1
    inputs: int = 7
    units: int = 16
    direction: str = "forward"
    layout: int = 0
    bias: bool = True
    states: bool = False
    peepholes: bool = False
    lengths: list | None = None
    feeds_lengths: bool = False
    outputs: str = "Y,Y_h,Y_c"
    scale: float = 1.0
    attributes: dict = field(default_factory=dict)

    def build(self, seed=0):
        """The model, and what it is fed."""
        rng = np.random.default_rng(seed)
        directions = 2 if self.direction == "bidirectional" else 1
        rows = GATES[self.op] * self.units

        def draw(*shape, scale=1.0):
            return (rng.standard_normal(shape) * scale).astype(np.float32)

        flip = (lambda a: a.swapaxes(0, 1).copy()) if self.layout else (lambda a: a)
        feeds = {"x": flip(draw(self.steps, self.batch, self.inputs, scale=self.scale))}
        weights = {
            "w": draw(directions, rows, self.inputs, scale=self.inputs**-0.5),
            "r": draw(directions, rows, self.units, scale=self.units**-0.5),
        }
        names = ["x", "w", "r", "", "", ""]
        if self.bias:
            weights["b"] = draw(directions, 2 * rows, scale=0.3)
            names[3] = "b"
        if self.lengths is not None:
            names[4] = "lengths"
            lengths = np.array(self.lengths, np.int32)
            (feeds if self.feeds_lengths else weights)["lengths"] = lengths
        count = 2 if self.op == "LSTM" else 1
        if self.states:
            for index, name in enumerate(("h0", "c0")[:count]):
                feeds[name] = flip(draw(directions, self.batch, self.units, scale=0.5))
                names[5 + index :] = [name]
        if self.peepholes:
            names += [""] * (7 - len(names)) + ["p"]
            weights["p"] = draw(directions, 3 * self.units, scale=0.3)
        while not names[-1]:
            names.pop()
        outputs = self.outputs.split(",")[: 1 + count]
        attributes = {"hidden_size": self.units, **self.attributes}
        if self.direction != "forward":
            attributes["direction"] = self.direction
        if self.layout:
            attributes["layout"] = 1
        node = helper.make_node(self.op, names, outputs, name="cell", **attributes)
        ports = [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(feed.dtype), feed.shape
            )
            for name, feed in feeds.items()
        ]
        results = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs if name
        ]
        constants = [numpy_helper.from_array(value, name) for name, value in weights.items()]
        graph = helper.make_graph([node], "net", ports, results, constants)
        opsets = [helper.make_opsetid("", 17)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8), feeds


def run_layout_0(model):
    """The same network for onnxruntime, which has no layout 1."""
    plain = onnx.ModelProto()
    plain.CopyFrom(model)
    (node,) = plain.graph.node
    if not any(attribute.name == "layout" for attribute in node.attribute):
        return plain
    kept = [attribute for attribute in node.attribute if attribute.name != "layout"]
    del node.attribute[:]
    node.attribute.extend(kept)
    nodes = []
    for index in (0, 5, 6):
        if index < len(node.input) and node.input[index]:
            turned = node.input[index] + "_turned"
            nodes.append(
                helper.make_node("Transpose", [node.input[index]], [turned], perm=[1, 0, 2])
            )
            node.input[index] = turned
    after = []
    for index, name in enumerate(node.output):
        if name:
            perm = [2, 0, 1, 3] if index == 0 else [1, 0, 2]
            after.append(helper.make_node("Transpose", [name + "_turned"], [name], perm=perm))
            node.output[index] = name + "_turned"
    middle = onnx.NodeProto()
    middle.CopyFrom(node)
    del plain.graph.node[:]
    plain.graph.node.extend([*nodes, middle, *after])
    return plain


def check(case, precision, tolerance=None):
    """Compiles, runs and compares a case."""
    model, feeds = case.build()
    expected = reference(run_layout_0(model), feeds)
    found = compiled(model, precision, feeds).run(feeds)
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name].shape == value.shape
        allowed = (tolerance or TOLERANCES[precision]) * max(1.0, np.abs(value).max())
        assert np.abs(found[name] - value).max() <= allowed, name


OPS = ["LSTM", "GRU", "RNN"]
DIRECTIONS = ["forward", "reverse", "bidirectional"]


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("precision", ["F32", "F16", "BF16"])
def test_directions(op, direction, precision):
    check(Case(op, direction=direction, units=24, states=True, batch=2), precision)


@pytest.mark.parametrize("units", [1, 33, 64, 96, 130])
@pytest.mark.parametrize("op", OPS)
def test_hidden_sizes(op, units):
    for precision in ("F32", "F16"):
        check(Case(op, units=units, direction="bidirectional", steps=3), precision)


@pytest.mark.parametrize("batch", [1, 3, 17, 40])
@pytest.mark.parametrize("layout", [0, 1])
def test_batches_and_layouts(batch, layout):
    for op in OPS:
        check(Case(op, batch=batch, layout=layout, direction="bidirectional", states=True), "F16")


@pytest.mark.parametrize("precision", ["F32", "F16"])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_peepholes(direction, precision):
    check(Case("LSTM", peepholes=True, direction=direction, states=True), precision)
    check(Case("LSTM", peepholes=True, units=70, bias=False), precision)


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("feeds_lengths", [False, True])
def test_sequence_lengths(op, direction, feeds_lengths):
    lengths = [5, 2, 0, 1]
    case = Case(op, batch=4, lengths=lengths, feeds_lengths=feeds_lengths, direction=direction)
    check(case, "F32")
    case.states = True
    check(case, "F16")


@pytest.mark.parametrize("precision", ["F32", "F16"])
def test_linear_before_reset(precision):
    attributes = {"linear_before_reset": 1}
    for direction in DIRECTIONS:
        case = Case("GRU", direction=direction, attributes=attributes, units=40, states=True)
        check(case, precision)
    check(Case("GRU", attributes=attributes, bias=False, batch=3), precision)


def test_clip_and_coupled_gates():
    for precision in ("F32", "F16"):
        for op in OPS:
            check(Case(op, attributes={"clip": 0.4}, scale=2.0), precision)
        check(Case("LSTM", attributes={"input_forget": 1}, states=True), precision)
        check(Case("LSTM", attributes={"input_forget": 1}, peepholes=True), precision)


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("Relu", {}), ("LeakyRelu", {"activation_alpha": [0.2]}), ("LeakyRelu", {}),
        ("HardSigmoid", {}), ("HardSigmoid", {"activation_alpha": [0.3], "activation_beta": [0.4]}),
        ("Elu", {}), ("Elu", {"activation_alpha": [0.5]}), ("Softsign", {}), ("Softplus", {}),
        ("Affine", {"activation_alpha": [0.5], "activation_beta": [0.1]}),
        ("ScaledTanh", {"activation_alpha": [0.7], "activation_beta": [1.3]}),
        ("ThresholdedRelu", {"activation_alpha": [0.25]}), ("Sigmoid", {}),
    ],
)  # fmt: skip
def test_activations(name, numbers):
    check(Case("RNN", attributes={"activations": [name], **numbers}), "F32", 4e-6)
    check(Case("RNN", attributes={"activations": [name], **numbers}), "F16", 4e-3)


def test_activations_of_two_directions():
    both = {"activations": ["Tanh", "Relu"]}
    check(Case("RNN", direction="bidirectional", attributes=both, batch=2), "F32")
    names = ["HardSigmoid", "Tanh", "Softsign", "Sigmoid", "LeakyRelu", "Tanh"]
    numbers = {"activation_alpha": [0.3, 0.1], "activation_beta": [0.4]}
    attributes = {"activations": names, **numbers}
    check(Case("LSTM", direction="bidirectional", attributes=attributes, states=True), "F32", 4e-6)


@pytest.mark.parametrize("outputs", ["Y", ",Y_h", ",,Y_c", "Y,,Y_c", ",Y_h,Y_c"])
def test_any_outputs(outputs):
    check(Case("LSTM", outputs=outputs, direction="bidirectional"), "F16")


def test_many_steps_keep_their_precision():
    for op, attributes in (("LSTM", {}), ("GRU", {"linear_before_reset": 1}), ("RNN", {})):
        case = Case(op, steps=160, units=48, direction="bidirectional", attributes=attributes)
        check(case, "F32", 1e-5)
        check(case, "F16")
        check(case, "BF16")


@pytest.mark.parametrize("op", OPS)
def test_int8_networks_keep_cells_in_float(op):
    check(Case(op, direction="bidirectional", units=32, inputs=32, steps=8), "INT8")


def test_dynamically_quantised_weights():
    model, feeds = Case("LSTM", units=20, inputs=12, direction="bidirectional").build()
    rng = np.random.default_rng(3)
    graph = model.graph
    (node,) = graph.node
    node.op_type, node.domain = "DynamicQuantizeLSTM", "com.microsoft"
    plain, feeds = Case("LSTM", units=20, inputs=12, direction="bidirectional").build()
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    del graph.initializer[:]
    del node.input[:]
    node.input.extend(["x", "w", "r", "b", "", "", "", "", "ws", "wz", "rs", "rz"])
    rounded = {}
    for name in "wr":
        scale = (np.abs(arrays[name]).max((1, 2)) / 127).astype(np.float32)
        zero = rng.integers(-3, 3, scale.shape).astype(np.int8)
        stored = np.clip(np.rint(arrays[name] / scale[:, None, None]), -124, 124).astype(np.int8)
        rounded[name] = stored.astype(np.float32) * scale[:, None, None]
        moved = stored.transpose(0, 2, 1) + zero[:, None, None]
        constants = {name: moved.astype(np.int8), f"{name}s": scale, f"{name}z": zero}
        graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in constants.items())
    graph.initializer.append(numpy_helper.from_array(arrays["b"], "b"))
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    for tensor in plain.graph.initializer:
        if tensor.name in rounded:
            tensor.CopyFrom(numpy_helper.from_array(rounded[tensor.name], tensor.name))
    expected = reference(plain, feeds)
    found = tpuc.compile(model, "F32").run(feeds)
    for name, value in expected.items():
        assert np.abs(found[name] - value).max() <= TOLERANCES["F32"]


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"activations": ["Sin"]}, "has the activation Sin, which is not supported"),
        ({"activations": ["Affine"]}, "has the activation Affine without"),
        ({"activations": ["Tanh", "Tanh"]}, "has 2 activations, expected 1"),
        ({"hidden_size": 5}, "which are not those of its gates"),
        ({"direction": "sideways"}, "has the direction sideways"),
    ],
)
def test_what_cannot_be_is_refused(attributes, reason):
    model, _ = Case("RNN", attributes=attributes).build()
    with pytest.raises(UserError, match=r"node 'cell' \(RNN\)") as caught:
        tpuc.compile(model)
    assert reason in str(caught.value)


def test_lengths_beyond_the_sequence_are_refused():
    model, _ = Case("GRU", batch=2, lengths=[5, 6]).build()
    with pytest.raises(UserError, match="sequence lengths up to 6, expected 0 to 5"):
        tpuc.compile(model)


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_what_is_too_large_runs_in_parts(op, direction):
    lengths = [int(length) for length in np.random.default_rng(2).integers(0, 81, 230)]
    case = Case(op, steps=80, batch=230, units=96, direction=direction, lengths=lengths)
    check(case, "F16", 4e-3)


def test_weights_beyond_local_memory_are_refused():
    model, _ = Case("LSTM", units=1600, steps=1, outputs="Y").build()
    with pytest.raises(UserError, match=r"cell.*a step of its 1600 units and 1 samples takes"):
        tpuc.compile(model)
