"""Helps the user's classes through Keras 3's loading, and says where plain Keras would not.

Code of Keras 2's days often takes no ``name``, or leaves layers inside to be built by ``call``. The
draft loads all the same. Whether what is written loads without this help is asked before it is
written; a SavedModel needs no class any more.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial, wraps
from importlib import import_module
from typing import Any

from converter.engines import libraries
from converter.engines.custom import is_users
from converter.engines.explain import explain, one_line
from converter.engines.keras_repairs import replaced
from converter.errors import KfixError, MissingObjectError

_BASE = frozenset({"name", "trainable", "dtype"})
_OF_KERAS_2 = frozenset({"batch_input_shape", "batch_size", "input_dtype"})
"""What Keras 1 and 2 put into the config of every layer, and of the first ones of a model."""


@dataclass
class Favours:
    """What was done for the user's classes while a draft was loaded.

    Attributes:
        defaults: arguments that the file does not hold, and the defaults that were taken.
        unbuilt: for each layer, by identity, the layers inside that its ``build`` leaves unbuilt.
        shapeless: layers, by identity, that were asked for a shape that their class does not tell.
    """

    defaults: list[str] = field(default_factory=list)
    unbuilt: dict[int, list[str]] = field(default_factory=dict)
    shapeless: set[int] = field(default_factory=set)


@contextmanager
def lenient_classes() -> Iterator[Favours]:
    """Three favours to the user's classes.

    What their constructors don't know of is taken out of configs, layers inside them are built
    where ``compute_output_shape`` spares Keras the call, and what shape comes out of a class that
    does not tell it is found by calling it, as Keras 2 did inside a TimeDistributed.
    """
    layer = libraries.keras().layers.Layer
    done = Favours()
    with (
        _lenient_constructors(done),
        replaced(layer, "compute_output_spec", partial(_calling, done)),
        replaced(layer, "compute_output_shape", partial(_tracing, done)),
    ):
        yield done


@contextmanager
def _lenient_constructors(done: Favours) -> Iterator[None]:
    operation = import_module("keras.src.ops.operation").Operation
    # Read from the class's own dictionary: a bound method would not serve its subclasses.
    original = vars(operation)["from_config"]
    operation.from_config = _without_unknown_arguments(done, original.__func__)
    try:
        yield
    finally:
        operation.from_config = original


def _without_unknown_arguments(done: Favours, plain: Callable[..., Any]) -> Any:
    def from_config(cls: Any, config: Mapping[str, Any]) -> Any:
        if not is_users(cls):
            return plain(cls, config)
        spare = _unknown(cls, config)
        made = plain(cls, {key: value for key, value in config.items() if key not in spare})
        done.defaults += _defaults_taken(made, config)
        if "name" in spare:
            made.name = config["name"]
        if "trainable" in spare and not config["trainable"]:
            made.trainable = False
        if "dtype" in spare and config["dtype"] != made.dtype_policy.name:
            made.dtype_policy = libraries.keras().dtype_policies.get(config["dtype"])
        return made

    return classmethod(from_config)


def _defaults_taken(layer: Any, config: Mapping[str, Any]) -> Iterator[str]:
    """Arguments of a class that has no ``get_config``: Keras 1 and 2 saved none of them."""
    if not _has_default(layer, "get_config") or not is_users(_giver_of_init(type(layer))):
        return
    for name, each in inspect.signature(type(layer).__init__).parameters.items():
        if each.default is not each.empty and name not in {*config, *_BASE, *_OF_KERAS_2}:
            where = config.get("name", layer.name)
            yield f"{where}: {type(layer).__name__}({name}={each.default!r})"


def _giver_of_init(cls: Any) -> Any:
    """The class whose constructor it has: one without its own takes nothing of its own."""
    return next(each for each in cls.__mro__ if "__init__" in vars(each))


def _unknown(cls: Any, config: Mapping[str, Any]) -> set[str]:
    """The keys of every layer's config that the constructor does not take."""
    given = inspect.signature(cls.__init__).parameters
    takes_all = any(each.kind is each.VAR_KEYWORD for each in given.values())
    spare = _OF_KERAS_2 if takes_all else _OF_KERAS_2 | _BASE
    return {key for key in config if key in spare and key not in given}


def _calling(done: Favours, original: Callable[..., Any]) -> Callable[..., Any]:
    plain = import_module("keras.src.ops.operation").Operation.compute_output_spec

    def compute_output_spec(self: Any, *arguments: Any, **options: Any) -> Any:
        spec = original(self, *arguments, **options)
        # A TimeDistributed runs the call() of the layer inside, and nothing else of it.
        own = self if is_users(type(self)) else getattr(self, "layer", None)
        unbuilt = _unbuilt(own) if own is not None and is_users(type(own)) else []
        if unbuilt:
            plain(self, *arguments, **options)
            if own is not self or not _has_default(self, "build"):
                left = [each.name for each in unbuilt if each.built and each.weights]
                done.unbuilt |= {id(own): left} if left else {}
        return spec

    return compute_output_spec


def _tracing(done: Favours, original: Callable[..., Any]) -> Callable[..., Any]:
    keras = libraries.keras()

    # With the mark by which Keras knows a method of its own.
    @wraps(original)
    def compute_output_shape(self: Any, input_shape: Any) -> Any:
        if not is_users(type(self)):
            return original(self, input_shape)
        done.shapeless.add(id(self))
        given = keras.KerasTensor(input_shape, self.compute_dtype)
        return keras.tree.map_structure(lambda each: each.shape, self.compute_output_spec(given))

    return compute_output_shape


def _unbuilt(layer: Any) -> list[Any]:
    return [each for each in layer._layers if not each.built]


def _has_default(layer: Any, method: str) -> bool:
    return bool(import_module("keras.src.utils").python_utils.is_default(getattr(layer, method)))


@contextmanager
def built_by_calling() -> Iterator[None]:
    """Saves no build state of a class that has no ``build``.

    Keras (3.15 and before) takes a layer for built when it finds such a state, and then never
    builds the layers inside; without it, it calls the layer to find out.
    """

    def make(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def get_build_config(self: Any) -> Any:
            own = is_users(type(self)) and _has_default(self, "build")
            # A model that comes with the shape of its input builds itself by running.
            is_model = isinstance(self, libraries.keras().Model)
            return None if own and not is_model else original(self)

        return get_build_config

    with replaced(libraries.keras().layers.Layer, "get_build_config", make):
        yield


def require_loadable(model: Any, objects: Mapping[str, Any], done: Favours) -> None:
    """Asks of each of the user's layers whether plain Keras makes it from what would be saved.

    Raises:
        MissingObjectError: naming the first that it does not, and what to add to the class.
    """
    with warnings.catch_warnings(), built_by_calling():
        warnings.simplefilter("ignore")
        for layer in _layers_of(model):
            if id(layer) in done.shapeless:
                raise _tells_no_shape(layer)
            if id(layer) in done.unbuilt:
                raise _leaves_unbuilt(layer, done.unbuilt[id(layer)])
            _require_round_trip(layer, objects)


def _require_round_trip(layer: Any, objects: Mapping[str, Any]) -> None:
    saving = libraries.keras().saving
    try:
        config = saving.serialize_keras_object(layer)
    except Exception as error:
        raise _no_config(layer, error) from error
    try:
        with libraries.keras().utils.custom_object_scope(dict(objects)):
            saving.deserialize_keras_object(config, safe_mode=True)
    except Exception as error:
        raise _not_remade(layer, config, objects, error) from error


def _layers_of(model: Any) -> Iterator[Any]:
    """The user's layers that a saved config names: of the model, models in it, and wrappers."""
    for layer in model.layers:
        if is_users(type(layer)):
            yield layer
        elif isinstance(getattr(layer, "layers", None), list):
            yield from _layers_of(layer)
        else:
            held = [getattr(layer, key, None) for key in ("layer", "cell", "forward_layer")]
            yield from (each for each in held if each is not None and is_users(type(each)))


_ALTERNATIVE = "--to savedmodel needs no class."


def _leaves_unbuilt(layer: Any, left: Sequence[str]) -> MissingObjectError:
    kind = type(layer).__name__
    names = ", ".join(left)
    return MissingObjectError(
        f"layer {layer.name}: {kind}.build() does not build {names}, and Keras 3 does not run"
        " call() of a class that has compute_output_shape(), so it could not load the result",
        f"Build them in {kind}.build(), or take compute_output_shape() out. {_ALTERNATIVE}",
    )


def _tells_no_shape(layer: Any) -> MissingObjectError:
    kind = type(layer).__name__
    return MissingObjectError(
        f"layer {layer.name}: {kind} has no compute_output_shape(), which Keras 3 asks of a layer"
        " inside another, so it could not load the result",
        f"Give {kind} a compute_output_shape(). {_ALTERNATIVE}",
    )


def _no_config(layer: Any, error: Exception) -> MissingObjectError:
    kind = type(layer).__name__
    why = "has no get_config(), and arguments that are not plain values"
    if not isinstance(error, NotImplementedError):
        why = f"has a get_config() that fails: {one_line(error)}"
    return MissingObjectError(
        f"layer {layer.name}: Keras 3 can't save {kind}, which {why}",
        f"Give {kind} a get_config() that returns its arguments. {_ALTERNATIVE}",
    )


def _not_remade(layer: Any, config: Any, objects: Mapping[str, Any], error: Exception) -> KfixError:
    kind = type(layer).__name__
    found = explain(error, config, objects, f"layer {layer.name}", MissingObjectError)
    return MissingObjectError(
        f"layer {layer.name}: plain Keras could not load the result: {found}",
        f"{kind}.__init__() has to take what {kind}.get_config() returns (or **kwargs)."
        f" {_ALTERNATIVE}",
    )
