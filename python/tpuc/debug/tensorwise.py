"""A compiled model against its ONNX model, tensor by tensor."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from tpuc.compare import Similarity, compare
from tpuc.debug.foreign import foreign_places
from tpuc.debug.tensors import Parts, Stepping, places
from tpuc.errors import UserError
from tpuc.model import Model
from tpuc.reference import run_onnx_values


@dataclass(frozen=True)
class TensorResult:
    """How a tensor of the ONNX model came out.

    Attributes:
        similarity: to onnxruntime's; its name is the tensor's.
        node: the node that computes it, e.g. ``/conv1/Conv (Conv)``.
        after: the command after which it was read.
        verdict: ``ok``, ``wrong`` when it is beyond the tolerance though all
            tensors that it is computed from are not, else ``follows``.
    """

    similarity: Similarity
    node: str
    after: str
    verdict: str


@dataclass(frozen=True)
class Comparison:
    """All tensors that could be compared, in the order of the commands.

    Attributes:
        results: a tensor each.
        unknown: how many values of the ONNX graph are not in memory at any
            time: computed inside an operation, or folded away.
        inner: whether the model says where inner tensors lie.
    """

    results: list[TensorResult]
    unknown: int
    inner: bool

    @property
    def first_divergence(self) -> TensorResult | None:
        """The first tensor beyond the tolerance."""
        return next((r for r in self.results if r.verdict != "ok"), None)


def compare_tensors(
    onnx_path: str | os.PathLike,
    model: Model,
    inputs: Mapping[str, np.ndarray],
    where: str,
    tolerance: tuple[float, float],
) -> Comparison:
    """Runs both models and compares every tensor that is in memory.

    Args:
        onnx_path: the ONNX model.
        model: what was compiled from it.
        inputs: by name.
        where: what messages call the inputs.
        tolerance: least cosine and euclidean similarity.

    Raises:
        UserError: the inputs do not fit, or a model cannot run.
    """
    graph = _load_graph(onnx_path)
    outputs = {output.name for output in graph.output}
    computed = {name for node in graph.node for name in node.output if name}
    known = [place for place in places(model) if place.name in computed]
    known = known or foreign_places(Path(model.source), graph)
    wanted = dict.fromkeys([*(place.name for place in known), *outputs])
    expected = run_onnx_values(onnx_path, inputs, list(wanted))
    stepping = Stepping(model, _of_model(inputs, model), where)
    precision = model.precision
    similar: dict[str, tuple[Similarity, str]] = {}
    parts = Parts()
    for place in known:
        stepping.complete(place)
        array = parts.add(place, stepping.read(place))
        reference = expected[place.name]
        if array is not None and same_order(array.shape, reference.shape):
            similarity = compare(array, reference, place.name, precision)
            similar[place.name] = similarity, place.after
    stepping.run_to_end()
    results = stepping.results(model)
    for name, array in zip(_onnx_names(list(results), graph), results.values(), strict=True):
        if name in expected and same_order(array.shape, expected[name].shape):
            similar[name] = compare(array, expected[name], name, precision), "end"
    if not similar:
        raise UserError(
            f"{onnx_path}: the compiled model has none of its tensors, give the model that it "
            f"was compiled from"
        )
    return Comparison(_judge(graph, similar, tolerance), len(computed - set(similar)), bool(known))


def _onnx_names(names: Sequence[str], graph: onnx.GraphProto) -> list[str]:
    """The ONNX outputs that a model's outputs are; by position when the names differ."""
    outputs = [output.name for output in graph.output]
    if not set(names) & set(outputs) and len(names) == len(outputs):
        return outputs
    return list(names)


def _of_model(inputs: Mapping[str, np.ndarray], model: Model) -> dict[str, np.ndarray]:
    """What the compiled model wants: inputs that it does not use are left out."""
    names = {spec.name for spec in model.inputs}
    return {name: array for name, array in inputs.items() if name in names}


def _load_graph(path: str | os.PathLike) -> onnx.GraphProto:
    from tpuc.frontend.load import load_model

    return load_model(path).proto.graph


def same_order(shape: Sequence[int], reference: Sequence[int]) -> bool:
    """Whether a shape is another one with axes of size 1 or with merged axes.

    Only then are the elements surely in the same order: a transposed tensor has
    as many elements too.
    """
    return _merges(shape, reference) or _merges(reference, shape)


def _merges(coarse: Sequence[int], fine: Sequence[int]) -> bool:
    axes = [size for size in fine if size != 1]
    for size in coarse:
        product = 1
        while product < size and axes:
            product *= axes.pop(0)
        if product != size:
            return False
    return not axes


def _judge(
    graph: onnx.GraphProto,
    similar: Mapping[str, tuple[Similarity, str]],
    tolerance: tuple[float, float],
) -> list[TensorResult]:
    makers = {name: node for node in graph.node for name in node.output}
    results = []
    for name, (similarity, after) in similar.items():
        node = makers.get(name)
        verdict = "ok"
        if not similarity.within(tolerance):
            sources = _sources(makers, similar, name)
            right = all(similar[source][0].within(tolerance) for source in sources)
            verdict = "wrong" if right else "follows"
        label = f"{node.name or name} ({node.op_type})" if node else "input"
        results.append(TensorResult(similarity, label, after, verdict))
    return results


def _sources(
    makers: Mapping[str, onnx.NodeProto], similar: Mapping[str, object], name: str
) -> set[str]:
    """The nearest tensors that were compared among those that one is computed from."""
    found: set[str] = set()
    seen: set[str] = set()
    rest = list(makers[name].input) if name in makers else []
    while rest:
        value = rest.pop()
        if value in seen:
            continue
        seen.add(value)
        if value in similar:
            found.add(value)
        elif value in makers:
            rest.extend(makers[value].input)
    return found
