"""Jobs that load a file and run it: against the program that wrote its source, or alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from converter.engines import arrays, libraries
from converter.engines.compare import compare_outputs
from converter.engines.custom import CustomObjects, load_custom
from converter.engines.divergence import first_difference
from converter.engines.explain import one_line
from converter.engines.inner_outputs import find_layers, has_layer, inner_outputs
from converter.engines.models import (
    LoadedModel,
    load_keras,
    load_tf_keras,
    release,
    to_numpy,
    to_tensor,
)
from converter.engines.results import Comparison, Tolerance, Verification, to_json
from converter.engines.trial import Outcome, Trial, is_random, run, try_out
from converter.errors import KfixError, UsageError, VerificationError

Array = np.ndarray[Any, Any]
BuildShape = Sequence[int | None] | None
Loader = Callable[[], LoadedModel]


def verify_keras(
    *,
    output: str,
    reference: str | None,
    reference_kind: str,
    custom: Sequence[str],
    tolerance: dict[str, float],
    build_input_shape: BuildShape,
    compile: bool,
    test: dict[str, Any],
) -> dict[str, Any]:
    """Loads a written file with stock Keras and compares what it computes with the reference."""
    objects, trial = load_custom(custom), Trial.of(test)

    def load() -> LoadedModel:
        return load_keras(
            output,
            objects,
            compile=compile,
            build_input_shape=build_input_shape,
            traced=True,
            failure=VerificationError,
        )

    model = load()
    outcome = try_out(model, trial)
    compiled, warnings = model.compiled, model.warnings
    # Two models in memory would double the peak; the first is loaded again only to find out more.
    del model
    release()
    source = partial(_load, reference, reference_kind, objects, build_input_shape)
    expected, note = _expected(reference, reference_kind, source, outcome)
    limits = Tolerance(**tolerance)
    comparisons = _compare(outcome, expected, limits)
    random, place = False, ""
    if not all(item.ok for item in comparisons):
        random = is_random(load(), outcome.inputs)
        if not random and reference_kind != "arrays":
            place = first_difference(load(), source(), outcome.inputs, limits)
    verification = Verification(
        reader=libraries.label("keras"),
        reference=reference_kind if expected is not None else "",
        note=note,
        compiled=compiled,
        random=random,
        prediction=outcome.saved(trial),
        comparisons=comparisons,
        first_difference=place,
        warnings=warnings,
    )
    return to_json(verification)


def _compare(
    outcome: Outcome, expected: list[Array] | None, tolerance: Tolerance
) -> tuple[Comparison, ...]:
    return () if expected is None else compare_outputs(outcome.outputs, expected, tolerance)


def _expected(
    reference: str | None, kind: str, load: Loader, outcome: Outcome
) -> tuple[list[Array] | None, str]:
    """The reference's outputs, or None and why there are none."""
    if reference is None:
        return None, "no reference was asked for"
    if kind == "arrays":
        return list(arrays.load(reference).values()), ""
    try:
        return list(run(load(), outcome.inputs).values()), ""
    except UsageError:
        raise
    except KfixError as error:
        return None, str(error)
    except Exception as error:
        return None, f"{kind} cannot run {Path(reference).name}: {one_line(error)}"


def _load(
    path: Any, kind: str, objects: CustomObjects, build_input_shape: BuildShape
) -> LoadedModel:
    if kind == "tf_keras":
        return load_tf_keras(path, build_input_shape)
    if kind == "keras":
        # As the output is: some layers of Keras compute otherwise when called eagerly.
        return load_keras(
            path, objects, compile=False, build_input_shape=build_input_shape, traced=True
        )
    raise UsageError(f"'{kind}' is no reader of models: keras, tf_keras.")


def verify_inner(
    *,
    output: str,
    reference: str,
    reference_kind: str,
    custom: Sequence[str],
    build_input_shape: BuildShape,
    layers: Sequence[str],
    inputs: str,
    tolerance: dict[str, float],
) -> list[dict[str, Any]]:
    """Compares what inner layers give in a written file and in its source.

    Layers that the source does not have, as those that a rule has put in, are left out.
    """
    objects = load_custom(custom)
    source = _load(reference, reference_kind, objects, build_input_shape)
    known = [path for path in layers if has_layer(source.model, path)]
    expected = _inner(source, known, inputs)
    del source
    release()
    found = _inner(_load(output, "keras", objects, build_input_shape), known, inputs)
    compared = compare_outputs(found, list(expected.values()), Tolerance(**tolerance))
    return [to_json(each) for each in compared]


def _inner(model: LoadedModel, layers: Sequence[str], inputs: str) -> dict[str, Array]:
    given = arrays.load(inputs)
    values = list(given.values())
    tensors = [
        to_tensor(values[position], spec)
        for position, spec in zip(model.order(list(given)), model.specs, strict=True)
    ]
    outputs = inner_outputs(model, tensors, find_layers(model.model, layers))
    return {name: to_numpy(output) for name, output in outputs.items()}


def predict(
    *,
    source: str,
    reader: str,
    custom: Sequence[str],
    build_input_shape: BuildShape,
    test: dict[str, Any],
) -> dict[str, Any]:
    """Loads a file with the reader that was asked for and runs it."""
    trial = Trial.of(test)
    objects = load_custom(custom) if custom or reader == "keras" else CustomObjects()
    model = _load(source, reader, objects, build_input_shape)
    return to_json(try_out(model, trial).saved(trial))
