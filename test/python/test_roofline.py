"""The roofline counts what has to be moved: of a gathered table its rows."""

import networks as nets
import numpy as np
import pytest
import tpuc
from onnx import TensorProto, helper

ROWS, WIDTH, TOKENS = 5000, 64, 16
BYTES_A_CYCLE = 64


def embedding(tied):
    """Rows of a table; with `tied`, also a product with the whole table."""
    rng = np.random.default_rng(0)
    table = rng.standard_normal((ROWS, WIDTH)).astype(np.float32)
    nodes = [helper.make_node("Gather", ["table", "ids"], ["rows"], "embed", axis=0),
             helper.make_node("Relu", ["rows"], ["y"], "relu")]  # fmt: skip
    outputs = {"y": [TOKENS, WIDTH]}
    if tied:
        nodes += [helper.make_node("Transpose", ["table"], ["turned"], "turn", perm=[1, 0]),
                  helper.make_node("MatMul", ["y", "turned"], ["z"], "head")]  # fmt: skip
        outputs = {"z": [TOKENS, ROWS]}
    model = nets.network(nodes, {}, outputs, {"table": table})
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, [TOKENS])
    model.graph.input.append(ids)
    return model


def roofline_bytes(model):
    return model.profile().roofline_ms * 1e6 * BYTES_A_CYCLE


@pytest.mark.parametrize("quantize", ["F32", "F16"])
def test_rows_count_not_the_table(quantize):
    model = tpuc.compile(embedding(tied=False), quantize)
    profile = model.profile()
    ports = 4 * TOKENS + 4 * TOKENS * WIDTH
    rows = TOKENS * WIDTH * (4 if quantize == "F32" else 2)
    # The coefficients are filled up to 4096 bytes.
    assert ports + rows <= roofline_bytes(model) < ports + rows + 4096
    assert roofline_bytes(model) < profile.weight_bytes / 10
    assert profile.roofline_ms <= profile.ms


def test_a_table_that_is_also_read_whole_counts():
    model = tpuc.compile(embedding(tied=True), "F16")
    assert roofline_bytes(model) >= 2 * ROWS * WIDTH


def test_weights_of_products_count_once():
    rng = np.random.default_rng(0)
    weights = {"w": rng.standard_normal((256, 512)).astype(np.float32)}
    model = tpuc.compile(nets.one_node("MatMul", ("x", "w"), (8, 256), weights), "F16")
    expected = model.profile().weight_bytes + 4 * 8 * 256 + 4 * 8 * 512
    assert roofline_bytes(model) == pytest.approx(expected, rel=1e-6)
