"""Products and convolutions of many sizes against numpy, element by element.

The first cases of bench/grid.py, and sizes at which a kernel changes its form.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

import grid
from grid_products import Product, build_product

PRECISIONS = ("F32", "F16", "BF16", "INT8")


def report(kind, number, case, verdict):
    return f"{kind}:{number} {case.text}: {verdict.text}"


@pytest.mark.parametrize(("kind", "count"), [("product", 60), ("conv", 60)])
def test_random_sizes(kind, count):
    found = [
        report(kind, number, case, verdict)
        for number, case, verdict in grid.run(kind, range(count), seed=0)
        if verdict.kind != "right"
    ]
    assert not found


# Odd numbers of columns lie in no whole words; 257 fits into panels of one width.
@pytest.mark.parametrize("columns", [127, 129, 257, 1203, 2049, 21843])
@pytest.mark.parametrize(("rows", "depth"), [(1, 128), (64, 193), (65, 130)])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_product_with_odd_columns(precision, rows, depth, columns):
    if columns > 10000 and rows > 1:
        pytest.skip("one product of that size is enough")
    case = build_product(np.random.default_rng(3), precision, Product(rows, depth, columns))
    verdict = grid.check(case)
    assert verdict.kind == "right", report("product", 0, case, verdict)
