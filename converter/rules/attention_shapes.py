"""MultiHeadAttention with the shapes of its inputs.

What it sees: ``query_shape``, ``key_shape``, ``value_shape`` and ``softmax_robust_masking`` on
MultiHeadAttention (tf.keras 2.5 to 2.15).

Why Keras 3 trips: it takes none of them, and derives the shapes from the call ("Unrecognized
keyword arguments passed to MultiHeadAttention").

What kfix changes: removes them; the call keeps query, value and key as they are.
``softmax_robust_masking`` is removed where it is false.

Links: https://github.com/deepfakes/faceswap/blob/master/plugins/train/model/_base/update.py
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

SHAPES = ("query_shape", "key_shape", "value_shape")


def drop_shapes(layer: Layer, context: Context) -> Change | None:
    """Removes what Keras 3 derives by itself."""
    present = [key for key in (*SHAPES, "softmax_robust_masking") if key in layer.config]
    if not present:
        return None
    if layer.config.get("softmax_robust_masking"):
        return Change(
            Severity.REFUSED,
            "MultiHeadAttention has softmax_robust_masking=True, which Keras 3 cannot do",
        )
    message = f"MultiHeadAttention has {', '.join(present)}, which Keras 3 does not take"
    return Change(
        Severity.BREAKS,
        message,
        (layer.with_config(drop=present),),
        "removed: derived from the call",
    )


RULE = Rule(
    code="KF122",
    stage=Stage.ARGUMENTS,
    summary="MultiHeadAttention derives the shapes of its inputs",
    generations=frozenset({2}),
    classes=frozenset({"MultiHeadAttention"}),
    layer=drop_shapes,
)
