"""Input shapes in Keras 2's words.

What it sees: ``batch_input_shape`` (and ``input_dtype``, ``input_dim``, ``input_length``) on input
layers and on the first layer of a Sequential.

Why Keras 3 trips: an input layer takes ``batch_shape``. On any other layer Keras 3 keeps the batch
dimension as part of the shape, so a Sequential gains an axis ("expected ndim=3, found ndim=4").

What kfix changes: an input layer gets ``batch_shape``; a Sequential without one gets the input
layer that its first layer implied; the arguments go from all other layers.

Links: https://github.com/tensorflow/tensorflow/issues/66381
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

SHAPE_KEYS = (
    "batch_input_shape",
    "input_shape",
    "input_dtype",
    "input_length",
    "batch_size",
    "build_input_shape",
)
KEPT = {"Embedding": frozenset(), "InputLayer": frozenset({"sparse", "ragged", "dtype"})}


def rewrite(layer: Layer, context: Context) -> Change | None:
    """Turns ``batch_input_shape`` into ``batch_shape`` on input layers and removes it elsewhere."""
    if layer.class_name == "InputLayer":
        return _input_layer(layer)
    present = [key for key in SHAPE_KEYS if key in layer.config]
    if layer.class_name != "Embedding" and "input_dim" in layer.config:
        present.append("input_dim")
    if not present:
        return None
    said = ", ".join(present)
    message = f"{layer.class_name} states the input shape ({said}), which Keras 3 reads wrongly"
    return Change(
        Severity.BREAKS, message, (layer.with_config(drop=present),), "an input layer states it"
    )


def _input_layer(layer: Layer) -> Change | None:
    config = layer.config
    if "batch_input_shape" not in config:
        return None
    keep = {key: config[key] for key in ("sparse", "ragged") if config.get(key)}
    dtype = config.get("dtype") or config.get("input_dtype") or "float32"
    new = layer.with_config(
        drop=list(config), batch_shape=config["batch_input_shape"], dtype=dtype, **keep
    )
    return Change(
        Severity.NOTICE, "InputLayer has batch_input_shape", (new,), "written as batch_shape"
    )


RULE = Rule(
    code="KF110",
    stage=Stage.ARGUMENTS,
    summary="input layers take batch_shape, other layers no input shape",
    generations=frozenset({1, 2}),
    layer=rewrite,
)
