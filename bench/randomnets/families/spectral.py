"""Spectra."""

from __future__ import annotations

import numpy as np

from randomnets.families.registry import family
from randomnets.network import Network, RejectedError


@family("dft")
def dft(net: Network) -> None:
    """Forward and inverse, of real and of complex numbers, all frequencies or half of them."""
    if net.opset < 17:
        raise RejectedError("opset")
    x = net.ranked(2, 3, part=0.2)
    axis = net.integer(0 if net.opset >= 20 else 1, x.rank - 1)
    inverse, half = net.choose(((0, 0), (0, 1), (1, 0)))
    if inverse:
        x = net.call("Unsqueeze", x, net.ints(x.rank))
        x = net.call("Concat", x, net.call("Neg", x), axis=x.rank - 1)
    else:
        x = net.call("Unsqueeze", x, net.ints(x.rank))
    attributes = {"inverse": inverse, "onesided": half}
    if net.opset >= 20:
        net.call("DFT", x, None, net.constant(axis, np.int64), **attributes)
    else:
        net.call("DFT", x, axis=axis, **attributes)


@family("stft")
def stft(net: Network) -> None:
    """Frames of a signal, and often their power and its logarithm."""
    if net.opset < 17:
        raise RejectedError("opset")
    signal = net.input((net.size(2), net.choose((64, 100, 255, 320))))
    length, step = net.choose((16, 25, 32)), net.choose((5, 8, 16))
    window = np.hanning(length + 2)[1:-1].astype(np.float32)
    y = net.call("STFT", signal, net.constant(step, np.int64), net.constant(window),
                 net.constant(length, np.int64), onesided=net.integer(0, 1))  # fmt: skip
    if net.chance(0.5):
        power = net.call("Mul", y, y)
        power = net.call("ReduceSum", power, net.ints(3), keepdims=0)
        if net.chance(0.5):
            net.call("Log", net.call("Add", power, net.constant(np.float32(1e-3))))
