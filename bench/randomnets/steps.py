"""How large half a step of a tensor is, by its precision and by what computes it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import onnx

Arrays = Mapping[str, np.ndarray]

# Half a step of a number relative to it, and half of the smallest step there is.
HALF_STEPS = {
    "F32": (2.0**-24, 2.0**-126),
    "F16": (2.0**-11, 2.0**-25),
    "BF16": (2.0**-8, 2.0**-126),
    # What does not compute in integers computes in F16.
    "INT8": (2.0**-11, 2.0**-25),
}
# These give elements of their operands, unchanged.
_MOVES = {
    "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Concat", "Split", "Slice",
    "Gather", "GatherElements", "GatherND", "Identity", "Expand", "Tile", "Pad", "DepthToSpace",
    "SpaceToDepth", "Trilu", "Relu", "Max", "Min", "Neg", "Abs", "Where", "MaxPool",
    "GlobalMaxPool", "ReduceMax", "ReduceMin", "TopK", "Shape", "Dropout", "OneHot",
    "ReverseSequence", "MaxUnpool", "Hardmax",
}  # fmt: skip
_VIEWS = {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Shape", "Dropout"}
# These give numbers of few bits for operands of few bits.
EXACT = {
    "Add", "Sub", "Mul", "Floor", "Ceil", "Round", "Sign", "Cast", "ReduceSum", "Clip", "Sum",
}  # fmt: skip
SUMS = {"Conv", "ConvTranspose", "MatMul", "Gemm", "Einsum"}
# These weigh elements between which a place lies.
_SAMPLERS = {"Resize", "GridSample", "RoiAlign", "DeformConv"}
# Products with cosines and sines, which are rounded as constants are.
_SPECTRA = {"DFT", "STFT"}
_SCATTERS = {"ScatterND", "ScatterElements"}
_TOTALS = {"ReduceSum", "ReduceMean", "GlobalAveragePool", "AveragePool", "CumSum"}
# Between -1 and 1, with an error as large as that of 1.
BOUNDED = {"Sigmoid", "Tanh", "Erf", "Sin", "Cos"}
# The chip has no commands for these: they are polynomials, in F32 with this error. LRN divides by
# a power, which is made of a logarithm and an exponential.
_FUNCTIONS = {*BOUNDED, "Exp", "Log", "Softplus", "Gelu", "Mish", "LRN"}
_FUNCTION_ERROR = 2.0**-21


def has_absolute_error(op: str, precision: str) -> bool:
    """Whether zeros of an operator's result may be off: its error is that of larger numbers.

    Sums of integers are exact, what they are multiplied by then is not.
    """
    absolute = BOUNDED | _SAMPLERS | _SPECTRA | _SCATTERS
    return op in absolute or (op in SUMS and precision == "INT8")


def half_steps(
    precision: str, array: np.ndarray, node: onnx.NodeProto | None, arrays: Arrays, named: bool
) -> tuple[float, float]:
    """Half a step relative to a tensor's elements, and that of all of them.

    Args:
        precision: F32, F16, BF16 or INT8.
        array: the tensor.
        node: that computes it, None for inputs and constants.
        arrays: all tensors, by name.
        named: whether it is a tensor of the network, not one within an operator.
    """
    op = "" if node is None else node.op_type
    relative, smallest = HALF_STEPS[precision]
    if precision == "INT8" and named:
        # Tensors within an operator are none of the network's and stay in F16.
        if op in _VIEWS:
            return 0, 0
        if node is None and array.size == 1:
            return relative, smallest
        finite = np.abs(array[np.isfinite(array)])
        smallest += relative if op in BOUNDED else 0
        return relative, float(finite.max(initial=0)) / 254 + smallest
    if op in _MOVES:
        return 0, 0
    if op == "Cast" and arrays[node.input[0]].dtype == np.float16:
        # A cast to 16 bits and back may keep what it is given.
        return max(relative, HALF_STEPS["F16"][0]), smallest
    with np.errstate(over="ignore"):
        exact = bool((_rounded(array, precision) == array).all())
    if exact and (node is None or op in EXACT):
        return 0, 0
    if op in _SAMPLERS:
        # onnxruntime computes the positions of elements in F32; weights are rounded too,
        # and what is interpolated along one axis alone.
        operand = arrays[node.input[0]]
        nearest = b"nearest" if op == "Resize" else b"none"
        mode = next((a.s for a in node.attribute if a.name == "mode"), nearest)
        steps = 2.0**-24 * max(*array.shape, *operand.shape)
        steps += relative if mode != b"nearest" else 0
        if mode in (b"cubic", b"bicubic"):
            # Of cubic weights, of which some are negative, the sizes add up to 1.25 an axis, and
            # twice as many terms are rounded.
            steps *= (1.25 * math.sqrt(2)) ** (array.ndim - 2)
        return relative, smallest + steps * float(np.abs(operand).max(initial=0))
    if op in _SPECTRA:
        # As many terms as a frame has elements. Where the length is no power of 2, onnxruntime
        # goes by a longer transform whose error is about eight steps a term.
        operand = arrays[node.input[0]]
        terms = max(operand.shape)
        weight = 1 / terms if any(a.name == "inverse" and a.i for a in node.attribute) else 1
        steps = max(relative, 4 * terms * 2.0**-24) * math.sqrt(terms)
        size = float(np.sqrt(np.mean(np.square(operand))))
        return relative, smallest + steps * size * weight
    if op in _SCATTERS:
        reduction = next((a.s for a in node.attribute if a.name == "reduction"), b"none")
        if reduction in (b"none", b"max", b"min"):
            return 0, 0
        # A summand may be as large as its sum is small.
        size = max(float(np.abs(arrays[node.input[i]]).max(initial=0)) for i in (0, 2))
        return relative, smallest + relative * size
    if op in _FUNCTIONS and precision == "F32":
        relative = _FUNCTION_ERROR
    if op in BOUNDED:
        return relative, smallest + relative
    if op == "AveragePool" and array.ndim == 5:
        # A pool of pools.
        return relative, smallest + relative * float(np.abs(array).max(initial=0))
    if op == "LpPool":
        # A root: what is lost below the smallest square is larger than the smallest number.
        return relative, math.sqrt(smallest)
    if op in SUMS and precision == "F32":
        # Sums of products are as wide as this precision: each term rounds them.
        terms = arrays[node.input[1]].size / max(1, array.shape[-1 if op == "MatMul" else 1])
        smallest += relative * math.sqrt(terms) * float(np.sqrt(np.mean(np.square(array))))
    if op in _TOTALS and precision == "F32":
        # Each partial sum is rounded, also where the terms cancel in the end.
        terms = arrays[node.input[0]]
        count = max(array.shape, default=1) if op == "CumSum" else terms.size / array.size
        smallest += relative * math.sqrt(count) * float(np.sqrt(np.mean(np.square(terms))))
        relative *= math.sqrt(count)
    return relative, smallest


def _rounded(array: np.ndarray, precision: str) -> np.ndarray:
    """As numbers that are exact in the precision; for F32 those of 16 bits."""
    if precision == "BF16":
        bits = np.ascontiguousarray(array, np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
        return bits.view(np.float32)
    return array.astype(np.float16).astype(np.float32)
