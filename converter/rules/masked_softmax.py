"""Softmax layers with a mask.

What it sees: Softmax on a tensor that carries a mask, in files of Keras 2 before TensorFlow 2.4,
and Softmax called with ``mask=``, in files written before Keras 3.10.

Why it matters: Softmax of early releases handed a mask on and made no use of it. Keras 3 leaves out
what is masked, or fails where the mask has another shape. And where a whole row is masked, releases
before Keras 3.10 returned equal shares, today's returns zeros. Neither is an error.

What kfix changes: the first becomes Activation("softmax"), which hands masks on likewise; along
another axis than the last it is refused. In the second, op nodes put -1e9 where the mask says no,
as the old layer did, and Softmax gets no mask.

Links: https://github.com/keras-team/keras/blob/master/keras/src/layers/activations/softmax.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.model.masks import masked_calls
from converter.model.rewriting import op
from converter.rules.base import Context, ModelChange, Rule, Stage

USES_MASKS_SINCE = (2, 5)
"""TensorFlow 2.3 and 2.4 give the same version of Keras; the layer of 2.4 fails in such models."""
ZEROS_SINCE = (3, 10)


def rewrite(model: Model, context: Context) -> Iterator[ModelChange]:
    """Changes both kinds; looks at the whole tree from the top for masks that nobody passes."""
    for layer in model.layers:
        passed = [call for call in layer.calls if call.kwargs.get("mask") is not None]
        if layer.class_name == "Softmax" and passed and context.writer.version < ZEROS_SINCE:
            message = "Softmax returns zeros in Keras 3 where everything is masked"
            model = _with_masks_applied(model, layer)
            yield ModelChange(
                Severity.SILENT, message, model, "op nodes apply the mask before it", layer.name
            )
    if context.path or context.writer.version >= USES_MASKS_SINCE:
        return
    for found in list(masked_calls(model)):
        if found.layer.class_name != "Softmax" or _passes(found.layer):
            continue
        message = "Softmax gets a mask, of which it made no use"
        if found.layer.config.get("axis", -1) != -1 or "/" in found.path:
            yield ModelChange(Severity.REFUSED, message, layer=found.path)
            continue
        model = _as_activation(model, found.layer)
        remedy = "written as Activation"
        yield ModelChange(Severity.SILENT, message, model, remedy, found.path)


def _passes(layer: Layer) -> bool:
    return any(call.kwargs.get("mask") is not None for call in layer.calls)


def _as_activation(model: Model, layer: Layer) -> Model:
    new = replace(layer.with_config(drop=["axis"], activation="softmax"), class_name="Activation")
    return replace(model, layers=tuple(new if each is layer else each for each in model.layers))


def _with_masks_applied(model: Model, layer: Layer) -> Model:
    nodes: list[Layer] = []
    calls: list[Call] = []
    for index, call in enumerate(layer.calls):
        kwargs = {key: value for key, value in call.kwargs.items() if key != "mask"}
        if call.kwargs.get("mask") is None:
            calls.append(call)
            continue
        name = f"{layer.name}_masked_{index}"
        nodes.append(op(name, "Where", call.kwargs["mask"], call.args[0], -1e9))
        calls.append(Call((TensorRef(name), *call.args[1:]), kwargs))
    new = replace(layer, calls=tuple(calls))
    layers = (new if each is layer else each for each in model.layers)
    return replace(model, layers=(*layers, *nodes))


RULE = Rule(
    code="KF254",
    stage=Stage.GRAPH,
    summary="Softmax makes another use of masks",
    generations=frozenset({2, 3}),
    model=rewrite,
)
