"""How far a compiled network is from the float network, on inputs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tpuc import _core
from tpuc.arrays import load_npy, load_npz
from tpuc.calibration.runner import Runner
from tpuc.errors import UserError
from tpuc.model import Model
from tpuc.outputs import read_text


@dataclass
class Accuracy:
    """A network against its float form, over all inputs.

    Attributes:
        inputs: how many there were.
        cosine: of all outputs of all inputs together.
        worst: the least cosine of one input.
        agree: inputs whose best class is the float network's; None when the first output
            is no list of classes.
        right, float_right: inputs whose best class is the label, None without labels.
    """

    inputs: int = 0
    cosine: float = 1.0
    worst: float = 1.0
    agree: int | None = None
    right: int | None = None
    float_right: int | None = None

    def rows(self) -> list[tuple[str, str]]:
        """For a summary."""
        rows = [("cosine with float", f"{self.cosine:.5f} (worst {self.worst:.5f})")]

        def part(count: int) -> str:
            return f"{100 * count / self.inputs:.2f}%"

        if self.right is not None and self.float_right is not None:
            rows.append(("top-1", f"{part(self.right)} (float {part(self.float_right)})"))
        if self.agree is not None:
            rows.append(("top-1 as float", f"{self.agree} of {self.inputs}"))
        return rows


def _cosine(products: tuple[float, float, float]) -> float:
    both, left, right = products
    if left == right == 0:
        return 1.0
    return both / np.sqrt(left * right) if left and right else 0.0


def _finite(array: np.ndarray) -> np.ndarray:
    """With 0 for what is not finite: infinities of a mask have no direction."""
    return np.nan_to_num(array.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)


@dataclass(frozen=True)
class Sample:
    """An input of a network, and what the float network makes of it; arrays by port."""

    inputs: dict[str, np.ndarray] = field(repr=False)
    results: dict[str, np.ndarray] = field(repr=False)


def float_results(module: _core.Module, inputs: Iterable[list[np.ndarray]]) -> Iterator[Sample]:
    """Runs a module in onnxruntime.

    Args:
        module: in the top dialect; it is only read, until the first sample is there.
        inputs: each a list of arrays, one an input of the network.
    """
    graph = _core.read_graph(module)
    runner = Runner(graph, graph.outputs)
    in_names = [port.name for port in module.inputs]
    out_names = [port.name for port in module.outputs]
    for arrays in inputs:
        values: dict[int, np.ndarray] = {}
        for part in runner.run(arrays):
            values.update(part)
        values.update(runner.constants_among(graph.outputs))
        results = [values[number] for number in graph.outputs]
        yield Sample(
            dict(zip(in_names, arrays, strict=True)), dict(zip(out_names, results, strict=True))
        )


def measure(
    model: Model,
    samples: Iterable[Sample],
    labels: np.ndarray | None = None,
    advance: Callable[[], None] = lambda: None,
) -> Accuracy:
    """Runs a compiled network in the simulator and compares.

    Args:
        model: the compiled network.
        samples: inputs and float results.
        labels: the class of each row of the inputs.
        advance: called after each sample.

    Raises:
        UserError: there are fewer labels than inputs.
    """
    result = Accuracy()
    total = np.zeros(3)
    row = 0
    for sample in samples:
        found = model.real_results(model.run(sample.inputs))
        products = np.zeros(3)
        for name, wanted in sample.results.items():
            a, b = (_finite(x).reshape(-1) for x in (found[name], wanted))
            products += (a @ b, a @ a, b @ b)
        total += products
        result.inputs += 1
        result.worst = min(result.worst, _cosine(tuple(products)))
        first = next(iter(sample.results))
        wanted = sample.results[first]
        rows = wanted.shape[0] if wanted.ndim else 1
        if labels is not None and row + rows > len(labels):
            raise UserError(f"there are {len(labels)} labels, fewer than inputs")
        _count_classes(result, found[first].reshape(wanted.shape), wanted, labels, row)
        row += rows
        advance()
    result.cosine = float(_cosine(tuple(total)))
    return result


def _count_classes(
    result: Accuracy, actual: np.ndarray, wanted: np.ndarray, labels: np.ndarray | None, row: int
) -> None:
    if wanted.ndim != 2 or wanted.shape[1] < 2:
        return
    ours, theirs = actual.argmax(1), wanted.argmax(1)
    result.agree = (result.agree or 0) + int((ours == theirs).all())
    if labels is not None:
        right = labels[row : row + len(ours)]
        result.right = (result.right or 0) + int((ours == right).all())
        result.float_right = (result.float_right or 0) + int((theirs == right).all())


def read_labels(path: str | os.PathLike) -> np.ndarray:
    """The class of each input.

    Args:
        path: text with a number a line, an .npy, or an .npz with the array ``label``.

    Raises:
        UserError: the file holds no classes.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".npz":
        arrays = load_npz(path)
        if "label" not in arrays:
            raise UserError(f"{path}: has no array 'label'")
        labels = arrays["label"]
    elif suffix == ".npy":
        labels = load_npy(path)
    else:
        try:
            words = read_text(path, "list of classes").split()
            labels = np.array([int(word) for word in words], np.int64)
        except (OverflowError, ValueError) as error:
            raise UserError(f"{path}: is no list of classes ({error})") from None
    if labels.dtype.kind not in "iu" or labels.ndim != 1:
        raise UserError(f"{path}: is no list of classes, expected whole numbers along one axis")
    return labels
