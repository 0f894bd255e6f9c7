"""Epsilons that the fused batch normalization raised.

What it sees: BatchNormalization with an ``epsilon`` under 1.001e-5 on pictures (tensors of rank 4,
from TensorFlow 2.6 on also 5), in files of Keras 2.2 and 2.3 and of tf.keras up to 2.11.

Why it matters: there TensorFlow normalised with one fused kernel, which took 1.001e-5 for every
epsilon that is smaller. Keras 3 takes the epsilon as it is, without an error: channels with hardly
any variance come out many times larger.

What kfix changes: writes the epsilon that was in effect. With 1e-5 the difference is in the last
digits, unless the variance is near zero. Where the rank of the input is not known, it refuses. A
layer made with ``fused=False`` can't be told from others: the file does not say, and its own
framework computes it fused once it is loaded.

Links: https://github.com/tensorflow/tensorflow/blob/v2.4.0/tensorflow/python/ops/nn_impl.py#L1655
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from converter.model.description import Layer, Model, Writer
from converter.model.findings import Severity
from converter.model.tensors import Tensor, received, wrapped
from converter.rules.base import Context, ModelChange, Rule, Stage

LEAST = 1.001e-5
NEARLY = 9.9e-6
"""From here on the difference is under a thousandth of the result, whatever the variance."""

FUSED = {False: ((2, 2), (3,)), True: ((2,), (2, 12))}
"""From and before which version the kernel was used so: stand-alone Keras, then tf.keras."""

VOLUMES_SINCE = (2, 6)
"""From this version of tf.keras on the kernel also took tensors of rank 5."""


def raise_epsilon(model: Model, context: Context) -> Iterator[ModelChange]:
    """Writes the epsilon that was in effect, in each graph by itself."""
    since, before = FUSED[context.writer.tf_keras]
    if context.writer.backend != "tensorflow" or not since <= context.writer.version < before:
        return
    for layer, tensors in list(received(model)):
        inner, tensor = wrapped(layer, tensors[0] if tensors else Tensor())
        if not _is_affected(inner, tensor, context.writer):
            continue
        epsilon = inner.config["epsilon"]
        message = f"BatchNormalization has epsilon={epsilon}, which its writer took as {LEAST}"
        if tensor.rank is None:
            remedy = "Not known is whether it normalises pictures."
            yield ModelChange(Severity.REFUSED, message, layer=layer.name, remedy=remedy)
            continue
        layers = tuple(_raised(each) if each is layer else each for each in model.layers)
        model = replace(model, layers=layers)
        severity = Severity.NOTICE if epsilon >= NEARLY else Severity.SILENT
        yield ModelChange(severity, message, model, f"written as {LEAST}", layer.name)


def _is_affected(layer: Layer, tensor: Tensor, writer: Writer) -> bool:
    epsilon = layer.config.get("epsilon")
    if layer.class_name != "BatchNormalization" or not isinstance(epsilon, int | float):
        return False
    axes = (-1, 3, 4, 1) if writer.tf_keras else (-1, 3)
    ranks = (4, 5) if writer.tf_keras and writer.version >= VOLUMES_SINCE else (4,)
    usual = layer.config.get("axis", -1) in axes and tensor.rank in (None, *ranks)
    return epsilon < LEAST and usual


def _raised(layer: Layer) -> Layer:
    if "layer" in layer.inner:
        return replace(layer, inner={**layer.inner, "layer": _raised(layer.inner["layer"])})
    return layer.with_config(epsilon=LEAST)


RULE = Rule(
    code="KF250",
    stage=Stage.MEANING,
    summary="epsilons under 1.001e-5 were raised by the fused batch normalization",
    generations=frozenset({2}),
    model=raise_epsilon,
    tf_keras_agrees=False,
)
