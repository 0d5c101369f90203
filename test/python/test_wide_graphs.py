"""Operators of very many operands: right, and in a time that grows with their number."""

from __future__ import annotations

import time

import checks
import networks as nets
import numpy as np
import pytest
from onnx import helper
from tpuc.compiler import deploy, transform


def wide(kind: str, count: int):
    names = [f"x{i}" for i in range(count)]
    attributes = {"axis": 1} if kind == "Concat" else {}
    node = helper.make_node(kind, names, ["y"], **attributes)
    return nets.network([node], {name: [1, 3] for name in names}, {"y": None})


@pytest.mark.parametrize("kind", ["Concat", "Sum"])
def test_many_operands(kind):
    model = wide(kind, 600)
    values = np.random.default_rng(0).integers(-4, 5, (600, 1, 3)).astype(np.float32)
    inputs = {f"x{i}": row for i, row in enumerate(values)}
    compiled = checks.compiled(model, "F32", inputs)
    np.testing.assert_array_equal(compiled.run(inputs)["y"], checks.reference(model, inputs)["y"])


def test_time_grows_with_the_number_of_operands():
    def seconds(count: int) -> float:
        begin = time.process_time()
        deploy(transform(wide("Concat", count), "wide"), "F16")
        return time.process_time() - begin

    seconds(10)
    # Four times as many took 14 times as long when every buffer was compared with all others.
    assert seconds(4800) < 8 * max(seconds(1200), 0.2)
