"""Random preprocessing layers with ``rng_type``.

What it sees: ``rng_type`` (and ``force_generator``) on Random* preprocessing layers of tf.keras
2.10 to 2.15.

Why Keras 3 trips: the random generators were replaced ("Unrecognized keyword arguments:
{'rng_type': 'stateful'}").

What kfix changes: removes them. They choose how random numbers are drawn in training; at inference
the layers pass their input through.

Links:
https://github.com/keras-team/keras/tree/master/keras/src/layers/preprocessing/image_preprocessing
"""

from converter.rules._combinators import drop_any
from converter.rules.base import Rule, Stage

RULE = Rule(
    code="KF116",
    stage=Stage.ARGUMENTS,
    summary="random layers take no rng_type",
    generations=frozenset({2}),
    layer=drop_any(("rng_type", "force_generator"), "they only chose how training noise is drawn"),
)
