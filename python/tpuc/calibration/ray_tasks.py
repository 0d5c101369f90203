"""The pass over a dataset as tasks on a Ray cluster.

The network goes to the cluster once, inputs go to tasks as they are read, and
histograms come back and are merged; merging is exact, so that the table is the
one of a single machine.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from tpuc import _core
from tpuc.calibration.gather import gather, merge
from tpuc.errors import UserError

# Inputs of one task, and tasks a worker that are under way at a time: enough
# that setting up the network does not count, and that nobody waits for inputs.
INPUTS_A_TASK = 8
TASKS_A_WORKER = 2


def _to_bytes(module: _core.Module) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "module.mlirbc"
        module.write(str(path))
        return path.read_bytes()


def count_inputs(module: bytes, inputs: list[list[np.ndarray]]) -> dict[int, _core.Histogram]:
    """One task: the histograms of some inputs.

    Args:
        module: the file of a canonical module.
        inputs: each a list of arrays, one an input of the network.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "module.mlirbc"
        path.write_bytes(module)
        return gather(_core.read_graph(_core.Module.read(str(path))), inputs)


def _connect(address: str) -> Any:
    try:
        import ray
    except ImportError:
        raise UserError(
            "ray is not installed, it is needed for --ray: pip install 'tpuc[ray]'"
        ) from None
    if ray.is_initialized():
        return ray
    try:
        if address == "local":
            ray.init(log_to_driver=False, include_dashboard=False)
        else:
            ray.init(address=address, log_to_driver=False)
    except Exception as error:
        raise UserError(
            f"--ray {address}: cannot connect ({error}), give the address of a running cluster "
            f"or 'local'"
        ) from None
    return ray


def gather_on_ray(
    address: str,
    module: _core.Module,
    inputs: Iterable[list[np.ndarray]],
    advance: Callable[[], None] = lambda: None,
) -> dict[int, _core.Histogram]:
    """As ``gather``, on a Ray cluster.

    Args:
        address: of the cluster, or ``local`` to start one here.
        module: in the canonical form of the top dialect.
        inputs: each a list of arrays, one an input of the network.
        advance: called for each input that is done.

    Raises:
        UserError: ray is missing, or the cluster does not answer or loses a task for good.
    """
    ray = _connect(address)
    workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
    shared = ray.put(_to_bytes(module))
    task = ray.remote(count_inputs)
    reader = iter(inputs)
    running: dict[Any, int] = {}
    histograms: dict[int, _core.Histogram] = {}

    def collect() -> None:
        nonlocal histograms
        done, _ = ray.wait(list(running), num_returns=1)
        for reference in done:
            try:
                histograms = merge(histograms, ray.get(reference))
            except ray.exceptions.RayError as error:
                reason = str(getattr(error, "cause", None) or error)
                raise UserError(f"--ray {address}: a task failed: {reason}") from None
            for _ in range(running.pop(reference)):
                advance()

    while chunk := list(islice(reader, INPUTS_A_TASK)):
        if len(running) >= workers * TASKS_A_WORKER:
            collect()
        running[task.remote(shared, chunk)] = len(chunk)
    while running:
        collect()
    if not histograms:
        raise UserError("there are no inputs to calibrate on")
    return histograms
