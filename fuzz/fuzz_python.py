"""Fuzzes what reads foreign bytes in Python: the ONNX importer, tables and configurations.

    python fuzz/fuzz_python.py onnx|config|table [--seconds 60] [--first 0] [--found FOLDER]

An input follows from its number, so that every finding can be repeated. Child processes take a
number of inputs each; a finding is whatever is neither accepted nor refused by a UserError: another
exception, a crash, more than ten seconds, more than a gigabyte.
"""

from __future__ import annotations

import argparse
import copy
import functools
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import AttributeProto, numpy_helper

_BATCH = 20
_SECONDS = 10
_BYTES = 1 << 30
_INTS = (0, 1, -1, 2, 3, 7, 64, 255, 65536, 1 << 20, (1 << 31) - 1, 1 << 32, 1 << 40, 1 << 62,
         (1 << 63) - 1, -(1 << 63))  # fmt: skip
_FLOATS = (0.0, -1.0, 0.5, 1e30, 1e-30, 3.4e38, float("inf"), float("nan"))
_TEXTS = (b"", b"x", b"\xff\xfe", b"\x1b[31m", b"a" * 5000, b"NOTSET", b"linear", b"\0")


# --- ONNX --------------------------------------------------------------------


@functools.cache
def _models() -> list[onnx.ModelProto]:
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        models = [case.model for case in load_model_tests(kind="node")]
    return [model for model in models if model is not None and model.ByteSize() < 100_000]


def _change_attribute(r: random.Random, attribute: onnx.AttributeProto) -> None:
    if r.random() < 0.1:
        attribute.type = r.choice(list(AttributeProto.AttributeType.values()))
    elif attribute.type == AttributeProto.INT:
        attribute.i = r.choice(_INTS)
    elif attribute.type == AttributeProto.FLOAT:
        attribute.f = r.choice(_FLOATS)
    elif attribute.type == AttributeProto.STRING:
        attribute.s = r.choice(_TEXTS)
    elif attribute.type == AttributeProto.INTS:
        at = r.randrange(len(attribute.ints) + 1)
        if at == len(attribute.ints):
            attribute.ints.append(r.choice(_INTS))
        else:
            attribute.ints[at] = r.choice(_INTS)
    elif attribute.type == AttributeProto.TENSOR:
        _change_tensor(r, attribute.t)
    elif attribute.type == AttributeProto.GRAPH:
        _change_graph(r, attribute.g)


def _change_tensor(r: random.Random, tensor: onnx.TensorProto) -> None:
    kind = r.random()
    if kind < 0.3 and tensor.dims:
        tensor.dims[r.randrange(len(tensor.dims))] = r.choice(_INTS)
    elif kind < 0.5:
        tensor.data_type = r.randrange(30)
    else:
        array = numpy_helper.to_array(tensor).copy()
        if array.size:
            array.reshape(-1)[0] = r.choice(_FLOATS if array.dtype.kind == "f" else _INTS)
            tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def _change_port(r: random.Random, port: onnx.ValueInfoProto) -> None:
    tensor = port.type.tensor_type
    kind = r.random()
    if kind < 0.5 and tensor.shape.dim:
        tensor.shape.dim[r.randrange(len(tensor.shape.dim))].dim_value = r.choice(_INTS)
    elif kind < 0.7:
        tensor.elem_type = r.randrange(30)
    elif kind < 0.8:
        tensor.ClearField("shape")
    else:
        port.name = r.choice(["", "x", "\x1b[31m", "a" * 5000])


def _make_constant(r: random.Random, graph: onnx.GraphProto) -> None:
    """An input becomes a constant, so that shapes and indices follow from it."""
    port = r.choice(graph.input)
    shape = [d.dim_value for d in port.type.tensor_type.shape.dim]
    dtype = onnx.helper.tensor_dtype_to_np_dtype(port.type.tensor_type.elem_type)
    if np.prod(shape, dtype=np.float64) < 1e5:
        array = np.full(shape, r.choice(_FLOATS if dtype.kind == "f" else _INTS), dtype)
        graph.initializer.append(numpy_helper.from_array(array, port.name))
        graph.input.remove(port)


def _change_graph(r: random.Random, graph: onnx.GraphProto) -> None:
    kind = r.random()
    node = r.choice(graph.node) if graph.node else None
    if kind < 0.4 and node is not None and node.attribute:
        _change_attribute(r, r.choice(node.attribute))
    elif kind < 0.5 and node is not None and node.input:
        node.input[r.randrange(len(node.input))] = r.choice(["", "gone", *node.output])
    elif kind < 0.7 and graph.input:
        _change_port(r, r.choice(graph.input))
    elif kind < 0.75 and graph.output:
        _change_port(r, r.choice(graph.output))
    elif kind < 0.9 and graph.input:
        _make_constant(r, graph)
    elif graph.initializer:
        _change_tensor(r, r.choice(graph.initializer))


def _make_onnx(r: random.Random) -> bytes:
    model = copy.deepcopy(r.choice(_models()))
    for _ in range(r.randint(1, 3)):
        # What protobuf or numpy does not hold is no input.
        try:
            _change_graph(r, model.graph)
        except (ValueError, TypeError, OverflowError, KeyError):
            continue
    data = bytearray(model.SerializeToString())
    if r.random() < 0.1:
        data[r.randrange(len(data))] ^= 1 << r.randrange(8)
    return bytes(data)


def _run_onnx(path: Path) -> None:
    from tpuc.compiler import transform

    transform(path, "main")


# --- text --------------------------------------------------------------------

_CONFIG = """source: net.onnx
output: net.bmodel
quantize: INT8
input_shapes: [[1, 3, 8, 8]]
shape_buckets: {batch: [1, 4], seq: 64}
fix_input: {sr: 16000}
mean: [1.0, 2.0, 3.0]
resize_dims: 256,256
pixel_format: rgb
max_drop: 0.5
tolerance: 0.9,0.8
output_names: [a, b]
opt: 2
"""
_TABLE = "# comment\nconv 3.5 -3.5 2.0\na b 1e-3 0 0.001\nrelu inf -1 1\n"
_WORDS = ("", "-1", "nan", "1e400", "9" * 400, "[", "]", "{", "- ", "&a ", "*a", "!!python/name:os",
          "\t", "\0", "\x1b", "null", "true", "'", '"', ": ", "\n", "inf", "#")  # fmt: skip


def _make_text(r: random.Random, text: str) -> bytes:
    for _ in range(r.randint(1, 6)):
        begin = r.randrange(len(text) + 1)
        end = min(len(text), begin + r.choice([0, 0, 1, 3, 10]))
        text = text[:begin] + r.choice(_WORDS) + text[end:]
    data = text.encode("utf-16" if r.random() < 0.02 else "utf-8")
    return data if r.random() < 0.9 else data + bytes([r.randrange(256)])


def _run_config(path: Path) -> None:
    from tpuc.config import make_config

    config = make_config(path, {})
    config.preprocess()
    config.postprocess()


def _run_table(path: Path) -> None:
    from tpuc import _core
    from tpuc.calibration.table import read_table

    read_table(path)
    _core.check_calibration_table(str(path))


# What makes an input, the suffix of its file, and what reads it.
_TARGETS: dict[str, tuple[Callable[[random.Random], bytes], str, Callable[[Path], None]]] = {
    "onnx": (_make_onnx, ".onnx", _run_onnx),
    "config": (lambda r: _make_text(r, _CONFIG), ".yaml", _run_config),
    "table": (lambda r: _make_text(r, _TABLE), "_table", _run_table),
}


def _run_child(target: str, numbers: range, folder: Path, pipe: int) -> int:
    """Runs inputs one after the other; the exit code says whether one was a finding."""
    from tpuc import UserError

    make, suffix, run = _TARGETS[target]
    path = folder / f"input{suffix}"
    warnings.simplefilter("ignore")
    for number in numbers:
        path.write_bytes(make(random.Random(number)))
        os.write(pipe, f"{number}\n".encode())
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        signal.alarm(_SECONDS)
        try:
            run(path)
        except UserError:
            pass
        except Exception:
            traceback.print_exc()
            return 1
        signal.alarm(0)
        if (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10 > _BYTES:
            print("fuzz: more than a gigabyte", file=sys.stderr)
            return 1
    return 0


def fuzz(target: str, seconds: float, first: int, found: Path) -> int:
    """Runs inputs until the time is over or one is a finding; returns the exit code."""
    end, number = time.monotonic() + seconds, first
    make, suffix, _ = _TARGETS[target]
    make(random.Random(0))  # What children share is loaded once.
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            reader, writer = os.pipe()
            numbers = range(number, number + _BATCH)
            child = os.fork()
            if child == 0:
                os.close(reader)
                os._exit(_run_child(target, numbers, Path(folder), writer))
            os.close(writer)
            with os.fdopen(reader) as pipe:
                done = pipe.read().split()
            status = os.waitpid(child, 0)[1]
            if status != 0:
                found.mkdir(parents=True, exist_ok=True)
                file = found / f"{target}-{done[-1]}{suffix}"
                file.write_bytes(make(random.Random(int(done[-1]))))
                how = f"signal {status & 127}" if status & 127 else "an exception"
                print(f"fuzz: {target}: input {done[-1]}, kept in {file}: {how}")
                return 1
            number = numbers.stop
    print(f"fuzz: {target}: {number - first} inputs, no finding")
    return 0


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=_TARGETS)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--found", type=Path, default=Path("build/fuzz/found"))
    args = parser.parse_args()
    return fuzz(args.target, args.seconds, args.first, args.found)


if __name__ == "__main__":
    sys.exit(main())
