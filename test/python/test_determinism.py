"""The same bytes whatever the machine and its caches do; commands without hazards."""

import re
from pathlib import Path

import networks as nets
import pytest
import tpuc
from tpuc import _core
from tpuc.compiler import deploy
from tpuc.errors import UserError
from tpuc.frontend import import_onnx
from tpuc.inflate import inflate

MODELS = Path(__file__).resolve().parent.parent / "models"
SCHEDULED = (
    "func.func(tpu-fuse-attention),func.func(tpu-hoist-outputs),"
    "func.func(tpu-assign-lane-layout),func.func(tpu-fuse-permutes),func.func(tpu-copy-results),"
    "func.func(tpu-pack-weights),"
    "tpu-layer-group"
)


def compiled(model, path, options):
    """The bytes of a .bmodel that LayerGroup made with these options."""
    module = import_onnx(model, name="net")
    deploy(module, "F16", stop_after="tpu")
    module.run_pipeline(f"{SCHEDULED}{{{options}}}")
    deploy(module, "F16").save(str(path))
    return path.read_bytes()


@pytest.mark.parametrize("search", [0, 1, 2])
@pytest.mark.parametrize("name", ["small_convnet", "deit_tiny"])
def test_the_bytes_do_not_depend_on_what_the_cost_cache_remembers(name, search, tmp_path):
    skeleton = MODELS / f"{name}.skeleton.onnx.gz"
    model = inflate(skeleton) if skeleton.exists() else nets.small_convnet()
    files = [
        compiled(model, tmp_path / f"{cache}.bmodel", f"search={search} cost-cache={cache}")
        for cache in ("true", "false")
    ]
    assert files[0] == files[1]


@pytest.mark.parametrize("name", ["mobilenet_v2", "deit_tiny", "mobilevit_s", "swin_t"])
@pytest.mark.parametrize("opt", [1, 2, 3])
def test_no_hazard_is_left(name, opt):
    module = import_onnx(inflate(MODELS / f"{name}.skeleton.onnx.gz"), name=name)
    deploy(module, "F16", stop_after="commands", opt=opt)
    module.run_pipeline("func.func(bm1684x-verify-hazards)")


def test_every_missing_wait_is_a_hazard(tmp_path):
    """None of the waits of a program is there without need, and the verifier sees each."""
    module = import_onnx(nets.small_convnet(), name="net")
    deploy(module, "F16", stop_after="commands")
    module.write(str(tmp_path / "whole.mlir"), text=True)
    text = (tmp_path / "whole.mlir").read_text()
    waits = list(re.finditer(r" wait\([^)]*\)", text))
    assert len(waits) > 3
    for wait in waits:
        path = tmp_path / "net.mlir"
        path.write_text(text[: wait.start()] + text[wait.end() :])
        broken = _core.Module.read(str(path))
        with pytest.raises(UserError, match="hazard"):
            broken.run_pipeline("func.func(bm1684x-verify-hazards)")


def test_movements_of_swin_are_between_its_blocks():
    """In the profile: permutations at the embedding, between stages, and before the mean."""
    model = tpuc.compile(inflate(MODELS / "swin_t_raw.skeleton.onnx.gz"), quantize="F16")
    layers = model.profile().layers
    permuted = [layer.name for layer in layers if layer.kind == "tpu.permute"]
    assert permuted
    assert not [name for name in permuted if "/blocks/" in name]
    # A window shift into a block, or the next block's shift out of it.
    shifts = [la.name for la in layers if la.kind == "tpu.relayout" and "/blocks/" in la.name]
    assert len(shifts) <= 12 - 4
    assert not [layer.name for layer in layers if layer.kind in ("tpu.slice", "tpu.concat")]
