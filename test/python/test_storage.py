"""Quantised and 16-bit inputs and outputs of a .bmodel, and the choice of a network."""

import json
import re
from dataclasses import dataclass

import networks as nets
import numpy as np
import pytest
import tpuc
from test_profile import TWO_COMMANDS
from tpuc import _core
from tpuc.cli.front import main
from tpuc.errors import UserError
from tpuc.storage import to_real, to_storage


@dataclass
class Port:
    dtype: str
    scale: float = 1.0
    zero_point: int = 0


def test_an_input_is_rounded_half_away_from_zero_and_saturated():
    values = np.array([0.25, -0.25, 0.2, 100, -100, np.nan], np.float32)
    stored = to_storage(values, Port("i8", 2.0, 0))
    assert stored.dtype == np.int8
    assert stored.tolist() == [1, -1, 0, 127, -128, 0]


def test_an_unsigned_input_has_its_zero_point():
    stored = to_storage(np.array([-70, 0, 1.5, 70], np.float32), Port("ui8", 2.0, 128))
    assert stored.tolist() == [0, 128, 131, 255]


def test_an_output_stands_for_its_distance_from_the_zero_point():
    real = to_real(np.array([-3, 0, 7], np.int8), Port("i8", 0.5, -3))
    assert real.tolist() == [0.0, 1.5, 5.0]


def test_integers_pass_as_they_are():
    values = np.array([3, -4], np.int8)
    assert to_storage(values, Port("i8", 2.0, 1)) is values
    assert to_real(np.array([5], np.int32), Port("i32", 0.5)).tolist() == [5]
    assert to_real(np.array([5], np.int8), Port("i8", 0.0)).dtype == np.int8


def test_bf16_passes_as_bits():
    stored = to_storage(np.array([1.0, -2.0, 1.00390625], np.float32), Port("bf16"))
    assert stored.tolist() == [0x3F80, 0xC000, 0x3F80]
    assert to_real(stored, Port("bf16")).tolist() == [1.0, -2.0, 1.0]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("storage") / "net.bmodel"
    tpuc.compile(nets.small_convnet(), quantize="F32", name="first").save(path)
    return path


def test_a_network_is_chosen_by_its_name(saved):
    name = tpuc.Model.load(saved)._core.networks[0][0]
    model = tpuc.Model.load(saved, network=name)
    assert [spec.name for spec in model.inputs] == ["x"]


def test_a_network_that_is_not_there(saved):
    with pytest.raises(UserError, match="holds no network 'other', only "):
        tpuc.Model.load(saved, network="other")


def test_several_networks_need_a_choice():
    class Core:
        networks = (("a", 1), ("b", 2))

    with pytest.raises(UserError, match="holds the networks a, b; choose one with --network"):
        tpuc.model.choose_network(Core(), None, "two.bmodel")
    assert tpuc.model.choose_network(Core(), "b", "two.bmodel") == 1


@pytest.fixture
def two(tmp_path):
    """A .bmodel of the networks "net", of two commands, and "short", of one."""
    network = TWO_COMMANDS[TWO_COMMANDS.index("  func.func") : TWO_COMMANDS.rindex("}")]
    short = re.sub(r"    %1 = .*?\n    return", "    return", network, flags=re.S)
    source = tmp_path / "two.mlir"
    source.write_text("module {\n" + network + short.replace("@net", "@short") + "}\n")
    path = tmp_path / "two.bmodel"
    _core.compile(_core.Module.read(str(source)), "F32").save(str(path))
    return str(path)


@pytest.mark.parametrize(("network", "tiu"), [("net", 1), ("short", 0)])
def test_a_profile_is_of_the_chosen_network(two, network, tiu, capsys):
    assert main(["profile", two, "--network", network, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tiu_commands"] == tiu


def test_two_networks_of_a_file_are_profiled_side_by_side(two, capsys):
    command = ["profile", two, "--network", "net", "--compare", two, "--compare_network", "short"]
    assert main(command) == 0
    assert "two short" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        ["profile"],
        ["debug", "dump", "--list"],
        ["compare", "MODEL", "--input", "INPUT"],
        ["run", "--input", "INPUT"],
    ],
)
def test_commands_ask_which_network(two, command, tmp_path, capsys):
    np.savez(tmp_path / "in.npz", **{"in": np.zeros((64, 64), np.float32)})
    rest = [two if part == "MODEL" else part for part in command]
    rest = [str(tmp_path / "in.npz") if part == "INPUT" else part for part in rest]
    at = 2 if command[0] == "debug" else 1
    assert main([*rest[:at], two, *rest[at:]]) == 1
    assert "holds the networks net, short; choose one with --network" in capsys.readouterr().err


def test_a_comparison_is_of_the_chosen_network(two, tmp_path):
    np.savez(tmp_path / "in.npz", **{"in": np.zeros((64, 64), np.float32)})
    inputs = str(tmp_path / "in.npz")
    assert main(["compare", two, two, "--input", inputs, "--network", "short"]) == 0


def test_disassembly_shows_all_networks(two, capsys):
    assert main(["dis", two]) == 0
    text = capsys.readouterr().out
    assert "network net" in text
    assert "network short" in text
