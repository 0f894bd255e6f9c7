"""Jobs with tf_keras and the user's code as it is: running a model, and writing a SavedModel."""

from __future__ import annotations

import re
import traceback
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from converter.engines import libraries
from converter.engines.custom import CustomObjects
from converter.engines.explain import one_line
from converter.engines.gate import is_foreign, read_config, refuse_code, walk
from converter.engines.models import LoadedModel, input_specs_of, named_after_content
from converter.engines.old_code import is_library, load_old
from converter.engines.results import Endpoint, to_json
from converter.engines.savedmodel import export
from converter.engines.trial import Trial, try_out
from converter.errors import KfixError, MissingObjectError, NotExactError
from converter.porting.dialect import Dialect

_UNKNOWN = re.compile(r"Unknown (\w+): '?([\w>]+)'?")

_REJECTED = re.compile(
    r"Error when deserializing class '(\w+)' .*Exception encountered: (.*)", re.DOTALL
)
_IN_USER_CODE = re.compile(r'File "([^"]+)", line (\d+), in')
_REASON = re.compile(r"\w*(Error|Exception): ")
"""How TensorFlow tells of an error inside a function that it has rewritten."""


def predict_old(
    *,
    source: str,
    custom: Sequence[str],
    dialect: dict[str, Any],
    build_input_shape: Sequence[int | None] | None,
    test: dict[str, Any],
) -> dict[str, Any]:
    """Runs a model with the user's old code."""
    trial = Trial.of(test)
    model = _load(source, custom, dialect, build_input_shape)
    return to_json(try_out(model, trial).saved(trial))


def export_old(
    *,
    source: str,
    destination: str,
    custom: Sequence[str],
    dialect: dict[str, Any],
    input_names: Sequence[str] | None,
    output_names: Sequence[str] | None,
    endpoints: Sequence[dict[str, Any]],
    build_input_shape: Sequence[int | None] | None,
    test: dict[str, Any] | None,
) -> dict[str, Any]:
    """Writes the SavedModel of a model with the user's old code, and describes its signatures."""
    model = _load(source, custom, dialect, build_input_shape)
    requests = [Endpoint.of(each) for each in endpoints]
    trial = None if test is None else Trial.of(test)
    return to_json(export(model, destination, input_names, output_names, requests, trial))


def _load(
    source: str,
    custom: Sequence[str],
    dialect: dict[str, Any],
    build_input_shape: Sequence[int | None] | None,
) -> LoadedModel:
    objects = load_old(custom, Dialect(**dialect))
    return load_old_model(source, objects, build_input_shape)


def load_old_model(
    path: str | Path, objects: CustomObjects, build_input_shape: Sequence[int | None] | None
) -> LoadedModel:
    """Loads a file of Keras 2 with tf_keras and the user's classes.

    tf_keras imports what a config names as a module, so everything of the user's has to be among
    the objects before it sees the file.

    Raises:
        MissingObjectError: a class is not among the objects, or fails.
        NotExactError: tf_keras can't read the file.
        UnsafeContentError: the file carries code.
    """
    config = read_config(path)
    refuse_code(config, Path(path).name, stock_only=False)
    named = objects.for_config(config)
    _require(config, named)
    library, tensorflow = libraries.tf_keras(), libraries.tensorflow()
    library.utils.set_random_seed(0)
    tensorflow.debugging.disable_traceback_filtering()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = library.models.load_model(
                named_after_content(path), custom_objects=named, compile=False
            )
            if build_input_shape is not None and not model.built:
                model.build(tuple(build_input_shape))
        except Exception as error:
            raise _explained(error, Path(path).name) from error
    specs = input_specs_of(model, build_input_shape)
    return LoadedModel(model, tensorflow.nest, specs, custom=objects.used_by(config))


def _require(config: Any, named: Mapping[str, Any]) -> None:
    missing = [
        _told(item, named)
        for _, item in walk(config)
        if "class_name" in item and is_foreign(item.get("module")) and not _given(item, named)
    ]
    if missing:
        listed = ", ".join(dict.fromkeys(missing))
        raise MissingObjectError(
            f"The model needs custom objects that were not given: {listed}.",
            "Pass --custom FILE.py that defines them.",
        )


def _given(item: Mapping[str, Any], named: Mapping[str, Any]) -> bool:
    """By the very name under which tf_keras looks first; else it would import the module."""
    is_function = item["class_name"] == "function"
    name = item.get("config") if is_function else item.get("registered_name")
    return isinstance(name, str) and name in named


def _told(item: Mapping[str, Any], named: Mapping[str, Any]) -> str:
    name = str(item.get("config") if item["class_name"] == "function" else item["class_name"])
    return f"{item['module']}.{name}" if name in named else name


def _explained(error: Exception, name: str) -> KfixError:
    what = f"{libraries.label('tf_keras')} cannot load {name}"
    unknown = _UNKNOWN.search(str(error))
    if unknown:
        return MissingObjectError(
            f"The model needs {unknown[1].replace('_', ' ')} {unknown[2]}, which was not given.",
            "Pass --custom FILE.py that defines it.",
        )
    rejected = _REJECTED.search(str(error))
    if rejected:
        return MissingObjectError(
            f"{rejected[1]} can't be made from its config: {rejected[2]}",
            "Give the version of the class that the file was saved with.",
        )
    place, reason = _place(error)
    if place:
        return MissingObjectError(
            f"The custom code failed at {place}: {reason}",
            "The class must fit the file's config, and its words exist in tf_keras.",
        )
    return NotExactError(f"{what}: {one_line(error)}")


def _place(error: BaseException) -> tuple[str, str]:
    """File and line of the user's code where it failed, and why; empty where it was not there."""
    link: BaseException | None = error
    while link is not None:
        told = [(each[1], int(each[2])) for each in _IN_USER_CODE.finditer(str(link))]
        frames = traceback.extract_tb(link.__traceback__)
        places = [*((frame.filename, frame.lineno or 0) for frame in frames), *told]
        own = [(name, line) for name, line in places if not is_library(name)]
        if own:
            reason = str(link).rpartition("\n\n")[0] if told else ""
            lines = [line.strip() for line in reason.splitlines() if _REASON.match(line.strip())]
            return f"{Path(own[-1][0]).name}:{own[-1][1]}", lines[-1] if lines else one_line(link)
        link = link.__cause__ or link.__context__
    return "", ""
