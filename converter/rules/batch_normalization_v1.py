"""BatchNormalization under the names of TensorFlow's versions.

What it sees: BatchNormalizationV1 and BatchNormalizationV2 (tf.keras 1.13 to 2.0) and
SyncBatchNormalization (tf.keras 2.2 to 2.15).

Why Keras 3 trips: the classes are unknown ("Unknown layer: 'BatchNormalizationV1'").

What kfix changes: the class name; a SyncBatchNormalization gets ``synchronized=True``. The
variables and the arithmetic are the same.

Links: https://github.com/keras-team/keras/issues/11980
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules._combinators import renamed
from converter.rules.base import Change, Context, Rule, Stage

NAMES = frozenset({"BatchNormalizationV1", "BatchNormalizationV2", "SyncBatchNormalization"})


def to_batch_normalization(layer: Layer, context: Context) -> Change | None:
    """Gives the layer its name of today."""
    new = renamed(layer, "BatchNormalization")
    if layer.class_name == "SyncBatchNormalization":
        new = new.with_config(synchronized=True)
    return Change(
        Severity.BREAKS, f"class {layer.class_name} is called BatchNormalization today", (new,)
    )


RULE = Rule(
    code="KF101",
    stage=Stage.CLASSES,
    summary="BatchNormalizationV1, V2 and SyncBatchNormalization are BatchNormalization today",
    generations=frozenset({2}),
    classes=NAMES,
    layer=to_batch_normalization,
)
