"""Jobs: writing a SavedModel that holds every weight once, and running one with TensorFlow alone.

``model.export`` writes the weights twice and calls the outputs ``output_0``; a plain ``tf.Module``
with one traced function does neither and is faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from converter.engines import arrays, libraries
from converter.engines.compare import all_finite, compare_outputs
from converter.engines.custom import load_custom
from converter.engines.explain import one_line
from converter.engines.keras_repairs import repaired_layers
from converter.engines.models import LoadedModel, load_keras, to_numpy
from converter.engines.results import (
    Export,
    Prediction,
    TensorInfo,
    Tolerance,
    Verification,
    to_json,
)
from converter.engines.trial import Trial, try_out
from converter.errors import NotExactError, VerificationError

Array = np.ndarray[Any, Any]


def export_savedmodel(
    *,
    source: str,
    destination: str,
    custom: Sequence[str],
    input_names: Sequence[str] | None,
    output_names: Sequence[str] | None,
    build_input_shape: Sequence[int | None] | None,
    test: dict[str, Any] | None,
) -> dict[str, Any]:
    """Writes the SavedModel and describes its signature."""
    objects = load_custom(custom)
    model = load_keras(source, objects, compile=False, build_input_shape=build_input_shape)
    prediction = None
    if test is not None:
        trial = Trial.of(test)
        prediction = try_out(model, trial).saved(trial)
        model.reset()
    inputs = _signature_inputs(model, input_names)
    try:
        outputs = _write(model, inputs, output_names, destination)
    except NotExactError:
        raise
    except Exception as error:
        raise NotExactError(
            f"The model cannot be written as a SavedModel: {one_line(error)}",
            "Layers that run Python code cannot be traced by TensorFlow.",
        ) from error
    engine = libraries.label("tensorflow")
    return to_json(Export(engine, tuple(inputs), tuple(outputs), prediction))


def _signature_inputs(model: LoadedModel, names: Sequence[str] | None) -> list[TensorInfo]:
    if not model.specs:
        raise NotExactError(
            "The model does not say what its input looks like, so it has no signature.",
            "Build it with an input shape.",
        )
    given = list(names) if names is not None else [spec.name for spec in model.specs]
    if len(given) != len(model.specs):
        raise NotExactError(f"The model has {len(model.specs)} inputs, not {len(given)}.")
    return [
        TensorInfo(name, spec.shape, spec.dtype)
        for name, spec in zip(_argument_names(given), model.specs, strict=True)
    ]


def _argument_names(names: Sequence[str]) -> list[str]:
    """The names as TensorFlow would change them anyway, so that the report tells the truth."""
    plain = ["".join(sign if sign.isalnum() else "_" for sign in name) for name in names]
    return arrays.distinct([name if name[:1].isalpha() else f"arg_{name}" for name in plain])


def _write(
    model: LoadedModel,
    inputs: Sequence[TensorInfo],
    output_names: Sequence[str] | None,
    destination: str,
) -> list[TensorInfo]:
    tensorflow = libraries.tensorflow()
    specs = [tensorflow.TensorSpec(item.shape, item.dtype, name=item.name) for item in inputs]

    def serve(*tensors: Any) -> dict[str, Any]:
        outputs = model.call(tensors)
        names = list(output_names) if output_names else model.output_names(len(outputs))
        return dict(zip(arrays.distinct(names), outputs, strict=True))

    function = tensorflow.function(serve, input_signature=specs, autograph=False)
    with repaired_layers():
        concrete = function.get_concrete_function()
    module = tensorflow.Module()
    module.weights = [variable.value for variable in model.model.weights]
    module.resources = _other_resources(concrete, module.weights)
    module.serve = function
    tensorflow.saved_model.save(module, destination, signatures={"serving_default": concrete})
    # Dictionaries are sorted on the way through TensorFlow; the model's own order is what callers
    # want.
    structure = concrete.structured_outputs
    names = list(output_names) if output_names else model.output_names(len(structure))
    return [_info(name, structure[name]) for name in arrays.distinct(names)]


def _info(name: str, tensor: Any) -> TensorInfo:
    shape = tensor.shape
    extents = tuple(shape) if shape.rank is not None else ()
    return TensorInfo(name, extents, tensor.dtype.name)


def _other_resources(concrete: Any, weights: Sequence[Any]) -> list[Any]:
    """What the function captured besides the weights: tables, RNN states, seeds, stray variables.

    A SavedModel must own them, but Keras keeps them in many places. The captured handles know the
    objects that they belong to.
    """
    resource = libraries.tensorflow().resource
    known = {id(weight) for weight in weights}
    captured = [tensor for tensor in concrete.captured_inputs if tensor.dtype == resource]
    owners = [owner for owner in map(_owner, captured) if owner is not None]
    return list({id(owner): owner for owner in owners if id(owner) not in known}.values())


def _owner(handle: Any) -> Any:
    reference = getattr(handle, "_parent_trackable", None)
    return None if reference is None else reference()


def verify_savedmodel(
    *,
    path: str,
    inputs: str,
    reference: str | None,
    input_names: Sequence[str] | None,
    output_names: Sequence[str] | None,
    tolerance: dict[str, float],
    outputs_path: str,
) -> dict[str, Any]:
    """Loads the SavedModel where Keras is not, runs ``serving_default`` and compares."""
    libraries.tensorflow_alone()
    fed = arrays.load(inputs)
    expected = None if reference is None else arrays.load(reference)
    named = dict(zip(input_names or list(fed), fed.values(), strict=True))
    raw = _serve(path, named)
    names = list(output_names or expected or raw)
    missing = [name for name in names if name not in raw]
    if missing:
        raise VerificationError(f"The SavedModel gives no output '{missing[0]}'.")
    outputs = {name: raw[name] for name in names}
    arrays.save(outputs_path, outputs)
    comparisons = (
        ()
        if expected is None
        else compare_outputs(outputs, list(expected.values()), Tolerance(**tolerance))
    )
    verification = Verification(
        reader=libraries.label("tensorflow"),
        reference="" if expected is None else "arrays",
        note="" if expected is not None else "no reference was asked for",
        compiled=False,
        random=any(not item.ok for item in comparisons) and _is_random(path, named),
        prediction=Prediction(
            inputs,
            outputs_path,
            arrays.describe(named),
            arrays.describe(outputs),
            all_finite(outputs),
        ),
        comparisons=comparisons,
    )
    return to_json(verification)


def _serve(path: str, inputs: dict[str, Array]) -> dict[str, Array]:
    tensorflow = libraries.tensorflow()
    try:
        loaded = tensorflow.saved_model.load(path)
        function = loaded.signatures["serving_default"]
        wanted = function.structured_input_signature[1]
        fed = {
            name: tensorflow.cast(_constant(array), wanted[name].dtype)
            if array.dtype.kind not in "SU"
            else _constant(array)
            for name, array in inputs.items()
        }
        return {name: to_numpy(tensor) for name, tensor in function(**fed).items()}
    except Exception as error:
        raise VerificationError(
            f"The SavedModel does not run in TensorFlow alone: {one_line(error)}"
        ) from error


def _constant(array: Array) -> Any:
    tensorflow = libraries.tensorflow()
    return tensorflow.constant(array.astype(object) if array.dtype.kind == "U" else array)


def _is_random(path: str, inputs: dict[str, Array]) -> bool:
    # Loaded afresh each time, so that a stateful layer starts from zero and is not taken for a
    # random one.
    first, second = _serve(path, inputs), _serve(path, inputs)
    return any(not np.array_equal(first[name], second[name]) for name in first)
