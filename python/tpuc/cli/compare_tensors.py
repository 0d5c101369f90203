"""Prints how the tensors of a compiled model compare with the ONNX model's."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from tpuc.errors import UserError

if TYPE_CHECKING:
    from tpuc.debug.tensorwise import Comparison


def report_tensors(
    onnx_path: str,
    model_path: str,
    inputs_path: str,
    tolerance: tuple[float, float],
    as_json: bool,
    network: str | None = None,
) -> None:
    """Runs both models and prints a line for each tensor that both have.

    Raises:
        UserError: a tensor is beyond the tolerance; the first one is named.
    """
    from tpuc.arrays import load_npz
    from tpuc.console import Progress
    from tpuc.debug.tensorwise import compare_tensors
    from tpuc.model import Model

    model = Model.load(model_path, network)
    inputs = load_npz(inputs_path)
    with Progress(quiet=as_json).stage("running both models"):
        comparison = compare_tensors(onnx_path, model, inputs, inputs_path, tolerance)
    if as_json:
        print(_json_text(comparison))
    else:
        _print(comparison, onnx_path, model_path)
    first = comparison.first_divergence
    if first:
        near = first.similarity
        raise UserError(
            f"{model_path}: the first wrong tensor is "
            f"'{near.name}' of node {first.node}, after {first.after}: {near.describe(tolerance)}"
        )


def _print(comparison: Comparison, onnx_path: str, model_path: str) -> None:
    from tpuc.console import print_table

    rows = [
        (r.similarity.name, r.node, r.after, f"{r.similarity.cosine:.6f}",
         f"{r.similarity.euclidean:.6f}", f"{r.similarity.largest:.3e}",
         f"{r.similarity.relative:.3e}", f"{r.similarity.of_allowed:.2f}", r.verdict)
        for r in comparison.results
    ]  # fmt: skip
    header = (
        "tensor", "node", "after", "cosine", "euclidean", "largest", "of range", "of allowed", ""
    )  # fmt: skip
    print_table(f"{model_path} compared with {onnx_path}", rows, header)
    print(
        f"{len(rows)} tensors compared, {comparison.unknown} values of the graph are never in "
        f"memory by themselves"
    )
    if not comparison.inner:
        print(f"{model_path}: does not say where inner tensors lie, only outputs were compared")


def _json_text(comparison: Comparison) -> str:
    def number(value: float) -> float | None:
        return value if math.isfinite(value) else None

    first = comparison.first_divergence
    tensors = [
        {"name": r.similarity.name, "node": r.node, "after": r.after,
         "cosine": r.similarity.cosine, "euclidean": r.similarity.euclidean,
         "largest": number(r.similarity.largest), "relative": number(r.similarity.relative),
         "of_allowed": number(r.similarity.of_allowed), "worst": list(r.similarity.worst),
         "verdict": r.verdict}
        for r in comparison.results
    ]  # fmt: skip
    return json.dumps(
        {
            "first_divergence": first.similarity.name if first else None,
            "not_in_memory": comparison.unknown,
            "tensors": tensors,
        }
    )
