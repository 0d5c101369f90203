"""One network on our simulator and on the vendor's functional model, bit for bit."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from randomnets.specials import with_specials
from randomnets.trial import PASS, Report, compile_network, make_network, samples

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "utils"))
from simulators import GLOBAL_BASE, SIZES, Command, Vendor, in_order  # noqa: E402

LIBRARY = ROOT / "build" / "lib" / "libtpuc-simulator.so"
STATIC_BASE = 0x9000000
#: What can become of a network in a precision.
EQUAL, DIFFERENT, DIES, REFUSED, FAILED = OUTCOMES = (
    "equal", "different", "dies", "refused", "failed",
)  # fmt: skip


@dataclass
class Row:
    """A network in a precision.

    Attributes:
        precision: it was compiled in.
        outcome: one of OUTCOMES.
        text: what differs, where the vendor's model dies, or why there is no file.
        commands: hash of the streams, the coefficients and the inputs.
        outputs: hash of the outputs' bits on both sets of inputs.
    """

    precision: str
    outcome: str = EQUAL
    text: str = ""
    commands: str = ""
    outputs: str = ""


@dataclass
class VendorReport(Report):
    """A network in all precisions."""

    rows: list[Row] = field(default_factory=list)


@dataclass
class _Execution:
    """What the vendor's model has to do, and what it must give."""

    row: Row
    inputs: str
    memory: np.ndarray
    static: np.ndarray
    commands: list[Command]
    outputs: list[tuple[str, int, bytes]]


def run_seed(seed: int, precisions: Sequence[str], vendor: bool = True) -> VendorReport:
    """Compiles the network of a seed and runs it on both simulators.

    Args:
        seed: of the network.
        precisions: to compile it in.
        vendor: whether to run the vendor's model too; without it rows that ran are "equal".
    """
    net = make_network(seed)
    plain = samples(net)
    inputs = {"plain": plain, "special": with_specials(plain, np.random.default_rng(seed))}
    report = VendorReport(seed, PASS, families=net.families)
    executions: list[_Execution] = []
    for precision in precisions:
        row = Row(precision)
        report.rows.append(row)
        executions += _run_ours(net.model(), inputs, row, seed, vendor)
    if vendor and executions:
        _run_vendor(executions)
    return report


def _run_ours(model, inputs, row: Row, seed: int, vendor: bool) -> list[_Execution]:  # noqa: ANN001
    """Runs a network on all inputs; fills in the row, returns what the vendor's is to do."""
    from tpuc.errors import UserError

    try:
        compiled = compile_network(model, inputs["plain"], row.precision, seed)
    except UserError as error:
        row.outcome, row.text = REFUSED, str(error)
        return []
    core = compiled.core
    stage = core.describe()["networks"][0][1][0]
    sources, results = hashlib.sha256(), hashlib.sha256()
    for group in core.streams():
        for stream in group:
            sources.update(stream)
    executions = []
    for kind, values in inputs.items():
        used = {spec.name for spec in compiled.inputs}
        try:
            arrays = compiled.stored_inputs({n: a for n, a in values.items() if n in used})
            run = core.start(arrays, 1)
            memory = _global_memory(run, stage)
            sources.update(memory)
            static = np.frombuffer(run.read(STATIC_BASE, SIZES["s"]), np.uint8)
            run.run_to_end()
        except UserError as error:
            row.outcome, row.text = FAILED, f"{kind} inputs: {error}"
            return executions
        outputs = [
            (port["name"], port["address"], run.read(port["address"], port["bytes"]))
            for port in stage["outputs"]
        ]
        for _, _, data in outputs:
            results.update(data)
        if vendor:
            commands = [
                command for group in core.streams() for command in in_order(str(LIBRARY), *group)
            ]
            executions.append(_Execution(row, kind, memory, static, commands, outputs))
    row.commands, row.outputs = sources.hexdigest()[:12], results.hexdigest()[:16]
    return executions


@dataclass
class Loaded:
    """A compiled network before its first command.

    Attributes:
        model: the compiled network.
        memory: global memory from its base.
        static: static memory.
        outputs: as the core describes them.
    """

    model: object
    memory: np.ndarray
    static: np.ndarray
    outputs: list[dict]


def load_network(seed: int, precision: str) -> Loaded | None:
    """The network of a seed with its sample inputs in memory; none where it is refused."""
    from tpuc.errors import UserError

    net = make_network(seed)
    inputs = samples(net)
    try:
        model = compile_network(net.model(), inputs, precision, seed)
        used = {spec.name for spec in model.inputs}
        run = model.core.start(model.stored_inputs({n: inputs[n] for n in inputs if n in used}), 1)
    except UserError:
        return None
    stage = model.core.describe()["networks"][0][1][0]
    static = np.frombuffer(run.read(STATIC_BASE, SIZES["s"]), np.uint8)
    return Loaded(model, _global_memory(run, stage), static, stage["outputs"])


def _global_memory(run, stage: dict) -> np.ndarray:  # noqa: ANN001
    """Global memory from its base, with coefficients and inputs."""
    parts = [
        (stage[f"{name}_address"], stage[f"{name}_bytes"]) for name in ("coefficient", "memory")
    ]
    end = max(address + size for address, size in parts)
    memory = np.zeros(-(-(end - GLOBAL_BASE) // 4096) * 4096, np.uint8)
    for address, size in parts:
        if size:
            at = address - GLOBAL_BASE
            memory[at : at + size] = np.frombuffer(run.read(address, size), np.uint8)
    return memory


def _run_vendor(executions: list[_Execution]) -> None:
    """Judges the rows of executions.

    A child loads the vendor's library, which changes how the process computes floats.
    """
    ours, theirs = multiprocessing.Pipe()
    child = os.fork()
    if child == 0:
        ours.close()
        try:
            sizes = SIZES | {"g": max(len(each.memory) for each in executions)}
            vendor = Vendor(sizes)
            for each in executions:
                theirs.send(_judge(vendor, each))
        finally:
            os._exit(0)
    theirs.close()
    for each in executions:
        outcome, text = ours.recv()
        if outcome != EQUAL and each.row.outcome == EQUAL:
            each.row.outcome, each.row.text = outcome, f"{each.inputs} inputs: {text}"
    os.waitpid(child, 0)


def _judge(vendor: Vendor, execution: _Execution) -> tuple[str, str]:
    """What becomes of an execution on the vendor's model, and the details."""
    memories = {"g": execution.memory, "s": execution.static}
    results = vendor.run(memories, execution.commands)
    if results is None:
        command = execution.commands[vendor.died_at]
        return DIES, f"at {('tiu', 'gdma')[command.engine]} command {command.data.hex()}"
    for name, address, data in execution.outputs:
        at = address - GLOBAL_BASE
        own = np.frombuffer(data, np.uint8)
        different = np.flatnonzero(own != results["g"][at : at + len(own)])
        if len(different):
            first = int(different[0]) & ~3
            theirs = results["g"][at + first : at + first + 4]
            return DIFFERENT, (
                f"output '{name}': {len(different)} of {len(own)} bytes, from {first}: "
                f"{own[first : first + 4].tobytes().hex()}, vendor {theirs.tobytes().hex()}"
            )
    return EQUAL, ""
