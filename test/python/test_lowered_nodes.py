"""The operator set's node tests, lowered to what the chip computes and evaluated."""

import numpy as np
import pytest
from test_onnx_nodes import (
    DISPUTED,
    REFUSED_FOR,
    ROUNDS_OTHERWISE,
    as_array,
    cases,
    import_with_constants,
)
from tpuc import UserError, _core
from tpuc.arrays import match_inputs

# How a refusal by the lowering begins.
CANNOT = "cannot be lowered"


def run_lowered(case):
    """True when the lowered network agrees, None when it is refused."""
    feeds, expected = case.data_sets[0]
    arrays = [as_array(feed) for feed in feeds]
    expected = [as_array(value) for value in expected]
    try:
        module, arrays = import_with_constants(case.model, arrays)
    except UserError as error:
        if any(reason in str(error) for reason in REFUSED_FOR):
            return None
        raise
    names = [port.name for port in module.inputs]
    feeds = match_inputs(dict(zip(names, arrays, strict=True)), module.inputs, case.name)
    # Every input of an integer type is i32 on the chip.
    if any(feed.dtype == np.int64 and np.abs(feed).max(initial=0) > 2**31 for feed in feeds):
        return None
    feeds = [feed if feed.dtype == np.float32 else feed.astype(np.int32) for feed in feeds]
    try:
        module.run_pipeline("top-canonicalize,convert-top-to-tpu{precision=F32},canonicalize")
    except UserError as error:
        if CANNOT in str(error):
            return None
        raise
    results = _core.evaluate(module, feeds)
    for info, value in zip(case.model.graph.output, expected, strict=True):
        actual = results[info.name]
        assert actual.shape == value.shape
        np.testing.assert_allclose(
            actual.astype(np.float64), value.astype(np.float64), rtol=1e-3, atol=1e-4
        )
    return True


def test_every_lowered_node_test_agrees_or_is_refused():
    passed, wrong = 0, []
    for name, case in cases().items():
        if name in DISPUTED or any(word in name for word in ROUNDS_OTHERWISE):
            continue
        try:
            passed += bool(run_lowered(case))
        except pytest.skip.Exception:
            continue
        except Exception as error:
            wrong.append(f"{name}: {type(error).__name__}: {str(error)[:300]}")
    assert not wrong, "\n".join(wrong)
    # A guard against refusing what once worked.
    assert passed >= 1000, passed
