"""The C++ side of tpuc: modules, passes, simulator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

class Bmodel:
    """A compiled model with a simulated chip."""

    def attach_layers(self, names: Sequence[tuple[str, str]], layers: ArrayLike) -> None:
        """Says which operation each command belongs to, for models that do not."""

    @staticmethod
    def combine(models: Sequence[Bmodel], shares_all: bool = False) -> Bmodel:
        """All networks of several models as one; stages of the same name are joined and
        share equal weights, with `shares_all` other networks do, too.
        """

    def command_texts(self) -> list[str]:
        """A line for each command, in the order of the profile."""

    def describe(self) -> dict:
        """What lies in the container, as dictionaries."""

    def disassemble(self) -> str:
        """Every command as a line of text."""

    @property
    def explanation(self) -> str:
        """Why the compiler chose what it chose: a JSON text, or empty."""

    def extract(self, network: int) -> Bmodel:
        """A model of one of the networks, by number."""

    def has_coefficients_of(self, other: Bmodel) -> bool:
        """Whether the first stages of two models have equal coefficients."""

    @property
    def input_quantisation(self) -> list[tuple[float, int]]:
        """Scale and zero point of each input."""

    @property
    def inputs(self) -> list[Port]:
        """The network's inputs, in order."""

    @staticmethod
    def load(path: str) -> Bmodel:
        """Reads a file."""

    @property
    def networks(self) -> list[tuple[str, int]]:
        """Names of the networks, with their stages' count."""

    @property
    def output_quantisation(self) -> list[tuple[float, int]]:
        """Scale and zero point of each output."""

    @property
    def outputs(self) -> list[Port]:
        """The network's outputs, in order."""

    @staticmethod
    def parse(data: bytes) -> Bmodel:
        """Takes the contents of a file."""

    @property
    def precision(self) -> str:
        """The least precise in which it computes."""

    @property
    def preprocess(self) -> str:
        """How the selected stage's inputs are made from pictures: a JSON text, or empty."""

    def profile(self, parameters: str = "vendor", free_zero_row_stride: bool = False) -> dict:
        """Runs the network in the timing model."""

    def residencies(self, parameters: str = "vendor") -> dict:
        """What local memory holds when, as arrays."""

    def run(self, arrays: Sequence[np.ndarray], threads: int = 0) -> list[np.ndarray]:
        """Runs the network in the functional simulator."""

    def save(self, path: str) -> None:
        """Writes the file."""

    def select(self, network: int, stage: int) -> None:
        """Makes a stage the one that is run and described."""

    def start(self, arrays: Sequence[np.ndarray], threads: int = 0) -> Run:
        """Begins a run that can be stopped after any command."""

    def streams(self) -> list[tuple[bytes, bytes]]:
        """The streams of the TIU and the GDMA, a pair for each group."""

    def tensors(self) -> list[dict]:
        """Where tensors of the source model lie, a dictionary each."""

class Graph:
    """The operations of a module."""

    @property
    def inputs(self) -> list: ...
    @property
    def operations(self) -> list: ...
    @property
    def outputs(self) -> list: ...
    @property
    def values(self) -> list: ...

class GraphOperation:
    """An operation of a module."""

    @property
    def attributes(self) -> dict: ...
    @property
    def constant(self) -> Any: ...
    @property
    def kind(self) -> str: ...
    @property
    def location(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def operands(self) -> list[int]: ...
    @property
    def reorders(self) -> bool: ...
    @property
    def results(self) -> list[int]: ...
    @property
    def tensor(self) -> str: ...

class GraphValue:
    """A value of a module."""

    @property
    def dtype(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def shape(self) -> list[int]: ...

class Histogram:
    """Counts of elements in bins [k, k + 1) * width for k from -bins / 2 to bins / 2 - 1;
    the width is the least power of two that reaches the largest magnitude.
    """

    def __init__(self, bins: int) -> None: ...
    def add(self, array: ArrayLike) -> None:
        """Counts elements."""

    @property
    def bins(self) -> int: ...
    @property
    def counts(self) -> NDArray[np.uint64]: ...
    @property
    def max(self) -> Any: ...
    def merge(self, other: Histogram) -> None:
        """Adds another's counts; exact."""

    @property
    def min(self) -> Any: ...
    @property
    def nans(self) -> int: ...
    @property
    def non_finite(self) -> int: ...
    @property
    def width(self) -> float: ...

class Module:
    """An MLIR module at any stage."""

    def attribute(self, name: str) -> str:
        """A text attribute of @main, or empty."""

    def clone(self) -> Module:
        """A copy; weights are shared."""

    def count_ops(self) -> dict[str, int]:
        """How many operations of each name there are."""

    def input_attribute(self, index: int, name: str) -> Any:
        """An input's attribute, or None."""

    @property
    def inputs(self) -> list[Port]:
        """Inputs of the network, in order."""

    def operations(self) -> list[tuple[str, str, str]]:
        """The operations in order: name, node of the source model, text."""

    @property
    def outputs(self) -> list[Port]:
        """Outputs of the network, in order."""

    @staticmethod
    def read(path: str) -> Module:
        """Reads bytecode or text."""

    def run_pipeline(self, pipeline: str) -> None:
        """Runs a textual pass pipeline."""

    def set_attribute(self, name: str, text: str) -> None:
        """Gives @main a text as an attribute."""

    def set_input_attribute(self, index: int, name: str, value: Any) -> None:
        """Gives an input an attribute."""

    def verify(self) -> None:
        """Checks every operation."""

    def write(self, path: str, text: bool = False, elide_above: int = -1) -> None:
        """Writes bytecode, or text; the file appears complete or not at all."""

class ModuleBuilder:
    """Builds a top module."""

    def __init__(self, name: str) -> None: ...
    def add_input(self, name: str, shape: Sequence[int], dtype: str) -> Value:
        """Adds an argument of @main."""

    def add_op(
        self,
        name: str,
        operands: Sequence[int],
        attributes: dict,
        result_types: Sequence[tuple[str, Sequence[int]]] | None = None,
        location: str = "",
    ) -> list[Value]:
        """Adds an operation; result types are inferred unless given."""

    def add_output(self, name: str, value: int) -> None:
        """Makes a value a result of @main."""

    def add_weight(self, name: str, array: np.ndarray, dtype: str) -> Value:
        """Adds a constant over the array's own memory."""

    def finish(self) -> Module:
        """Ends @main, verifies and returns the module."""

    def name_tensor(self, value: int, node: str, tensor: str) -> None:
        """Says which tensor of the source model a value is."""

    def set_range(self, value: int, low: float, high: float) -> None:
        """Gives a value the range of numbers that it is quantised to."""

class Port:
    """A named tensor of the network's interface."""

    @property
    def dtype(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def shape(self) -> list[int]: ...

class QuantType:
    """What 8-bit integers stand for."""

    @property
    def high(self) -> int: ...
    @property
    def low(self) -> int: ...
    @property
    def scale(self) -> float: ...
    @property
    def zero_point(self) -> int: ...

class QuantizedOperation:
    """An operation that reads or gives INT8."""

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def operands(self) -> list[QuantType | None]: ...
    @property
    def results(self) -> list[QuantType | None]: ...

class Run:
    """A compiled model in the middle of its commands."""

    def position(self) -> tuple[int, int, int]:
        """The command group and the commands of its two queues that ran."""

    def read(self, address: int, size: int) -> bytes:
        """Bytes of any memory."""

    def results(self) -> list[np.ndarray]:
        """The outputs as they are now."""

    def run_to_end(self) -> None:
        """Runs what is left."""

    def run_until(self, group: int, engine: int, command: int) -> None:
        """Runs until a command is complete; nothing when it is."""

class Value:
    """A value of a module under construction."""

    @property
    def dtype(self) -> str: ...
    @property
    def id(self) -> int: ...
    @property
    def shape(self) -> list[int]: ...

def check_calibration_table(path: str) -> None:
    """Refuses a broken calibration table."""

def compile(
    module: Module,
    precision: str,
    quantize_table: str = "",
    stop_after: str = "",
    calibration_table: str = "",
    opt: int = 2,
    quant_input: bool = False,
    quant_output: bool = False,
    asymmetric: bool = True,
    quant_inputs: Sequence[int] = [],
    quant_outputs: Sequence[int] = [],
    chip: str = "",
) -> Bmodel:
    """Compiles a module, or brings it to the end of a phase and returns nothing."""

def evaluate(module: Module, inputs: Sequence[np.ndarray], all: bool = False) -> dict:
    """Runs a top module on the host: the outputs by name, and with `all` every operation's
    result by its location.
    """

def get_ranges(module: Module) -> dict[str, tuple[float, float]]:
    """The ranges of a top module's tensors, by name."""

def has_own_ranges(module: Module) -> bool:
    """Whether a module's ranges came with the network."""

def mark_own_ranges(module: Module, floats: Sequence[str]) -> None:
    """Says that a module's ranges came with the network: what has none, and operations of
    these names, compute in floats.
    """

def phase_of(module: Module) -> str:
    """The name of the phase that a module is at."""

def phases() -> list[str]:
    """The names of all phases, in order."""

def quantized_operations(module: Module) -> list[QuantizedOperation]:
    """The operations of a tpu module that read or give INT8."""

def read_graph(module: Module) -> Graph:
    """The operations of a top module."""

def read_network(module: Module) -> dict:
    """The operators of a module without its constants: a dictionary of values (element type
    and shape), inputs and outputs (numbers of values) and operators (dictionaries of
    kind, names, inputs and results).
    """

def read_quantize_table(path: str) -> dict[str, str]:
    """The names and precisions of a quantize table."""

def set_constants(module: Module, changes: Sequence[tuple[int, int, ArrayLike]]) -> None:
    """Gives operands constants of their own: a list of operation, operand and array; an
    operand after the last is added.
    """

def set_ranges(module: Module, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Gives tensors of a top module ranges, by name; names that it does not have are left
    out.
    """
