"""Convolutions that were trained on Theano.

What it sees: convolutional layers in files whose ``backend`` is theano.

Why it matters: Theano's convolution flips its kernels. Keras 2 turned them on loading; Keras 3 and
tf_keras do not, so the model loads and computes something else.

What kfix changes: nothing yet, it refuses.

Links:
https://github.com/keras-team/keras/wiki/Converting-convolution-kernels-from-Theano-to-TensorFlow-and-vice-versa
"""

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage


def refuse(layer: Layer, context: Context) -> Change | None:
    """A finding for every convolution of a file from Theano."""
    if context.writer.backend != "theano" or "Conv" not in layer.class_name:
        return None
    return Change(
        Severity.REFUSED, f"{layer.class_name} was trained on Theano, whose kernels are flipped"
    )


RULE = Rule(
    code="KF202",
    stage=Stage.MEANING,
    summary="convolution kernels from Theano are flipped",
    generations=frozenset({2}),
    layer=refuse,
    tf_keras_agrees=False,
)
