"""The operator set's own node tests, compiled in F32 and run: as the table says."""

import onnx_nodes


def test_every_node_test_is_as_expected():
    results = onnx_nodes.run_all(list(onnx_nodes.cases()))
    assert not onnx_nodes.differences(results, onnx_nodes.read_table())
