"""The enumerations of the top dialect, numbered as in TopEnums.td."""

from __future__ import annotations

from enum import IntEnum


class Compare(IntEnum):
    """Relation of two numbers."""

    EQUAL = 0
    NOT_EQUAL = 1
    LESS = 2
    LESS_EQUAL = 3
    GREATER = 4
    GREATER_EQUAL = 5


class Gelu(IntEnum):
    """Formula of GELU."""

    NONE = 0
    TANH = 1


class Reduce(IntEnum):
    """What a reduction computes."""

    MEAN = 0
    SUM = 1
    MAX = 2
    MIN = 3
    PROD = 4
    L1 = 5
    L2 = 6
    SUM_SQUARE = 7
    LOG_SUM = 8
    LOG_SUM_EXP = 9


class Arg(IntEnum):
    """Which extremum an index refers to."""

    MAX = 0
    MIN = 1


class Pad(IntEnum):
    """What fills the padding."""

    CONSTANT = 0
    REFLECT = 1
    EDGE = 2
    WRAP = 3


class ResizeMode(IntEnum):
    """Interpolation."""

    NEAREST = 0
    LINEAR = 1
    CUBIC = 2


class ResizeCoordinate(IntEnum):
    """Map from an output coordinate to an input coordinate."""

    HALF_PIXEL = 0
    PYTORCH_HALF_PIXEL = 1
    ASYMMETRIC = 2
    ALIGN_CORNERS = 3
    HALF_PIXEL_SYMMETRIC = 4


class ResizeNearest(IntEnum):
    """Rounding of a coordinate to a sample."""

    ROUND_PREFER_FLOOR = 0
    ROUND_PREFER_CEIL = 1
    FLOOR = 2
    CEIL = 3


class BlockOrder(IntEnum):
    """How a channel index splits into depth, column and row."""

    DCR = 0
    CRD = 1


class Scatter(IntEnum):
    """How an update meets the old value."""

    NONE = 0
    ADD = 1
    MUL = 2
    MAX = 3
    MIN = 4


class CellKind(IntEnum):
    """A recurrent cell."""

    LSTM = 0
    GRU = 1
    RNN = 2


class CellDirection(IntEnum):
    """Order in which a cell runs over a sequence."""

    FORWARD = 0
    REVERSE = 1
    BIDIRECTIONAL = 2


class CellActivation(IntEnum):
    """Function of a recurrent cell."""

    SIGMOID = 0
    TANH = 1
    RELU = 2
    LEAKY_RELU = 3
    HARDSIGMOID = 4
    ELU = 5
    SOFTSIGN = 6
    SOFTPLUS = 7
    AFFINE = 8
    SCALED_TANH = 9
    THRESHOLDED_RELU = 10
