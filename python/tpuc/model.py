"""Compiled models: compile, save, load, run, profile."""

from __future__ import annotations

import html
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from tpuc import _core, limits
from tpuc.arrays import match_inputs
from tpuc.errors import InputTypeError, ModelWarning, UserError, check_type
from tpuc.interface import Interface
from tpuc.kinds import BMODEL, refuse_other
from tpuc.limits import check_indices
from tpuc.outputs import check_input, check_writable
from tpuc.padding import Ports, beyond_batch, cut, nearest, pad
from tpuc.preprocess import Preprocess
from tpuc.profile import Profile
from tpuc.storage import to_real, to_storage

# More than any host has processors.
_MOST_THREADS = 512


@dataclass(frozen=True)
class TensorSpec:
    """An input or output: its name in the ONNX graph, element type and shape.

    The scale and the zero point say what integers stand for; see tpuc.storage.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float = 1.0
    zero_point: int = 0


class Model:
    """A compiled model with a simulated chip.

    Example:
        >>> model = tpuc.compile("swin_t.onnx", quantize="F16")
        >>> outputs = model.run({"input": image})
        >>> model.profile().ms
        >>> model.save("swin_t.bmodel")
    """

    def __init__(self, core: _core.Bmodel, source: str = "") -> None:
        if not isinstance(core, _core.Bmodel):
            kind = type(core).__name__
            raise InputTypeError(
                f"a model comes from tpuc.compile or tpuc.Model.load, not a {kind}"
            )
        self._core = core
        self._source = source or "the model"
        self._profile: Profile | None = None
        self._profile_key: tuple[str, bool] | None = None
        self._network = 0
        self._stage = 0
        self._rows: dict[tuple[int, int], dict[str, int]] = {}

    @classmethod
    def load(cls, path: str | os.PathLike, network: str | None = None) -> Model:
        """Reads a .bmodel, ours or another compiler's.

        Args:
            path: the file.
            network: which network of a file that holds several.

        Raises:
            UserError: missing, damaged, or of an unsupported kind; several
                networks and none chosen.
        """
        model = cls(load_core(path), str(path))
        model._network = choose_network(model._core, network, model._source)
        model._select(0)
        return model

    @property
    def source(self) -> str:
        """Its path, or what messages call it."""
        return self._source

    @property
    def core(self) -> _core.Bmodel:
        """The extension module's model, for tools."""
        return self._core

    @property
    def precision(self) -> str:
        """The least precise of F32, F16, BF16 and INT8 in which the selected stage computes."""
        return self._core.precision

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The inputs of the selected stage, in order."""
        return _specs(self._core.inputs, self._core.input_quantisation)

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The outputs of the selected stage, in order."""
        return _specs(self._core.outputs, self._core.output_quantisation)

    @property
    def preprocess(self) -> dict[str, Preprocess]:
        """How inputs of the selected stage are made from pictures, by name."""
        return Preprocess.recorded(self._core)

    def select(self, shapes: Mapping[str, Sequence[int]]) -> None:
        """Selects the stage for these input shapes, by name; run() does so by itself.

        Raises:
            UserError: no stage takes them.
        """
        check_type("the shapes", shapes, Mapping, "shapes by input")
        wanted = {name: tuple(shape) for name, shape in shapes.items()}
        known = [ports.inputs for ports in self._stages]
        if wanted in known:
            self._select(known.index(wanted))
        elif len(known) > 1:
            raise UserError(
                f"{self._source}: no stage takes inputs of {_shapes(wanted)}, the model has "
                f"stages for {' or '.join(map(_shapes, known))}"
            )

    @cached_property
    def _stages(self) -> list[Ports]:
        """The shapes of all stages of the network."""
        current, stages = self._stage, []
        for stage in range(self._core.networks[self._network][1]):
            self._core.select(self._network, stage)
            inputs, outputs = (
                {port.name: tuple(port.shape) for port in ports}
                for ports in (self._core.inputs, self._core.outputs)
            )
            stages.append(Ports(inputs, outputs))
        self._core.select(self._network, current)
        return stages

    def _select(self, stage: int) -> None:
        """Selects a stage of the network by number."""
        if stage != self._stage:
            self._profile = None
        self._stage = stage
        self._core.select(self._network, stage)

    def run(
        self,
        inputs: Mapping[str, ArrayLike] | ArrayLike,
        threads: int = 0,
        *,
        whole: bool = False,
    ) -> dict[str, np.ndarray]:
        """Runs the model in the functional simulator.

        Args:
            inputs: an array for every input, by name, or the array itself where
                there is one input; integers of any width and floats are
                converted to the input's type, floats for a quantised input by
                its scale and zero point. The shapes choose the stage; where none has
                them, the nearest that they fit into, padded as tpuc.padding says.
            threads: host threads, 0 for all; the result does not depend on it.
            whole: give outputs of which the network computes how many entries they
                have as large as they may get, with the outputs that say how many
                entries count, as they lie in memory.

        Returns:
            The outputs by name, in the source model's types (quantised ones and
            bf16 as the chip gives them); real_results() says what quantised ones
            stand for.

        Raises:
            TypeError: something that is no array.
            UserError: as stored_inputs(), or a broken command stream.
        """
        check_type("threads", threads, int, "a number, 0 for all")
        if threads < 0:
            raise UserError(f"threads is {threads}, give 0 for all")
        interface = Interface.of_record(self._core.preprocess)
        given = interface.without_empty(self._by_name(inputs))
        wanted = {name: array.shape for name, array in given.items()}
        stage = None
        if wanted not in [ports.inputs for ports in self._stages]:
            stage = nearest(self._stages, wanted)
        if stage is not None:
            self._warn_of_padding(stage, wanted)
            given = pad(given, self._stages[stage].inputs)
        outputs = self._core.run(self.stored_inputs(given), min(threads, _MOST_THREADS))
        results = dict(zip([spec.name for spec in self.outputs], outputs, strict=True))
        if stage is not None:
            results = cut(results, self._stages, stage, wanted)
        if self.precision == "F16":
            self._warn_of_overflow(given, results)
        typed = interface.in_own_types(results)
        return typed if whole else interface.cut(typed)

    def _warn_of_overflow(
        self, inputs: Mapping[str, np.ndarray], results: Mapping[str, np.ndarray]
    ) -> None:
        """Says that finite inputs give results that are not."""
        broken = [name for name, array in results.items() if not _is_finite(array)]
        if broken and all(map(_is_finite, inputs.values())):
            warnings.warn(
                f"{self._source}: '{broken[0]}' is not finite everywhere; where float computes it "
                "without that, a tensor leaves the range of F16: compile with sample inputs "
                "(--calibration), which show where F32 is needed, or with --quantize BF16",
                ModelWarning,
                stacklevel=3,
            )

    def _warn_of_padding(self, stage: int, wanted: Mapping[str, tuple[int, ...]]) -> None:
        if names := beyond_batch(self._stages, stage, wanted):
            warnings.warn(
                f"{self._source}: {_shapes({n: wanted[n] for n in names})} padded with zeros to "
                f"{_shapes({n: self._stages[stage].inputs[n] for n in names})}, the nearest that "
                "the model is compiled for; results are right if the network masks zeros",
                ModelWarning,
                stacklevel=3,
            )

    def _index_limits(self) -> dict[str, int]:
        """The rows of the tables that inputs of the selected stage index."""
        key = self._network, self._stage
        if key not in self._rows:
            self._rows[key] = limits.parse(self._core.explanation)
        return self._rows[key]

    def _by_name(self, inputs: Mapping[str, ArrayLike] | ArrayLike) -> dict[str, np.ndarray]:
        """Inputs as arrays by name.

        Raises:
            TypeError: something that is no array, or one array for several inputs.
        """
        names = [spec.name for spec in self.inputs]
        if not isinstance(inputs, Mapping):
            if len(names) != 1:
                raise InputTypeError(
                    f"{self._source}: one {type(inputs).__name__} for {len(names)} inputs, give a "
                    f"dictionary of {', '.join(names)}"
                )
            inputs = {names[0]: inputs}
        return {str(name): _array(name, value) for name, value in inputs.items()}

    def real_results(self, results: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What the outputs of run() stand for: floats for quantised and 16-bit ones."""
        specs = {spec.name: spec for spec in self.outputs}
        return {
            name: to_real(array, specs[name]) if name in specs else array
            for name, array in results.items()
        }

    def stored_inputs(
        self, inputs: Mapping[str, np.ndarray], where: str | None = None
    ) -> list[np.ndarray]:
        """Selects the stage for inputs and returns them in its order and types.

        Args:
            inputs: as for run().
            where: what messages call them, by default the model's path.

        Raises:
            UserError: a wrong name, shape or type, or a number of no row of the table that an
                input indexes.
        """
        self.select({name: np.shape(array) for name, array in inputs.items()})
        check_indices(inputs, self._index_limits(), where or self._source)
        specs = {spec.name: spec for spec in self.inputs}
        stored = {
            name: to_storage(array, specs[name]) if name in specs else array
            for name, array in inputs.items()
        }
        return match_inputs(stored, self.inputs, where or self._source)

    def profile(self, parameters: str = "vendor", *, free_zero_row_stride: bool = False) -> Profile:
        """Runs the model in the timing model.

        Args:
            parameters: "vendor" for the vendor's own cycle model, "silicon" for
                estimates of what that leaves out.
            free_zero_row_stride: charge nothing for moves whose DDR side has
                a row stride of 0, as the vendor's printed totals do; only to
                compare with those.
        """
        key = (str(parameters), free_zero_row_stride)
        if self._profile is None or self._profile_key != key:
            data = self._core.profile(*key)
            self._profile = Profile.from_core(data, self._core, Path(self._source).stem)
            self._profile_key = key
        return self._profile

    def stage_rows(self) -> list[tuple[str, str]]:
        """Shapes and milliseconds of each stage, for a summary; nothing where there is one."""
        current, rows = self._stage, []
        for number, ports in enumerate(self._stages if len(self._stages) > 1 else ()):
            self._select(number)
            rows.append((f"for {_shapes(ports.inputs)}", f"{self.profile().ms:.3f} ms"))
        self._select(current)
        return rows

    def save(self, path: str | os.PathLike) -> None:
        """Writes a .bmodel; the file appears complete or not at all."""
        self._core.save(str(check_writable(path)))

    def disassemble(self) -> str:
        """Every command as a line of text."""
        return self._core.disassemble()

    def _summary(self) -> list[tuple[str, str]]:
        rows = [("input", _describe(spec)) for spec in self.inputs]
        rows += [("output", _describe(spec)) for spec in self.outputs]
        return rows + self.profile().rows()

    def __repr__(self) -> str:
        lines = [f"{name:<22}{value}" for name, value in self._summary()]
        return "\n".join([f"tpuc.Model({self._source})", *lines])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{html.escape(value)}</td></tr>"
            for name, value in self._summary()
        )
        return f"<table><caption>{html.escape(self._source)}</caption>{rows}</table>"


def load_core(path: str | os.PathLike) -> _core.Bmodel:
    """Reads a .bmodel, with the first of its networks selected.

    Raises:
        UserError: missing, damaged, or of an unsupported kind.
    """
    path = check_input(path, "give the path of a .bmodel")
    refuse_other(path, (BMODEL,), "a .bmodel")
    return _core.Bmodel.load(str(path))


def choose_network(core: _core.Bmodel, name: str | None, source: str) -> int:
    """The number of the network of that name, or of the only one.

    Raises:
        UserError: there is none, or several and no name.
    """
    names = [network for network, _ in core.networks]
    if name is None and len(names) == 1:
        return 0
    if name is None:
        known = ", ".join(names)
        raise UserError(f"{source}: holds the networks {known}; choose one with --network")
    if name not in names:
        raise UserError(f"{source}: holds no network '{name}', only {', '.join(names)}")
    return names.index(name)


def _specs(ports: Sequence, quantisation: Sequence[tuple[float, int]]) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(port.name, port.dtype, tuple(port.shape), scale, zero)
        for port, (scale, zero) in zip(ports, quantisation, strict=True)
    )


def _array(name: object, value: ArrayLike) -> np.ndarray:
    """A value as an array of numbers.

    Raises:
        TypeError: it is none.
    """
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputTypeError(
            f"the input '{name}' is a {type(value).__name__}, expected an array of numbers: {error}"
        ) from None
    if array.dtype.kind in "OSUMmV" and not re.search("float|int", array.dtype.name):
        raise InputTypeError(
            f"the input '{name}' is a {type(value).__name__} of type {array.dtype}, expected an "
            f"array of numbers"
        )
    return array


def _is_finite(array: np.ndarray) -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def _shapes(shapes: Mapping[str, Sequence[int]]) -> str:
    return ", ".join(f"{name} {list(shape)}" for name, shape in shapes.items())


def _describe(spec: TensorSpec) -> str:
    return f"{spec.name} {spec.dtype}{list(spec.shape)}"
