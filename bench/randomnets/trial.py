"""One network in one precision: compile it, run it in the simulator, judge the results."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx

from randomnets.bounds import Bounds, all_values
from randomnets.families import FAMILIES
from randomnets.network import OPSETS, Network
from randomnets.unfolding import unfolded

# What can become of a network, the good ones first.
PASS, REFUSED, INTERNAL, CRASH, HANG, WRONG = KINDS = (
    "pass", "refused", "internal error", "crash", "hang", "wrong",
)  # fmt: skip
GOOD = (PASS, REFUSED)
_CALIBRATED = 3
_ATTEMPTS = 20
_INTERNAL = re.compile(r"internal error|unforeseen|failed to legalize|verif", re.IGNORECASE)


@dataclass
class Report:
    """What became of a network.

    Attributes:
        seed: it was made from.
        kind: one of KINDS.
        text: the message, or the worst difference.
        families: that it was made of.
        seconds: that it took.
    """

    seed: int
    kind: str
    text: str = ""
    families: list[str] = field(default_factory=list)
    seconds: float = 0.0


def make_network(seed: int) -> Network:
    """The network of a seed."""
    for attempt in range(_ATTEMPTS):
        net = _grow_network(np.random.default_rng((seed, attempt)))
        try:
            values = all_values(net.model(), samples(net))
            plain = unfolded(net.model(), values)
            if len(plain.graph.node) != len(net.nodes):
                values = all_values(plain, samples(net))
        except Exception:
            # Sizes that onnxruntime infers otherwise than it computes them.
            continue
        if all(_is_sane(array) for array in values.values()):
            return net
    raise RuntimeError(f"seed {seed} gives no network that onnxruntime takes")


def _is_sane(array: np.ndarray) -> bool:
    """Whether 16 bits hold it, or what integers of 8 bits add up to."""
    if array.dtype != np.float32:
        return True
    largest = np.abs(array).max(initial=0)
    return bool(largest < 60_000) or bool((array == np.round(array)).all())


def start_network(rng: np.random.Generator) -> Network:
    """A network of nothing but one or two inputs."""
    net = Network(rng, opset=OPSETS[int(rng.integers(len(OPSETS)))])
    net.special = net.chance(0.12)
    if net.chance(0.08):
        net.largest *= 10
    for _ in range(net.integer(1, 2)):
        net.input(net.shape(net.choose((0, 1, 2, 3, 3, 4, 4, 4, 5))))
    return net


def _grow_network(rng: np.random.Generator) -> Network:
    net = start_network(rng)
    names = sorted(FAMILIES)
    wanted = net.integer(1, 7) if net.chance(0.85) else net.integer(8, 16)
    for _ in range(60):
        if len(net.families) >= wanted:
            break
        name = net.choose(names)
        net.grow(FAMILIES[name], name)
    if not net.computed:
        net.grow(FAMILIES["relu"], "relu")
    net.finish()
    return net


def samples(net: Network) -> dict[str, np.ndarray]:
    """The inputs that a network is judged on."""
    return {value.name: value.array for value in net.inputs}


def judge_seed(seed: int, precision: str) -> Report:
    """What becomes of the network of a seed."""
    start = time.monotonic()
    net = make_network(seed)
    report = judge(net.model(), samples(net), precision, seed)
    report.families = net.families
    report.seconds = time.monotonic() - start
    return report


def judge(
    model: onnx.ModelProto, inputs: Mapping[str, np.ndarray], precision: str, seed: int = 0
) -> Report:
    """What becomes of a network.

    Args:
        model: the network.
        inputs: by name; those that calibration sees are like them.
        precision: F32, F16, BF16 or INT8.
        seed: of what is random in it.
    """
    from tpuc.errors import UserError
    from tpuc.storage import to_real

    bounds = Bounds(model, inputs, precision, seed)
    try:
        compiled = compile_network(model, inputs, precision, seed)
        used = {spec.name for spec in compiled.inputs}
        stored = compiled.run({name: inputs[name] for name in inputs if name in used}, threads=1)
        # What has no elements is not on the chip.
        actual = dict(stored)
        actual |= {spec.name: to_real(stored[spec.name], spec) for spec in compiled.outputs}
    except UserError as error:
        return Report(seed, kind_of_error(str(error), model), str(error))
    except Exception as error:
        return Report(seed, INTERNAL, f"{type(error).__name__}: {error}")
    missing = set(bounds.expected) - set(actual)
    if missing:
        return Report(seed, WRONG, f"output '{missing.pop()}' is missing")
    found = bounds.differences(actual)
    return Report(seed, WRONG, str(found[0])) if found else Report(seed, PASS)


def kind_of_error(text: str, model: onnx.ModelProto) -> str:
    """A refusal names the node and the reason."""
    named = any(node.name and node.name in text for node in model.graph.node)
    return REFUSED if named and not _INTERNAL.search(text) and "\n" not in text else INTERNAL


def compile_network(  # noqa: ANN201
    model: onnx.ModelProto, inputs: Mapping[str, np.ndarray], precision: str, seed: int
):
    """The compiled network; ranges for INT8 are found on inputs like those given."""
    import tpuc

    if precision != "INT8":
        return tpuc.compile(model, precision)
    rng = np.random.default_rng(seed)
    data = [dict(inputs), *(_alike(inputs, rng) for _ in range(_CALIBRATED - 1))]
    table = tpuc.calibrate(model, data, method="max")
    return tpuc.compile(model, precision, calibration_table=table)


def _alike(inputs: Mapping[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Other inputs of the same sizes: floats in another order, a little smaller.

    Integers stay, as positions they fit only where they are.
    """
    return {
        name: (
            rng.permutation(array.reshape(-1)).reshape(array.shape)
            * np.float32(rng.uniform(0.5, 1))
            if array.dtype == np.float32
            else array
        )
        for name, array in inputs.items()
    }
