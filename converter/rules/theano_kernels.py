"""Convolutions that were trained on Theano.

What it sees: convolutional layers in files of the Theano backend. A file of Keras 1 does not name
its backend; the names of its weights show it, because TensorFlow numbers them (``dense_1_W:0``).

Why it matters: Theano's convolution turns its kernels around. Keras 2 turned them on loading, if
the file named the backend; Keras 3 and tf_keras do not, so the model loads and computes something
else.

What kfix changes: the kernels are turned around, along each spatial axis. Where a file of Keras 1
does not show its backend, a convolution is refused unless ``--writer keras-1.0.7-theano``, or
``-tensorflow``, says it.

Links:
https://github.com/keras-team/keras/wiki/Converting-convolution-kernels-from-Theano-to-TensorFlow-and-vice-versa
"""

from dataclasses import replace

from converter.layouts.kernels import is_pointwise, turned
from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules._asking import which_backend
from converter.rules.base import Change, Context, Rule, Stage

KERNELS = {
    **dict.fromkeys(["Conv1D", "Conv2D", "Conv3D"], ("kernel",)),
    **dict.fromkeys(["Conv2DTranspose", "Conv3DTranspose"], ("kernel",)),
    "ConvLSTM2D": ("kernel", "recurrent_kernel"),
}
"""The weights that a layer convolves with. Those of depthwise and separable layers are as they are
on TensorFlow: Keras turned them itself when it gave them to Theano."""


def turn(layer: Layer, context: Context) -> Change | None:
    """The layer with its kernels turned around."""
    kernels = [each for each in layer.weights if each.name in KERNELS.get(layer.class_name, ())]
    if all(map(is_pointwise, kernels)):
        return None
    if context.writer.generation == 1 and not context.writer.backend:
        return Change(
            Severity.REFUSED,
            f"{layer.class_name} may be from Theano, which turns its kernels around",
            remedy=which_backend(context.writer),
        )
    if context.writer.backend != "theano":
        return None
    weights = tuple(turned(each) if each in kernels else each for each in layer.weights)
    return Change(
        Severity.SILENT,
        f"{layer.class_name} was trained on Theano, whose kernels are turned around",
        (replace(layer, weights=weights),),
        "its kernels are turned",
    )


RULE = Rule(
    code="KF202",
    stage=Stage.MEANING,
    summary="convolution kernels from Theano are turned around",
    generations=frozenset({1, 2}),
    classes=frozenset(KERNELS),
    layer=turn,
    tf_keras_agrees=False,
)
