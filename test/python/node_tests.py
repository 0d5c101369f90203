"""The operator set's own node tests, for the tests that run them at one level each."""

import functools
from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from tpuc import UserError, _core
from tpuc.arrays import match_inputs
from tpuc.frontend import import_onnx
from tpuc.interface import Interface

# The expected output has the rounding of a narrow float or the NaN of a row
# without any allowed key; top computes in f32.
ROUNDS_OTHERWISE = ("bf16", "bfloat16", "BFLOAT16", "nan_robustness")
# Here onnxruntime, which is the reference for networks, differs from the
# expected output: corners are those of the rounded size, and indices are those of the shape that
# is given.
DISPUTED = (
    "test_maxunpool_export_with_output_shape",
    "test_resize_downsample_scales_linear_align_corners",
    "test_resize_downsample_scales_cubic_align_corners",
)


@functools.cache
def cases():
    """Every node test, by its name."""
    from onnx.backend.test.loader import load_model_tests

    return {case.name: case for case in load_model_tests(kind="node")}


def as_array(value):
    """A tensor of a test's data; skips what is none."""
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    if not isinstance(value, np.ndarray | np.generic):
        pytest.skip("sequences and optionals are not tensors")
    return np.asarray(value)


def import_with_constants(model, arrays):
    """Imports; when an operand must be known, all but the first are constants."""
    try:
        return import_onnx(model), arrays
    except UserError as error:
        if "computed at run time" not in str(error):
            raise
    model = onnx.ModelProto.FromString(model.SerializeToString())
    inputs = [i for i in model.graph.input]
    del model.graph.input[:]
    model.graph.input.append(inputs[0])
    for info, array in zip(inputs[1:], arrays[1:], strict=True):
        model.graph.initializer.append(numpy_helper.from_array(array, info.name))
    return import_onnx(model), arrays[:1]


def run_case(case, lower: Callable | None = None):
    """True when the imported network agrees, None when it is refused.

    ``lower`` changes the module and gives the inputs that it then has, or None
    when it refuses the network.
    """
    feeds, expected = case.data_sets[0]
    arrays = [as_array(feed) for feed in feeds]
    expected = [as_array(value) for value in expected]
    try:
        module, arrays = import_with_constants(case.model, arrays)
    except UserError:
        # test_compiled_nodes.py has a table of what is refused.
        return None
    interface = Interface(**(Interface.of_module(module) or {}))
    ports = {port.name for port in module.inputs}
    named = zip((info.name for info in case.model.graph.input), arrays, strict=False)
    known = {name: array for name, array in named if name in ports}
    feeds = match_inputs(known, module.inputs, case.name)
    if lower:
        feeds = lower(module, feeds)
        if feeds is None:
            return None
    results = interface.cut(_core.evaluate(module, feeds))
    for info, value in zip(case.model.graph.output, expected, strict=True):
        if not value.size:
            continue
        actual = results[info.name]
        assert actual.shape == value.shape
        np.testing.assert_allclose(
            actual.astype(np.float64), value.astype(np.float64), rtol=1e-3, atol=1e-4
        )
    return True


def check_all(least: int, lower: Callable | None = None):
    """Runs every case; at least ``least`` must agree, a guard against refusing what once worked."""
    passed, wrong = 0, []
    for name, case in cases().items():
        if name in DISPUTED or any(word in name for word in ROUNDS_OTHERWISE):
            continue
        try:
            passed += bool(run_case(case, lower))
        except pytest.skip.Exception:
            continue
        except Exception as error:
            wrong.append(f"{name}: {type(error).__name__}: {str(error)[:300]}")
    assert not wrong, "\n".join(wrong)
    assert passed >= least, passed
