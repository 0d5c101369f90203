"""--help of every command: the name as typed, a sentence an option, defaults."""

import argparse
import importlib
import re

import pytest
from tpuc.cli import compile as compile_command
from tpuc.cli import front
from tpuc.cli.common import program
from tpuc.config import CompileConfig

STAGES = ("model_transform", "run_calibration", "run_qtable", "model_deploy", "model_runner",
          "model_tool", "npz_tool", "bmodel_dis", "tpu_profile")  # fmt: skip
PARTS = ("compile", "quantize", "llm", "chat", "run", "profile", "info", "dis", "debug", "compare")


def help_of(main, argv, capsys):
    with pytest.raises(SystemExit) as stop:
        main([*argv, "--help"])
    assert stop.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", STAGES)
def test_stage_says_its_name_as_typed(name, capsys, monkeypatch):
    module = importlib.import_module(f"tpuc.cli.{name}")
    assert help_of(module.main, [], capsys).startswith(f"usage: {name} ")
    monkeypatch.setattr("sys.argv", [f"/bin/{name}.py"])
    assert help_of(module.main, [], capsys).startswith(f"usage: {name}.py ")


@pytest.mark.parametrize("name", PARTS)
def test_part_says_its_name_as_typed(name, capsys):
    assert help_of(front.main, [name], capsys).startswith(f"usage: tpuc {name} ")


@pytest.mark.parametrize("name", ["dump", "reduce"])
def test_parts_of_debug_say_their_names(name, capsys):
    assert help_of(front.main, ["debug", name], capsys).startswith(f"usage: tpuc debug {name} ")


def test_overview_lists_every_part(capsys):
    text = help_of(front.main, [], capsys)
    for name in (*PARTS, *STAGES):
        assert re.search(rf"\b{name}\b", text)


def test_a_name_that_was_not_typed_is_the_command_s():
    assert program("model_deploy") == "model_deploy"


def parsers():
    for name in STAGES:
        yield importlib.import_module(f"tpuc.cli.{name}").build_parser()
    for name in ("compile", "quantize", "info"):
        yield importlib.import_module(f"tpuc.cli.{name}").build_parser()
    for name in ("model_runner", "tpu_profile", "bmodel_dis"):
        yield importlib.import_module(f"tpuc.cli.{name}").build_parser("tpuc x")


@pytest.mark.parametrize("parser", [*parsers()], ids=lambda parser: parser.prog)
def test_every_option_has_one_plain_sentence(parser):
    for action in parser._actions:
        if action.help in (argparse.SUPPRESS, None) or isinstance(action, argparse._HelpAction):
            assert action.help is not None or isinstance(action, argparse._SubParsersAction)
            continue
        assert not action.help.endswith("."), action.option_strings
        assert not re.search(r"\bbytes of lopsided\b|\bleave bytes\b", action.help)


def test_defaults_and_groups_are_shown(capsys):
    text = help_of(front.main, ["compile"], capsys)
    for part in ("MODEL", "INT8: sample inputs and ranges:", "(default: F16)",
                 "F32|F16|BF16|INT8", "--asymmetric, --no-asymmetric"):  # fmt: skip
        assert part in text
    assert text.count("(default: on)") == 3


def test_every_key_is_in_one_group():
    grouped = [key for keys in compile_command.GROUPS.values() for key in keys]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) <= set(CompileConfig.model_fields)
