"""PyTorch modules: compiled without a file between, and as a backend of torch.compile.

Importing this needs PyTorch; nothing else in tpuc does. A module is exported by torch.export, and
that graph by torch.onnx in memory, so that a module and the file that torch.onnx.export writes of
it compile to the same commands.

Example:
    >>> model = tpuc.compile(torchvision.models.swin_t(), image)
    >>> import tpuc.pytorch
    >>> fast = torch.compile(module, backend="tpuc", dynamic=False)  # runs in the simulator
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import onnx
import torch
from torch._dynamo import list_backends, register_backend

from tpuc.compilation import compile
from tpuc.errors import InputTypeError, UserError

# The operator set that tracing writes: the first with LayerNormalization.
_TRACED_OPSET = 17


def to_onnx(
    module: torch.nn.Module,
    example_inputs: Any,
    example_kwargs: Mapping[str, Any] | None = None,
) -> onnx.ModelProto:
    """Exports a module as it computes in evaluation mode.

    Args:
        module: a torch.nn.Module, or a module of torch.jit.
        example_inputs: the arguments of its forward(): a tensor, or a tuple or list of them.
            Their sizes and types are those of the network.
        example_kwargs: named arguments.

    Returns:
        The model in memory. Results that forward() gives as a dictionary are called by its keys.

    Raises:
        TypeError: no module, or no example inputs.
        UserError: PyTorch cannot export it; the text has PyTorch's reason.
    """
    if not isinstance(module, torch.nn.Module):
        raise InputTypeError(f"the model is a {type(module).__name__}, expected a torch.nn.Module")
    kwargs = dict(example_kwargs or {})
    arguments = _arguments(example_inputs, kwargs)
    has_scripting = isinstance(module, torch.jit.ScriptModule)
    traces = has_scripting or importlib.util.find_spec("onnxscript") is None
    export = _export_traced if traces else _export
    with _evaluating(module), torch.no_grad(), _quiet():
        try:
            return export(module, arguments, kwargs)
        except Exception as error:
            raise UserError(
                f"PyTorch cannot export {type(module).__qualname__}: {_reason(error)}; "
                f"torch.export.export(module, inputs) has to work first"
            ) from error


def backend(graph: torch.fx.GraphModule, example_inputs: Sequence[Any]) -> Callable[..., Any]:
    """A backend of torch.compile: compiles a graph in F16 and runs it in the simulator.

    Raises:
        UserError: the graph does not compile, or has sizes that are not fixed.
    """
    network = _Frozen(graph, example_inputs)
    examples = network.inputs_of(example_inputs)
    if not all(isinstance(value, torch.Tensor) for value in examples):
        raise UserError("the sizes of the graph are symbolic; give torch.compile dynamic=False")
    with torch.no_grad():
        types = [result.dtype for result in network(*examples)]
    exported = to_onnx(network, tuple(examples))
    model = compile(exported, name="graph")
    names = [port.name for port in exported.graph.input]

    def run(*inputs: Any) -> tuple[torch.Tensor, ...]:
        given = {
            name: value.detach().cpu().numpy()
            for name, value in zip(names, network.inputs_of(inputs), strict=True)
        }
        results = model.real_results(
            model.run({spec.name: given[spec.name] for spec in model.inputs})
        )
        arrays = (results[port.name] for port in exported.graph.output)
        return tuple(
            torch.from_numpy(array).to(dtype) for array, dtype in zip(arrays, types, strict=True)
        )

    return run


class _Frozen(torch.nn.Module):
    """A graph with the parameters that it takes as inputs held as constants."""

    def __init__(self, graph: torch.fx.GraphModule, example_inputs: Sequence[Any]) -> None:
        super().__init__()
        self.graph_module = graph
        self.places = [
            place for place, value in enumerate(example_inputs) if not _is_constant(value)
        ]
        for place, value in enumerate(example_inputs):
            if _is_constant(value):
                self.register_buffer(f"constant_{place}", value.detach())
        self.count = len(example_inputs)

    def forward(self, *inputs: Any) -> Any:
        given = dict(zip(self.places, inputs, strict=True))
        arguments = (
            given[place] if place in given else getattr(self, f"constant_{place}")
            for place in range(self.count)
        )
        return self.graph_module(*arguments)

    def inputs_of(self, values: Sequence[Any]) -> list[Any]:
        """The inputs that are no constants."""
        return [values[place] for place in self.places]


def _is_constant(value: Any) -> bool:
    """Whether an input of a graph is a parameter or buffer of the module that it comes from."""
    is_static = getattr(value, "_dynamo_static_input_type", None) is not None
    return isinstance(value, torch.nn.Parameter) or is_static


def _arguments(inputs: Any, kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
    """Example inputs as the arguments of forward()."""
    if inputs is None and not kwargs:
        raise InputTypeError(
            "a PyTorch module is compiled for the sizes of example inputs: give "
            "tpuc.compile(module, image), or a tuple of tensors"
        )
    if inputs is None:
        return ()
    return tuple(inputs) if isinstance(inputs, tuple | list) else (inputs,)


def _export(
    module: torch.nn.Module, arguments: tuple[Any, ...], kwargs: dict[str, Any]
) -> onnx.ModelProto:
    """By torch.export."""
    program = torch.export.export(module, arguments, kwargs, strict=False)
    names = _result_names(program.call_spec.out_spec)
    exported = torch.onnx.export(program, dynamo=True, verbose=False, output_names=names)
    return exported.model_proto


def _export_traced(
    module: torch.nn.Module, arguments: tuple[Any, ...], kwargs: dict[str, Any]
) -> onnx.ModelProto:
    """By tracing, which modules of torch.jit take, and which needs no onnxscript."""
    file = io.BytesIO()
    torch.onnx.export(
        module, arguments, file, kwargs=kwargs, dynamo=False, opset_version=_TRACED_OPSET
    )
    return onnx.load_from_string(file.getvalue())


def _result_names(spec: Any) -> list[str] | None:
    """The keys of results that are a dictionary of tensors; None for others."""
    keys = spec.context if spec is not None and spec.type is dict else None
    is_flat = keys is not None and len(keys) == spec.num_leaves
    return [str(key) for key in keys] if is_flat else None


@contextlib.contextmanager
def _evaluating(module: torch.nn.Module) -> Iterator[None]:
    """In evaluation mode, and afterwards in the modes that its parts had."""
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what exporters print and warn of."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def _reason(error: BaseException) -> str:
    """The first line of the innermost cause; more follows it only as advice."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


if "tpuc" not in list_backends(exclude_tags=()):
    register_backend(backend, name="tpuc")
