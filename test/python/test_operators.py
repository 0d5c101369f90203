"""An operator of another dialect runs, and few sources name an operator of our own."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tpuc
from tpuc.calibration import moves, nodes  # noqa: F401  (moves registers its functions)
from tpuc.frontend import registry

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build" / "bin"
REFERENCE = ROOT / "docs/reference/top.md"
# What an operator is asked for; docs and tests follow from it.
SOURCES = ("include", "lib", "python/src", "python/tpuc")
MOST_SOURCES = 7

NETWORK = """
func.func @main(%x: tensor<2x16x9x7xf32> {{top.name = "x"}}) -> (tensor<2x16x9x7xf32> {{top.name = "y"}}) {{
  %g = top.weight dense<[{gains}]> : tensor<16xf32>
  %r = top.reshape %g : (tensor<16xf32>) -> tensor<16x1x1xf32>
  %0 = test.bend %x, %r : (tensor<2x16x9x7xf32>, tensor<16x1x1xf32>) -> tensor<2x16x9x7xf32>
  %1 = top.relu %0 : tensor<2x16x9x7xf32>
  return %1 : tensor<2x16x9x7xf32>
}}
"""  # noqa: E501


def tool(name, *arguments, text=None):
    """The output of one of the project's tools."""
    command = [TOOLS / name, *map(str, arguments)]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def knows_tests():
    """Whether tpuc-opt was built with the dialect of the tests."""
    opt = TOOLS / "tpuc-opt"
    return opt.exists() and "test" in tool("tpuc-opt", "--show-dialects").split(":")[-1]


@pytest.mark.parametrize(("precision", "tolerance"), [("F32", 1e-6), ("F16", 4e-3), ("BF16", 3e-2)])
def test_an_operator_of_another_dialect_runs(precision, tolerance, tmp_path):
    if not knows_tests():
        pytest.skip("tpuc-opt was built without tests")
    rng = np.random.default_rng(0)
    gains = rng.uniform(-1, 1, 16).astype(np.float32)
    x = rng.normal(0, 1.5, (2, 16, 9, 7)).astype(np.float32)
    x.flat[:3] = 0.0, -0.0, 30.0
    text = NETWORK.format(gains=", ".join(f"{gain:.8e}" for gain in gains))
    assign = f"top-assign-precision{{precision={precision}}}"
    lowering = f"top-canonicalize,{assign},convert-top-to-tpu,canonicalize"
    pipeline = f"builtin.module({lowering},tpuc-commands)"
    commands = tool("tpuc-opt", "-", f"--pass-pipeline={pipeline}", text=text)
    assert "= test.tile_bend" not in commands  # but in its explanation
    (tmp_path / "net.mlir").write_text(commands)
    tool("tpuc-translate", "--mlir-to-bmodel", tmp_path / "net.mlir", "-o", tmp_path / "net.bmodel")
    y = tpuc.Model.load(tmp_path / "net.bmodel").run({"x": x})["y"]
    bent = np.maximum(np.maximum(x, 0) + gains[:, None, None] * x * x, 0)
    # Two products and a sum are rounded, each to the precision.
    scale = np.abs(x) + np.abs(gains[:, None, None]) * x * x
    assert np.all(np.abs(y - bent) <= tolerance * scale)


def sources_that_name(word):
    """The sources in which a word stands, however it is written."""
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            is_source = path.suffix in (".cpp", ".h", ".inc", ".td", ".py", ".pyi")
            if is_source and word in path.read_text().lower():
                yield str(path.relative_to(ROOT))


def test_few_sources_name_an_operator():
    """PRelu: an operator with a kernel, two operands, and nothing special to it."""
    names = list(sources_that_name("prelu"))
    assert len(names) <= MOST_SOURCES, names


def test_no_source_names_the_operator_of_the_tests():
    assert not list(sources_that_name("tile_bend"))
    assert not list(sources_that_name("tilebend"))


def test_what_is_an_operator_of_onnx_is_said_once():
    """The importer's word that an operation is an operator is enough for calibration."""
    for kind, op_type in (("prelu", "PRelu"), ("sigmoid", "Sigmoid"), ("add", "Add")):
        assert registry.find_twin(kind).op_type == op_type
    assert not {"prelu", "sigmoid", "add"} & set(nodes._CONVERTERS)


def test_every_operation_can_be_calibrated():
    """One function or one operator an operation; two would be a second copy of its meaning."""
    kinds = set(re.findall(r"^### `top\.(\w+)`", REFERENCE.read_text(), re.MULTILINE))
    twins = {kind for kind in kinds if registry.find_twin(kind)}
    assert len(twins) > 30
    assert not twins & set(nodes._CONVERTERS)
    assert kinds - twins - set(nodes._CONVERTERS) == {"weight"}
