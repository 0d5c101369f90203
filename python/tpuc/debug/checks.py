"""Questions to a candidate of a reduction: does it still fail in the same way?

Every check runs in a process of its own: a candidate may crash, hang or use all
memory.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import onnx

from tpuc.arrays import save_npz
from tpuc.calibration.table import CalibrationTable
from tpuc.errors import UserError

# What a check says of a model that is broken itself: neither good nor bad.
INVALID = "invalid"
KINDS = ("compile", "simulator", "result")


@dataclass(frozen=True)
class Outcome:
    """What became of a model.

    Attributes:
        kind: ``ok``, ``invalid``, ``compile``, ``simulator``, ``result``,
            ``command``, ``crash`` or ``hang``.
        text: the message, or how far the results are apart.
    """

    kind: str
    text: str = ""

    @property
    def failed(self) -> bool:
        """Whether the model failed; a broken model did not."""
        return self.kind not in ("ok", INVALID)

    def same_failure(self, other: Outcome) -> bool:
        """Whether two failures have one cause, as far as messages tell.

        Names and numbers in messages are not looked at: they change while a
        model shrinks.
        """
        return self.failed and self.kind == other.kind and _form(self.text) == _form(other.text)


def _form(text: str) -> str:
    text = re.sub(r"'[^']*'|\"[^\"]*\"", "'", text)
    # Lists of sizes and names in front of a colon say which, not what.
    return re.sub(r"\S*\d\S*|\S*/\S*|[\[\]<>]", "", text).strip()


Check = Callable[[onnx.ModelProto, Mapping[str, np.ndarray]], Outcome]


@dataclass(frozen=True)
class BuiltIn:
    """Compiles, simulates and compares with onnxruntime.

    Attributes:
        quantize: the precision.
        tolerance: least cosine and euclidean similarity of every output.
    """

    quantize: str = "F16"
    tolerance: tuple[float, float] = (0.99, 0.90)

    def __call__(self, model: onnx.ModelProto, inputs: Mapping[str, np.ndarray]) -> Outcome:
        """The first step that fails."""
        from tpuc.compare import compare
        from tpuc.compilation import compile as compile_model
        from tpuc.storage import to_real

        expected = _reference(model, inputs)
        if isinstance(expected, Outcome):
            return expected
        try:
            table = self._ranges(model, inputs)
            compiled = compile_model(model, self.quantize, calibration_table=table)
        except UserError as error:
            return Outcome("compile", str(error))
        used = {spec.name for spec in compiled.inputs}
        try:
            actual = compiled.run({name: inputs[name] for name in inputs if name in used})
        except UserError as error:
            return Outcome("simulator", str(error))
        for spec in compiled.outputs:
            result = to_real(actual[spec.name], spec)
            near = compare(result, expected[spec.name], spec.name, compiled.precision)
            if not near.within(self.tolerance):
                # Without numbers: how far they are apart may change.
                return Outcome("result", "an output differs from onnxruntime")
        return Outcome("ok")

    def _ranges(
        self, model: onnx.ModelProto, inputs: Mapping[str, np.ndarray]
    ) -> CalibrationTable | None:
        """The ranges that INT8 needs, from the inputs."""
        if self.quantize != "INT8":
            return None
        from tpuc.calibration import calibrate

        return calibrate(model, [inputs], method="max")


@dataclass(frozen=True)
class Command:
    """Runs a command on the model's file; it fails with an exit code other than 0.

    Attributes:
        line: a shell's command line; ``{}`` stands for the file, which comes
            last when there is none.
    """

    line: str

    def __call__(self, model: onnx.ModelProto, inputs: Mapping[str, np.ndarray]) -> Outcome:
        """Writes the model and its inputs (inputs.npz beside it) and runs the command."""
        expected = _reference(model, inputs)
        if isinstance(expected, Outcome):
            return expected
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            path.write_bytes(model.SerializeToString())
            save_npz(Path(folder) / "inputs.npz", inputs)
            name = shlex.quote(str(path))
            line = self.line.replace("{}", name) if "{}" in self.line else f"{self.line} {name}"
            done = subprocess.run(line, shell=True, capture_output=True, check=False)
        if done.returncode == 127:
            raise UserError(f"--check '{self.line}': the shell does not find the command")
        # Only that it fails counts: its output may hold anything.
        return Outcome("command", "the command fails") if done.returncode else Outcome("ok")


def _reference(
    model: onnx.ModelProto, inputs: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray] | Outcome:
    """What onnxruntime makes of a model, or why the model is none."""
    from tpuc.reference import run_onnx_proto

    try:
        # The checker wants shapes of outputs, which a model need not state.
        onnx.checker.check_model(onnx.shape_inference.infer_shapes(model))
        expected = run_onnx_proto(model, inputs)
    except (UserError, onnx.checker.ValidationError, onnx.shape_inference.InferenceError,
            ValueError) as error:  # fmt: skip
        return Outcome(INVALID, str(error))
    if any(isinstance(value, np.ndarray) and not value.size for value in expected.values()):
        return Outcome(INVALID, "an output is empty")
    return expected


def isolated(
    check: Check, model: onnx.ModelProto, inputs: Mapping[str, np.ndarray], seconds: float
) -> Outcome:
    """Asks a check in a process of its own.

    Args:
        check: the question.
        model: a candidate.
        inputs: for its inputs.
        seconds: after which it counts as hanging.

    Raises:
        UserError: the check itself cannot be asked.
    """
    outcome = call_isolated(check, (model, inputs), seconds)
    if isinstance(outcome, UserError):
        raise outcome
    return outcome if isinstance(outcome, Outcome) else Outcome("crash", str(outcome))


def call_isolated(function: Callable, arguments: tuple, seconds: float) -> object:
    """What a function returns in a forked process.

    Returns:
        Its value, the UserError that it raised, or an Outcome of kind ``crash``
        or ``hang``.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(function, arguments, sender))
    process.start()
    sender.close()
    try:
        if not receiver.poll(seconds):
            return Outcome("hang", "it takes too long")
        return receiver.recv()
    except EOFError:
        process.join(5)
        return Outcome("crash", f"the process ended with code {process.exitcode}")
    finally:
        if process.is_alive():
            process.kill()
        process.join()
        receiver.close()


def _answer(function: Callable, arguments: tuple, sender: Connection) -> None:
    # What libraries print about broken candidates is of no interest.
    faulthandler.disable()
    silent = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silent, stream)
    try:
        sender.send(function(*arguments))
    except UserError as error:
        sender.send(error)
    except Exception as error:
        sender.send(Outcome("crash", f"{type(error).__name__}: {error}"))
    finally:
        sender.close()
