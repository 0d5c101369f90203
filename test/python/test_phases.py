"""Phases can be stopped at, written as text and resumed; plans can be changed by hand."""

import networks as nets
import numpy as np
import pytest
import tpuc
from test_compile import run
from tpuc import _core
from tpuc.cli.compile import command
from tpuc.compiler import deploy, read_module
from tpuc.config import PHASES
from tpuc.errors import UserError
from tpuc.frontend import import_onnx

PLAN = """
#plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true,
                  lane_products = true>
#lanes = #tpu.lane_layout<n = 1, c = 64>
module {
func.func @net(%x: tensor<64x512xf16> {top.name = "x",
                                       tpu.mem = #tpu.global<offset = 0, why = caller>})
    -> (tensor<64x512xf16> {top.name = "y"}) attributes {tpu.plan = #plan} {
  %w = tpu.weight dense<0.5> : tensor<512x512xf16>
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #lanes,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512],
            loads = [<input = 0, addr = [4096]>]>]} : tensor<64x512xf16>
    %1 = tpu.matmul %0, %w {tpu.op = 1, tpu.layout = #lanes,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512],
            loads = [<input = 1, addr = [65536], issue = [0:0]>]>]}
        : (tensor<64x512xf16>, tensor<512x512xf16>) -> tensor<64x512xf16>
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #lanes,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}
}
"""
TAKEN_OUT = [
    ("global_bytes = 131072", "global_bytes = 196608"),
    ("ops 0 to 2", "ops 0 to 1"),
    (
        "#tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>",
        "#tpu.global<offset = 131072, why = no_room by 2>",
    ),
    ("issue = [0:0]>]>", "issue = [0:0]>], results = [1024]>"),
    (
        "    %2 = tpu.unary neg %1",
        "    tpu.yield %1 : tensor<64x512xf16>\n  } : tensor<64x512xf16>\n  %2 = tpu.unary neg %r",
    ),
    (
        "tile = [1, 64, 1, 512], results = [0]",
        "tile = [1, 64, 1, 512], loads = [<input = 0, addr = [8192]>], results = [0]",
    ),
    ("    tpu.yield %2 : tensor<64x512xf16>\n  } : tensor<64x512xf16>\n  return %r", "  return %2"),
]
EDITS = {
    "as it is": [],
    "another address": [("addr = 1024, bytes", "addr = 131072, bytes")],
    "another tile": [("[1, 64, 1, 512], results = [0]", "[1, 64, 1, 128], results = [0, 4096]")],
    "an operator taken out of its group": TAKEN_OUT,
    "prefetch off for one weight": [(", issue = [0:0]", "")],
}


def edited(name):
    """The plan with the edits of that name."""
    text = PLAN
    for old, new in EDITS[name]:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("name", EDITS)
def test_a_plan_changed_by_hand_computes_the_same(name, tmp_path):
    path = tmp_path / "plan.mlir"
    path.write_text(edited(name))
    run("compile", path, "--compile_from", "plan", "-o", tmp_path / "net.bmodel")
    x = np.random.default_rng(0).integers(-4, 5, (64, 512)).astype(np.float16)
    y = tpuc.Model.load(tmp_path / "net.bmodel").run({"x": x})["y"]
    expected = -np.abs(x.astype(np.float32)).sum(axis=1, keepdims=True) * 0.5
    np.testing.assert_array_equal(y.astype(np.float32), np.broadcast_to(expected, y.shape))


def test_a_plan_that_is_wrong_is_refused(tmp_path):
    path = tmp_path / "plan.mlir"
    path.write_text(PLAN.replace("addr = 1024, bytes", "addr = 512, bytes"))
    with pytest.raises(UserError, match="lies at the same time"):
        deploy(read_module(path), "F16")


def test_the_phases_are_named_once():
    assert tuple(_core.phases()) == PHASES
    help_text = " ".join(run("compile", "--help").split())
    assert ", ".join(PHASES) in help_text


@pytest.mark.parametrize("precision", ["F32", "F16", "INT8"])
@pytest.mark.parametrize("phase", PHASES[:-1])
def test_resuming_from_text_gives_the_same_bytes(phase, precision, tmp_path):
    model = nets.small_convnet()
    table = None
    if precision == "INT8":
        module = import_onnx(model, name="net")
        rng = np.random.default_rng(0)
        inputs = [
            {port.name: rng.standard_normal(port.shape, dtype=np.float32) for port in module.inputs}
        ]
        table = tmp_path / "table"
        tpuc.calibrate(module, inputs).save(table)

    def compiled(module, path):
        deploy(module, precision, calibration_table=table).save(str(path))
        return path.read_bytes()

    whole = compiled(import_onnx(model, name="net"), tmp_path / "whole.bmodel")
    module = import_onnx(model, name="net")
    deploy(module, precision, stop_after=phase, calibration_table=table)
    assert _core.phase_of(module) == phase
    module.write(str(tmp_path / "stage.mlir"), text=True)
    resumed = read_module(tmp_path / "stage.mlir")
    assert _core.phase_of(resumed) == phase
    assert compiled(resumed, tmp_path / "resumed.bmodel") == whole


def test_a_module_is_not_taken_for_another_phase(tmp_path):
    path = tmp_path / "plan.mlir"
    path.write_text(PLAN)
    output = tmp_path / "out"
    for arguments, expected in (
        (("--compile_from", "tpu"), "is at phase 'plan', --compile_from says 'tpu'"),
        (("--compile_to", "layout"), "is at phase 'plan' already"),
        (("--text",), "--text needs --stop_after"),
        (("--stop_after", "plan", "--compile_to", "commands"), "give one of them"),
    ):
        with pytest.raises(UserError, match=expected):
            command([str(path), "-o", str(output), *arguments])
        assert not output.exists()
