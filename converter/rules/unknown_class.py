"""Classes that Keras 3 does not have.

What it sees: every layer class that is neither Keras 3's nor provided with ``--custom``: the user's
own, op layers (TFOpLambda and its kin), removed layers, layers of other packages.

Why Keras 3 trips: "Unknown layer: …".

What kfix changes: nothing; it names the layer and what is missing, and where a well-known library
has a class of that name, the library. With ``--custom`` the user's classes are handed to Keras.

Links: https://keras.io/guides/serialization_and_saving/
"""

from __future__ import annotations

from converter.knowledge import keras3
from converter.knowledge.releases import candidates, layer_classes
from converter.model.description import Layer, Writer
from converter.model.findings import Severity
from converter.ops.calls import OP_LAYERS, called
from converter.rules._well_known import known_elsewhere
from converter.rules.base import Change, Context, Rule, Stage

NOT_PUBLIC = frozenset({"AddLoss", "AddMetric"})
"""Classes of Keras itself that no release makes public, and that files name all the same."""
EXPERIMENTAL = frozenset({"PeepholeLSTMCell", "SequenceFeatures", "LinearModel", "WideDeepModel"})
"""Classes of ``tf.keras.experimental``, which went with TensorFlow 2.16."""
CELL_WRAPPERS = frozenset({"DeviceWrapper", "DropoutWrapper", "ResidualWrapper"})
"""What ``tf.nn.RNNCellDropoutWrapper`` and its kin are called in files."""
REASONS = {
    "CategoryCrossing": "It joins words, which no layer of Keras 3 does.",
    "DropoutWrapper": "It drops at random when a model predicts, too.",
    "PeepholeLSTMCell": "The gates of no cell of Keras 3 see the state of the cell.",
    "SequenceFeatures": "It takes sparse sequences and gives their lengths, too.",
}
REPLACED = "A class of yours with its name can take its place: --custom."
CODE_CARRIERS = frozenset({"TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer"})
JUDGED = frozenset({"Lambda"})
"""Classes that a rule of their own has written anew or refused, wherever they stand."""


def judge(layer: Layer, context: Context) -> Change | None:
    """A finding for a class that stock Keras 3 cannot make."""
    name = layer.class_name
    if name in context.custom or (layer.registered_name or "") in context.custom:
        return None
    if name in CODE_CARRIERS:
        return Change(Severity.UNSAFE, f"{name} would load foreign code or another model")
    if name in JUDGED:
        return None
    if layer.model is not None or _is_stock(layer):
        return None
    if name in OP_LAYERS:
        return _op_layer(layer)
    experimental = context.writer.tf_keras and name in EXPERIMENTAL
    public = name not in keras3.LAYERS and _is_public(name, context.writer)
    if name in NOT_PUBLIC or experimental or public or _wraps_a_cell(layer, context):
        message = f"{name} was removed from Keras and has no exact stock form written for it"
        remedy = " ".join(filter(None, [REASONS.get(name), REPLACED]))
        return Change(Severity.REFUSED, message, remedy=remedy)
    library, remedy = known_elsewhere(layer)
    message = f"class {name} is not one of Keras's"
    message += f"; {library} has one of that name" if library else ""
    return Change(Severity.CUSTOM, message, remedy=remedy)


def _wraps_a_cell(layer: Layer, context: Context) -> bool:
    has_cell = "cell" in layer.config or "cell" in layer.inner
    return context.writer.tf_keras and layer.class_name in CELL_WRAPPERS and has_cell


def _op_layer(layer: Layer) -> Change | None:
    """Those in a graph have been judged by the rule of op layers, with a reason."""
    if layer.calls:
        return None
    message = f"{called(layer)} in a {layer.class_name} stands where no graph is"
    return Change(Severity.REFUSED, message)


def _is_stock(layer: Layer) -> bool:
    if layer.registered_name and ">" in layer.registered_name:
        return False
    if layer.module.startswith("keras.src.ops"):
        return keras3.OPERATIONS.get(layer.class_name, "").startswith("keras.src.ops")
    return layer.class_name in keras3.LAYERS and layer.module in ("", "keras", "keras.layers")


def _is_public(name: str, writer: Writer) -> bool:
    """Whether the class was Keras's own where the file was written."""
    return any(name in layer_classes(each) for each in candidates(writer))


RULE = Rule(
    code="KF903",
    stage=Stage.GATE,
    summary="classes that stock Keras 3 does not have",
    generations=frozenset({1, 2, 3}),
    layer=judge,
)
