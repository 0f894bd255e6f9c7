"""Models inside models.

What it sees: a Model or Sequential among the layers of another one: transfer learning, siamese
networks, Teachable Machine's files.

Why Keras 3 trips: Keras 2 counts the calls of a nested model from 1, Keras 3 from 0 ("The graph of
the Functional model either has loops or disconnected nodes"; before Keras 3.14 it never returns).
And a single output stored as a list comes back as a list ("'list' object has no attribute
'shape'").

What kfix changes: counts the calls as Keras 3 does and writes a single input or output by itself.

Links: https://github.com/keras-team/keras/issues/20084
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def report(layer: Layer, context: Context) -> Change | None:
    """A finding for each nested model; the dialect has put its calls right already."""
    if layer.model is None:
        return None
    message = f"{layer.class_name} inside another model has its calls and outputs in Keras 2's form"
    return Change(Severity.BREAKS, message, remedy="written in Keras 3's form")


RULE = Rule(
    code="KF303",
    stage=Stage.CLASSES,
    summary="nested models are counted and closed in another way",
    generations=frozenset({1, 2}),
    layer=report,
)
