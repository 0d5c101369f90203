"""Element types of a model's values, by the types that the operator set gives its operators.

The module counts all integers in i64 or i32 and all floats in f32; these are the types that the
model says, for what depends on them: overflow, saturation, and the types of outputs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import defs

from tpuc.errors import UserError
from tpuc.frontend.graph import Node

ElementTypes = Sequence[np.dtype | None]
# Attributes that name the type of a result.
_TYPE_ATTRIBUTES = ("to", "dtype", "output_dtype", "output_datatype")
_SHORT_NAMES = {"double": "float64", "float": "float32"}


def element_type(number: int) -> np.dtype | None:
    """The numpy type of an ONNX element type, None for none."""
    try:
        return np.dtype(onnx.helper.tensor_dtype_to_np_dtype(number))
    except (KeyError, TypeError):
        return None


def find_schema(node: Node) -> defs.OpSchema | None:
    """The operator set's description of a node's operator, or None."""
    try:
        return defs.get_schema(node.op_type, node.opset, node.domain)
    except defs.SchemaError:
        return None


def result_types(node: Node, operands: ElementTypes) -> list[np.dtype | None]:
    """The element type of each result, None where it is not known.

    Args:
        node: the node.
        operands: the element types of its operands.
    """
    schema = find_schema(node)
    if schema is None:
        first = next((t for t in operands if t is not None), None)
        return [first] * len(node.outputs)
    bound: dict[str, np.dtype] = {}
    for index, dtype in enumerate(operands):
        formal = schema.inputs[min(index, len(schema.inputs) - 1)]
        if dtype is not None:
            bound.setdefault(formal.type_str, dtype)
    named = next((node.attr(a) for a in _TYPE_ATTRIBUTES if node.attr(a)), None)
    results = []
    for index in range(len(node.outputs)):
        formal = schema.outputs[min(index, len(schema.outputs) - 1)]
        dtype = bound.get(formal.type_str) or _parse(formal.type_str)
        if named and formal.type_str not in bound:
            dtype = element_type(named) or dtype
        results.append(dtype or _only(schema, formal.type_str) or _default(node))
    return results


def refuse_floats(node: Node, constants: Sequence[bool]) -> None:
    """Refuses constants of floats where the operator set has indices or sizes.

    Args:
        node: a node whose operands' types are known.
        constants: which of them are constants.

    Raises:
        UserError: says which.
    """
    schema = find_schema(node)
    if schema is None:
        return
    allowed = {c.type_param_str: c.allowed_type_strs for c in schema.type_constraints}
    for index, (dtype, is_constant) in enumerate(zip(node.input_types, constants, strict=True)):
        if not is_constant or dtype is None or dtype.kind != "f":
            continue
        formal = schema.inputs[min(index, len(schema.inputs) - 1)].type_str
        if not any("float" in name or "double" in name for name in allowed.get(formal, [formal])):
            raise UserError(f"has {dtype} numbers as its input {index}, expected integers")


def _default(node: Node) -> np.dtype | None:
    if node.op_type == "QuantizeLinear":
        return np.dtype(np.uint8)
    return np.dtype(np.float32)


def _parse(text: str) -> np.dtype | None:
    """The type of "tensor(int64)"."""
    if not text.startswith("tensor("):
        return None
    name = text[7:-1]
    try:
        return np.dtype(_SHORT_NAMES.get(name, name))
    except TypeError:
        return None


def _only(schema: defs.OpSchema, name: str) -> np.dtype | None:
    """The one type that a parameter allows."""
    for constraint in schema.type_constraints:
        if constraint.type_param_str == name and len(constraint.allowed_type_strs) == 1:
            return _parse(constraint.allowed_type_strs[0])
    return None
