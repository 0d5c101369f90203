"""The operator set's own node tests: imported into top and evaluated there."""

from node_tests import check_all


def test_every_node_test_agrees_or_is_refused():
    check_all(least=1050)
