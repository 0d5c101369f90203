"""Reductions over some and all axes of tensors of any rank, in every precision."""

import itertools

import networks as nets
import numpy as np
import pytest
from checks import compiled, reference
from onnx import TensorProto, helper

KINDS = ("Mean", "Sum", "Max", "Min", "L1", "L2", "SumSquare", "LogSum", "LogSumExp")
SHAPES = [(7,), (4, 5), (1, 4, 5), (3, 2, 2), (2, 3, 4, 5), (1, 1, 1), (1, 2, 1, 3, 4), (1, 67, 67)]
TOLERANCE = {"F32": 1e-5, "F16": 4e-3, "BF16": 3e-2, "INT8": 4e-3}


def axes_of(rank):
    """No axes, an empty list, all of them, and those at one end; some counted from the end."""
    return [None, [], list(range(rank)), list(range(-rank, 0)), [rank - 1], list(range(rank - 1))]


def reductions(shape):
    """One network of every kind over every choice of axes."""
    nodes, outputs, weights = [], {}, {}
    choices = itertools.product(KINDS, axes_of(len(shape)), (0, 1))
    for number, (kind, axes, keepdims) in enumerate(choices):
        inputs = ["x"]
        if axes is not None:
            weights[f"axes{number}"] = np.array(axes, np.int64)
            inputs.append(f"axes{number}")
        nodes.append(helper.make_node(f"Reduce{kind}", inputs, [f"y{number}"], keepdims=keepdims))
        outputs[f"y{number}"] = None
    return nets.network(nodes, {"x": list(shape)}, outputs, weights, opset=18)


@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_reduction_is_right(shape, precision):
    # Positive, for the logarithms.
    data = {"x": np.random.default_rng(1).uniform(0.5, 2, shape).astype(np.float32)}
    model = reductions(shape)
    results = compiled(model, precision, data).run(data)
    for name, expected in reference(model, data).items():
        assert results[name].shape == expected.shape
        np.testing.assert_allclose(
            results[name], expected, rtol=TOLERANCE[precision], atol=TOLERANCE[precision],
            err_msg=name,
        )  # fmt: skip


@pytest.mark.parametrize("precision", TOLERANCE)
def test_arguments_of_extrema_along_every_axis(precision):
    shape = (2, 3, 4, 5)
    nodes = [
        helper.make_node(f"Arg{kind}", ["x"], [f"{kind}{axis}{keep}"], axis=axis, keepdims=keep)
        for kind in ("Max", "Min") for axis in range(-4, 4) for keep in (0, 1)
    ]  # fmt: skip
    model = nets.network(nodes, {"x": list(shape)}, {n.output[0]: None for n in nodes}, opset=13)
    for output in model.graph.output:
        output.type.tensor_type.elem_type = TensorProto.INT64
    # Few values: the first of equals is asked for.
    data = {"x": np.random.default_rng(2).integers(-2, 3, shape).astype(np.float32)}
    results = compiled(model, precision, data).run(data)
    for name, expected in reference(model, data).items():
        np.testing.assert_array_equal(results[name], expected, err_msg=name)


@pytest.mark.parametrize("precision", ["F32", "F16"])
@pytest.mark.parametrize("size", [4099, 65537, 150529, 3 * 224 * 224])
def test_all_of_a_large_tensor(size, precision):
    """Sizes with and without divisors: no lane holds all of it."""
    kinds = ("Mean", "Sum", "Max", "L2")
    nodes = [helper.make_node(f"Reduce{kind}", ["x"], [kind], keepdims=0) for kind in kinds]
    shape = (1, 1, size)
    model = nets.network(nodes, {"x": list(shape)}, {kind: [] for kind in kinds}, opset=18)
    data = {"x": np.random.default_rng(3).uniform(-1, 2, shape).astype(np.float32)}
    results = compiled(model, precision, data).run(data)
    x = data["x"].astype(np.float64)
    expected = {"Mean": x.mean(), "Sum": x.sum(), "Max": x.max(), "L2": np.sqrt((x * x).sum())}
    for name, value in expected.items():
        assert results[name].shape == ()
        np.testing.assert_allclose(results[name], value, rtol=TOLERANCE[precision], err_msg=name)
