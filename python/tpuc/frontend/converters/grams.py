"""TfIdfVectorizer: how often runs of numbers occur."""

from __future__ import annotations

import itertools

import numpy as np

from tpuc.errors import UserError
from tpuc.frontend.emit import Emitter, Tensor
from tpuc.frontend.enums import Compare, Reduce
from tpuc.frontend.graph import Node
from tpuc.frontend.registry import Inputs, converts


@converts("TfIdfVectorizer")
def _tfidf(node: Node, inputs: Inputs, e: Emitter) -> Tensor:
    x = inputs[0]
    pool = node.attr("pool_int64s")
    if pool is None:
        raise UserError("counts strings, which the chip does not hold; compute it on the host")
    mode = str(node.required("mode"))
    if mode not in ("TF", "IDF", "TFIDF") or x.rank not in (1, 2):
        raise UserError(
            f"has mode '{mode}' and an input {list(x.shape)}, expected TF, IDF or TFIDF of one or "
            f"two axes"
        )
    shortest, longest = int(node.required("min_gram_length")), int(node.required("max_gram_length"))
    skips = int(node.required("max_skip_count"))
    places = [int(i) for i in node.required("ngram_indexes")]
    starts = [*(int(c) for c in node.required("ngram_counts")), len(pool)]
    rows = e.reshape(x, (1, x.size)) if x.rank == 1 else x
    width = max(places) + 1
    counts: Tensor | None = None
    index = 0
    for length, (begin, end) in enumerate(itertools.pairwise(starts), 1):
        grams = np.array(pool[begin:end], np.int64).reshape(-1, length)
        outputs = places[index : index + len(grams)]
        index += len(grams)
        if not len(grams) or not shortest <= length <= longest:
            continue
        found = _occurrences(rows, grams, skips, e)
        if found is None:
            continue
        # Each count goes to its place of the result.
        target = np.zeros((len(grams), width), np.float32)
        target[np.arange(len(grams)), outputs] = 1
        spread = e.op("matmul", [found, Tensor.constant(target)])
        counts = spread if counts is None else e.binary("add", counts, spread)
    if counts is None:
        return Tensor.constant(np.zeros((*x.shape[:-1], width), np.float32))
    weights = node.attr("weights")
    if mode != "TF":
        if mode == "IDF":
            counts = e.binary("min", counts, 1.0)
        if weights is not None:
            line = np.ones(width, np.float32)
            line[places] = np.array(weights, np.float32)
            counts = e.binary("mul", counts, Tensor.constant(line))
    return e.reshape(counts, (*x.shape[:-1], width))


def _occurrences(rows: Tensor, grams: np.ndarray, skips: int, e: Emitter) -> Tensor | None:
    """How often each run occurs, its numbers next to each other or apart: [rows, runs]."""
    count, size = rows.shape
    length = grams.shape[1]
    dtype = np.int64 if rows.dtype == "i64" else np.int32
    total: Tensor | None = None
    # A single number has no distances.
    for distance in range(1, 2 if length == 1 else skips + 2):
        room = size - (length - 1) * distance
        if room < 1:
            break
        hits: Tensor | None = None
        for place in range(length):
            part = e.slice_axis(rows, 1, place * distance, room)
            wanted = Tensor.constant(grams[:, place].astype(dtype).reshape(1, -1, 1))
            hit = e.op("compare", [e.reshape(part, (count, 1, room)), wanted],
                       {"predicate": Compare.EQUAL})  # fmt: skip
            hits = hit if hits is None else e.op("and", [hits, hit])
        found = e.reduce(Reduce.SUM, e.cast(hits, "f32"), [2], keepdims=False)
        total = found if total is None else e.binary("add", total, found)
    return total
