"""A Sequential that does not say what its input is.

What it sees: a Sequential whose config holds neither an input layer nor an input shape, with
weights: stand-alone Keras 2 and tf.keras 1 lose the shape when the model starts with an InputLayer.

Why Keras 3 trips: it can't build the layers, so it has no place for the weights ("Layer 'dense' was
never built", "Layer count mismatch").

What kfix changes: an input layer is added where the layers and their weights leave only one shape:
a recurrent layer or a convolution says how many axes there are, the first weights how long the last
one is, and a Dense behind a Flatten how long the others are (a Conv1D of 3 steps, 4 filters, and a
Dense on 16 take 6 steps). Axes that no weight depends on stay open. A model of Dense layers alone
could have more axes than one, and the height of a picture is not known from its area: such models
are refused unless the shape is given, without the batch: ``--input-shape 28,28,1``, with ``none``
for an open axis.

Links: https://github.com/keras-team/keras/issues/10417
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from converter.model.description import Layer, Model
from converter.model.findings import Severity
from converter.rules._input_shapes import Found, contradicts, input_shape
from converter.rules.base import Context, ModelChange, Rule, Stage

MESSAGE = "the model does not say what shape its input has"
AXES = {1: "STEPS", 2: "HEIGHT,WIDTH", 3: "DEPTH,HEIGHT,WIDTH"}
"""What the axes between the batch and the channels are called."""


def add_input(model: Model, context: Context) -> Iterator[ModelChange]:
    """Adds the input layer that layers and weights imply; for the top model only.

    It comes before rules that turn and replace layers, as those want to know the input.
    """
    if context.path or model.kind != "sequential" or not model.layers:
        return
    first = model.layers[0]
    if first.class_name == "InputLayer":
        yield from _held_against(model) if context.told_shape else ()
        return
    if model.config.get("build_input_shape") or not any(map(_has_weights, model.layers)):
        return
    found = input_shape(model.layers)
    if found.shape is None:
        yield ModelChange(Severity.REFUSED, f"{MESSAGE}{_known(found)}", remedy=_question(found))
        return
    dtype = "int32" if first.class_name == "Embedding" else "float32"
    config = {"batch_shape": list(found.shape), "dtype": dtype}
    given = Layer(f"{first.name}_input", "InputLayer", config)
    new = replace(model, layers=(given, *model.layers))
    yield ModelChange(Severity.BREAKS, MESSAGE, new, f"its weights say {_shown(found.shape)}")


def _has_weights(layer: Layer) -> bool:
    inside = layer.model.layers if layer.model else layer.inner.values()
    return bool(layer.weights) or any(map(_has_weights, inside))


def _held_against(model: Model) -> Iterator[ModelChange]:
    """A finding where the weights do not fit the shape that the user has told."""
    shape = model.layers[0].config.get("batch_shape")
    if isinstance(shape, list) and len(shape) > 1 and contradicts(model.layers[1:], shape):
        message = f"the weights do not fit an input of the shape {_shown(shape)}"
        yield ModelChange(Severity.REFUSED, message)


def _known(found: Found) -> str:
    """What could be found out about a shape that is not determined."""
    if found.flat and found.channels:
        axes = AXES.get(found.axes or 0, "").lower().replace(",", " × ")
        return f"; in front of its Flatten, {axes} × {found.channels} = {found.flat}"
    return f"; it has {found.features} features" if found.features else ""


def _question(found: Found) -> str:
    return f"Say it without the batch: --input-shape {_options(found)}."


def _options(found: Found) -> str:
    if found.axes is None:
        last = found.features
        return f"{last} or, with more axes, none,{last}" if last else "28,28,1, for example"
    axes, channels = AXES.get(found.axes, ""), str(found.features or "CHANNELS")
    parts = [channels, axes] if found.channels_first else [axes, channels]
    shape = axes if found.embedded else ",".join(filter(None, parts))
    return f"{shape}, for example {_shown(found.example)}" if found.example else shape


def _shown(shape: Sequence[int | None]) -> str:
    """A shape without its batch axis, as the option takes it."""
    return ",".join("none" if size is None else str(size) for size in shape[1:])


RULE = Rule(
    code="KF305",
    stage=Stage.ARGUMENTS,
    summary="a Sequential that does not say what its input is",
    generations=frozenset({1, 2}),
    model=add_input,
)
