"""Matrix products."""

from __future__ import annotations

import math

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Reduce
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, converts, operand


@converts("MatMul")
def _matmul(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    lhs, rhs = inputs
    if not lhs.rank or not rhs.rank:
        raise UserError("multiplies a scalar, expected matrices or vectors")
    # A vector is a matrix with one row (left) or column (right).
    left = e.reshape(lhs, (1, *lhs.shape)) if lhs.rank == 1 else lhs
    right = e.reshape(rhs, (*rhs.shape, 1)) if rhs.rank == 1 else rhs
    result = e.op("matmul", [left, right])
    shape = list(result.shape)
    if lhs.rank == 1:
        del shape[-2]
    if rhs.rank == 1:
        del shape[-1]
    return e.reshape(result, shape)


@converts("Gemm")
def _gemm(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    a, b = inputs[0], inputs[1]
    c = operand(inputs, 2)
    alpha, beta = float(node.attr("alpha", 1.0)), float(node.attr("beta", 1.0))
    attributes = {
        "left_transpose": bool(node.attr("transA", 0)),
        "right_transpose": bool(node.attr("transB", 0)),
    }
    if a.rank != 2 or b.rank != 2:
        raise UserError(f"multiplies {list(a.shape)} and {list(b.shape)}, expected two matrices")
    columns = b.shape[0] if attributes["right_transpose"] else b.shape[1]
    if c is not None and beta == 0.0:
        c = None
    if c is not None and beta != 1.0:
        if c.is_constant:
            c = Tensor.constant(c.array * np.asarray(beta, c.array.dtype), c.name)
        else:
            c = e.binary("mul", c, beta)
    if c is not None and alpha == 1.0 and c.size == columns and c.shape[-1:] == (columns,):
        return e.op("matmul", [a, b, e.reshape(c, (columns,))], attributes)
    result = e.op("matmul", [a, b], attributes)
    if alpha != 1.0:
        result = e.binary("mul", result, alpha)
    return result if c is None else e.binary("add", result, c)


@converts("Einsum")
def _einsum(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    equation = str(node.required("equation")).replace(" ", "")
    terms, output = _parse_einsum(equation, inputs)
    whole = [_diagonals(tensor, term, e) for tensor, term in zip(inputs, terms, strict=True)]
    inputs, terms = [tensor for tensor, _ in whole], [term for _, term in whole]
    tensor, labels = inputs[0], terms[0]
    tensor, labels = _sum_private(tensor, labels, set(output).union(*map(set, terms[1:])), e)
    for index in range(1, len(inputs)):
        later = set(output).union(*map(set, terms[index + 1 :]))
        other, other_labels = _sum_private(inputs[index], terms[index], later | set(labels), e)
        tensor, labels = _contract(tensor, labels, other, other_labels, later, e)
    tensor, labels = _sum_private(tensor, labels, set(output), e)
    return e.permute(tensor, [labels.index(label) for label in output])


def _parse_einsum(equation: str, inputs: Inputs) -> tuple[list[str], str]:
    """The labels of every operand and of the result, ellipses written out."""
    left, arrow, output = equation.partition("->")
    terms = left.split(",")
    if len(terms) != len(inputs):
        raise UserError(f"has {len(inputs)} operands, its equation '{equation}' {len(terms)}")
    spans = [
        tensor.rank - (len(term) - 3)
        for term, tensor in zip(terms, inputs, strict=True)
        if "..." in term
    ]
    # Digits stand for the axes of an ellipsis, right-aligned.
    axes = "0123456789"[10 - max(spans, default=0) :]
    full = []
    for term, tensor in zip(terms, inputs, strict=True):
        if "..." in term:
            span = tensor.rank - (len(term) - 3)
            term = term.replace("...", axes[len(axes) - span :] if span else "")
        if len(term) != tensor.rank:
            raise UserError(
                f"has the equation '{equation}', which does not fit an operand of rank "
                f"{tensor.rank}; correct it"
            )
        full.append(term)
    if not arrow:
        letters = "".join(full)
        output = axes + "".join(
            sorted(c for c in set(letters) if letters.count(c) == 1 and c not in axes)
        )
    output = output.replace("...", axes)
    if not set(output) <= set("".join(full)) or len(set(output)) != len(output):
        raise UserError(f"has the equation '{equation}', whose result has an unknown label")
    return full, output


def _diagonals(tensor: Tensor, labels: str, e: Emitter) -> tuple[Tensor, str]:
    """The elements at which axes of the same label have the same index."""
    for label in set(labels):
        while labels.count(label) > 1:
            axes = [axis for axis, other in enumerate(labels) if other == label][-2:]
            size = tensor.shape[axes[0]]
            if tensor.shape[axes[1]] != size:
                raise UserError(f"has two sizes for the label '{label}'")
            rest = [axis for axis in range(tensor.rank) if axis not in axes]
            tensor = e.permute(tensor, [*rest, *axes])
            outer = tensor.shape[:-2]
            flat = e.reshape(tensor, (*outer, size * size))
            begins, ones = [0] * flat.rank, [1] * len(outer)
            tensor = e.slice(flat, begins, (*outer, size), [*ones, size + 1])
            labels = "".join(labels[axis] for axis in rest) + label
    return tensor, labels


def _sum_private(tensor: Tensor, labels: str, wanted: set[str], e: Emitter) -> tuple[Tensor, str]:
    """Sums over the labels that nobody else wants."""
    axes = [axis for axis, label in enumerate(labels) if label not in wanted]
    if not axes:
        return tensor, labels
    summed = e.reduce(Reduce.SUM, tensor, axes, keepdims=False)
    return summed, "".join(label for label in labels if label in wanted)


def _contract(
    lhs: Tensor, left: str, rhs: Tensor, right: str, later: set[str], e: Emitter
) -> tuple[Tensor, str]:
    """One matrix product over the labels that end here."""
    sizes = dict(zip(right, rhs.shape, strict=True)) | dict(zip(left, lhs.shape, strict=True))
    for label, size in zip(right, rhs.shape, strict=True):
        if sizes[label] != size:
            raise UserError(f"has the sizes {sizes[label]} and {size} for the label '{label}'")
    batch = "".join(c for c in left if c in right and c in later)
    inner = "".join(c for c in left if c in right and c not in later)
    rows = "".join(c for c in left if c not in right)
    columns = "".join(c for c in right if c not in left)

    def shape_of(labels: str) -> list[int]:
        return [sizes[label] for label in labels]

    def arrange(tensor: Tensor, labels: str, first: str, second: str) -> Tensor:
        order = [labels.index(label) for label in batch + first + second]
        matrix = [math.prod(shape_of(first)), math.prod(shape_of(second))]
        return e.reshape(e.permute(tensor, order), shape_of(batch) + matrix)

    product = e.op("matmul", [arrange(lhs, left, rows, inner), arrange(rhs, right, inner, columns)])
    labels = batch + rows + columns
    return e.reshape(product, shape_of(labels)), labels
