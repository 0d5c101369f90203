"""From an ONNX model to a module of the top dialect.

One pass over the nodes: what is known is evaluated, the rest is emitted by
its converter. Everything that is not supported is reported at once.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import onnx

import tpuc.frontend.converters  # noqa: F401  registers the converters
from tpuc import _core
from tpuc.errors import UserError
from tpuc.frontend import bounded, control, detection, sequences
from tpuc.frontend.bodies import body_of
from tpuc.frontend.constants import LazyConstant, evaluate_empty, folded, typed
from tpuc.frontend.converters.integers import OVERFLOWS, wrapped
from tpuc.frontend.converters.quantised import MOVES, Quantised, materialised, unquantised
from tpuc.frontend.elements import element_type, refuse_floats, result_types
from tpuc.frontend.emit import Emitter, Tensor, check_size, top_type
from tpuc.frontend.fixed import FixedInputs, fix_inputs
from tpuc.frontend.folding import NotEvaluatedError, can_fold, is_shape_arithmetic, shape_of
from tpuc.frontend.graph import Node, needed_nodes, network_inputs, ordered_nodes
from tpuc.frontend.load import LoadedModel, from_proto, load_model
from tpuc.frontend.memory import bounded_memory
from tpuc.frontend.refusals import refusal
from tpuc.frontend.registry import Converter, find_converter
from tpuc.frontend.scopes import Body, Scope
from tpuc.frontend.shapes import check_shapes, resolve_shapes
from tpuc.interface import Interface
from tpuc.postprocess import Postprocess
from tpuc.precisions import POSTPROCESS


def import_onnx(
    model: str | os.PathLike | onnx.ModelProto,
    *,
    name: str = "main",
    input_shapes: Sequence[Sequence[int]] | None = None,
    output_names: Sequence[str] | None = None,
    fix_input: FixedInputs | None = None,
    postprocess: Postprocess | None = None,
) -> _core.Module:
    """Imports an ONNX model.

    Args:
        model: a path or a model in memory.
        name: what to call the module.
        input_shapes: static shapes of the inputs in order; may change any axis that the
            graph allows.
        output_names: values to return instead of the model's own outputs.
        fix_input: values of inputs that become constants, by name; the shapes are those of the
            others.
        postprocess: makes detections of the outputs, which they replace.

    Returns:
        A module in the top dialect.

    Raises:
        UserError: the model is broken or not supported; the text says where.
    """
    loaded = from_proto(model) if isinstance(model, onnx.ModelProto) else load_model(model)
    if loaded.proto.functions:
        loaded.proto = onnx.inliner.inline_local_functions(loaded.proto)
    fix_inputs(loaded, fix_input or {})
    shapes = None if input_shapes is None else check_shapes(input_shapes)
    importer = _Importer(loaded, name, shapes, output_names, postprocess)
    if shapes is not None and (exported := _exported_shapes(loaded, shapes)) != shapes:
        reference = _Importer(loaded, name, exported, output_names)
        reference.run()
        importer.emitter.reference_shapes = reference.known_shapes()
    return importer.run()


def _exported_shapes(model: LoadedModel, given: list[list[int]]) -> list[list[int]]:
    """The sizes that the model states, and the given ones where it states none."""
    inputs = network_inputs(model)
    exported = []
    for info, shape in zip(inputs, resolve_shapes(inputs, given, model.source), strict=True):
        stated = [max(d.dim_value, 0) for d in info.type.tensor_type.shape.dim] or shape
        exported.append([old or new for old, new in zip(stated, shape, strict=True)])
    return exported


class _Importer:
    """The state of one import: which name stands for which tensor."""

    def __init__(
        self,
        model: LoadedModel,
        name: str,
        shapes: list[list[int]] | None,
        output_names: Sequence[str] | None,
        postprocess: Postprocess | None = None,
    ) -> None:
        self.model = model
        self.postprocess = postprocess
        self.emitter = Emitter(name)
        self.given_shapes = shapes
        self.outputs = list(output_names or [o.name for o in model.proto.graph.output])
        self.network = self.scope = Scope(values={"": None})
        self.interface = Interface()
        self.weight_bytes = sum(weight.nbytes for weight in model.weights.values())
        self.declared = {o.name: o.type.tensor_type.elem_type for o in model.proto.graph.output}
        self.refused: list[tuple[Node, str]] = []
        self.imported: list[Node] = []

    def run(self) -> _core.Module:
        """Imports everything or raises with all that was refused."""
        nodes = ordered_nodes(self.model)
        defined = {name for node in nodes for name in node.outputs}
        for name in self.outputs:
            if name not in defined and name not in self.model.weights:
                known = [i.name for i in network_inputs(self.model)]
                if name not in known:
                    raise UserError(f"{self.model.source}: there is no value '{name}' to output")
        self._add_inputs()
        values = self.network.values
        for weight, array in self.model.weights.items():
            values[weight] = LazyConstant(array, weight)
        kept = needed_nodes(nodes, self.outputs)
        self.network.defer(nodes, kept)
        for node in kept:
            self._import_node(node)
        if self.refused:
            raise refusal(self.model.source, self.refused, self._part())
        results = {name: self._output(name) for name in self.outputs}
        if self.postprocess is not None:
            results = self._postprocessed(results, nodes)
        for name, result in results.items():
            self._add_output(name, result)
        if len(self.interface.empty_outputs) == len(self.outputs):
            names = "', '".join(self.interface.empty_inputs)
            remedy = (
                f"give the shape of '{names}' with --input_shapes"
                if names
                else ("there is nothing to compute")
            )
            raise UserError(f"{self.model.source}: its outputs have no elements, {remedy}")
        module = self.emitter.finish()
        if self.postprocess is not None:
            module.set_attribute(POSTPROCESS, self.emitter.location)
        self.interface.store(module)
        if _core.get_ranges(module):
            _core.mark_own_ranges(module, unquantised(needed_nodes(nodes, self.outputs)))
        return module

    def _output(self, name: str) -> Tensor:
        """An output of the graph as a tensor."""
        if name not in self.network.values:
            raise UserError(
                f"{self.model.source}: output '{name}' is a result that is not supported, "
                f"remove it from the graph's outputs"
            )
        self.emitter.location = name
        result = self._resolve(name)
        if isinstance(result, sequences.TensorSequence):
            raise UserError(
                f"{self.model.source}: output '{name}' is a sequence, make its tensors outputs"
            )
        return materialised(result, self.emitter)

    def _postprocessed(self, results: dict[str, Tensor], nodes: list[Node]) -> dict[str, Tensor]:
        """What post-processing makes of the outputs, under a name that no node begins with."""
        name = "postprocess"
        while any(node.name.startswith(name) for node in nodes):
            name += "_"
        self.emitter.location = name
        shapes = [port.shape for port in self.emitter.inputs]
        pictures = [(shape[2], shape[3]) for shape in shapes if len(shape) == 4]
        head = detection.Head(results, pictures[0] if len(pictures) == 1 else None)
        try:
            found = detection.detect(head, self.postprocess, self.emitter)
        except UserError as error:
            raise UserError(f"{self.model.source}: {error}") from None
        self.declared = {}
        return found

    def _add_output(self, name: str, result: Tensor) -> None:
        """Makes a value an output; one without elements is not the chip's."""
        dtype = result.element
        if not result.size:
            empty = result.array.astype(dtype or np.float32)
            self.interface.note_empty(self.interface.empty_outputs, name, empty)
            return
        self.emitter.output(name, result)
        if result.bound is not None:
            count = self.interface.add_bound(name, result.bound.axis, self.outputs)
            self.emitter.output(count, self.emitter.reshape(result.bound.count, (1,)))
        declared = self.declared.get(name, 0)
        if declared and element_type(declared) is None:
            raise UserError(
                f"{self.model.source}: output '{name}' has the unknown element type {declared}"
            )
        if not declared and dtype is not None:
            declared = onnx.helper.np_dtype_to_tensor_dtype(dtype)
        self.interface.set_type(name, declared)

    def known_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every value that was imported."""
        return {
            name: value.shape
            for name, value in self.network.values.items()
            if isinstance(value, Tensor) and not isinstance(value, LazyConstant)
        }

    def _add_inputs(self) -> None:
        inputs = network_inputs(self.model)
        shapes = resolve_shapes(inputs, self.given_shapes, self.model.source)
        for info, shape in zip(inputs, shapes, strict=True):
            element = element_type(info.type.tensor_type.elem_type)
            try:
                dtype = top_type(element) if element is not None else None
            except UserError:
                dtype = None
            if dtype is None:
                raise UserError(
                    f"{self.model.source}: input '{info.name}' has an element type that is not "
                    f"supported, use a float or integer type"
                )
            check_size(shape, f"{self.model.source}: input '{info.name}' has the shape")
            if 0 in shape:
                empty = np.zeros(shape, element)
                self.network.values[info.name] = Tensor.constant(empty, info.name)
                self.interface.note_empty(self.interface.empty_inputs, info.name, empty)
                continue
            value = self.emitter.input(info.name, shape, dtype)
            self.network.values[info.name] = value.of_element(element)

    def _resolve(self, name: str) -> Tensor | None:
        scope = self.scope.owner(name)
        if scope is None:
            raise UserError(f"uses '{name}', which nothing defines")
        if name not in scope.values and name in scope.deferred:
            self._import_deferred(scope, name)
        if name not in scope.values:
            raise _RefusedError
        value = scope.values[name]
        if isinstance(value, LazyConstant):
            value = scope.values[name] = value.resolve()
        return value

    def _import_deferred(self, scope: Scope, name: str) -> None:
        """Imports, where it stands, a node that only the body at hand uses."""
        if name in scope.unknown:
            raise _RefusedError
        inner, location = self.scope, self.emitter.location
        self.scope = scope
        self._import_node(scope.deferred[name])
        self.scope, self.emitter.location = inner, location

    def _import_node(self, node: Node) -> None:
        scope = self.scope
        if any(scope.is_unknown(name) for name in node.inputs):
            scope.unknown.update(node.outputs)
            if not _is_known(node):
                self.refused.append((node, ""))
            return
        self.emitter.location = node.name + scope.suffix
        try:
            with bounded_memory(self.weight_bytes):
                results = self._evaluate(node)
        except _RefusedError:
            # What was refused is listed already.
            scope.unknown.update(node.outputs)
            return
        except UserError as error:
            self.refused.append((node, str(error)))
            scope.unknown.update(node.outputs)
            return
        except MemoryError:
            self.refused.append((node, "needs constants that do not fit into memory"))
            scope.unknown.update(node.outputs)
            return
        except _UNFORESEEN as error:
            why = f"{type(error).__name__}: {error}"
            reason = f"has inputs and attributes that do not fit each other ({why})"
            self.refused.append((node, reason))
            scope.unknown.update(node.outputs)
            return
        self.emitter.location = node.name + scope.suffix
        self.imported.append(node)
        for name, result in zip(node.outputs, typed(node, results), strict=False):
            if name:
                scope.values[name] = result
                if isinstance(result, Tensor):
                    self.emitter.name(result, name + scope.suffix)
        for name in node.outputs[len(results) :]:
            # A converter may leave out results that nobody can use.
            if name:
                scope.unknown.add(name)

    def body(self, node: Node, attribute: str) -> Body:
        """The body that an attribute of a node holds."""
        return Body.of(node, attribute, self.model.source)

    def run_body(self, body: Body, inputs: Sequence, suffix: str) -> list:
        """The results of a body; ``suffix`` distinguishes the names of this run."""
        outer, location, refused = self.scope, self.emitter.location, len(self.refused)
        self.scope = Scope(
            outer, outer.suffix + suffix, dict(zip(body.inputs, inputs, strict=True))
        )
        self.scope.values[""] = None
        for name, array in body.constants.items():
            self.scope.values[name] = LazyConstant(array, name)
        self.scope.defer(body.nodes, body.kept)
        try:
            for node in body.kept:
                self._import_node(node)
            if len(self.refused) > refused:
                raise _RefusedError
            return [self._resolve(name) for name in body.outputs]
        finally:
            self.scope, self.emitter.location = outer, location

    def _evaluate(self, node: Node) -> list[Tensor]:
        inputs = [self._resolve(name) for name in node.inputs]
        if control.is_control(node):
            return control.evaluate(node, inputs, self)
        if sequences.handles(node, inputs):
            return sequences.evaluate(node, inputs, self.emitter)
        sequences.refuse(inputs)
        node.input_types = [None if t is None else t.element for t in inputs]
        refuse_floats(node, [t is not None and t.is_constant for t in inputs])
        node.output_types = result_types(node, node.input_types)
        if bounded.is_bounded(inputs):
            return bounded.evaluate(
                node, inputs, self.emitter, lambda plain: self._evaluate_plain(node, plain)
            )
        return self._evaluate_plain(node, inputs)

    def _evaluate_plain(self, node: Node, inputs: list[Tensor | None]) -> list[Tensor]:
        if not node.domain and node.op_type == "Shape" and inputs[0] is not None:
            shape = shape_of(node, inputs[0].shape)
            return [Tensor.constant(shape, node.outputs[0], from_shape=True)]
        if (empty := evaluate_empty(node, inputs)) is not None:
            return empty
        converter = find_converter(node)
        if can_fold(node) and all(t is None or t.is_constant for t in inputs):
            try:
                return folded(node, inputs)
            except NotEvaluatedError:
                if converter is None:
                    raise
        if converter is None:
            return self._expand(node, inputs)
        try:
            return self._convert(node, inputs, converter)
        except UserError:
            try:
                return self._expand(node, inputs)
            except UserError:
                # What the converter says is nearer to the model.
                pass
            raise

    def _expand(self, node: Node, inputs: list[Tensor | None]) -> list[Tensor]:
        """Imports the operators by which the operator set defines a node's."""
        shapes = [None if t is None else t.shape for t in inputs]
        body = body_of(node, shapes, f"{node.name}/")
        if not body:
            raise _UnsupportedOperatorError
        outer = self.scope
        self.scope = Scope(outer, outer.suffix, {"": None})
        kept = needed_nodes(body, [name for name in node.outputs if name])
        self.scope.defer(body, kept)
        try:
            for inner in kept:
                try:
                    results = self._evaluate(inner)
                except UserError as error:
                    text = str(error) or "is not supported"
                    raise UserError(f"its part {inner.op_type} {text}") from None
                for name, result in zip(inner.outputs, typed(inner, results), strict=False):
                    self.scope.values[name] = result
            return [self.scope.values[name] for name in node.outputs]
        finally:
            self.scope = outer

    def _convert(
        self, node: Node, inputs: list[Tensor | None], converter: Converter
    ) -> list[Tensor]:
        bytes_ = next((t for t in inputs if isinstance(t, Quantised)), None)
        if bytes_ is not None and node.op_type not in (*MOVES, "DequantizeLinear"):
            inputs = [materialised(t, self.emitter) for t in inputs]
        elif bytes_ is not None and node.op_type in MOVES:
            inputs = [t.plain() if isinstance(t, Quantised) else t for t in inputs]
            results = converter(node, inputs, self.emitter)
            moved = [results] if isinstance(results, Tensor) else list(results)
            return [Quantised(tensor, bytes_.steps, bytes_.node) for tensor in moved]
        results = converter(node, inputs, self.emitter)
        results = [results] if isinstance(results, Tensor) else list(results)
        if node.op_type not in OVERFLOWS:
            return results
        return [
            wrapped(result, dtype, self.emitter)
            for result, dtype in zip(results, node.output_types, strict=True)
        ]

    def _part(self) -> _core.Module | None:
        """A module of what was imported, to see what is refused later; None if it makes none."""
        values = self.network.values
        used = {name for node in self.imported for name in node.inputs}
        ends = {
            name: values[name]
            for node in self.imported
            for name in node.outputs
            if name not in used and isinstance(values.get(name), Tensor)
        }
        try:
            for name, tensor in ends.items():
                if tensor.size and not isinstance(tensor, Quantised):
                    self.emitter.output(name, tensor)
            return self.emitter.finish()
        except UserError:
            return None


def _is_known(node: Node) -> bool:
    """Whether the node is one that may be imported."""
    if find_converter(node) is not None or is_shape_arithmetic(node):
        return True
    return control.is_control(node) or sequences.handles(node, [None])


# What converters raise of a node whose inputs and attributes contradict each other in a way that
# they do not look for.
_UNFORESEEN = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip


class _RefusedError(UserError):
    """What a node uses was refused; that is told already."""

    def __str__(self) -> str:
        return ""


class _UnsupportedOperatorError(UserError):
    """There is no converter for the operator."""

    def __str__(self) -> str:
        return ""
