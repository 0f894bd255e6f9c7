"""Jobs: writing a SavedModel that holds every weight once, and running one with TensorFlow alone.

``model.export`` writes the weights twice and calls the outputs ``output_0``; traced functions over
the variables themselves do neither and are faster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from converter.engines import arrays, libraries
from converter.engines.compare import all_finite, compare_outputs
from converter.engines.components import fed, gathered, type_spec
from converter.engines.custom import load_custom
from converter.engines.drafts import load_draft
from converter.engines.endpoints import DEFAULT, Served, Traced, served, served_model, traced
from converter.engines.explain import one_line
from converter.engines.keras_repairs import own_layers_by_autograph, repaired_layers
from converter.engines.models import LoadedModel, to_numpy
from converter.engines.results import (
    Endpoint,
    Export,
    Prediction,
    Signature,
    TensorInfo,
    Tolerance,
    Verification,
    to_json,
)
from converter.engines.trial import Outcome, Trial, try_out
from converter.errors import KfixError, NotExactError, VerificationError

Array = np.ndarray[Any, Any]


def export_savedmodel(
    *,
    source: str,
    destination: str,
    custom: Sequence[str],
    input_names: Sequence[str] | None,
    output_names: Sequence[str] | None,
    endpoints: Sequence[dict[str, Any]],
    build_input_shape: Sequence[int | None] | None,
    test: dict[str, Any] | None,
) -> dict[str, Any]:
    """Writes the SavedModel and describes its signatures."""
    objects = load_custom(custom)
    model, done = load_draft(source, objects, compile=False, build_input_shape=build_input_shape)
    requests = [Endpoint.of(each) for each in endpoints]
    trial = None if test is None else Trial.of(test)
    report = export(model, destination, input_names, output_names, requests, trial)
    return to_json(replace(report, defaults=tuple(dict.fromkeys(done.defaults))))


def export(
    model: LoadedModel,
    destination: str,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    requests: Sequence[Endpoint] = (),
    trial: Trial | None = None,
) -> Export:
    """Writes a model of any Keras as a SavedModel.

    Args:
        model: the model; it says what its inputs look like.
        destination: the folder.
        input_names: what the inputs are called, by default as their layers are.
        output_names: what the outputs are called, by default as their layers are.
        requests: signatures besides the model's own, or in the place of ``serving_default``.
        trial: also compute what the signatures have to give.

    Raises:
        NotExactError: it can't be traced.
        UsageError: a signature is asked for that the model can't have.
    """
    call = _call(model)
    default = served_model(model, call, input_names, output_names)
    offered = {DEFAULT: default, **{each.name: served(model, default, each) for each in requests}}
    outcomes = {} if trial is None else _outcomes(model, offered, trial)
    try:
        with repaired_layers():
            functions = _written(model, call, offered, destination)
    except KfixError:
        raise
    except Exception as error:
        raise NotExactError(
            f"The model cannot be written as a SavedModel: {one_line(error)}",
            "Layers that run Python code cannot be traced by TensorFlow.",
        ) from error
    predictions = [
        _prediction(offered[name], functions[name], outcome, trial)
        for name, outcome in outcomes.items()
        if trial is not None
    ]
    signatures = tuple(_signature(name, function) for name, function in functions.items())
    return Export(libraries.label("tensorflow"), signatures, tuple(predictions))


def _written(
    model: LoadedModel, call: Any, offered: Mapping[str, Served], destination: str
) -> dict[str, Traced]:
    """The functions of the signatures, traced and saved."""

    def write() -> dict[str, Traced]:
        functions = {name: traced(each) for name, each in offered.items()}
        _save(model, call, functions, destination)
        return functions

    try:
        return write()
    except libraries.tensorflow().errors.OperatorNotAllowedInGraphError:
        with own_layers_by_autograph(model.model):
            return write()


def _call(model: LoadedModel) -> Any:
    """The model as a function of its inputs in their own structure."""
    structure = model.pack([type_spec(spec) for spec in model.specs]) if model.specs else None
    return libraries.tensorflow().function(
        lambda inputs: model.model(inputs, training=False),
        input_signature=[structure],
        autograph=False,
    )


def _outcomes(
    model: LoadedModel, offered: Mapping[str, Served], trial: Trial
) -> dict[str, Outcome]:
    """What each signature has to give; each starts from a model that remembers nothing."""
    first = try_out(model, trial)
    fed = list(first.inputs.values())
    ordered = [fed[position] for position in model.order(list(first.inputs))]
    outcomes: dict[str, Outcome] = {}
    for name, each in offered.items():
        model.reset()
        if each.of_model:
            given = dict(zip([spec.name for spec in each.specs], ordered, strict=True))
            outcomes[name] = Outcome(given, each.run(ordered))
        else:
            outcomes[name] = try_out(each, replace(trial, specs=None, arrays=None))
    model.reset()
    return outcomes


def _prediction(served: Served, function: Traced, outcome: Outcome, trial: Trial) -> Prediction:
    """The arrays on disk, under the signature's own names."""
    names = [spec.name for spec in function.specs]
    inputs = dict(zip(names, served.plain(list(outcome.inputs.values())), strict=True))
    place = replace(
        trial,
        inputs_path=_beside(trial.inputs_path, served.name),
        outputs_path=_beside(trial.outputs_path, served.name),
    )
    return Outcome(inputs, outcome.outputs).saved(place)


def _beside(path: str, name: str) -> str:
    return str(Path(path).with_name(f"{Path(path).stem}-{name}.npz"))


def _signature(name: str, function: Traced) -> Signature:
    inputs = tuple(_info(spec.name, spec) for spec in function.specs)
    results = function.concrete.structured_outputs
    # Dictionaries are sorted on the way through TensorFlow; the model's own order is what callers
    # want.
    outputs = tuple(_info(output, results[output]) for output in function.output_names)
    return Signature(name, inputs, outputs, function.renamed)


def _info(name: str, tensor: Any) -> TensorInfo:
    shape = tensor.shape
    extents = tuple(shape) if shape.rank is not None else ()
    return TensorInfo(name, extents, tensor.dtype.name)


def _save(model: LoadedModel, call: Any, functions: Mapping[str, Traced], destination: str) -> None:
    """Writes the functions with the variables, which stay variables.

    ``weights`` comes before the lists: the first way that leads to a variable names it in the
    checkpoint.
    """
    tensorflow = libraries.tensorflow()
    root = tensorflow.__internal__.tracking.AutoTrackable()
    named = _named_weights(model)
    root.weights = named
    others = _other_resources(functions.values(), list(named.values()))
    variables = [*named.values(), *(each for each in others if _is_variable(each))]
    root.variables = variables
    root.trainable_variables = [each for each in variables if each.trainable]
    root.non_trainable_variables = [each for each in variables if not each.trainable]
    root.resources = others
    # The whole structure of inputs as the one argument, as the model itself takes it.
    root.serve = root.__call__ = call
    signatures = {name: function.concrete for name, function in functions.items()}
    tensorflow.saved_model.save(root, destination, signatures=signatures)


def _is_variable(item: Any) -> bool:
    return isinstance(item, libraries.tensorflow().Variable)


def _named_weights(model: LoadedModel) -> dict[str, Any]:
    """TensorFlow's variables of the model by their paths in it, trainable as the layers say."""
    weights = list(model.model.weights)
    trainable = {id(each) for each in model.model.trainable_weights}
    names = [getattr(each, "path", None) or each.name.split(":")[0] for each in weights]
    variables = [each if _is_variable(each) else each.value for each in weights]
    for weight, variable in zip(weights, variables, strict=True):
        # Freezing a layer leaves TensorFlow's own mark as it was; it goes into the SavedModel.
        variable._trainable = id(weight) in trainable
    return dict(zip(arrays.distinct(names), variables, strict=True))


def _other_resources(functions: Iterable[Traced], weights: Sequence[Any]) -> list[Any]:
    """What the functions captured besides the weights: tables, RNN states, seeds, stray variables.

    A SavedModel must own them, but Keras keeps them in many places. The captured handles know the
    objects that they belong to.
    """
    resource = libraries.tensorflow().resource
    known = {id(weight) for weight in weights}
    captured = [
        tensor
        for function in functions
        for tensor in function.concrete.captured_inputs
        if tensor.dtype == resource
    ]
    owners = [owner for owner in map(_owner, captured) if owner is not None]
    return list({id(owner): owner for owner in owners if id(owner) not in known}.values())


def _owner(handle: Any) -> Any:
    reference = getattr(handle, "_parent_trackable", None)
    return None if reference is None else reference()


def verify_savedmodel(
    *,
    path: str,
    signature: str,
    inputs: str,
    reference: str | None,
    input_names: Sequence[str] | None,
    output_names: Sequence[str] | None,
    tolerance: dict[str, float],
    outputs_path: str,
) -> dict[str, Any]:
    """Loads the SavedModel where Keras is not, runs a signature and compares."""
    libraries.tensorflow_alone()
    given = arrays.load(inputs)
    expected = None if reference is None else arrays.load(reference)
    named = dict(zip(input_names or list(given), given.values(), strict=True))
    raw = _serve(path, signature, named)
    outputs = _wanted(raw, list(output_names or expected or raw))
    arrays.save(outputs_path, outputs)
    comparisons = (
        ()
        if expected is None
        else compare_outputs(outputs, list(expected.values()), Tolerance(**tolerance))
    )
    different = any(not item.ok for item in comparisons)
    verification = Verification(
        reader=libraries.label("tensorflow"),
        reference="" if expected is None else "arrays",
        note="" if expected is not None else "no reference was asked for",
        compiled=False,
        random=different and _is_random(path, signature, named),
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


def _wanted(raw: Mapping[str, Array], names: Sequence[str]) -> dict[str, Array]:
    """The outputs of these names, sparse and ragged ones densely."""
    outputs: dict[str, Array] = {}
    for name in names:
        array = gathered(name, raw)
        if array is None:
            raise VerificationError(f"The SavedModel gives no output '{name}'.")
        outputs[name] = array
    return outputs


def _serve(path: str, signature: str, inputs: Mapping[str, Any]) -> dict[str, Array]:
    """Runs a signature as TensorFlow Serving does: by the graph and the names in it."""
    tensorflow = libraries.tensorflow()
    tensorflow.get_logger().setLevel("ERROR")
    legacy = tensorflow.compat.v1
    try:
        with tensorflow.Graph().as_default(), legacy.Session() as session:
            graph = legacy.saved_model.load(session, ["serve"], path)
            found = graph.signature_def[signature]
            values = session.run(
                {name: tensor.name for name, tensor in found.outputs.items()},
                _feeds(found.inputs, inputs),
            )
    except KfixError:
        raise
    except Exception as error:
        raise VerificationError(
            f"The SavedModel does not run in TensorFlow alone: {one_line(error)}"
        ) from error
    return {name: to_numpy(value) for name, value in values.items()}


def _feeds(wanted: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Array]:
    """The arrays for the tensors that a signature takes."""
    tensorflow = libraries.tensorflow()
    parts = {
        key: value
        for name, array in inputs.items()
        for key, value in fed(name, array, wanted.__contains__).items()
    }
    if len(parts) == len(wanted) == 1:
        parts = dict(zip(wanted, parts.values(), strict=True))
    missing = sorted(set(wanted) - set(parts))
    if missing:
        raise VerificationError(
            f"The SavedModel takes an input '{missing[0]}', which the model does not have."
        )
    dtypes = {name: tensorflow.dtypes.as_dtype(each.dtype) for name, each in wanted.items()}
    return {
        each.name: parts[name]
        if dtypes[name] == tensorflow.string
        else parts[name].astype(dtypes[name].as_numpy_dtype)
        for name, each in wanted.items()
    }


def _is_random(path: str, signature: str, inputs: Mapping[str, Any]) -> bool:
    # Loaded afresh each time, so that a stateful layer starts from zero and is not taken for a
    # random one.
    first, second = _serve(path, signature, inputs), _serve(path, signature, inputs)
    return any(not np.array_equal(first[name], second[name]) for name in first)
