"""The ONNX frontend: from a model file to a module of the top dialect."""

from tpuc.frontend.importer import import_onnx
from tpuc.frontend.shapes import parse_shapes

__all__ = ["import_onnx", "parse_shapes"]
