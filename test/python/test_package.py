"""What the package shows: its names, its types, the time to import it."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import tpuc
from tpuc import _core

ROOT = Path(__file__).parents[2]


def test_names_are_listed_before_their_first_use():
    code = "import tpuc; print(*dir(tpuc))"
    names = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert set(tpuc.__all__) <= set(names)
    assert {"compile", "Model", "calibrate"} <= set(names)


def test_stub_is_the_module():
    spec = importlib.util.spec_from_file_location("make_stub", ROOT / "scripts/make_stub.py")
    make_stub = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_stub)
    assert make_stub.TARGET.read_text() == make_stub.stub(_core), "run scripts/make_stub.py"


def test_import_leaves_heavy_packages_alone():
    code = "import sys, tpuc; print(*sys.modules)"
    modules = set(subprocess.check_output([sys.executable, "-c", code], text=True).split())
    assert not modules & {"numpy", "onnx", "onnxruntime", "pydantic", "rich", "PIL", "tpuc._core"}
