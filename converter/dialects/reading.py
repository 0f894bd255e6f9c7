"""What the dialects check while they read, so that a broken config is told, not tripped over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from converter.errors import NotAModelError
from converter.model.description import Json, Layer, Model, TensorRef
from converter.model.structures import call_refs, calls_in_order, refs


def whole_model(config: Json, parse_layer: Callable[[Json], Layer]) -> Model:
    """Reads the config of a whole model with a dialect's reader of layers.

    Raises:
        NotAModelError: when the config is no Sequential or Functional model, or contradicts itself.
    """
    if not isinstance(config, Mapping) or "config" not in config:
        raise NotAModelError("the model config is not a dictionary with class_name and config")
    try:
        layer = parse_layer(config)
    except RecursionError:
        raise NotAModelError("the model config is nested too deeply to be one of Keras's") from None
    if layer.model is None:
        raise NotAModelError(
            f"the model is a subclassed one ({config.get('class_name')}); its config has no layers",
            "Its architecture lives in the code that defined the class.",
        )
    return layer.model


def mapping(value: Json, what: str) -> Mapping[str, Json]:
    """The value, which has to be a dictionary.

    Raises:
        NotAModelError: when it is none.
    """
    if not isinstance(value, Mapping):
        raise NotAModelError(f"{what} is {_short(value)} where a dictionary should be")
    return value


WRAPPED = {
    "Bidirectional": ("layer", "backward_layer"),
    "RNN": ("cell",),
    "StackedRNNCells": ("cells",),
    "TimeDistributed": ("layer",),
}
"""Where the config of a stock class holds a layer; the user's own may hold there what they like."""


def require_layers(
    class_name: str, config: Mapping[str, Json], inner: Mapping[str, Layer], name: str
) -> None:
    """Refuses a wrapper or an RNN around what is no layer.

    Raises:
        NotAModelError: naming it.
    """
    for key in WRAPPED.get(class_name, ()):
        value = config.get(key)
        if key not in config or (key == "backward_layer" and value is None):
            continue
        found = [each for path, each in inner.items() if path.split("/")[0] == key]
        if not found or any(_is_no_class(each.class_name) for each in found):
            raise NotAModelError(
                f"{key} of layer '{name}' ({class_name}) is {_short(value)} where a layer should be"
            )


def _is_no_class(name: str) -> bool:
    return name == "function" or name.startswith("__")


def sequence(value: Json, what: str) -> list[Json]:
    """The value, which has to be a list.

    Raises:
        NotAModelError: when it is none.
    """
    if not isinstance(value, list):
        raise NotAModelError(f"{what} is {_short(value)} where a list should be")
    return value


def tensor(history: Json) -> TensorRef:
    """The tensor that ``[layer, call, output]`` names.

    Raises:
        NotAModelError: when it has another form.
    """
    if not is_history(history):
        raise NotAModelError(f"the graph refers to {_short(history)}, which is no tensor")
    layer, call, output = history[:3]
    return TensorRef(layer, call, output)


def is_history(value: Json) -> bool:
    """Whether a value has the form ``[layer, call, output]``, with arguments behind it or not."""
    if not isinstance(value, list) or len(value) not in (3, 4) or not isinstance(value[0], str):
        return False
    return all(isinstance(each, int) and not isinstance(each, bool) for each in value[1:3])


def sound(model: Model) -> Model:
    """The graph itself, if all its layers can be called and give what its outputs need.

    Raises:
        NotAModelError: when names are used twice, or when calls need what there is not.
    """
    require_names(model.name, model.layers)
    names = [layer.name for layer in model.layers]
    twice = sorted({name for name in names if names.count(name) > 1}) if _repeats(names) else []
    if twice:
        raise NotAModelError(f"the model '{model.name}' has two layers of the name '{twice[0]}'")
    callable_ = {(layer.name, index) for layer, index in calls_in_order(model)}
    for layer in model.layers:
        for index, call in enumerate(layer.calls):
            if (layer.name, index) not in callable_:
                missing = [ref.layer for ref in call_refs(call) if ref.layer not in names]
                raise NotAModelError(_uncallable(layer.name, missing))
    for ref in [*refs(model.inputs), *refs(model.outputs)]:
        if (ref.layer, ref.call) not in callable_:
            raise NotAModelError(
                f"the model '{model.name}' ends in call {ref.call} of '{ref.layer}', "
                "which it does not have"
            )
    return model


def require_names(model: str, layers: Sequence[Layer]) -> None:
    """Refuses a model with a nameless layer: by their names layers and weights are found.

    Raises:
        NotAModelError: naming the model and the layer's class.
    """
    for layer in layers:
        if not layer.name:
            raise NotAModelError(f"a {layer.class_name} of the model '{model}' has no name")


def _repeats(names: list[str]) -> bool:
    return len(set(names)) != len(names)


def _uncallable(name: str, missing: list[str]) -> str:
    if missing:
        return f"the graph refers to a layer '{missing[0]}' that it does not have"
    return f"the graph has a loop, or '{name}' takes the output of a call that is not there"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
