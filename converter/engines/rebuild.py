"""Job: Keras itself loads what kfix has written, with the user's classes, and saves it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from converter.engines import libraries
from converter.engines.custom import CustomObjects, load_custom
from converter.engines.drafts import load_draft
from converter.engines.explain import failure_in_user_code, one_line
from converter.engines.keras_repairs import distinct_weight_names, frugal_memory
from converter.engines.leniency import Favours, built_by_calling, require_loadable
from converter.engines.models import LoadedModel, linked, warning_texts
from converter.engines.results import Rebuild, to_json
from converter.engines.trial import Outcome, Trial, try_out
from converter.errors import KfixError, NotExactError, VerificationError


def rebuild(
    *,
    source: str,
    keras: str | None,
    h5: str | None,
    custom: Sequence[str],
    compile: bool,
    build_input_shape: Sequence[int | None] | None,
    test: dict[str, Any] | None,
) -> dict[str, Any]:
    """Loads the intermediate file and writes the wanted files."""
    objects = load_custom(custom)
    model, done, note = load_with_compile_state(source, objects, compile, build_input_shape)
    # In this order: writing an .h5 takes the optimizer out of the model's own compile state (Keras
    # 3.15), and a .keras written after it comes back with RMSprop.
    files = [path for path in (keras, h5) if path is not None]
    require_loadable(model.model, objects.objects, done)
    caught = [text for path in files for text in save(model, path)]
    prediction = None
    if test is not None:
        trial = Trial.of(test)
        prediction = _tried_out(model, trial, objects).saved(trial)
    report = Rebuild(
        engine=libraries.label("keras"),
        files=tuple(files),
        compiled=model.compiled,
        compile_note=note,
        custom_objects=model.custom,
        elsewhere={
            each: place for each, place in objects.elsewhere.items() if each in model.custom
        },
        warnings=(*model.warnings, *caught),
        defaults=tuple(dict.fromkeys(done.defaults)),
        prediction=prediction,
    )
    return to_json(report)


def _tried_out(model: LoadedModel, trial: Trial, objects: CustomObjects) -> Outcome:
    try:
        return try_out(model, trial)
    except VerificationError as error:
        raise failure_in_user_code(error, objects.objects) or error from error


def load_with_compile_state(
    source: str,
    objects: CustomObjects,
    compile: bool,
    build_input_shape: Sequence[int | None] | None,
) -> tuple[LoadedModel, Favours, str]:
    """The model, compiled if that can be had; else why not."""

    def load(compile: bool) -> tuple[LoadedModel, Favours]:
        return load_draft(source, objects, compile=compile, build_input_shape=build_input_shape)

    if not compile:
        return *load(False), ""
    try:
        return *load(True), ""
    except KfixError as error:
        # A lost loss function must not cost the model; if the model itself is at fault, this raises
        # again.
        return *load(False), one_line(error.__cause__ or error)


def save(model: LoadedModel, path: str) -> list[str]:
    """Has Keras save a model; returns what it warned of.

    Raises:
        NotExactError: it can't.
    """
    helping = (frugal_memory(), built_by_calling(), distinct_weight_names())
    with warnings.catch_warnings(record=True) as caught, ExitStack() as stack:
        warnings.simplefilter("always")
        for each in helping:
            stack.enter_context(each)
        try:
            # Through a link, so that Keras's working file lies in the engine's own folder.
            target = Path(path).resolve()
            model.model.save(linked(target, target.suffix))
        except Exception as error:
            raise NotExactError(
                f"Keras cannot save the model as {path}: {one_line(error)}"
            ) from error
    return warning_texts(caught)
