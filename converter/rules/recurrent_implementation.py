"""Arguments that chose an implementation.

What it sees: ``implementation`` on recurrent layers, ``unroll`` on ConvLSTM layers, ``dynamic``,
``autocast`` and ``experimental_*`` on any layer.

Why Keras 3 trips: it does not take them, or warns.

What kfix changes: removes them; they chose how the same numbers are computed.

Links: https://github.com/keras-team/keras/blob/master/keras/src/layers/rnn/lstm.py
"""

from converter.model.description import Layer
from converter.rules._combinators import drop_any
from converter.rules.base import Change, Context, Rule, Stage

KEYS = ("implementation", "dynamic", "autocast", "experimental_run_tf_function", "num_constants")
REASON = "it only chose how the same numbers are computed"


def drop(layer: Layer, context: Context) -> Change | None:
    """Removes the arguments; ``unroll`` only where Keras 3 does not have it.

    That of a locally connected layer chose how its weights lie, too.
    """
    if layer.class_name.startswith("LocallyConnected"):
        return None
    keys = (*KEYS, "unroll") if layer.class_name.startswith("ConvLSTM") else KEYS
    return drop_any(keys, REASON)(layer, context)


RULE = Rule(
    code="KF119",
    stage=Stage.ARGUMENTS,
    summary="arguments that only chose an implementation",
    generations=frozenset({2}),
    layer=drop,
)
