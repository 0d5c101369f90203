"""Attention as exporters write it."""

from __future__ import annotations

import math

import numpy as np

from randomnets.families.contraction import matrix
from randomnets.families.registry import family
from randomnets.network import Network, Value


def _projected(net: Network, x: Value, width: int) -> Value:
    y = net.call("MatMul", x, matrix(net, (x.shape[-1], width), x.shape[-1]))
    return net.call("Add", y, net.constant(net.normal((width,)))) if net.chance(0.7) else y


def _heads(net: Network, x: Value, heads: int) -> Value:
    """[n, s, heads * d] to [n, heads, s, d]."""
    n, s, width = x.shape
    split = net.call("Reshape", x, net.ints(n, s, heads, width // heads))
    return net.call("Transpose", split, perm=[0, 2, 1, 3])


def _attend(net: Network, q: Value, k: Value, v: Value) -> Value:
    """Softmax of scores times values; operands are [n, heads, s, d]."""
    scale = 1 / math.sqrt(q.shape[-1])
    before = net.chance(0.3)
    if before:
        q = net.call("Mul", q, net.constant(np.float32(scale)))
    scores = net.call("MatMul", q, net.call("Transpose", k, perm=[0, 1, 3, 2]))
    if not before and net.chance(0.5):
        scores = net.call("Mul", scores, net.constant(np.float32(scale)))
    elif not before:
        scores = net.call("Div", scores, net.constant(np.float32(1 / scale)))
    scores = _masked(net, scores)
    if net.chance(0.2):
        scores = net.call("Softmax", net.call("Transpose", scores, perm=[0, 1, 3, 2]), axis=2)
        scores = net.call("Transpose", scores, perm=[0, 1, 3, 2])
    else:
        scores = net.call("Softmax", scores, axis=net.choose((-1, 3)))
    return net.call("MatMul", scores, v)


def _masked(net: Network, scores: Value) -> Value:
    n, heads, s, t = scores.shape
    form = net.integer(0, 4)
    if form == 0:
        return net.call("Add", scores, net.constant(net.normal((1, heads, s, t))))
    if form == 1:
        causal = np.triu(np.full((s, t), -1e4, np.float32), 1)
        return net.call("Add", scores, net.constant(causal))
    if form == 2:
        keep = net.rng.random((1, 1, s, t)) < 0.7
        keep[..., 0] = True
        return net.call("Where", net.constant(keep), scores, net.constant(np.float32(-1e4)))
    if form == 3:
        return net.call("Add", scores, net.input((n, 1, 1, t)))
    return scores


def _merged(net: Network, y: Value) -> Value:
    n, heads, s, d = y.shape
    back = net.call("Transpose", y, perm=[0, 2, 1, 3])
    return net.call(
        "Reshape", back, net.ints(0, 0, -1) if net.chance(0.3) else net.ints(n, s, heads * d)
    )


def _sizes(net: Network) -> tuple[Value, int, int]:
    x = net.ranked(3, part=0.2)
    heads, d = net.choose((1, 2, 3, 4)), net.choose((4, 5, 8, 16, 17, 32))
    n, s, c = x.shape
    net.work(n * s * (3 * c * heads * d + 2 * s * heads * d))
    return x, heads, d


@family("attention")
def attention(net: Network) -> None:
    """Three projections."""
    x, heads, d = _sizes(net)
    q, k, v = (_heads(net, _projected(net, x, heads * d), heads) for _ in range(3))
    y = _merged(net, _attend(net, q, k, v))
    if net.chance(0.6):
        y = _projected(net, y, x.shape[-1])
        net.call("Add", x, y)


@family("packed_attention")
def packed_attention(net: Network) -> None:
    """One projection for queries, keys and values, taken apart in several ways."""
    x, heads, d = _sizes(net)
    n, s, _ = x.shape
    packed = _projected(net, x, 3 * heads * d)
    form = net.integer(0, 3)
    if form == 0:
        parts = net.call("Split", packed, net.ints(*[heads * d] * 3), outputs=3, axis=2)
        q, k, v = (_heads(net, part, heads) for part in parts)
    else:
        split = net.call("Reshape", packed, net.ints(n, s, 3, heads, d))
        moved = net.call("Transpose", split, perm=[2, 0, 3, 1, 4])
        if form == 1:
            q, k, v = (
                net.call("Gather", moved, net.constant(i, np.int64), axis=0) for i in range(3)
            )
        elif form == 2:
            parts = net.call("Split", moved, net.ints(1, 1, 1), outputs=3, axis=0)
            q, k, v = (net.call("Squeeze", part, net.ints(0)) for part in parts)
        else:
            cut = [
                net.call("Slice", moved, net.ints(i), net.ints(i + 1), net.ints(0))
                for i in range(3)
            ]
            q, k, v = (net.call("Reshape", part, net.ints(n, heads, s, d)) for part in cut)
    _merged(net, _attend(net, q, k, v))


@family("cross_attention")
def cross_attention(net: Network) -> None:
    """Queries from one value, keys and values from another."""
    x, heads, d = _sizes(net)
    other = net.input((x.shape[0], net.size(20), net.size(33)))
    q = _heads(net, _projected(net, x, heads * d), heads)
    k, v = (_heads(net, _projected(net, other, heads * d), heads) for _ in range(2))
    _merged(net, _attend(net, q, k, v))


@family("channel_attention")
def channel_attention(net: Network) -> None:
    """Scores between channels, without projections."""
    x = net.ranked(3, part=0.13)
    n, c, s = x.shape
    net.work(2 * n * c * c * s)
    scores = net.call("MatMul", x, net.call("Transpose", x, perm=[0, 2, 1]))
    scores = net.call("Mul", scores, net.constant(np.float32(1 / s)))
    net.call("MatMul", net.call("Softmax", scores, axis=-1), x)


@family("rotary")
def rotary(net: Network) -> None:
    """Rotary embedding with constant tables: halves or pairs."""
    x = net.ranked(3, 4)
    width = x.shape[-1]
    if width % 2:
        x = net.call("Concat", x, x, axis=x.rank - 1)
        width = x.shape[-1]
    positions = np.arange(x.shape[-2])[:, None] / 10 ** np.linspace(0, 2, width)[None]
    cos, sin = (net.constant(f(positions).astype(np.float32)) for f in (np.cos, np.sin))
    half, axis = width // 2, x.rank - 1
    if net.chance(0.5):
        a = net.call("Slice", x, net.ints(0), net.ints(half), net.ints(axis))
        b = net.call("Slice", x, net.ints(half), net.ints(1 << 40), net.ints(axis))
        turned = net.call("Concat", net.call("Neg", b), a, axis=axis)
    else:
        even = net.call("Slice", x, net.ints(0), net.ints(width), net.ints(axis), net.ints(2))
        odd = net.call("Slice", x, net.ints(1), net.ints(width), net.ints(axis), net.ints(2))
        parts = [net.call("Unsqueeze", p, net.ints(x.rank)) for p in (net.call("Neg", odd), even)]
        joined = net.call("Concat", *parts, axis=x.rank)
        turned = net.call("Reshape", joined, net.ints(*x.shape))
    net.call("Add", net.call("Mul", x, cos), net.call("Mul", turned, sin))
