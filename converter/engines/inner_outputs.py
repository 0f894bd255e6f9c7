"""What inner layers of a model give: taken down while the model runs, whatever kind it is of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from difflib import get_close_matches
from typing import Any

from converter.engines import arrays, libraries
from converter.engines.keras_repairs import replaced
from converter.engines.models import LoadedModel
from converter.errors import NotExactError, UsageError

_OTHER_SIGNS = re.compile(r"[^A-Za-z0-9_.>-]")
"""What may have become ``_`` in the name of a layer on its way to Keras 3."""


class _Complete(BaseException):
    """All that was wanted has been computed; no error, so nothing on the way may catch it."""


def find_layers(model: Any, paths: Sequence[str]) -> dict[str, Any]:
    """The layers of these names, by the names.

    A layer inside a nested model is named by its path, ``base/block5``, or by its own name where no
    other has that.

    Raises:
        UsageError: no layer is called so, or several are.
    """
    return {_label(path, layer): layer for path, layer in ((p, _found(model, p)) for p in paths)}


def has_layer(model: Any, path: str) -> bool:
    """Whether exactly one layer is called so."""
    try:
        _found(model, path)
    except UsageError:
        return False
    return True


def _label(path: str, layer: Any) -> str:
    """What an output is called: as its layer is; with signs that the layer's name has lost."""
    return path if _plain(path) == _plain(layer.name) else str(layer.name)


def _found(model: Any, path: str) -> Any:
    every = dict(_layers(model, ""))
    if path in every:
        return every[path]
    for name_of in (_plain, lambda known: _plain(known.rpartition("/")[2])):
        matching = {
            id(each): each for known, each in every.items() if name_of(known) == _plain(path)
        }
        if len(matching) == 1:
            return next(iter(matching.values()))
        if matching:
            places = ", ".join(known for known, each in every.items() if id(each) in matching)
            raise UsageError(f"there are {len(matching)} layers '{path}'", f"say which: {places}")
    near = get_close_matches(path, every, 5, 0.4) or list(every)[-5:]
    raise UsageError(
        f"the model has no layer '{path}'", f"its layers are called like: {', '.join(near)}"
    )


def _plain(name: str) -> str:
    return _OTHER_SIGNS.sub("_", name)


def _layers(model: Any, above: str) -> Iterator[tuple[str, Any]]:
    """All layers and operations that can be called, with their paths, in nested models as well."""
    for layer in getattr(model, "operations", ()) or getattr(model, "layers", ()):
        if type(layer).__name__ == "InputLayer":
            continue
        path = f"{above}{layer.name}"
        yield path, layer
        if getattr(layer, "layers", None):
            yield from _layers(layer, f"{path}/")


def inner_outputs(
    model: LoadedModel, tensors: Sequence[Any], layers: Mapping[str, Any]
) -> dict[str, Any]:
    """The outputs of layers, by their names; those of a layer that is called twice get numbers.

    Raises:
        NotExactError: a layer does not take part in the computation, or inside a loop only.
    """
    with _recorded(layers) as calls:
        model.call(tensors)
    return _named(model, calls)


def only_inner_outputs(
    model: LoadedModel, tensors: Sequence[Any], layers: Mapping[str, Any], calls: Mapping[str, int]
) -> dict[str, Any]:
    """The same, and nothing is computed that comes later: a stateful layer would remember it.

    Args:
        model: the model.
        tensors: its inputs.
        layers: the wanted layers.
        calls: how often the model calls each of them, as `count_calls` says.
    """
    with _recorded(layers, calls) as found, suppress(_Complete):
        model.call(tensors)
    return _named(model, found)


def count_calls(
    model: LoadedModel, tensors: Sequence[Any], layers: Mapping[str, Any]
) -> dict[str, int]:
    """How often the model calls each of the layers."""
    with _recorded(layers) as calls:
        model.call(tensors)
    return {name: len(outputs) for name, outputs in calls.items()}


def _named(model: LoadedModel, calls: Mapping[str, list[Any]]) -> dict[str, Any]:
    names: list[str] = []
    values: list[Any] = []
    for name, outputs in calls.items():
        if not outputs:
            raise NotExactError(
                f"layer {name} gives no output of its own: the model does not call it, or another"
                " layer does so inside a loop"
            )
        flat = model.tree.flatten(outputs)
        names += [name] * len(flat)
        values += flat
    return dict(zip(arrays.distinct(names), values, strict=True))


@contextmanager
def _recorded(
    layers: Mapping[str, Any], wanted: Mapping[str, int] | None = None
) -> Iterator[dict[str, list[Any]]]:
    """Takes down what the layers return when they are called, in this graph."""
    calls: dict[str, list[Any]] = {name: [] for name in layers}
    names = {id(layer): name for name, layer in layers.items()}
    graph = _graph()

    def recording(owner: type) -> Any:
        def make(original: Any) -> Any:
            def call(self: Any, *args: Any, **kwargs: Any) -> Any:
                outputs = original(self, *args, **kwargs)
                name = names.get(id(self))
                # A class that extends the call of its base comes here twice.
                if name is not None and _owner(type(self)) is owner and _graph() is graph:
                    calls[name].append(outputs)
                    if wanted is not None and all(len(calls[n]) >= wanted[n] for n in calls):
                        raise _Complete
                return outputs

            return call

        return make

    with ExitStack() as stack:
        for owner in {_owner(type(layer)) for layer in layers.values()}:
            stack.enter_context(replaced(owner, "__call__", recording(owner)))
        yield calls


def _owner(kind: type) -> type:
    """The class that defines what happens when an object of this class is called."""
    return next(each for each in kind.__mro__ if "__call__" in vars(each))


def _graph() -> Any:
    """The graph that is being traced, None where values are computed at once."""
    tensorflow = libraries.tensorflow()
    return None if tensorflow.executing_eagerly() else tensorflow.compat.v1.get_default_graph()
