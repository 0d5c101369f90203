"""Random products with their exact results, for grid.py."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from grid_cases import (
    MOST_PRODUCTS,
    MOST_WEIGHTS,
    PRECISIONS,
    Case,
    Values,
    chance,
    finish,
    odd_size,
    pick,
    range_of,
)
from onnx import helper


@dataclass
class Product:
    """A MatMul or a Gemm.

    Attributes:
        rows, depth, columns: of each matrix product.
        form: ``matmul``, ``gemm``, ``shared`` (a batch of left matrices) or
            ``batched`` (a batch of both).
        batch: how many matrices.
        is_constant: whether the right operand is weights.
        left_turned, right_turned: Gemm's transA and transB.
        has_bias: whether a bias is added.
    """

    rows: int
    depth: int
    columns: int
    form: str = "matmul"
    batch: int = 1
    is_constant: bool = True
    left_turned: bool = False
    right_turned: bool = False
    has_bias: bool = False

    def fits(self) -> bool:
        """Whether it takes little time and memory."""
        matrices = self.batch if self.form == "batched" else 1
        return (
            self.batch * self.rows * self.depth * self.columns <= MOST_PRODUCTS
            and matrices * self.depth * self.columns <= MOST_WEIGHTS
            and self.batch * self.rows * self.columns <= MOST_WEIGHTS // 8
        )


def _draw(rng: np.random.Generator) -> Product:
    form = str(pick(rng, ["matmul", "gemm", "shared", "batched"], [5, 2, 1, 2]))
    batch = int(rng.integers(2, 7)) if form in ("shared", "batched") else 1
    return Product(
        odd_size(rng, 1, 200),
        odd_size(rng, 1, 5000),
        odd_size(rng, 1, 60000),
        form,
        batch,
        is_constant=chance(rng, 0.65),
        left_turned=form == "gemm" and chance(rng, 0.2),
        right_turned=form == "gemm" and chance(rng, 0.7),
        has_bias=chance(rng, 0.4),
    )


def make_product(rng: np.random.Generator) -> Case:
    """A product of random sizes and form."""
    precision = str(pick(rng, PRECISIONS, [2, 3, 2, 3]))
    while not (product := _draw(rng)).fits():
        pass
    return build_product(rng, precision, product)


def build_product(rng: np.random.Generator, precision: str, product: Product) -> Case:
    """The model of a product, its operands and its result."""
    values = Values(rng, precision)
    lead = [product.batch] if product.batch > 1 else []
    left, right = [product.rows, product.depth], [product.depth, product.columns]
    if product.left_turned:
        left.reverse()
    if product.right_turned:
        right.reverse()
    left = [*lead, *left]
    if product.form == "batched":
        right = [*lead, *right]
    x = values.input("x", left)
    inputs, weights = {"x": x}, {}
    if product.is_constant:
        w = weights["w"] = values.weights(right, len(right) - 1 - product.right_turned)
    else:
        w = inputs["w"] = values.input("w", right)
    b = None
    if product.has_bias:
        b = weights["b"] = values.bias(product.columns)
    if product.form == "gemm":
        operands = ["x", "w", *(["b"] if product.has_bias else [])]
        turns = {"transA": int(product.left_turned), "transB": int(product.right_turned)}
        nodes = [helper.make_node("Gemm", operands, ["s"], "product", **turns)]
    else:
        nodes = [helper.make_node("MatMul", ["x", "w"], ["s"], "product")]
        if product.has_bias:
            nodes[0].output[0] = "p"
            nodes.append(helper.make_node("Add", ["p", "b"], ["s"], "bias"))
    exact_x = (np.swapaxes(x, -1, -2) if product.left_turned else x).astype(np.float64)
    exact_w = (np.swapaxes(w, -1, -2) if product.right_turned else w).astype(np.float64)
    sums = exact_x @ exact_w, np.abs(exact_x) @ np.abs(exact_w)
    most = 255 * values.step * np.abs(exact_w).sum(axis=-2).max()
    values.ranges.append(("p", range_of(sums[0], values.step)))
    text = (
        f"{product.form} {'x'.join(map(str, left))}{' turned' * product.left_turned} by "
        f"{'constant' if product.is_constant else 'computed'} {'x'.join(map(str, right))}"
        f"{' turned' * product.right_turned}"
    )
    return finish(rng, text, values, nodes, inputs, weights, sums, product.depth, b, most)
