"""BatchNormalization with arguments of TensorFlow's own implementation.

What it sees: ``virtual_batch_size``, ``adjustment`` and ``fused`` on BatchNormalization.

Why Keras 3 trips: it takes none of them.

What kfix changes: removes ``fused`` (a choice of kernel, not of numbers) and the others where they
are None. A virtual batch size changes what the layer computes in training and its input layout, so
it is refused.

Links: https://github.com/keras-team/keras/issues/16713
"""

from converter.rules._combinators import drop_harmless
from converter.rules.base import Rule, Stage

RULE = Rule(
    code="KF118",
    stage=Stage.ARGUMENTS,
    summary="BatchNormalization takes no virtual_batch_size, adjustment, fused",
    generations=frozenset({2}),
    classes=frozenset({"BatchNormalization"}),
    layer=drop_harmless(
        {"virtual_batch_size": (None,), "adjustment": (None,), "fused": (None, True, False)}
    ),
)
