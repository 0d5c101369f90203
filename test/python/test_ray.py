"""Calibration shared by a local Ray of two processes."""

import networks as nets
import numpy as np
import pytest
import tpuc
from tpuc import UserError
from tpuc.compiler import transform

ray = pytest.importorskip("ray")


@pytest.fixture(scope="module")
def cluster():
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield "local"
    ray.shutdown()


def test_table_is_the_one_of_a_single_machine(cluster):
    rng = np.random.default_rng(1)
    samples = [rng.standard_normal((1, 3, 8, 8)).astype(np.float32) for _ in range(21)]
    module = transform(nets.small_convnet(), "main")
    here = tpuc.calibrate(module, samples, method="kl")
    there = tpuc.calibrate(module, samples, method="kl", ray=cluster)
    assert str(here) == str(there)


def test_what_is_not_finite_is_counted_in_tasks(cluster):
    module = transform(nets.one_node("Log", shape=(1, 4)), "main")
    table = tpuc.calibrate(module, [np.zeros((1, 4), np.float32)], ray=cluster)
    assert table.ranges["node"].threshold == np.inf


def test_no_inputs_are_an_error(cluster):
    with pytest.raises(UserError, match="no inputs"):
        tpuc.calibrate(transform(nets.small_convnet(), "main"), [], ray=cluster)
