"""Slopes and thresholds that Keras 3 takes otherwise, or not at all.

What it sees: LeakyReLU with a slope above 1 or below 0, and ReLU with a threshold or a slope below
0.

Why it matters: TensorFlow up to 1.14 took the greater of x and slope · x, so that a slope above 1
fell on what is positive. Later ones and Keras 3 multiply what is negative, without an error. The
layers of Keras 3 refuse negative values ("should be >= 0"); its function relu takes them.

What kfix changes: negative values go to that function, which an Activation holds. Which TensorFlow
a file of Keras 2.1 to 2.3 or of tf.keras 2.2.4 is from, it does not say, so steep slopes are
refused there unless the user does: ``--writer keras-2.2.4-tensorflow-1.14``, ``--writer tf-2.0``.
That of TensorFlow up to 1.14 is a Rescaling by the slope, with a LeakyReLU in front that takes it
back from what is negative; later ones keep their slope.

Links: https://github.com/keras-team/keras/blob/master/keras/src/activations/activations.py
"""

from dataclasses import replace

from converter.model.description import Json, Layer, Writer
from converter.model.findings import Severity
from converter.rules._asking import which_writer
from converter.rules.base import Change, Context, Rule, Stage

MULTIPLIES_BEFORE = (2, 1)
"""Before this version stand-alone Keras multiplied what is negative itself."""

MULTIPLIES_SINCE = (2, 3)
"""From this version of tf.keras on it is TensorFlow 2 without a doubt."""

TENSORFLOW_MULTIPLIES_SINCE = (1, 15)


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The function where values are negative; a finding for slopes that may be TensorFlow 1's."""
    values = [layer.config.get(key) for key in ("negative_slope", "threshold")]
    if any(isinstance(value, int | float) and value < 0 for value in values):
        message = f"{layer.class_name} has a negative slope or threshold, which Keras 3 refuses"
        remedy = "written as an Activation that holds the function relu"
        return Change(Severity.BREAKS, message, (_as_function(layer),), remedy)
    if layer.class_name != "LeakyReLU" or not _is_steep(values[0]) or _is_sure(context.writer):
        return None
    message = f"LeakyReLU has the slope {values[0]}, which was another function in TensorFlow 1"
    if not context.writer.backend_version:
        return Change(Severity.REFUSED, message, remedy=_question(context.writer))
    remedy = "written as a LeakyReLU and a Rescaling"
    return Change(Severity.SILENT, message, _as_greater(layer, values[0]), remedy)


def _as_greater(layer: Layer, slope: Json) -> tuple[Layer, Layer]:
    """The greater of x and slope · x, for a slope above 1."""
    common = {key: layer.config[key] for key in ("dtype",) if key in layer.config}
    first = replace(layer, name=f"{layer.name}_inverse", build_config=None)
    scaled = Layer(layer.name, "Rescaling", {**common, "scale": slope, "offset": 0.0})
    return first.with_config(negative_slope=1 / slope), scaled


def _as_function(layer: Layer) -> Layer:
    limits = ("negative_slope", "threshold", "max_value")
    function = {
        "module": "keras.src.activations.activations",
        "class_name": "ReLU",
        "config": {key: layer.config[key] for key in limits if layer.config.get(key) is not None},
        "registered_name": "ReLU",
    }
    activation = replace(layer, class_name="Activation", build_config=None)
    return activation.with_config(drop=limits, activation=function)


def _is_steep(slope: Json) -> bool:
    return isinstance(slope, int | float) and slope > 1


def _is_sure(writer: Writer) -> bool:
    """Whether it is today's function."""
    if writer.backend_version >= TENSORFLOW_MULTIPLIES_SINCE:
        return True
    if writer.tf_keras:
        return writer.version >= MULTIPLIES_SINCE
    return writer.version < MULTIPLIES_BEFORE or writer.backend != "tensorflow"


def _question(writer: Writer) -> str:
    if writer.tf_keras:
        return which_writer("tf-1.14", "tf-2.0")
    release = f"keras-{writer.label}-tensorflow"
    return which_writer(f"{release}-1.14", f"{release}-1.15")


RULE = Rule(
    code="KF256",
    stage=Stage.MEANING,
    summary="steep and negative slopes of activation layers",
    generations=frozenset({1, 2}),
    classes=frozenset({"LeakyReLU", "ReLU"}),
    layer=rewrite,
    tf_keras_agrees=False,
)
