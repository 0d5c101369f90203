"""utils/new_op.py and utils/new_pass.py write definitions that TableGen takes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TABLEGEN = shutil.which("mlir-tblgen") or "/usr/lib/llvm-22/bin/mlir-tblgen"


@pytest.fixture
def sources(tmp_path):
    """A copy of what the scripts change."""
    for folder in ("include", "lib/Dialect", "test/Dialect"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def run(script, *arguments, fails=False):
    """The output of a script of utils."""
    command = [sys.executable, str(ROOT / "utils" / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == fails, done.stderr
    return done.stdout + done.stderr


def tablegen(generator, path, root):
    """What TableGen makes of a definition."""
    mlir = Path(TABLEGEN).resolve().parent.parent / "include"
    command = [TABLEGEN, generator, str(path), "-I", str(root / "include"), "-I", str(mlir)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(("dialect", "prefix"), [("top", "Top"), ("tpu", "Tpu")])
def test_a_pass_is_begun(dialect, prefix, sources):
    text = run("new_pass.py", dialect, "fold-casts", "Removes casts", "--root", sources)
    assert f"lib/Dialect/{prefix}/Transforms/FoldCasts.cpp" in text
    passes = tablegen(
        "-gen-pass-decls", sources / f"include/Dialect/{prefix}/Transforms/Passes.td", sources
    )
    assert f"create{prefix}FoldCasts" in passes
    folder = sources / f"lib/Dialect/{prefix}/Transforms"
    assert "  FoldCasts.cpp\n" in (folder / "CMakeLists.txt").read_text()
    source = (folder / "FoldCasts.cpp").read_text()
    assert f"GEN_PASS_DEF_{prefix.upper()}FOLDCASTS" in source
    assert max(map(len, source.split("\n"))) <= 80
    again = run("new_pass.py", dialect, "fold-casts", "x", "--root", sources, fails=True)
    assert "exists already" in again


@pytest.mark.parametrize(("dialect", "family"), [("top", "Unary"), ("tpu", "Norm")])
def test_an_operation_is_begun(dialect, family, sources):
    run("new_op.py", dialect, family, "cumulative_sum", "Sums", "--root", sources)
    prefix = dialect.capitalize()
    definition = sources / f"include/Dialect/{prefix}/IR/{prefix}{family}Ops.td"
    declared = tablegen("-gen-op-decls", definition, sources)
    assert "class CumulativeSumOp" in declared
    assert "::tpuc::EvaluableOp::Trait" in declared
    source = (sources / f"lib/Dialect/{prefix}/IR/{prefix}{family}Ops.cpp").read_text()
    assert "CumulativeSumOp::verify()" in source


def test_mistakes_are_told(sources):
    for arguments, message in (
        (("new_op.py", "tpu", "Nrom", "a", "A"), "is no family of tpu; one of A16, Attention"),
        (("new_op.py", "tpu", "Norm", "softmax", "A"), "exists already"),
        (("new_op.py", "tpu", "Norm", "Bad-Name", "A"), "is no name"),
        (("new_pass.py", "tpu", "Fold_casts", "A"), "is no name"),
    ):
        assert message in run(*arguments, "--root", sources, fails=True)
