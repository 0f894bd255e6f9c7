"""HashedCrossing of more than two features.

What it sees: HashedCrossing called with three tensors or more, in files of Keras 2.

Why Keras 3 trips: "Expected as input a list/tuple of 2 tensors", when the model is built.

What kfix changes: nothing; a crossing of crossings hashes otherwise, so it refuses.

Links: https://github.com/keras-team/keras/blob/master/keras/src/layers/preprocessing/hashed_crossing.py
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.model.structures import refs
from converter.rules.base import Change, Context, Rule, Stage


def refuse(layer: Layer, context: Context) -> Change | None:
    """A finding for other numbers of features than Keras 3 crosses."""
    counts = [len(list(refs(call.args))) for call in layer.calls]
    if all(count == 2 for count in counts):
        return None
    message = f"HashedCrossing crosses {max(counts)} features, and in Keras 3 only two"
    return Change(Severity.REFUSED, message)


RULE = Rule(
    code="KF145",
    stage=Stage.MEANING,
    summary="HashedCrossing crosses two features",
    generations=frozenset({2}),
    classes=frozenset({"HashedCrossing"}),
    layer=refuse,
)
