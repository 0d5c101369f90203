"""LSTM, GRU and RNN: one product for the whole sequence, then the cell step by step.

The sequence lies with its features across channels, so that the product is a convolution with
1x1 filters and the cell reads what it gives as it lies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import CellActivation, CellDirection, CellKind, Compare
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, constant_of, converts, operand

_GATES = {CellKind.LSTM: 4, CellKind.GRU: 3, CellKind.RNN: 1}
_STATES = {CellKind.LSTM: 2, CellKind.GRU: 1, CellKind.RNN: 1}
_DEFAULTS = {
    CellKind.LSTM: ["Sigmoid", "Tanh", "Tanh"],
    CellKind.GRU: ["Sigmoid", "Tanh"],
    CellKind.RNN: ["Tanh"],
}


@dataclass(frozen=True)
class Function:
    """An activation: its operation, and ONNX's defaults of the parameters that it has."""

    kind: CellActivation
    alpha: float | None = None
    beta: float | None = None
    # Whether ONNX has no defaults for them.
    needs_parameters: bool = False


# By the names that ONNX has for them; letters may be of either case.
FUNCTIONS = {
    "Sigmoid": Function(CellActivation.SIGMOID),
    "Tanh": Function(CellActivation.TANH),
    "Relu": Function(CellActivation.RELU),
    "LeakyRelu": Function(CellActivation.LEAKY_RELU, 0.01),
    "HardSigmoid": Function(CellActivation.HARDSIGMOID, 0.2, 0.5),
    "Elu": Function(CellActivation.ELU, 1.0),
    "Softsign": Function(CellActivation.SOFTSIGN),
    "Softplus": Function(CellActivation.SOFTPLUS),
    "Affine": Function(CellActivation.AFFINE, 1.0, 0.0, needs_parameters=True),
    "ScaledTanh": Function(CellActivation.SCALED_TANH, 1.0, 1.0, needs_parameters=True),
    "ThresholdedRelu": Function(CellActivation.THRESHOLDED_RELU, 1.0),
}


@dataclass(frozen=True)
class _Cell:
    """A cell in one or both directions; weights as ONNX has them, the sequence as channels."""

    kind: CellKind
    direction: CellDirection
    attributes: dict
    x: Tensor  # [1, I, T, B]
    w: Tensor  # [D, G H, I]
    r: Tensor  # [D, G H, H]
    input_bias: Tensor | None  # [D, G H]
    state: Tensor  # [S, D, H, B]
    parameters: Tensor | None  # [D, K, H]
    mask: Tensor | None  # [T, B]

    @property
    def directions(self) -> int:
        """How many directions there are."""
        return self.r.shape[0]

    def only(self, index: int, e: Emitter) -> _Cell:
        """One of two directions."""

        def part(tensor: Tensor | None, axis: int = 0) -> Tensor | None:
            if tensor is None:
                return None
            if tensor.is_constant:
                return Tensor.constant(tensor.array.take([index], axis))
            return e.slice_axis(tensor, axis, index, 1)

        return replace(
            self, direction=CellDirection(index), w=part(self.w), r=part(self.r),
            input_bias=part(self.input_bias), state=part(self.state, 1),
            parameters=part(self.parameters),
        )  # fmt: skip

    def run(self, e: Emitter) -> Tensor:
        """All states, [1, D H, T + S, B]."""
        directions, rows, size = self.w.shape
        operands = [self.x, e.reshape(self.w, (directions * rows, size, 1, 1))]
        if self.input_bias is not None:
            operands.append(e.reshape(self.input_bias, (directions * rows,)))
        window = {"strides": [1, 1], "pads": [0, 0, 0, 0], "dilations": [1, 1]}
        gates = e.op("conv", operands, window)
        options = [tensor for tensor in (self.parameters, self.mask) if tensor is not None]
        attributes = {"kind": self.kind, "direction": self.direction, **self.attributes}
        return e.op("recurrent", [gates, self.r, self.state, *options], attributes)


def _functions(node: Node, kind: CellKind, directions: int) -> list[dict]:
    """The attributes of the activations, a direction each."""
    names = node.attr("activations") or _DEFAULTS[kind] * directions
    alphas = list(node.attr("activation_alpha") or [])
    betas = list(node.attr("activation_beta") or [])
    count = len(_DEFAULTS[kind])
    if len(names) != count * directions:
        raise UserError(
            f"has {len(names)} activations, expected {count} for each of {directions} directions"
        )
    by_name = {name.lower(): function for name, function in FUNCTIONS.items()}
    found = []
    for name in names:
        function = by_name.get(name.lower())
        if function is None:
            raise UserError(f"has the activation {name}, which is not supported")
        if function.needs_parameters and not (alphas and betas):
            raise UserError(f"has the activation {name} without activation_alpha and _beta")
        # Only functions that have a parameter take one from the list.
        alpha, beta = function.alpha, function.beta
        if alpha is not None and alphas:
            alpha = alphas.pop(0)
        if beta is not None and betas:
            beta = betas.pop(0)
        found.append((function.kind, float(alpha or 0), float(beta or 0)))
    unused = (CellActivation.TANH, 0.0, 0.0)
    result = []
    for begin in range(0, len(found), count):
        kinds, first, second = zip(*(found[begin : begin + count] + [unused] * 2)[:3], strict=True)
        result.append({
            "gate_activation": kinds[0], "cell_activation": kinds[1],
            "output_activation": kinds[2], "alphas": list(first), "betas": list(second),
        })  # fmt: skip
    return result


def _check(what: str, tensor: Tensor | None, shape: tuple[int, ...]) -> None:
    if tensor is not None and tensor.shape != shape:
        raise UserError(f"has {what} of shape {list(tensor.shape)}, expected {list(shape)}")


def _mask(lengths: Tensor | None, steps: int, e: Emitter) -> Tensor | None:
    """[T, B], 1 where a sample has the step; None when all have all."""
    if lengths is None:
        return None
    numbers = np.arange(steps, dtype=np.int32).reshape(steps, 1)
    if not lengths.is_constant:
        is_step = e.op(
            "compare",
            [e.cast(Tensor.constant(numbers), lengths.dtype), lengths],
            {"predicate": Compare.LESS},
        )
        return e.cast(is_step, "f32")
    values = lengths.array
    if values.size and not 0 <= values.min() <= values.max() <= steps:
        raise UserError(f"has sequence lengths up to {values.max()}, expected 0 to {steps}")
    if np.all(values == steps):
        return None
    return Tensor.constant((numbers < values).astype(np.float32))


def _state(
    kind: CellKind, given: list[Tensor | None], shape: tuple[int, int, int], layout: int, e: Emitter
) -> Tensor:
    """The state before the first step, [S, D, H, B]; zeros where nothing is given."""
    directions, units, batch = shape
    parts = []
    for name, tensor in zip(("initial_h", "initial_c"), given, strict=False):
        if tensor is None:
            parts.append(Tensor.constant(np.zeros((1, *shape), np.float32)))
            continue
        sizes = (batch, directions, units) if layout else (directions, batch, units)
        _check(name, tensor, sizes)
        turned = e.permute(tensor, (1, 2, 0) if layout else (0, 2, 1))
        parts.append(e.reshape(turned, (1, *shape)))
    if len(parts) == 1:
        return parts[0]
    if all(part.is_constant for part in parts):
        return Tensor.constant(np.concatenate([part.array for part in parts]))
    return e.op("concat", parts, {"axis": 0})


def _bias(
    cell: CellKind, bias: Tensor | None, rows: int, units: int, before_reset: bool
) -> tuple[Tensor | None, Tensor | None]:
    """What is added to the gates, and what a GRU adds to its product before the reset."""
    array = constant_of(bias, "the bias")
    if array is None:
        return None, None
    from_input, from_state = np.asarray(array, np.float32).reshape(-1, 2, rows).swapaxes(0, 1)
    if cell != CellKind.GRU or not before_reset:
        return Tensor.constant(from_input + from_state), None
    of_gates = from_state.copy()
    of_gates[:, 2 * units :] = 0
    product = from_state[:, 2 * units :].reshape(-1, 1, units)
    return Tensor.constant(from_input + of_gates), Tensor.constant(product)


def _convert(kind: CellKind, node: Node, inputs: Inputs, e: Emitter) -> list[Tensor | None]:
    x, w, r = inputs[:3]
    layout = int(node.attr("layout", 0))
    if x.rank != 3 or w.rank != 3 or r.rank != 3:
        raise UserError("has operands that are not of rank 3")
    batch, steps = (x.shape[0], x.shape[1]) if layout else (x.shape[1], x.shape[0])
    directions, rows, units = r.shape
    name = node.attr("direction", "forward").upper()
    if name not in CellDirection.__members__:
        raise UserError(f"has the direction {name.lower()}, which is not one")
    direction = CellDirection[name]
    if directions != (2 if direction == CellDirection.BIDIRECTIONAL else 1):
        raise UserError(f"has weights of {directions} directions, but is {name.lower()}")
    if rows != _GATES[kind] * units or node.attr("hidden_size", units) != units:
        raise UserError(f"has recurrent weights {list(r.shape)}, which are not those of its gates")
    _check("weights", w, (directions, rows, x.shape[2]))
    _check("a bias", operand(inputs, 3), (directions, 2 * rows))
    _check("sequence_lens", operand(inputs, 4), (batch,))

    before_reset = kind == CellKind.GRU and bool(node.attr("linear_before_reset", 0))
    bias, parameters = _bias(kind, operand(inputs, 3), rows, units, before_reset)
    if before_reset and parameters is None:
        parameters = Tensor.constant(np.zeros((directions, 1, units), np.float32))
    if kind == CellKind.LSTM and (peepholes := operand(inputs, 7)) is not None:
        _check("peepholes", peepholes, (directions, 3 * units))
        parameters = e.reshape(peepholes, (directions, 3, units))

    mask = _mask(operand(inputs, 4), steps, e)
    given = [operand(inputs, 5 + index) for index in range(_STATES[kind])]
    state = _state(kind, given, (directions, units, batch), layout, e)
    if mask is not None and any(tensor is not None for tensor in given):
        # A sample without steps has no state either.
        has_steps = e.slice_axis(mask, 0, 0, 1) if not mask.is_constant else None
        if has_steps is not None or not mask.array[0].all():
            first = has_steps or Tensor.constant(mask.array[:1])
            state = e.binary("mul", state, e.reshape(first, (1, 1, 1, batch)))

    channels = e.permute(x, (2, 1, 0) if layout else (2, 0, 1))
    functions = _functions(node, kind, directions)
    attributes = {
        "clip": float(node.attr("clip", 0.0) or 0.0), "linear_before_reset": before_reset,
        "input_forget": bool(node.attr("input_forget", 0)), **functions[0],
    }  # fmt: skip
    cell = _Cell(
        kind, direction, attributes, e.reshape(channels, (1, x.shape[2], steps, batch)), w, r,
        bias, state, parameters, mask,
    )  # fmt: skip
    if functions[0] == functions[-1]:
        states = cell.run(e)
    else:
        parts = [
            replace(cell.only(index, e), attributes={**attributes, **own})
            for index, own in enumerate(functions)
        ]
        states = e.op("concat", [part.run(e) for part in parts], {"axis": 1})
    return _results(node, states, (directions, units, steps, batch), layout, e)


def _results(
    node: Node, states: Tensor, sizes: tuple[int, int, int, int], layout: int, e: Emitter
) -> list[Tensor | None]:
    """Y, Y_h and Y_c where the model uses them."""
    directions, units, steps, batch = sizes
    results: list[Tensor | None] = []
    for index, name in enumerate(node.outputs):
        if not name:
            results.append(None)
        elif index == 0:
            y = e.slice_axis(states, 2, 0, steps)
            if batch == 1:
                # Rows of both directions: one transposition.
                y = e.permute(e.reshape(y, (directions * units, steps)), (1, 0))
                shape = (1, steps, directions, units) if layout else (steps, directions, 1, units)
                results.append(e.reshape(y, shape))
                continue
            y = e.reshape(y, sizes)
            results.append(e.permute(y, (3, 2, 0, 1) if layout else (2, 0, 3, 1)))
        else:
            last = e.slice_axis(states, 2, steps + index - 1, 1)
            last = e.reshape(last, (directions, units, batch))
            results.append(e.permute(last, (2, 0, 1) if layout else (0, 2, 1)))
    return results


@converts("LSTM")
def _lstm(node: Node, inputs: Inputs, e: Emitter) -> list[Tensor | None]:
    return _convert(CellKind.LSTM, node, inputs, e)


@converts("GRU")
def _gru(node: Node, inputs: Inputs, e: Emitter) -> list[Tensor | None]:
    return _convert(CellKind.GRU, node, inputs, e)


@converts("RNN")
def _rnn(node: Node, inputs: Inputs, e: Emitter) -> list[Tensor | None]:
    return _convert(CellKind.RNN, node, inputs, e)


@converts("DynamicQuantizeLSTM", domain="com.microsoft")
def _quantised_lstm(node: Node, inputs: Inputs, e: Emitter) -> list[Tensor | None]:
    """Weights are [D, size, 4 H] integers; the operands that the original rounds are not."""
    operands = list(inputs[:8])
    for index, what in ((1, "W"), (2, "R")):
        scale = constant_of(inputs[6 + 2 * index], f"{what}_scale")
        zero = constant_of(inputs[7 + 2 * index], f"{what}_zero_point")
        integers = constant_of(inputs[index], what).astype(np.float32)
        columns = [np.asarray(a, np.float32).reshape(a.shape[0], 1, -1) for a in (zero, scale)]
        values = (integers - columns[0]) * columns[1]
        operands[index] = Tensor.constant(values.transpose(0, 2, 1), inputs[index].name)
    return _convert(CellKind.LSTM, node, operands, e)
