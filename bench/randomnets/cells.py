"""Recurrent cells as the steps that they compute."""

from __future__ import annotations

import numpy as np
import onnx

from randomnets.definitions import Body, Values

_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def cell_body(node: onnx.NodeProto, prefix: str, opset: int, values: Values) -> Body | None:
    """The steps of a recurrent operator with its usual functions, or None."""
    if node.op_type not in _GATES or node.domain:
        return None
    body = Body(node, prefix, opset)
    x = body.operand(0)
    steps = values[x].shape[0]
    direction = body.attr("direction", "forward")
    backwards = {"forward": (0,), "reverse": (1,), "bidirectional": (0, 1)}[direction]
    sides = [_Side(body, values, index, back) for index, back in enumerate(backwards)]
    for step in range(steps):
        for side in sides:
            side.take(x, step)
    # [steps, directions, batch, hidden], then the last states [directions, batch, hidden].
    rows = [
        body("Unsqueeze", body("Concat", *pair, axis=0), body.ints(0))
        for pair in zip(*(side.outputs() for side in sides), strict=True)
    ]
    lasts = [[side.states[i] for side in sides] for i in range(len(sides[0].states))]
    states = [body("Concat", *last, axis=0) for last in lasts]
    body.give(body("Concat", *rows, axis=0), *states)
    return body


class _Side:
    """The steps of one direction; states are [1, batch, hidden]."""

    def __init__(self, body: Body, values: Values, index: int, back: int) -> None:
        self.body, self.back, self.op = body, back, body.node.op_type
        self.steps, self.batch, _ = values[body.operand(0)].shape
        self.hidden = body.attr("hidden_size")
        self.lengths = values[body.operand(4)] if body.operand(4) else None
        take = body.constant(index, np.int64)
        self.weights, self.again = (
            body("Transpose", body("Gather", body.operand(i), take, axis=0), perm=[1, 0])
            for i in (1, 2)
        )
        half = _GATES[self.op] * self.hidden
        self.bias = self.bias_again = ""
        if body.operand(3):
            bias = body("Gather", body.operand(3), take, axis=0)
            self.bias, self.bias_again = body.part(bias, 0, 0, half), body.part(bias, 0, half, 1000)
        zeros = body.constant(np.zeros((1, self.batch, self.hidden)))
        self.states = [
            body.part(body.operand(i), 0, index, index + 1) if body.operand(i) else zeros
            for i in ((5, 6) if self.op == "LSTM" else (5,))
        ]
        self.peepholes = ""
        if self.op == "LSTM" and body.operand(7):
            self.peepholes = body("Gather", body.operand(7), take, axis=0)
        self.given: list[tuple[int, str]] = []

    def take(self, x: str, step: int) -> None:
        """One step; backwards the last one comes first, of each sequence its own last one."""
        body, at = self.body, self.steps - 1 - step if self.back else step
        new = self.step(body.part(x, 0, at, at + 1))
        output = new[0]
        if self.lengths is not None:
            live = body.constant((at < self.lengths)[None, :, None], np.bool_)
            zero = body.constant(0.0)
            output = body("Where", live, output, zero)
            new = [body("Where", live, a, b) for a, b in zip(new, self.states, strict=True)]
        self.states = new
        self.given.append((at, output))

    def outputs(self) -> list[str]:
        """The states in the order of steps."""
        return [name for _, name in sorted(self.given)]

    def step(self, x: str) -> list[str]:
        """The next states."""
        product = self._plus(self.body("MatMul", x, self.weights), self.bias)
        return {"LSTM": self._lstm, "GRU": self._gru, "RNN": self._rnn}[self.op](product)

    def _plus(self, x: str, bias: str) -> str:
        return self.body("Add", x, bias) if bias else x

    def _gate(self, x: str, index: int, count: int = 1) -> str:
        return self.body.part(x, -1, index * self.hidden, (index + count) * self.hidden)

    def _clipped(self, x: str) -> str:
        clip = self.body.attr("clip", 0.0)
        if not clip:
            return x
        return self.body("Clip", x, self.body.constant(-clip), self.body.constant(clip))

    def _recurrent(self, state: str) -> str:
        return self._plus(self.body("MatMul", state, self.again), self.bias_again)

    def _rnn(self, product: str) -> list[str]:
        total = self.body("Add", product, self._recurrent(self.states[0]))
        return [self.body("Tanh", self._clipped(total))]

    def _lstm(self, product: str) -> list[str]:
        body, (h, c) = self.body, self.states
        total = body("Add", product, self._recurrent(h))
        gates = [self._gate(total, i) for i in range(4)]

        def peep(gate: str, state: str, place: int) -> str:
            if not self.peepholes:
                return gate
            weight = body.part(self.peepholes, 0, place * self.hidden, (place + 1) * self.hidden)
            return body("Add", gate, body("Mul", weight, state))

        i = body("Sigmoid", self._clipped(peep(gates[0], c, 0)))
        f = body("Sigmoid", self._clipped(peep(gates[2], c, 2)))
        g = body("Tanh", self._clipped(gates[3]))
        c = body("Add", body("Mul", f, c), body("Mul", i, g))
        o = body("Sigmoid", self._clipped(peep(gates[1], c, 1)))
        return [body("Mul", o, body("Tanh", c)), c]

    def _gru(self, product: str) -> list[str]:
        body, h = self.body, self.states[0]
        again = self._recurrent(h)
        both = body("Add", self._gate(product, 0, 2), self._gate(again, 0, 2))
        both = body("Sigmoid", self._clipped(both))
        z, r = self._gate(both, 0), self._gate(both, 1)
        if body.attr("linear_before_reset", 0):
            inner = body("Mul", r, self._gate(again, 2))
        else:
            columns = body.part(self.again, 1, 2 * self.hidden, 3 * self.hidden)
            inner = body("MatMul", body("Mul", r, h), columns)
            if self.bias_again:
                inner = body("Add", inner, self._gate(self.bias_again, 2))
        g = body("Tanh", self._clipped(body("Add", self._gate(product, 2), inner)))
        return [body("Add", g, body("Mul", z, body("Sub", h, g)))]
