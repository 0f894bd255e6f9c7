"""Jobs: a function of the user's builds a model, weights are put into it, and Keras saves it.

The model stays in this process between the jobs: only weights travel.
"""

from __future__ import annotations

import inspect
import traceback
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from converter.engines import arrays, libraries
from converter.engines.custom import is_users, load_custom
from converter.engines.explain import one_line
from converter.engines.imports import import_value
from converter.engines.keras_repairs import replaced
from converter.engines.leniency import Favours, built_by_calling, require_loadable
from converter.engines.models import LoadedModel, id_limit, input_specs_of
from converter.engines.old_code import load_old
from converter.engines.rebuild import save
from converter.engines.results import Endpoint, InputSpec, Rebuild, to_json
from converter.engines.savedmodel import export
from converter.engines.trial import Trial, try_out
from converter.errors import (
    KfixError,
    MissingObjectError,
    NotAModelError,
    NotExactError,
    UsageError,
)
from converter.porting.dialect import Dialect

Array = np.ndarray[Any, Any]
WRAPPERS = frozenset({"TimeDistributed"})
"""Layers whose variables bear their own name, not that of the layer inside."""
NO_SHAPE = (
    "Say it: --input-shape 28,28,1, or for several inputs once each: NAME=28,28,1 (0=…, 1=… where"
    " they have no names)."
)


@dataclass
class _Held:
    """The model that the next job is about."""

    model: LoadedModel
    variables: list[Any]
    objects: Mapping[str, Any]


_HELD: dict[str, _Held] = {}


def build_model(
    *,
    builder: str,
    arguments: Mapping[str, Any],
    custom: Sequence[str],
    input_shapes: Mapping[str, Sequence[int | None]],
    dialect: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Builds the model and lists its variables.

    With a dialect the code is old, and builds a model of tf_keras.
    """
    known = load_custom(custom) if dialect is None else load_old(custom, Dialect(**dialect))
    objects = known.objects
    function, place = _function(builder)
    _library().utils.set_random_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = _called(function, arguments, builder, place)
        _require_model(model, builder, place)
        specs = _built(model, input_shapes, builder)
    own = {type(each).__name__: type(each) for each in _with_inner(model) if is_users(type(each))}
    tree = libraries.keras().tree if dialect is None else libraries.tensorflow().nest
    loaded = LoadedModel(model, tree, specs)
    units = list(_units(model))
    variables = [variable for unit in units for variable in unit.variables]
    _HELD["model"] = _Held(loaded, variables, {**own, **objects})
    return {
        "units": [unit.described() for unit in units],
        "bare": [each.name for each in _with_inner(model) if _is_bare(each)],
        "subclassed": is_users(type(model)),
        "class_name": type(model).__name__,
        "own": bool(own),
        "keras": libraries.label(_library().__name__),
    }


def _library() -> Any:
    """The Keras of this process."""
    return libraries.tf_keras() if libraries.is_legacy() else libraries.keras()


def _function(builder: str) -> tuple[Any, str]:
    """What is to be called, and the file it is in."""
    where, _, name = builder.rpartition(":")
    if not where or not name:
        raise UsageError(f"--builder {builder} names no function", "FILE.py:FUNCTION or a class")
    try:
        module = import_value(where).modules[0]
    except KfixError as error:
        message = str(error).replace("--custom", "--builder")
        raise type(error)(message, error.hint) from error
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        known = [key for key, item in vars(module).items() if callable(item) and is_users(item)]
        listed = ", ".join(known) or "nothing that could be called"
        raise UsageError(f"--builder {builder}: {where} has no {name}", f"it has: {listed}")
    return found, str(getattr(module, "__file__", "") or where)


def _called(function: Any, arguments: Mapping[str, Any], builder: str, place: str) -> Any:
    _require_arguments(function, arguments, builder)
    try:
        return function(**arguments)
    except (Exception, SystemExit) as error:
        raise _failed(error, builder, place, "failed") from error


def _require_arguments(function: Any, arguments: Mapping[str, Any], builder: str) -> None:
    """Raises UsageError when the call can't be made."""
    try:
        signature = inspect.signature(function)
        signature.bind(**arguments)
    except TypeError as error:
        raise UsageError(
            f"--builder {builder}: {error}", f"--builder-arg NAME=VALUE; it takes {signature}"
        ) from error
    except ValueError:
        return


def _failed(error: BaseException, builder: str, place: str, what: str) -> KfixError:
    """The user's own line is what he can mend."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename == place]
    where = f" at {Path(place).name}:{frames[-1].lineno}" if frames else ""
    hint = "The code has to run on the installed Keras, and must not need files that are not here."
    return MissingObjectError(f"--builder {builder} {what}{where}: {one_line(error)}", hint)


def _require_model(model: Any, builder: str, place: str) -> None:
    if isinstance(model, _library().Model):
        return
    kind = type(model)
    if kind.__module__.split(".")[0] == "tf_keras":
        raise MissingObjectError(
            f"--builder {builder} returned a model of tf_keras",
            "Build it with Keras 3: `import keras`, or `from tensorflow import keras`.",
        )
    told = "nothing" if model is None else f"a {kind.__name__}"
    raise UsageError(
        f"--builder {builder} returned {told}, not a Keras model",
        f"{Path(place).name}: the function has to end with `return model`",
    )


def _built(model: Any, shapes: Mapping[str, Sequence[int | None]], builder: str) -> list[InputSpec]:
    """Makes sure that all variables exist; returns what the inputs look like."""
    declared = input_specs_of(model, None)
    if declared:
        _require_same(declared, shapes, builder)
        return declared
    if not shapes:
        told = getattr(model, "build_input_shape", None) or getattr(
            model, "_build_input_shape", None
        )
        if not isinstance(told, tuple) or not told:
            raise UsageError(f"--builder {builder}: the model has no input shape yet", NO_SHAPE)
        shapes = {"": told[1:]}
    specs = _told(model, shapes)
    failure: Exception | None = None
    # Named inputs may be a dictionary or a list; whole numbers may be wanted as such.
    for structure in _structures(specs):
        try:
            model(structure, training=False)
            return specs
        except Exception as error:
            failure = failure or error
    assert failure is not None
    raise NotExactError(
        f"--builder {builder}: the model can't be called on"
        f" {', '.join(str(list(each.shape[1:])) for each in specs)}: {one_line(failure)}",
        NO_SHAPE,
    ) from failure


def _require_same(
    declared: Sequence[InputSpec], shapes: Mapping[str, Sequence[int | None]], builder: str
) -> None:
    for name, shape in shapes.items():
        for each in declared:
            if name in ("", each.name) and list(each.shape[1:]) != list(shape):
                raise UsageError(
                    f"--input-shape contradicts --builder {builder}: input {each.name} has the"
                    f" shape {list(each.shape[1:])}"
                )


def _told(model: Any, shapes: Mapping[str, Sequence[int | None]]) -> list[InputSpec]:
    limit = id_limit(model)
    specs = [InputSpec(name or "input", (None, *shape)) for name, shape in shapes.items()]
    if limit is None:
        return specs
    return [replace(each, low=0, high=limit, integral=True) for each in specs]


def _structures(specs: Sequence[InputSpec]) -> Iterator[Any]:
    tensorflow = libraries.tensorflow()
    sizes = [[2, *(extent or 32 for extent in each.shape[1:])] for each in specs]
    for dtype in ("float32", "int32"):
        zeros = [tensorflow.zeros(size, dtype) for size in sizes]
        yield zeros[0] if len(zeros) == 1 else zeros
        if len(zeros) > 1:
            yield dict(zip([each.name for each in specs], zeros, strict=True))


@dataclass(frozen=True)
class _Unit:
    """A layer with variables of its own."""

    layer: Any
    path: tuple[Any, ...]
    saved: dict[str, str]
    variables: tuple[Any, ...]

    def described(self) -> dict[str, Any]:
        steps = [(each.name, type(each).__name__) for each in self.path]
        return {
            "class_name": type(self.layer).__name__,
            "stock": not is_users(type(self.layer)),
            "config": _plain(self.layer),
            "path": steps,
            "saved": self.saved,
            "variables": [
                {
                    "name": each.name.rpartition("/")[2].partition(":")[0],
                    "shape": list(each.shape),
                    "dtype": getattr(each.dtype, "name", each.dtype),
                }
                for each in self.variables
            ],
        }


def _plain(layer: Any) -> dict[str, Any]:
    """The functions of a stock layer, by name: they say what its weights mean."""
    if is_users(type(layer)):
        return {}
    keys = ("activation", "recurrent_activation", "reset_after", "units", "filters")
    try:
        config = layer.get_config()
    except Exception:
        return {}
    return {key: config[key] for key in keys if isinstance(config.get(key), (str, int, bool))}


def _is_bare(layer: Any) -> bool:
    """Whether it is nothing but a hard_sigmoid."""
    return not layer.weights and _plain(layer).get("activation") == "hard_sigmoid"


def _units(model: Any) -> Iterator[_Unit]:
    """The layers with variables, in the order in which a legacy file holds them."""
    saved = {"checkpoint": _paths_in_checkpoint(model), "keras": _saved_paths(model)}
    # tf_keras goes on as TensorFlow 2.15 did.
    saved["tensorflow"] = saved["keras"] if libraries.is_legacy() else _paths_of_tensorflow(model)
    owners: dict[int, tuple[Any, tuple[Any, ...]]] = {}
    for layer, path in _walk(model, ()):
        for variable in _own(layer):
            owners.setdefault(id(variable), (layer, path))
    found: dict[int, list[Any]] = {}
    for variable in _in_order(model):
        if id(variable) in owners:
            found.setdefault(id(owners[id(variable)][0]), []).append(variable)
    layers = {id(layer): (layer, path) for layer, path in owners.values()}
    for identity, variables in found.items():
        layer, path = layers[identity]
        distinct = {id(each): each for each in variables}.values()
        ordered = [each for each in _own(layer) if any(each is other for other in distinct)]
        where = {way: paths.get(identity, "") for way, paths in saved.items()}
        yield _Unit(layer, path or (model,), where, tuple(ordered))


def _in_order(model: Any) -> Iterator[Any]:
    """Layer by layer, what is trainable first."""
    for layer in model.layers:
        yield from (*layer.trainable_weights, *layer.non_trainable_weights)
    yield from model.weights


def _own(layer: Any) -> list[Any]:
    if libraries.is_legacy():
        return [*layer._trainable_weights, *layer._non_trainable_weights]
    return [*layer._trainable_variables, *layer._non_trainable_variables]


def _walk(layer: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Every layer once, with the layers around it; the model itself has an empty path."""
    waiting, seen = [(layer, path)], set()
    while waiting:
        each, around = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each, around
        inside = list(each._flatten_layers(include_self=False, recursive=False))
        hidden = type(each).__name__ in WRAPPERS
        waiting += [(child, around if hidden else (*around, child)) for child in inside]


def _with_inner(model: Any) -> Iterator[Any]:
    yield from model._flatten_layers(include_self=True, recursive=True)


def _saved_paths(model: Any) -> dict[int, str]:
    """Where Keras 3 puts the variables of each layer in its own layout, by the layers' identity."""
    library = import_module(f"{_library().__name__}.src.saving.saving_lib")
    found: dict[int, str] = {}
    # The name of the last argument is not the same in both libraries.
    (seen,) = (
        each for each in inspect.signature(library._save_state).parameters if "visited" in each
    )

    def make(original: Any) -> Any:
        def noting(saveable: Any, *stores: Any, inner_path: str, **more: Any) -> None:
            found.setdefault(id(saveable), inner_path.replace("\\", "/"))
            original(saveable, *stores, inner_path=inner_path, **more)

        return noting

    with replaced(library, "_save_state", make):
        library._save_state(model, None, None, inner_path="", **{seen: set()})
    return found


def _paths_of_tensorflow(model: Any) -> dict[int, str]:
    """The same for tf.keras 2.14 and 2.15, which took attributes from the last to the first.

    They went into ``layers`` of every model, and did not count what was saved already.
    """
    library = import_module("keras.src.saving.saving_lib")
    naming = import_module("keras.src.utils.naming")
    found: dict[int, str] = {}

    def save(each: Any, path: str) -> None:
        if id(each) in found:
            return
        found[id(each)] = path
        attributes = dict(library._walk_saveable(each))
        if isinstance(each, libraries.keras().Model):
            attributes["layers"] = each.layers
        for name in sorted(attributes, reverse=True):
            inside, below = attributes[name], f"{path}/{name}".strip("/")
            if isinstance(inside, libraries.keras().Layer):
                save(inside, below)
            elif isinstance(inside, (list, dict, tuple)):
                save_all(list(inside.values()) if isinstance(inside, dict) else inside, below)

    def save_all(several: Iterable[Any], path: str) -> None:
        used: dict[str, int] = {}
        for each in several:
            if not isinstance(each, libraries.keras().Layer) or id(each) in found:
                continue
            name = naming.to_snake_case(type(each).__name__)
            number = used[name] = used.get(name, -1) + 1
            save(each, f"{path}/{name}_{number}" if number else f"{path}/{name}")

    save(model, "")
    return found


_BOOKKEEPING = ("_self_", "_layers", "_metrics", "_functional", "_tracker", "_loss_tracker")
"""How attributes begin in which Keras and TensorFlow keep what has a name of its own already."""


def _paths_in_checkpoint(model: Any) -> dict[int, str]:
    """Where a checkpoint of TensorFlow has each layer: the shortest way over attributes."""
    found: dict[int, str] = {}
    waiting: list[tuple[Any, str]] = [(model, "")]
    while waiting:
        each, path = waiting.pop(0)
        if id(each) in found:
            continue
        found[id(each)] = path
        for name, inside in _attributes(each):
            waiting.append((inside, f"{path}/{name}".strip("/")))
    return found


def _attributes(item: Any) -> Iterator[tuple[str, Any]]:
    """The layers that an object holds, by the names that a checkpoint gives them."""
    if isinstance(item, _library().Model) and not is_users(type(item)):
        with_weights = [layer for layer in item.layers if layer.weights]
        for number, layer in enumerate(with_weights):
            yield f"layer_with_weights-{number}", layer
        return
    for name, value in vars(item).items():
        if not name.startswith(_BOOKKEEPING):
            yield from _held(name, value)


def _held(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, _library().layers.Layer):
        yield name, value
    elif isinstance(value, (list, tuple)):
        for index, each in enumerate(value):
            yield from _held(f"{name}/{index}", each)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _held(f"{name}/{key}", each)


def fill_model(
    *,
    weights: str,
    places: Sequence[int],
    keras: str | None,
    h5: str | None,
    savedmodel: str | None,
    endpoints: Sequence[dict[str, Any]],
    test: dict[str, Any] | None,
) -> dict[str, Any]:
    """Puts arrays into the variables of the model that was built, and saves it."""
    held = _HELD["model"]
    model = held.model
    for place, array in zip(places, arrays.load(weights).values(), strict=True):
        variable = held.variables[place]
        if np.iscomplexobj(array):
            raise NotExactError(f"{variable.name} can't hold complex numbers")
        variable.assign(array)
        if not _same(np.asarray(variable), array):
            raise NotExactError(f"{variable.name} does not hold what was put into it")
    trial = None if test is None else Trial.of(test)
    if savedmodel is not None:
        requests = [Endpoint.of(each) for each in endpoints]
        return to_json(export(model, savedmodel, requests=requests, trial=trial))
    if libraries.is_legacy():
        assert h5 is not None
        return _saved_by_tf_keras(model.model, h5)
    files = [path for path in (keras, h5) if path is not None]
    if is_users(type(model.model)):
        _require_remakable(model.model, held.objects, h5 is not None)
    require_loadable(model.model, held.objects, Favours())
    caught = [text for path in files for text in save(model, path)]
    prediction = try_out(model, trial).saved(trial) if trial is not None else None
    report = Rebuild(
        engine=libraries.label("keras"),
        files=tuple(files),
        compiled=model.compiled,
        warnings=(*model.warnings, *caught),
        prediction=prediction,
    )
    return to_json(report)


def _saved_by_tf_keras(model: Any, path: str) -> dict[str, Any]:
    """Saves a model of Keras 2 as a legacy file, from which a conversion goes on.

    Raises:
        MissingObjectError: only its code can describe it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.save(path, save_format="h5")
    except (NotImplementedError, TypeError, ValueError) as error:
        kind = type(model).__name__
        told = f"the config of the model can't be saved: {one_line(error, 120)}"
        if is_users(type(model)):
            told = f"{kind} is a subclassed model of Keras 2, which only its code describes"
        raise MissingObjectError(
            told, f"Build it of Input and layers that have a get_config(). {_ALTERNATIVE}"
        ) from error
    return to_json(Rebuild(libraries.label("tf_keras"), (path,), compiled=False))


def _same(held: Array, array: Array) -> bool:
    return bool(np.array_equal(held, array.astype(held.dtype), equal_nan=held.dtype.kind == "f"))


_ALTERNATIVE = "--to savedmodel needs no class."


def _require_remakable(model: Any, objects: Mapping[str, Any], is_h5: bool) -> None:
    """A subclassed model is a class of the user's itself; Keras finds out at loading only.

    Raises:
        MissingObjectError: Keras could not load the result.
        UsageError: an .h5 can't hold it.
    """
    kind = type(model).__name__
    if is_h5:
        raise UsageError(
            f"Keras's .h5 can't hold {kind}, a subclassed model", "--to keras or --to savedmodel"
        )
    saving = libraries.keras().saving
    try:
        config = saving.serialize_keras_object(model)
        with libraries.keras().utils.custom_object_scope(dict(objects)), built_by_calling():
            saving.deserialize_keras_object(config, safe_mode=True)
    except Exception as error:
        told = f"plain Keras could not load {kind} from a .keras: {one_line(error, 120)}"
        if type(model).get_config is libraries.keras().Model.get_config:
            told = f"plain Keras could not load {kind} from a .keras: it has no get_config()"
        raise MissingObjectError(
            told,
            f"Give {kind} a get_config() that returns the arguments of its __init__()."
            f" {_ALTERNATIVE}",
        ) from error


def read_checkpoint(*, prefix: str, destination: str) -> dict[str, Any]:
    """The variables of a TensorFlow checkpoint as an ``.h5`` of arrays by their names."""
    import h5py

    tensorflow = libraries.tensorflow()
    try:
        reader = tensorflow.train.load_checkpoint(prefix)
    except (tensorflow.errors.OpError, ValueError) as error:
        name = Path(prefix).name
        raise NotAModelError(f"checkpoint {name} can't be read: {one_line(error)}") from error
    with h5py.File(destination, "w") as file:
        for name in reader.get_variable_to_shape_map():
            value = reader.get_tensor(name)
            if getattr(value, "dtype", None) is not None and value.dtype.kind in "biufc":
                file[name] = value
    return {"destination": destination}
