"""Products of matrices, with constants and with computed operands."""

from __future__ import annotations

import math
from collections.abc import Sequence

from randomnets.families.registry import family
from randomnets.network import Network, Value


def matrix(net: Network, shape: Sequence[int], terms: int) -> Value:
    """Constant weights for sums of so many terms."""
    return net.constant(net.normal(shape, 1 / math.sqrt(max(1, terms))))


@family("linear")
def linear(net: Network) -> None:
    """A product with a constant matrix, and a bias."""
    x = net.ranked(1, 2, 2, 3, 3, 4, 5)
    terms, width = x.shape[-1], net.size(600)
    net.work(x.array.size * width)
    y = net.call("MatMul", x, matrix(net, (terms, width), terms))
    if net.chance(0.6):
        operands = [y, net.constant(net.normal((width,)))]
        if net.chance(0.3):
            operands.reverse()
        net.call("Add", *operands)


@family("linear_left")
def linear_left(net: Network) -> None:
    """A constant on the left, or a batch of constants."""
    x = net.ranked(2, 3, 4)
    terms = x.shape[-2]
    if net.chance(0.5):
        rows = net.size(130)
        net.work(x.array.size * rows)
        net.call("MatMul", matrix(net, (rows, terms), terms), x)
    else:
        width = net.size(40)
        net.work(x.array.size * width)
        batch = [size if net.chance(0.6) else 1 for size in x.shape[:-2]]
        net.call("MatMul", x, matrix(net, (*batch, x.shape[-1], width), x.shape[-1]))


@family("gemm")
def gemm(net: Network) -> None:
    """Gemm in all its forms."""
    x = net.ranked(2)
    left, right = int(net.chance(0.3)), int(net.chance(0.5))
    rows, terms = x.shape[::-1] if left else x.shape
    width = net.size(300)
    net.macs(rows, terms, width)
    shape = (width, terms) if right else (terms, width)
    if net.chance(0.8):
        b = matrix(net, shape, terms)
    else:
        b = net.call("Mul", net.input(shape), net.constant(net.normal((), 0) + 0.2))
    c = None
    if net.chance(0.7):
        shape = net.choose(((width,), (1, width), (rows, 1), (rows, width), (), (1,)))
        c = net.constant(net.normal(shape)) if net.chance(0.8) else net.input(shape)
    alpha = float(net.choose((1.0, 1.0, 0.5, 2.0)))
    net.call("Gemm", x, b, c, transA=left, transB=right, alpha=alpha, beta=net.choose((1.0, 0.5)))


@family("product")
def product(net: Network) -> None:
    """Two computed operands, with batches that broadcast."""
    x = net.ranked(2, 3, 3, 4, part=0.27)
    terms, width = x.shape[-1], net.size(70)
    net.work(x.array.size * width)
    batch = [size if net.chance(0.7) else 1 for size in x.shape[:-2]]
    shape = (*batch, terms, width)
    y = net.input(shape)
    if net.chance(0.4):
        order = [*range(len(shape) - 2), len(shape) - 1, len(shape) - 2]
        y = net.call("Transpose", net.input((*batch, width, terms)), perm=order)
    net.call(
        "MatMul", x, net.call("Mul", y, net.constant(net.normal((), 0) + 1 / math.sqrt(terms)))
    )


@family("gram")
def gram(net: Network) -> None:
    """A value times itself turned."""
    x = net.ranked(2, 3, 4, part=0.13)
    net.work(x.array.size * x.shape[-2])
    order = [*range(x.rank - 2), x.rank - 1, x.rank - 2]
    net.call("MatMul", x, net.call("Transpose", x, perm=order))


@family("einsum")
def einsum(net: Network) -> None:
    """Sums of products by letters."""
    x = net.ranked(3)
    a, b, c = x.shape
    d = net.size(24)
    net.macs(a, b, c, d)
    equation, shape = net.choose(
        (
            ("abc,cd->abd", (c, d)),
            ("abc,dc->abd", (d, c)),
            ("abc,acd->abd", (a, c, d)),
            ("abc,bcd->abd", (b, c, d)),
            ("abc,ab->ac", (a, b)),
        )
    )
    y = matrix(net, shape, c) if net.chance(0.7) else net.input(shape)
    net.call("Einsum", x, y, equation=equation)
