"""What a SavedModel offers: the model itself, its inner layers, functions of the user's own."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from converter.engines import libraries
from converter.engines.components import (
    assembled,
    component_names,
    component_specs,
    components,
    type_spec,
)
from converter.engines.explain import one_line
from converter.engines.inner_outputs import (
    count_calls,
    find_layers,
    inner_outputs,
    only_inner_outputs,
)
from converter.engines.models import LoadedModel, to_numpy, to_tensor
from converter.engines.results import Endpoint, InputSpec
from converter.errors import MissingObjectError, NotExactError, UsageError

DEFAULT = "serving_default"

Array = np.ndarray[Any, Any]
Names = Sequence[str] | None
Compute = Callable[[Sequence[Any]], Mapping[str, Any]]
"""From the tensors of the inputs to those of the outputs by name."""

_NAME_OF_OPERATION = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")
"""What TensorFlow takes for the name of an input of a signature."""


@dataclass(frozen=True)
class Served:
    """A signature to be written.

    Attributes:
        name: of the signature.
        specs: its inputs under their own names.
        compute: the function to be traced.
        at_once: the same for tensors that have values, as the reference.
        of_model: it takes what the model takes.
    """

    name: str
    specs: tuple[InputSpec, ...]
    compute: Compute
    at_once: Compute
    of_model: bool = True

    def order(self, names: Sequence[str]) -> list[int]:
        """The arrays that it is tried out with come in its own order."""
        return list(range(len(names)))

    def run(self, inputs: Sequence[Any]) -> dict[str, Array]:
        """Outputs for NumPy inputs, sparse and ragged ones as the signature gives them."""
        outputs = self.at_once(self.tensors(inputs))
        return {
            name: to_numpy(part)
            for output, tensor in outputs.items()
            for name, part in components(output, tensor).items()
        }

    def tensors(self, inputs: Sequence[Any]) -> list[Any]:
        """NumPy inputs as tensors."""
        return [to_tensor(array, spec) for array, spec in zip(inputs, self.specs, strict=True)]

    def plain(self, inputs: Sequence[Any]) -> list[Array]:
        """The plain arrays that the signature takes for NumPy inputs."""
        return [
            to_numpy(part)
            for tensor in self.tensors(inputs)
            for part in components("", tensor).values()
        ]


def served_model(model: LoadedModel, call: Any, input_names: Names, output_names: Names) -> Served:
    """The model's own inference, in which everything that is loaded can be called.

    Args:
        model: the model.
        call: a ``tf.function`` of its inputs in their own structure.
        input_names: what the inputs are called, by default as their layers are.
        output_names: what the outputs are called, by default as the model says.

    Raises:
        NotExactError: it does not say what its inputs look like.
    """
    if not model.specs:
        raise NotExactError(
            "The model does not say what its input looks like, so it has no signature.",
            "Build it with an input shape.",
        )
    names = list(input_names) if input_names is not None else [spec.name for spec in model.specs]
    if len(names) != len(model.specs):
        raise NotExactError(f"The model has {len(model.specs)} inputs, not {len(names)}.")

    def compute(tensors: Sequence[Any]) -> dict[str, Any]:
        return model.named(call(model.pack(tensors)), output_names)

    def at_once(tensors: Sequence[Any]) -> dict[str, Any]:
        return model.named(model.model(model.pack(tensors), training=False), output_names)

    specs = tuple(replace(spec, name=name) for name, spec in zip(names, model.specs, strict=True))
    return Served(DEFAULT, specs, compute, at_once)


def served(model: LoadedModel, default: Served, request: Endpoint) -> Served:
    """What a request asks for.

    Raises:
        UsageError: the model has no such layer or method.
        MissingObjectError: the user's module has no such function.
        NotExactError: it can't be a signature.
    """
    if request.layers:
        return _served_layers(model, default, request)
    if request.method:
        function = getattr(model.model, request.method, None)
        if function is None:
            kind = type(model.model).__name__
            raise UsageError(f"--signature {request.name}: {kind} has no '{request.method}'")
        return _served_function(request, f".{request.method}", function)
    return _served_function(request, request.function, _made(model, request))


def _served_layers(model: LoadedModel, default: Served, request: Endpoint) -> Served:
    layers = find_layers(model.model, request.layers)
    calls: dict[str, int] = {}

    def compute(tensors: Sequence[Any]) -> dict[str, Any]:
        if not calls:
            libraries.tensorflow().function(
                lambda *given: calls.update(count_calls(model, given, layers)), autograph=False
            ).get_concrete_function(*map(type_spec, default.specs))
        return only_inner_outputs(model, tensors, layers, calls)

    def at_once(tensors: Sequence[Any]) -> dict[str, Any]:
        return inner_outputs(model, tensors, layers)

    return Served(request.name, default.specs, compute, at_once)


def _made(model: LoadedModel, request: Endpoint) -> Any:
    """What the user's function makes of the model."""
    where, _, name = request.function.partition(":")
    module = sys.modules.get(f"custom_{where}") or sys.modules.get(where)
    make = getattr(module, name, None)
    if not callable(make):
        raise MissingObjectError(
            f"--signature {request.name}: there is no function {request.function}",
            f"name its file with --custom {where}.py" if module is None else "",
        )
    try:
        return make(model.model)
    except Exception as error:
        raise MissingObjectError(
            f"--signature {request.name}: {request.function} fails: {one_line(error)}",
            "It is called with the model and returns a tf.function with an input_signature.",
        ) from error


def _served_function(request: Endpoint, text: str, function: Any) -> Served:
    """A ``tf.function`` of the user's; its own ``input_signature`` says what it takes."""
    tensorflow = libraries.tensorflow()
    structure = getattr(function, "input_signature", None)
    if structure is None:
        raise UsageError(
            f"--signature {request.name}: {text} is no tf.function with an input_signature",
            "decorate it with @tf.function(input_signature=[tf.TensorSpec(…)])",
        )
    flat = [
        (each, path)
        for name, part in zip(function.function_type.parameters, structure, strict=True)
        for each, path in _leaves(part, name)
    ]
    specs = tuple(_input_spec(each, getattr(each, "name", None) or path) for each, path in flat)

    def compute(tensors: Sequence[Any]) -> dict[str, Any]:
        return _by_name(function(*tensorflow.nest.pack_sequence_as(structure, list(tensors))))

    return Served(request.name, specs, compute, compute, of_model=False)


def _leaves(structure: Any, path: str) -> Iterator[tuple[Any, str]]:
    """The specs of an argument in TensorFlow's order, with names for them."""
    if isinstance(structure, Mapping):
        for key in sorted(structure):
            yield from _leaves(structure[key], f"{path}_{key}")
    elif isinstance(structure, list | tuple):
        for index, item in enumerate(structure):
            yield from _leaves(item, f"{path}_{index}")
    else:
        yield structure, path


def _input_spec(spec: Any, name: str) -> InputSpec:
    tensorflow = libraries.tensorflow()
    if spec.shape.rank is None:
        raise NotExactError(f"input {name} may have any number of axes, so it can't be tried out")
    forms = {tensorflow.SparseTensorSpec: "sparse", tensorflow.RaggedTensorSpec: "ragged"}
    return InputSpec(name, tuple(spec.shape), spec.dtype.name, form=forms.get(type(spec), "dense"))


def _by_name(outputs: Any) -> dict[str, Any]:
    """Outputs as TensorFlow itself names those of a signature."""
    if isinstance(outputs, Mapping):
        return dict(outputs)
    if hasattr(outputs, "_asdict"):
        return dict(outputs._asdict())
    several = outputs if isinstance(outputs, list | tuple) else [outputs]
    return {f"output_{index}": value for index, value in enumerate(several)}


@dataclass(frozen=True)
class Traced:
    """A signature's function, ready to be saved.

    Attributes:
        function: takes plain tensors, gives plain tensors by name.
        concrete: its only trace.
        specs: the plain tensors that it takes, under the names that the signature has for them.
        output_names: the plain tensors that it gives, in the model's order.
        renamed: inputs that could not keep their names.
    """

    function: Any
    concrete: Any
    specs: list[Any]
    output_names: list[str]
    renamed: dict[str, str]


def traced(endpoint: Served) -> Traced:
    """Traces a signature; inputs keep their names wherever TensorFlow takes them."""
    tensorflow = libraries.tensorflow()
    kinds = [type_spec(spec) for spec in endpoint.specs]
    groups = [component_specs(kind) for kind in kinds]
    wanted = [
        name
        for spec, kind in zip(endpoint.specs, kinds, strict=True)
        for name in component_names(spec.name, kind)
    ]
    names = signature_names(wanted)
    flat = [part for group in groups for part in group]
    specs = [
        tensorflow.TensorSpec(part.shape, part.dtype, name=name)
        for part, name in zip(flat, names, strict=True)
    ]
    order: list[str] = []

    def serve(*parts: Any) -> dict[str, Any]:
        rest, tensors = list(parts), []
        for kind, group in zip(kinds, groups, strict=True):
            tensors.append(assembled(kind, rest[: len(group)]))
            del rest[: len(group)]
        outputs: dict[str, Any] = {}
        for name, tensor in endpoint.compute(tensors).items():
            outputs.update(components(name, tensor))
        order[:] = outputs
        return outputs

    function = tensorflow.function(serve, input_signature=specs, autograph=False)
    concrete = function.get_concrete_function()
    renamed = {old: new for old, new in zip(wanted, names, strict=True) if old != new}
    return Traced(function, concrete, specs, order, renamed)


def signature_names(names: Sequence[str]) -> list[str]:
    """What a signature can call its inputs: by their own names wherever TensorFlow takes them.

    It makes operations of these names, which must differ by more than capitals, and Python
    arguments of them, where all other signs become ``_``.
    """
    chosen: dict[int, str] = {}
    taken: set[str] = set()
    # Names that nothing can happen to come first.
    for index in sorted(range(len(names)), key=lambda each: names[each] != _plain(names[each])):
        name = names[index]
        fitting = name if _NAME_OF_OPERATION.fullmatch(name) else _plain(name)
        fresh, number = fitting, 0
        while _plain(fresh).lower() in taken:
            number += 1
            fresh = f"{fitting}_{number}"
        taken.add(_plain(fresh).lower())
        chosen[index] = fresh
    return [chosen[index] for index in range(len(names))]


def _plain(name: str) -> str:
    """The name as a Python argument."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return plain if plain[:1].isalpha() else f"arg_{plain}"
