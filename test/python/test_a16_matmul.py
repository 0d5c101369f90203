"""Products with weights of 4 and 8 bits, against numpy."""

import ml_dtypes
import numpy as np
import pytest
from tpuc.compiler import deploy
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.llm.codes import CodedProducts, round_to_nearest, with_zeros, words_of
from tpuc.llm.linear import Codes, Linear
from tpuc.model import Model
from tpuc.reference import run_module

_NARROW = {"F16": np.float16, "BF16": ml_dtypes.bfloat16, "F32": np.float32}
_STEP = {"F16": 2.0**-11, "BF16": 2.0**-8, "F32": 2.0**-23}


def network(codes, scales, zeros, bits, rows):
    e = Emitter("net")
    x = e.input("x", (*rows, codes.shape[1]), "f32")
    operands = [words_of(codes, bits), scales, zeros]
    made = e.op("a16_matmul", [x, *map(Tensor.constant, operands)], {"bits": bits})
    e.output("y", made)
    return e.finish()


def random_codes(rows, depth, group, bits, zeros, seed=0):
    random = np.random.default_rng(seed)
    shape = rows, depth // group
    codes = random.integers(0, 1 << bits, (rows, depth), np.uint8)
    scales = random.uniform(0.5, 2, shape).astype(np.float32) / np.float32(1 << bits)
    middle = 1 << (bits - 1)
    points = {
        "common": np.full(shape, middle),
        "bytes": random.integers(0, 16, shape) if bits == 4 else np.full(shape, middle),
        "floats": random.uniform(0, 1 << bits, shape),
    }
    return codes, scales, points[zeros].astype(np.float32)


def check(x, codes, scales, zeros, bits, precision):
    module = network(codes, scales, zeros, bits, x.shape[:-1])
    group = codes.shape[1] // scales.shape[1]
    wide = [np.repeat(part, group, axis=1).astype(np.float64) for part in (scales, zeros)]
    weights = (codes - wide[1]) * wide[0]
    narrow = x.astype(_NARROW[precision]).astype(np.float64)
    expected = narrow @ weights.T
    host = run_module(module.clone(), {"x": x}, "the test")["y"]
    np.testing.assert_allclose(host, x.astype(np.float64) @ weights.T, rtol=1e-5, atol=1e-4)
    model = Model(deploy(module, precision))
    made = model.real_results(model.run({"x": x}))["y"]
    # Scales, zero points, and twice the numbers are rounded, then the result.
    spread = np.abs(codes) + np.abs(wide[1])
    bound = np.abs(narrow) @ (spread * wide[0]).T * 4 + np.abs(expected)
    assert (np.abs(made - expected) <= _STEP[precision] * bound + 1e-6).all()
    return model


@pytest.mark.parametrize("precision", ["F16", "BF16", "F32"])
@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("zeros", ["common", "bytes", "floats"])
@pytest.mark.parametrize("rows", [(1,), (1, 5), (2, 70)])
def test_forms(precision, bits, zeros, rows):
    # Three groups: planes of unequal length; rows that fill no lanes.
    codes, scales, points = random_codes(100, 96, 32, bits, zeros)
    x = np.random.default_rng(1).standard_normal((*rows, 96)).astype(np.float32)
    check(x, codes, scales, points, bits, precision)


@pytest.mark.parametrize(
    ("rows", "columns", "depth", "group"),
    [(1, 64, 32, 32), (1, 1, 64, 64), (3, 130, 256, 128), (130, 200, 576, 64), (1, 700, 4864, 64),
     (1, 70, 11008, 128), (33, 72, 14336, 64), (1, 3000, 64, 64), (7, 96, 640, 640)],
)  # fmt: skip
@pytest.mark.parametrize("bits", [4, 8])
def test_sizes(rows, columns, depth, group, bits):
    codes, scales, points = random_codes(columns, depth, group, bits, "bytes")
    x = np.random.default_rng(1).standard_normal((rows, depth)).astype(np.float32)
    check(x, codes, scales, points, bits, "F16")


def test_groups_that_fill_no_vector_become_numbers():
    codes, scales, points = random_codes(40, 48, 16, 4, "bytes")
    x = np.random.default_rng(1).standard_normal((2, 48)).astype(np.float32)
    check(x, codes, scales, points, 4, "F16")


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
def test_special_values_stay_in_their_column(number):
    codes, scales, points = random_codes(70, 64, 32, 4, "common")
    scales[5] = number
    x = np.ones((1, 64), np.float32)
    model = Model(deploy(network(codes, scales, points, 4, (1,)), "F16"))
    made = model.run({"x": x})["y"][0]
    assert not np.isfinite(made[5])
    assert np.isfinite(np.delete(made, 5)).all()


def test_weights_take_half_a_byte():
    codes, scales, points = random_codes(256, 2048, 64, 4, "bytes")
    model = Model(deploy(network(codes, scales, points, 4, (1,)), "F16"))
    stage = model.core.describe()["networks"][0][1][0]
    # Codes, and a scale and a zero point for each 64 of them.
    size = 256 * (1024 + 32 * 3)
    assert size <= stage["coefficient_bytes"] <= size + 3 * 4096


def test_round_to_nearest():
    random = np.random.default_rng(0)
    values = random.standard_normal((8, 128)).astype(np.float32)
    for bits in (4, 8):
        made = round_to_nearest(values, bits, 64)
        steps = np.repeat(made.scales, 64, axis=1)
        assert (np.abs(made.values() - values) <= steps * 0.501).all()
        assert (with_zeros(made)[2] == np.rint(with_zeros(made)[2])).all()
    zero = round_to_nearest(np.zeros((1, 64), np.float32), 4, 64)
    assert (zero.values() == 0).all()


def test_groups_without_a_scale():
    made = Codes(4, np.full((1, 64), 9, np.uint8), np.zeros((1, 2), np.float32),
                 np.array([[0.5, -2]], np.float32))  # fmt: skip
    codes, scales, zeros = with_zeros(made)
    numbers = (codes.reshape(1, 2, 32) - zeros[..., None]) * scales[..., None]
    np.testing.assert_array_equal(numbers.reshape(1, 64), made.values())


def test_a_matrix_of_several_networks_is_quantised_once():
    values, reads = np.ones((8, 64), np.float32), []

    def read():
        reads.append(1)
        return values

    products, matrix = CodedProducts(4, 64), Linear((8, 64), read)
    for _ in range(2):
        e = Emitter("net")
        products(e, e.input("x", (1, 64), "f32"), matrix)
    assert len(reads) == 1
