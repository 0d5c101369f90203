"""What onnxruntime's optimiser fuses, and attention as one operator."""

from __future__ import annotations

import math

import numpy as np

from randomnets.families.contraction import matrix
from randomnets.families.convolution import filters, image, window
from randomnets.families.norm import affine
from randomnets.families.registry import family
from randomnets.network import Network, RejectedError, Value

_DOMAIN = "com.microsoft"


@family("fused_conv")
def fused_conv(net: Network) -> None:
    """FusedConv, with a summand or none."""
    x = image(net, 2)
    attributes = window(net, x.shape[2:], 3)
    c, width = x.shape[1], net.size(48)
    net.work(x.array.size * width * math.prod(attributes["kernel_shape"]))
    kind, numbers = net.choose(
        (("Relu", None), ("Tanh", None), ("Sigmoid", None), ("LeakyRelu", [0.1]),
         ("Clip", [0.0, 6.0]), ("HardSigmoid", [0.2, 0.5]))
    )  # fmt: skip
    weights = filters(net, (width, c, *attributes["kernel_shape"]))
    bias = net.constant(net.normal((width,))) if net.chance(0.7) else None
    net.call("FusedConv", x, weights, bias, domain=_DOMAIN, activation=kind,
             activation_params=numbers, **attributes)  # fmt: skip


@family("fused_matmul")
def fused_matmul(net: Network) -> None:
    """FusedMatMul with turned operands and a factor."""
    x = net.ranked(2, 3, 4, part=0.3)
    left, right = net.integer(0, 1), net.integer(0, 1)
    terms, width = x.shape[-2 if left else -1], net.size(65)
    net.work(x.array.size * width)
    shape = (width, terms) if right else (terms, width)
    y = matrix(net, shape, terms)
    if net.chance(0.4):
        y = net.input((*x.shape[:-2], *shape))
    net.call("FusedMatMul", x, y, domain=_DOMAIN, transA=left, transB=right,
             alpha=net.choose((1.0, 0.125, 0.3)))  # fmt: skip


@family("matmul_bits")
def matmul_bits(net: Network) -> None:
    """MatMulNBits: weights of 4 or 8 bits in blocks."""
    x = net.ranked(2, 3, part=0.3)
    bits, block = net.choose((4, 4, 8)), net.choose((16, 32))
    depth, width = x.shape[-1], net.size(64)
    net.work(x.array.size * width)
    blocks = -(-depth // block)
    packed = net.rng.integers(0, 256, (width, blocks, block * bits // 8)).astype(np.uint8)
    scales = np.abs(net.normal((width, blocks))) + np.float32(0.5)
    scales *= np.float32(1 / math.sqrt(depth) / (1 << (bits - 1)))
    zeros = None
    if net.chance(0.4):
        zeros = net.constant(
            net.rng.integers(0, 256, (width, -(-blocks * bits // 8))).astype(np.uint8)
        )
    net.call("MatMulNBits", x, net.constant(packed), net.constant(scales), zeros, domain=_DOMAIN,
             K=depth, N=width, bits=bits, block_size=block)  # fmt: skip


@family("skip_norm")
def skip_norm(net: Network) -> None:
    """A sum and its normalisation in one."""
    x = net.ranked(3)
    width = x.shape[-1]
    skip = net.input(x.shape) if net.chance(0.6) else net.call("Tanh", x)
    total = x.array + skip.array
    if (total.std(axis=-1) < 0.02 * np.abs(total).max() + 1e-3).any():
        raise RejectedError("rows without spread")
    scale, shift = affine(net, (width,))
    bias = net.constant(net.normal((width,), 0.1)) if net.chance(0.4) else None
    epsilon = net.choose((1e-5, 1e-6, 1e-12))
    if net.chance(0.5):
        net.call("SkipLayerNormalization", x, skip, scale, shift, bias, domain=_DOMAIN,
                 epsilon=epsilon)  # fmt: skip
    else:
        net.call("SkipSimplifiedLayerNormalization", x, skip, scale, bias, domain=_DOMAIN,
                 epsilon=epsilon)  # fmt: skip


@family("fused_gelu")
def fused_gelu(net: Network) -> None:
    """GELU in the forms that are operators of com.microsoft."""
    op = net.choose(("Gelu", "FastGelu", "BiasGelu", "QuickGelu"))
    x = net.pick(lambda v: v.rank >= 1)
    bias = None
    if op == "BiasGelu" or (op == "FastGelu" and net.chance(0.5)):
        bias = net.constant(net.normal((x.shape[-1],)))
    net.call(op, x, bias, domain=_DOMAIN)


@family("multi_head_attention")
def multi_head_attention(net: Network) -> None:
    """Attention and MultiHeadAttention of com.microsoft."""
    x = net.ranked(3, part=0.2)
    n, s, c = x.shape
    heads, d = net.choose((1, 2, 3, 4)), net.choose((4, 8, 16))
    width = heads * d
    net.work(n * s * (3 * c * width + 2 * s * width))
    causal = int(net.chance(0.3))
    if net.chance(0.5):
        net.call("Attention", x, matrix(net, (c, 3 * width), c),
                 net.constant(net.normal((3 * width,))), domain=_DOMAIN, num_heads=heads,
                 unidirectional=causal)  # fmt: skip
        return
    q, k, v = (net.call("MatMul", x, matrix(net, (c, width), c)) for _ in range(3))
    bias = net.constant(net.normal((3 * width,))) if net.chance(0.5) else None
    extra = net.constant(net.normal((1, heads, s, s))) if net.chance(0.3) else None
    net.call("MultiHeadAttention", q, k, v, bias, None, extra, domain=_DOMAIN, num_heads=heads,
             unidirectional=causal)  # fmt: skip


@family("attention_operator")
def attention_operator(net: Network) -> None:
    """Attention of the operator set: groups of heads, masks, a soft cap."""
    if net.opset < 23:
        raise RejectedError("opset")
    x = net.ranked(3, part=0.15)
    n, s, c = x.shape
    groups, repeat, d = net.choose((1, 2, 3)), net.choose((1, 1, 2)), net.choose((4, 8, 16))
    heads = groups * repeat
    net.work(n * s * (c * (heads + 2 * groups) * d + 2 * s * heads * d))
    q = net.call("MatMul", x, matrix(net, (c, heads * d), c))
    k, v = (net.call("MatMul", x, matrix(net, (c, groups * d), c)) for _ in range(2))
    mask = None
    if net.chance(0.5):
        mask = net.constant(net.normal((s, s)))
        if net.chance(0.4):
            keep = net.rng.random((s, s)) < 0.7
            keep[:, 0] = True
            mask = net.constant(keep)
    net.call(
        "Attention", q, k, v, mask, q_num_heads=heads, kv_num_heads=groups,
        is_causal=int(mask is None and net.chance(0.4)),
        softcap=net.choose((0.0, 0.0, 5.0)), scale=net.choose((None, 0.3)),
    )  # fmt: skip


@family("rotary_operator")
def rotary_operator(net: Network) -> None:
    """RotaryEmbedding of the operator set and of com.microsoft."""
    x = net.ranked(4, part=0.5)
    n, _, s, d = x.shape
    if d % 2:
        x = net.call("Concat", x, x, axis=3)
        d *= 2
    net.work(x.array.size)
    rows = s + net.integer(0, 5)
    angles = np.arange(rows)[:, None] / 10 ** np.linspace(0, 2, d // 2)[None]
    cosines, sines = (net.constant(f(angles).astype(np.float32)) for f in (np.cos, np.sin))
    mixed = net.integer(0, 1)
    places = net.rng.integers(0, rows, (n, s)).astype(np.int64)
    positions: Value = net.constant(places)
    if net.chance(0.4):
        positions = net.input((n, s), np.int64)
        positions.array = places
    if net.opset >= 23 and net.chance(0.6):
        net.call("RotaryEmbedding", x, cosines, sines, positions, interleaved=mixed)
    else:
        net.call("RotaryEmbedding", x, positions, cosines, sines, interleaved=mixed,
                 domain=_DOMAIN)  # fmt: skip


@family("rms_norm")
def rms_norm(net: Network) -> None:
    """RMSNormalization, and its simplified form."""
    x = net.ranked(2, 3, 4)
    if (np.abs(x.array).max(axis=-1) < 0.05).any():
        raise RejectedError("zero rows")
    scale, _ = affine(net, (x.shape[-1],))
    op = "RMSNormalization" if net.opset >= 23 else "SimplifiedLayerNormalization"
    net.call(op, x, scale, axis=-1, epsilon=net.choose((1e-5, 1e-6)))
