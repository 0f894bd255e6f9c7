"""Unknown classes inside containers.

What it sees: a class that Keras does not have inside a nested model, a wrapper or an RNN. It is
found while weights are given to layers, before any other rule runs.

Why it matters: the file holds one list of weights for the whole container. Without knowing how many
belong to the unknown class, the others can't be told apart.

What kfix changes: nothing; the module that defines the class has to be given with ``--custom``.

Links: https://keras.io/guides/serialization_and_saving/
"""

from converter.rules.base import Rule, Stage

RULE = Rule(
    code="KF902",
    stage=Stage.GATE,
    summary="unknown classes inside nested models, wrappers and cells",
    generations=frozenset({1, 2, 3}),
)
