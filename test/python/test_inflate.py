"""Networks whose weights are stored in 16 bits."""

from pathlib import Path

import networks as nets
import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from tpuc.errors import UserError
from tpuc.inflate import deflate, inflate

DIGITS = Path(__file__).resolve().parents[2] / "bench" / "digits"


def test_weights_are_rounded_to_16_bits_and_nothing_else(tmp_path):
    network = nets.small_convnet()
    before = {t.name: numpy_helper.to_array(t) for t in network.graph.initializer}
    path = tmp_path / "net.skeleton.onnx.gz"
    path.write_bytes(deflate(nets.small_convnet()))
    after = inflate(path)
    onnx.checker.check_model(after, full_check=True)
    assert not after.metadata_props
    for tensor in after.graph.initializer:
        expected = before.pop(tensor.name)
        found = numpy_helper.to_array(tensor)
        assert found.dtype == expected.dtype
        if expected.dtype == np.float32 and expected.size > 1:
            expected = expected.astype(np.float16).astype(np.float32)
        np.testing.assert_array_equal(found, expected)
    assert not before
    del after.graph.initializer[:]
    del network.graph.initializer[:]
    assert after == network


@pytest.mark.parametrize("name", ["digits_swin", "digits_mobilevit"])
def test_trained_networks_are_whole(name):
    model = inflate(DIGITS / f"{name}.skeleton.onnx.gz")
    onnx.checker.check_model(model)
    assert {t.data_type for t in model.graph.initializer} <= {
        onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
    }  # fmt: skip


def test_other_files_are_refused(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        inflate(tmp_path / "none.gz")
    (tmp_path / "x.gz").write_bytes(b"x")
    with pytest.raises(UserError, match="is not a gzipped ONNX model"):
        inflate(tmp_path / "x.gz")
