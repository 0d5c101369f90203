"""Quantised and 16-bit inputs and outputs of a .bmodel, and the choice of a network."""

from dataclasses import dataclass

import networks as nets
import numpy as np
import pytest
import tpuc
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

    with pytest.raises(UserError, match="holds the networks a, b; choose one by its name"):
        tpuc.model.choose_network(Core(), None, "two.bmodel")
    assert tpuc.model.choose_network(Core(), "b", "two.bmodel") == 1
