"""Options of tpu-mlir's commands: each works, is taken with a word, or is refused with a way."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from tpuc import UserError
from tpuc.cli.ported import OPTIONS, REFUSED, TAKEN, WORKS

ROOT = Path(__file__).resolve().parents[2]
ALL = [(command, option) for command, options in OPTIONS.items() for option in options]
# What each command cannot do without.
NEEDED = {
    "model_transform": ["--model_def", "x.onnx", "--mlir", "x.mlir"],
    "run_calibration": ["x.mlir", "-o", "table"],
    "run_qtable": ["x.mlir", "-o", "table"],
    "model_deploy": ["--mlir", "x.mlir", "--model", "x.bmodel", "--quantize", "F16"],
    "model_runner": ["--model", "x.bmodel"],
    "tpu_profile": ["x.bmodel"],
}


def parser_of(command):
    return importlib.import_module(f"tpuc.cli.{command}").build_parser()


def ids(case):
    return f"{case[0]}{case[1].flag}"


@pytest.mark.parametrize("case", [c for c in ALL if c[1].treatment == WORKS], ids=ids)
def test_what_works_is_an_option_of_the_command(case):
    command, option = case
    assert option.flag in parser_of(command)._option_string_actions


@pytest.mark.parametrize("case", [c for c in ALL if c[1].treatment != WORKS], ids=ids)
def test_the_others_are_taken_or_refused_with_a_reason(case, capsys):
    command, option = case
    values = list(option.values[:1] or ["1"]) if option.nargs in (1, "*") else []
    arguments = [*NEEDED[command], option.flag, *values]
    if option.treatment == REFUSED:
        with pytest.raises(UserError, match="is not supported: "):
            parser_of(command).parse_args(arguments)
        return
    assert option.treatment == TAKEN
    parser_of(command).parse_args(arguments)
    said = capsys.readouterr().err
    assert said.startswith(f"note: {option.flag}") and option.text in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "flag", "value"),
    [("model_deploy", "--num_core", "2"), ("model_deploy", "--addr_mode", "io_reloc"),
     ("model_deploy", "--compress_mode", "all"), ("run_calibration", "--mix_mode", "x")],
)  # fmt: skip
def test_other_values_are_refused(command, flag, value):
    with pytest.raises(UserError, match=f"{flag} {value} is not supported, only"):
        parser_of(command).parse_args([*NEEDED[command], flag, value])


def test_page_has_the_tables_of_the_commands():
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/porting_table.py", "--check"], check=False
    )
    assert done.returncode == 0, "run scripts/porting_table.py"


def test_commands_exist_under_the_names_that_scripts_use():
    import tomllib

    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    for name in ("model_transform", "run_calibration", "run_qtable", "model_deploy",
                 "model_runner", "model_tool", "npz_tool"):  # fmt: skip
        assert scripts[name] == scripts[f"{name}.py"]
        module, function = scripts[name].split(":")
        assert callable(getattr(importlib.import_module(module), function))
