"""MultiHeadAttention that takes the masks off the tensors it is given.

What it sees: MultiHeadAttention on tensors that carry a mask, in files from before Keras 3.8.

Why it matters: since Keras 3.8 the layer deletes the masks of its query, value and key, which are
handled inside. They are then missing wherever else the same tensors go: at the sum around the
attention in a transformer block, and at all that comes after it. No reader says an error.

What kfix changes: gives the layer a tensor of its own, from a Rescaling by one, which hands on the
mask. Nested models, too, may share their tensors with what is around them.

Links: https://github.com/keras-team/keras/blob/master/keras/src/layers/attention/multi_head_attention.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.model.masks import Mask
from converter.model.rewriting import with_masks
from converter.model.structures import map_call
from converter.rules._unmasking import masked_tensors
from converter.rules.base import Context, ModelChange, Rule, Stage

SINCE = (3, 8)
"""The release of Keras that began to delete the masks."""


def share(model: Model, context: Context) -> Iterator[ModelChange]:
    """Gives each such layer of the top model, and of those inside, tensors of its own."""
    if context.path or context.writer.version >= SINCE:
        return
    found: list[str] = []

    def change(graph: Model, carried: Mapping[TensorRef, Mask | None], path: str) -> Model:
        layers: list[Layer] = []
        for layer in graph.layers:
            attends = layer.class_name == "MultiHeadAttention"
            masked = masked_tensors(layer, carried) if attends else []
            found.extend([f"{path}{layer.name}"] if masked else [])
            layers += _with_own_tensors(layer, masked)
        return replace(graph, layers=tuple(layers))

    new = with_masks(model, change)
    for path in found:
        message = "MultiHeadAttention takes the masks off its inputs, also for other layers"
        remedy = "a Rescaling by one gives it tensors of its own"
        yield ModelChange(Severity.SILENT, message, new, remedy, path)


def _with_own_tensors(layer: Layer, masked: list[TensorRef]) -> Iterator[Layer]:
    names = {ref: f"{layer.name}_masked_{index}" for index, ref in enumerate(masked)}
    dtype = {key: layer.config[key] for key in ("dtype",) if layer.config.get(key)}
    for ref, name in names.items():
        config = {"name": name, "scale": 1.0, "offset": 0.0, **dtype}
        yield Layer(name, "Rescaling", config, calls=(Call((ref,)),), module="keras.layers")

    def own(ref: TensorRef) -> TensorRef:
        return TensorRef(names[ref]) if ref in names else ref

    yield replace(layer, calls=tuple(map_call(own, call) for call in layer.calls))


RULE = Rule(
    code="KF220",
    stage=Stage.GRAPH,
    summary="masks that MultiHeadAttention takes off",
    generations=frozenset({2, 3}),
    model=share,
)
