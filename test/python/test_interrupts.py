"""Ctrl-C: a command ends soon, says so in one line, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import networks as nets
import numpy as np
import pytest
from onnx import helper

# Without load it is half of one.
_SECONDS = 3


def deep_network():
    """Takes seconds to plan."""
    rng = np.random.default_rng(2)
    weights, nodes, last = {}, [], "x"
    for i in range(60):
        weights[f"w{i}"] = rng.standard_normal((64, 64, 3, 3)).astype(np.float32)
        nodes.append(helper.make_node("Conv", [last, f"w{i}"], [f"c{i}"], pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Relu", [f"c{i}"], [f"r{i}"]))
        last = f"r{i}"
    nodes.append(helper.make_node("Identity", [last], ["y"]))
    return nets.network(nodes, {"x": [1, 64, 64, 64]}, {"y": None}, weights)


def wait_for_core(process):
    """Waits until the command has loaded the compiler: before, it is Python that is interrupted."""
    maps = Path(f"/proc/{process.pid}/maps")
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        if "_core.cpython" in maps.read_text():
            return
        time.sleep(0.02)


@pytest.mark.parametrize("seconds", [0.0, 0.5, 3.0])
def test_an_interrupted_command_ends_soon_and_leaves_nothing(seconds, tmp_path):
    model = nets.save(deep_network(), tmp_path / "net.onnx")
    command = [sys.executable, "-m", "tpuc.cli", "compile", model, "-o", "out.bmodel", "--opt", "3"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    wait_for_core(process)
    time.sleep(seconds)
    if process.poll() is not None:
        pytest.skip("the command was faster")
    start = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert time.monotonic() - start < _SECONDS
    assert process.returncode == 130
    assert error.splitlines()[-1] == "error: interrupted"
    assert "Traceback" not in error
    assert [file.name for file in tmp_path.iterdir()] == ["net.onnx"]


def test_an_interrupt_in_a_program_that_uses_the_package_is_its_own():
    code = "import signal, tpuc; print(signal.getsignal(signal.SIGINT).__name__)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "default_int_handler"
