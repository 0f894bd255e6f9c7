"""Transposed convolutions whose output padding is not in the file.

What it sees: Conv1D/2D/3DTranspose of Keras 3 before 3.15, which does not save ``output_padding``.

Why it matters: a model that used it has another output shape than any reader can know, the writer
itself included.

What kfix changes: nothing; such a layer is taken as one without output padding, the default, and
the report says so.

Links: https://keras.io/api/layers/convolution_layers/convolution2d_transpose/
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def report(layer: Layer, context: Context) -> Change | None:
    """A notice where the file does not say."""
    if "output_padding" in layer.config:
        return None
    message = f"{layer.class_name} does not say its output padding, which its writer did not save"
    return Change(Severity.NOTICE, message, remedy="taken as none, which is the default")


RULE = Rule(
    code="KF133",
    stage=Stage.ARGUMENTS,
    summary="transposed convolutions whose output padding was not saved",
    generations=frozenset({3}),
    classes=frozenset({"Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"}),
    layer=report,
)
