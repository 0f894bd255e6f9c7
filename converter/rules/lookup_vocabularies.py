"""Vocabularies of lookup layers.

What it sees: TextVectorization, StringLookup and IntegerLookup in the words of TensorFlow 2.1 to
2.5, and those of any release whose vocabulary is not in the file.

Why Keras 3 trips: it knows no ``max_values``, ``mask_value`` and ``oov_value``, and its layers pad
to ``max_tokens`` only where there are any. Without a vocabulary a model loads, and fails when it is
called. What ``adapt()`` or ``set_vocabulary()`` gave a layer, no .h5 holds: TensorFlow up to 2.15
stops saving there ("Save or restore weights that is not an instance of `tf.Variable` is not
supported in h5") and leaves a file without the weights of layers whose names come later in the
alphabet; Keras 3 leaves it out without a word. TextVectorization of TensorFlow 2.6 does so even
with what it was made with.

What kfix changes: the words become today's. In TensorFlow 2.3 and 2.4 no index stood for unknown
words where indices were turned back into words, so there ``num_oov_indices`` becomes 0. A layer
without a vocabulary is refused, unless ``--vocabulary LAYER=FILE`` gives it; a path that the file
names is never followed.

Links: https://keras.io/api/layers/preprocessing_layers/text/text_vectorization/,
https://github.com/keras-team/keras/pull/21751
"""

from __future__ import annotations

from converter.layouts.variables import LOOKUPS
from converter.layouts.vocabularies import weighted
from converter.model.description import Json, Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

RENAMED = {"max_values": "max_tokens", "mask_value": "mask_token", "oov_value": "oov_token"}
MODES = {"binary": "multi_hot", "tf-idf": "tf_idf"}


def rewrite(layer: Layer, context: Context) -> Change | None:
    """The layer in today's words, or what it lacks."""
    lacking = _lacking(layer, context)
    if lacking:
        return lacking
    new = _renamed(layer, context) if context.writer.generation == 2 else layer
    if new.config.get("output_mode") == "tf_idf":
        new = new.with_config(**weighted(new.class_name, new.config))
    if new.config == layer.config:
        return None
    message = f"{layer.class_name} is in the words of an earlier release"
    return Change(Severity.BREAKS, message, (new,), "written in today's")


def _lacking(layer: Layer, context: Context) -> Change | None:
    vocabulary, name = layer.config.get("vocabulary"), context.path
    remedy = (
        f"Give it with --vocabulary {name}=FILE, a token on each line: layer.get_vocabulary() in"
        " the program that has the model."
    )
    if isinstance(vocabulary, str):
        message = f"{layer.class_name} reads its vocabulary from {vocabulary}: never followed"
        return Change(Severity.REFUSED, message, remedy=remedy)
    if not vocabulary:
        message = f"{layer.class_name} has no vocabulary in this file"
        return Change(Severity.REFUSED, message, remedy=remedy)
    is_tf_idf = layer.config.get("output_mode") in ("tf_idf", "tf-idf")
    if is_tf_idf and not layer.config.get("idf_weights"):
        message = f"{layer.class_name} has no idf_weights in this file"
        remedy = f"Give both with --vocabulary {name}=FILE.json: vocabulary and idf_weights."
        return Change(Severity.REFUSED, message, remedy=remedy)
    release = context.writer.version
    counts = layer.config.get("output_mode", "int") != "int"
    if counts and release < (2, 3) and context.writer.generation == 2:
        return Change(Severity.REFUSED, f"{layer.class_name} counted in integers in this release")
    unknown = layer.config.get("num_oov_indices", 1)
    several = isinstance(unknown, int) and unknown > 1 and not layer.config.get("invert")
    if several and (2,) <= release < (2, 5):
        message = f"{layer.class_name} gave unknown words other indices in this release"
        return Change(Severity.REFUSED, message)
    return None


def _renamed(layer: Layer, context: Context) -> Layer:
    config: dict[str, Json] = {RENAMED.get(key, key): value for key, value in layer.config.items()}
    mode = config.get("output_mode")
    if isinstance(mode, str) and mode in MODES:
        config["output_mode"] = MODES[mode]
    if config.get("pad_to_max_tokens") and not config.get("max_tokens"):
        config["pad_to_max_tokens"] = False
    if config.get("invert") and context.writer.version < (2, 5):
        config["num_oov_indices"] = 0
    return layer.with_config(drop=[*layer.config], **config)


RULE = Rule(
    code="KF143",
    stage=Stage.ARGUMENTS,
    summary="lookup layers need their vocabularies",
    generations=frozenset({2, 3}),
    classes=LOOKUPS,
    layer=rewrite,
)
