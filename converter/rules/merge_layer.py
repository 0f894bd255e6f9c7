"""Merge, the one layer of Keras 1 for all that joins tensors.

What it sees: Merge, and what the function ``merge`` made, of Keras 1 and of Keras 2 before 2.2.

Why Keras 3 trips: "Unknown layer: Merge".

What kfix changes: by its mode it becomes Add, Multiply, Average, Maximum, Concatenate or Dot. Mode
``cos`` is left to ``merge-cosine``, and a mode that is a function to ``lambda-layers``.

Links: https://github.com/keras-team/keras/wiki/Keras-2.0-release-notes
"""

from __future__ import annotations

from dataclasses import replace

from converter.model.description import Call, Json, Layer
from converter.model.findings import Severity
from converter.model.structures import refs
from converter.rules._removed import is_the_users
from converter.rules.base import Change, Context, Rule, Stage

CLASSES = {
    "sum": "Add",
    "mul": "Multiply",
    "ave": "Average",
    "max": "Maximum",
    "concat": "Concatenate",
    "dot": "Dot",
}


def rename(layer: Layer, context: Context) -> Change | None:
    """The layer that its mode names."""
    if is_the_users(layer, context):
        return None
    mode = layer.config.get("mode", "sum")
    kind = layer.config.get("mode_type", "raw")
    if kind != "raw":
        return None
    class_name = CLASSES.get(mode)
    if class_name is None:
        return None
    config: dict[str, Json] = {}
    if class_name == "Concatenate":
        config["axis"] = layer.config.get("concat_axis", -1)
    if class_name == "Dot":
        config["axes"] = layer.config.get("dot_axes", -1)
    calls = tuple(map(_without_empty_masks, layer.calls))
    new = replace(layer, class_name=class_name, config=config, calls=calls)
    message = f"Merge(mode={mode!r}) was removed from Keras"
    return Change(Severity.BREAKS, message, (new,), f"written as {class_name}")


def _without_empty_masks(call: Call) -> Call:
    """Keras 2 wrote down that there is no mask for any input, which Keras 3 does not take."""
    empty = next(refs(call.kwargs.get("mask")), None) is None
    kwargs = {key: value for key, value in call.kwargs.items() if key != "mask" or not empty}
    return Call(call.args, kwargs)


RULE = Rule(
    code="KF156",
    stage=Stage.CLASSES,
    summary="Merge is a layer for each mode today",
    generations=frozenset({1, 2}),
    classes=frozenset({"Merge"}),
    layer=rename,
)
