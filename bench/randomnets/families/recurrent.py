"""Recurrent cells, alone and behind what usually feeds them."""

from __future__ import annotations

import numpy as np

from randomnets.families.convolution import convolve, image
from randomnets.families.registry import family
from randomnets.network import Network, RejectedError, Value

_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def _sequence(net: Network, layout: int) -> Value:
    """Few steps: [steps, batch, width], or the batch first."""
    x = net.ranked(3, part=0.1)
    steps = x.shape[layout]
    if steps > 12:
        keep = net.integer(1, 12)
        x = net.call("Slice", x, net.ints(0), net.ints(keep), net.ints(layout))
    return x


def cell(net: Network, op: str, x: Value, layout: int = 0) -> Value:
    """One layer of cells; its sequence of states, [steps, directions, batch, hidden] or as laid."""
    steps, batch, width = x.shape if not layout else (x.shape[1], x.shape[0], x.shape[2])
    direction = net.choose(("forward", "forward", "reverse", "bidirectional"))
    sides, gates, hidden = (2 if direction == "bidirectional" else 1), _GATES[op], net.size(65)
    net.work(steps * batch * sides * gates * hidden * (width + hidden))
    weights = net.constant(net.normal((sides, gates * hidden, width), 1 / np.sqrt(width)))
    again = net.constant(net.normal((sides, gates * hidden, hidden), 1 / np.sqrt(hidden)))
    bias = net.constant(net.normal((sides, 2 * gates * hidden), 0.3)) if net.chance(0.7) else None
    lengths = None
    if net.chance(0.15):
        lengths = net.constant(net.rng.integers(1, steps + 1, batch).astype(np.int32))
    state = (batch, sides, hidden) if layout else (sides, batch, hidden)
    operands = [x, weights, again, bias, lengths]
    operands.append(_state(net, state) if net.chance(0.4) else None)
    attributes: dict = {"hidden_size": hidden, "direction": direction}
    if layout:
        attributes["layout"] = 1
    if op == "LSTM":
        operands.append(_state(net, state) if operands[-1] is not None else None)
        if net.chance(0.2):
            operands.append(net.constant(net.normal((sides, 3 * hidden), 0.3)))
    if op == "GRU":
        attributes["linear_before_reset"] = net.integer(0, 1)
    if op != "LSTM" and net.chance(0.1):
        attributes["clip"] = 2.0
    results = net.call(op, *operands, outputs=3 if op == "LSTM" else 2, **attributes)
    return net.choose(results) if net.chance(0.2) else results[0]


def _state(net: Network, shape: tuple[int, ...]) -> Value:
    return net.input(shape) if net.chance(0.4) else net.constant(net.normal(shape, 0.5))


@family("lstm")
def lstm(net: Network) -> None:
    """LSTM of one layer."""
    cell(net, "LSTM", _sequence(net, 0))


@family("gru")
def gru(net: Network) -> None:
    """GRU of one layer, with both orders of reset and product."""
    cell(net, "GRU", _sequence(net, 0))


@family("rnn")
def rnn(net: Network) -> None:
    """RNN of one layer."""
    cell(net, "RNN", _sequence(net, 0))


@family("recurrent_layers")
def recurrent_layers(net: Network) -> None:
    """Two layers, the states of the directions side by side."""
    x = _sequence(net, 0)
    for _ in range(2):
        y = cell(net, net.choose(("LSTM", "GRU")), x)
        if y.rank != 4:
            raise RejectedError("a last state")
        steps, sides, batch, hidden = y.shape
        if sides == 1:
            x = net.call("Squeeze", y, net.ints(1))
        else:
            y = net.call("Transpose", y, perm=[0, 2, 1, 3])
            x = net.call("Reshape", y, net.ints(steps, batch, sides * hidden))


@family("conv_recurrent")
def conv_recurrent(net: Network) -> None:
    """A convolution's columns as steps, as readers of text do."""
    x = image(net, 2)
    k = net.choose((1, 3))
    y = convolve(net, x, 1, net.size(32), {"kernel_shape": [k, k], "pads": [k // 2] * 4})
    y = net.call("Relu", y)
    y = net.call("ReduceMean", y, *([net.ints(2)] if net.opset >= 18 else []),
                 **({} if net.opset >= 18 else {"axes": [2]}), keepdims=0)  # fmt: skip
    if y.shape[2] > 12:
        y = net.call("MaxPool", y, kernel_shape=[-(-y.shape[2] // 12)], strides=[y.shape[2] // 12])
    cell(net, net.choose(("LSTM", "GRU", "RNN")), net.call("Transpose", y, perm=[2, 0, 1]))
