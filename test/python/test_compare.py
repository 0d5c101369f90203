"""What is called wrong: every element is judged by what the precision allows."""

import networks as nets
import numpy as np
import pytest
import tpuc
from onnx import helper
from tpuc.cli.front import main
from tpuc.compare import HALF_UNITS, compare

PRECISIONS = ("F32", "F16", "BF16", "INT8")
TOLERANCE = (0.99, 0.90)
COLUMNS = 2049


def run_product(precision, rows, folder):
    """A product of a classifier's size in the simulator, and what it should be."""
    rng = np.random.default_rng(6)
    x = rng.standard_normal((rows, 192)).astype(np.float32)
    w = rng.standard_normal((192, COLUMNS)).astype(np.float32)
    node = helper.make_node("MatMul", ["x", "w"], ["y"], "product")
    network = nets.network([node], {"x": [rows, 192]}, {"y": [rows, COLUMNS]}, {"w": w})
    table = folder / "table"
    most = np.abs(x).max()
    table.write_text(f"x {most} {-most} {most}\n")
    options = {"calibration_table": table} if precision == "INT8" else {}
    model = tpuc.compile(network, quantize=precision, **options)
    return model.run({"x": x})["y"], x.astype(np.float64) @ w


@pytest.mark.parametrize("rows", [1, 20])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_one_wrong_column_of_a_product(precision, rows, tmp_path):
    actual, expected = run_product(precision, rows, tmp_path)
    right = compare(actual, expected, "y", precision)
    assert right.within(TOLERANCE)
    # Where the result is small, so that the wrong column is not an extreme.
    column = int(np.argmin(np.abs(expected).max(axis=0)))
    actual[:, column] += 0.2 * np.ptp(expected)
    wrong = compare(actual, expected, "y", precision)
    # Both similarities are blind to it.
    assert wrong.cosine >= TOLERANCE[0] and wrong.euclidean >= TOLERANCE[1]
    assert not wrong.within(TOLERANCE)
    assert wrong.worst[1] == column


@pytest.mark.parametrize("precision", PRECISIONS)
def test_exact_tensor_with_one_wrong_element(precision):
    # Nothing else differs, so that nothing says how large errors are.
    reference = np.random.default_rng(7).standard_normal(5000)
    actual = reference.copy()
    actual[4321] += 0.2 * np.ptp(reference)
    found = compare(actual, reference, precision=precision)
    assert found.of_allowed > 1 and found.worst == (4321,)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_one_rounding_is_within(precision):
    reference = np.random.default_rng(8).standard_normal(5000)
    actual = reference.copy()
    actual[17] += HALF_UNITS[precision] * np.abs(reference).max()
    assert compare(actual, reference, precision=precision).of_allowed < 0.1


def test_errors_that_grow_with_the_elements_are_within():
    # Probabilities: an error of the exponent is a relative one of them.
    rng = np.random.default_rng(9)
    logits = 3 * rng.standard_normal(100_000)
    wrong = logits + 0.02 * rng.standard_normal(100_000)
    assert compare(np.exp(wrong), np.exp(logits), precision="F16").of_allowed < 1


def test_zeros_of_a_rectifier_do_not_hide_the_typical_error():
    rng = np.random.default_rng(10)
    reference = np.maximum(rng.standard_normal(100_000) - 1, 0)
    noise = 0.003 * rng.standard_normal(100_000)
    actual = np.maximum(reference + np.where(reference > 0, noise, 0), 0)
    assert compare(actual, reference, precision="F16").of_allowed < 1


def test_equal_infinities_are_right_others_wrong():
    reference = np.array([1.0, -np.inf, np.nan, 2.0])
    assert compare(reference, reference).within((1, 1))
    near = compare(reference + np.array([1e-9, 0, 0, 0]), reference, precision="F32")
    assert near.within(TOLERANCE)
    broken = compare(np.array([1.0, 5.0, np.nan, 2.0]), reference)
    assert not broken.within((-1, -1)) and broken.worst == (1,)


def test_command_names_the_wrong_element(tmp_path, capsys):
    reference = np.random.default_rng(11).standard_normal((4, COLUMNS)).astype(np.float32)
    actual = reference.copy()
    actual[2, 2048] += 0.2 * np.ptp(reference)
    np.savez(tmp_path / "a.npz", y=actual)
    np.savez(tmp_path / "b.npz", y=reference)
    assert main(["compare", str(tmp_path / "a.npz"), str(tmp_path / "b.npz")]) == 1
    error = capsys.readouterr().err
    assert "'y'" in error and "[2, 2048]" in error and error.count("\n") == 1
