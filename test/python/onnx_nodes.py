"""The operator set's node tests, compiled in F32 and run in the simulator, against a table."""

from __future__ import annotations

import functools
import json
import os
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import tpuc
from onnx import numpy_helper
from tpuc import UserError

TABLE = Path(__file__).with_name("onnx_nodes.tsv")
CLASSES = ("float", "integer", "f16", "u64", "other")
PASS, REFUSED, WRONG, CRASH = "pass", "refused", "wrong", "crash"
_GENERATORS = ("ConstantOfShape", "Range", "HannWindow", "HammingWindow", "BlackmanWindow",
               "MelWeightMatrix")  # fmt: skip
# Twice the distance of neighbours: the data of these tests was rounded after each step.
_RELATIVE = {"float16": 2**-9, "bfloat16": 2**-6}


@dataclass(frozen=True)
class Result:
    """What became of a test, and why."""

    outcome: str
    reason: str = ""


@functools.cache
def cases() -> dict:
    """Every node test, by its name."""
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {case.name: case for case in load_model_tests(kind="node")}


def class_of(case: object) -> str:
    """The class of a test, after the element types of its inputs."""
    types = set()
    for info in case.model.graph.input:
        if not info.type.HasField("tensor_type"):
            return "other"
        types.add(onnx.TensorProto.DataType.Name(info.type.tensor_type.elem_type))
    if types & {"UINT32", "UINT64"}:
        return "u64"
    if not types <= {"FLOAT", "BOOL", "INT32", "INT64", "FLOAT16"} or not types:
        return "other"
    if "FLOAT16" in types:
        return "f16"
    return "integer" if types & {"INT32", "INT64"} else "float"


def _array(value: object) -> np.ndarray:
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    if isinstance(value, np.ndarray | np.generic):
        return np.asarray(value)
    raise UserError("has sequences or optionals, which are no tensors")


def _with_constants(model: onnx.ModelProto, constants: Mapping[str, np.ndarray]) -> onnx.ModelProto:
    """The model with some of its inputs fixed."""
    fixed = onnx.ModelProto.FromString(model.SerializeToString())
    inputs = [info for info in fixed.graph.input if info.name not in constants]
    del fixed.graph.input[:]
    fixed.graph.input.extend(inputs)
    for name, array in constants.items():
        fixed.graph.initializer.append(numpy_helper.from_array(array, name))
    return fixed


def _forms(model: onnx.ModelProto, feeds: dict[str, np.ndarray]) -> Iterable[dict]:
    """Which inputs to fix: none, lists of integers (shapes, axes), all integers, all but the first;
    the counts and conditions of loops, or what counts are computed from; all where the operator
    makes a tensor from nothing but a shape."""
    yield {}
    names = list(feeds)
    integers = [n for n in names[1:] if feeds[n].dtype.kind in "iu"]
    yield {n: feeds[n] for n in integers if feeds[n].ndim < 2}
    yield {n: feeds[n] for n in integers}
    yield {n: feeds[n] for n in names[1:]}
    if any(node.op_type == "Loop" for node in model.graph.node):
        numbers = [n for n in names if feeds[n].size == 1]
        yield {n: feeds[n] for n in numbers if feeds[n].dtype.kind in "iub"}
        yield {n: feeds[n] for n in numbers}
    if any(node.op_type in _GENERATORS for node in model.graph.node):
        yield feeds


def _difference(actual: np.ndarray, expected: np.ndarray, relative: float) -> str:
    """Where two arrays differ, "" when they agree."""
    if actual.shape != expected.shape:
        return f"shape {list(actual.shape)}, expected {list(expected.shape)}"
    if actual.dtype != expected.dtype:
        return f"type {actual.dtype}, expected {expected.dtype}"
    if expected.dtype.kind in "iub" or expected.dtype.itemsize == 1:
        same = actual == expected
        if expected.dtype.kind not in "iub":
            same |= np.isnan(actual.astype(np.float32)) & np.isnan(expected.astype(np.float32))
        bad = ~same
    else:
        wide, target = actual.astype(np.float64), expected.astype(np.float64)
        largest = np.abs(target[np.isfinite(target)]).max(initial=0)
        relative = _RELATIVE.get(expected.dtype.name, relative)
        bad = ~np.isclose(wide, target, rtol=relative, atol=1e-5 * largest, equal_nan=True)
    if not bad.any():
        return ""
    place = tuple(int(i) for i in np.argwhere(bad)[0])
    return (
        f"{int(bad.sum())} of {bad.size} elements, {actual[place]} at {list(place)}, "
        f"expected {expected[place]}"
    )


def run_case(case: object) -> Result:
    """Compiles, runs and compares one test."""
    given, wanted = case.data_sets[0]
    refusals: list[str] = []
    try:
        arrays = [_array(value) for value in given]
        expected = [_array(value) for value in wanted]
    except UserError as error:
        return Result(REFUSED, str(error))
    names = [info.name for info in case.model.graph.input]
    feeds = dict(zip(names, arrays, strict=True))
    tried: list[list[str]] = []
    for fixed in _forms(case.model, feeds):
        if list(fixed) in tried:
            continue
        tried.append(list(fixed))
        model = _with_constants(case.model, fixed) if fixed else case.model
        try:
            compiled = tpuc.compile(model, "F32")
            results = compiled.run({n: a for n, a in feeds.items() if n not in fixed})
        except UserError as error:
            refusals.append(str(error))
            continue
        how = f"with {', '.join(fixed)} fixed" if fixed else ""
        outputs = [info.name for info in case.model.graph.output]
        text = _differences(results, dict(zip(outputs, expected, strict=True)), case.rtol)
        if not text:
            return Result(PASS, how)
        # Where both differ, onnxruntime is the reference for networks.
        reference = _run_onnxruntime(case.model, feeds)
        if reference is None or _differences(results, reference, case.rtol):
            return Result(WRONG, text)
        return Result(PASS, f"{how} as onnxruntime, not as the data".strip())
    return Result(REFUSED, _reason(refusals[-1]))


def _differences(results: dict, expected: dict[str, np.ndarray], relative: float) -> str:
    """As ``_difference``, of the first output that differs."""
    for name, value in expected.items():
        if text := _difference(results[name], value, relative):
            return f"{name}: {text}"
    return ""


def _run_onnxruntime(model: onnx.ModelProto, feeds: dict) -> dict[str, np.ndarray] | None:
    """The outputs as onnxruntime has them, None where it has no such operator."""
    onnxruntime.set_default_logger_severity(4)
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(None, feeds), strict=True))
    except Exception:
        return None


def _reason(text: str) -> str:
    """A refusal on one line."""
    return re.sub(r"\s+", " ", text)[:300]


def _worker(names: list[str], pipe: int) -> None:
    with os.fdopen(pipe, "w") as file:
        for name in names:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    result = run_case(cases()[name])
            except Exception as error:
                result = Result(CRASH, f"{type(error).__name__}: {_reason(str(error))}")
            print(json.dumps([name, result.outcome, result.reason]), file=file, flush=True)


def run_all(names: list[str], jobs: int = 2) -> dict[str, Result]:
    """The results by name; a test that ends its process is a crash, the others still run."""
    cases()
    results: dict[str, Result] = {}
    queues = [names[i::jobs] for i in range(jobs)]
    workers = {index: _start(queue) for index, queue in enumerate(queues) if queue}
    while workers:
        for index, (pid, file) in list(workers.items()):
            line = file.readline()
            if line:
                name, outcome, reason = json.loads(line)
                results[name] = Result(outcome, reason)
                continue
            file.close()
            _, status = os.waitpid(pid, 0)
            del workers[index]
            left = [name for name in queues[index] if name not in results]
            if left:
                results[left[0]] = Result(CRASH, f"status {status}")
                if left[1:]:
                    workers[index] = _start(left[1:])
    return {name: results[name] for name in names}


def _start(names: list[str]) -> tuple[int, object]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            _worker(names, writing)
        finally:
            os._exit(0)
    os.close(writing)
    return pid, os.fdopen(reading)


def read_table() -> dict[str, Result]:
    """What is expected, by name."""
    if not TABLE.exists():
        return {}
    rows = [line.split("\t") for line in TABLE.read_text().splitlines()]
    return {name: Result(outcome, reason) for name, outcome, reason in rows}


def write_table(results: Mapping[str, Result]) -> None:
    """Writes what is expected from now on."""
    rows = (f"{name}\t{r.outcome}\t{r.reason}\n" for name, r in sorted(results.items()))
    TABLE.write_text("".join(rows))


def differences(results: Mapping[str, Result], expected: Mapping[str, Result]) -> list[str]:
    """Lines about the results that are worse than expected, or refused for another reason.

    What passes though a refusal is expected is left to the next ``--write``, and so are the tests
    of other versions of onnx.
    """
    lines = []
    for name, result in results.items():
        known = expected.get(name)
        improved = result.outcome == PASS and (known is None or known.outcome != PASS)
        unknown = known is None and result.outcome == REFUSED
        if result != known and not improved and not unknown:
            wanted = f"{known.outcome} {known.reason}" if known else "no such test"
            lines.append(f"{name}: {result.outcome} {result.reason}; expected {wanted}")
    return lines


def summary(results: Mapping[str, Result]) -> str:
    """The counts by class, as a table."""
    counts = Counter((class_of(cases()[name]), r.outcome) for name, r in results.items())
    outcomes = (PASS, REFUSED, WRONG, CRASH)
    lines = ["| class | tests | " + " | ".join(outcomes) + " | share |", "| --- " * 7 + "|"]
    for kind in (*CLASSES, "all"):
        row = [sum(n for (c, o), n in counts.items() if o == outcome and kind in (c, "all"))
               for outcome in outcomes]  # fmt: skip
        share = f"{100 * row[0] / max(sum(row), 1):.1f} %"
        lines.append(f"| {kind} | {sum(row)} | " + " | ".join(map(str, row)) + f" | {share} |")
    return "\n".join(lines)


_PAGE = """# ONNX node tests

Written by `python scripts/onnx_nodes.py --write`. Each of the node tests of the onnx package
({version}) is compiled in F32, run in the simulator and compared element by element, in the model's
own types. A test passes with its inputs fed at run time, or with those fixed that are constants in
networks: shapes, axes, numbers of results ({fixed} of them). Where the data of a test and
onnxruntime differ, onnxruntime is the reference. `test/python/onnx_nodes.tsv` has every test with
its outcome; `make test` compares.

The classes are those of the element types of the inputs: floats and truth values; i32 and i64 with
or without floats; f16; u32 and u64; all others (8 and 16 bits, bf16, doubles, strings, sequences).

{summary}

## What is refused

| tests | operator | reason |
| --- | --- | --- |
{reasons}
"""


def page(results: Mapping[str, Result]) -> str:
    """The page of the documentation."""
    reasons: Counter[tuple[str, str]] = Counter()
    for result in results.values():
        if result.outcome == REFUSED:
            found = re.search(r"node '[^']*' \(([^)]*)\)", result.reason)
            text = re.sub(r"node '[^']*' \(([^)]*)\)", r"\1", result.reason)
            text = re.sub(r"(input|output|initialiser) '[^']*'", r"\1", text)
            text = text.removeprefix("the model: ").removeprefix("1 node is not supported: ")
            reasons[found.group(1) if found else "", re.sub("'[^']*/", "'", text)] += 1
    ordered = sorted(reasons.items(), key=lambda row: (-row[1], row[0]))
    rows = [f"| {count} | {name} | {text.replace('|', ' ')} |" for (name, text), count in ordered]
    fixed = sum(r.outcome == PASS and r.reason.startswith("with ") for r in results.values())
    return _PAGE.format(
        version=onnx.__version__, fixed=fixed, summary=summary(results), reasons="\n".join(rows)
    )
