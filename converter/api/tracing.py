"""Where two models part: both are made to give out what every layer computes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from converter.api.writing import write_archive
from converter.engines.arrays import load
from converter.engines.compare import compare
from converter.layouts.graph_order import ordered_layers
from converter.model.description import Array, Call, Model, TensorRef

if TYPE_CHECKING:
    from converter.containers import ModelFile
    from converter.engines import Engine, Tolerance
    from converter.rules.apply import Upgrade


def first_difference(
    engine: Engine,
    scratch: Path,
    inputs: str,
    sides: tuple[tuple[Upgrade, ModelFile], tuple[Upgrade, ModelFile]],
    tolerance: Tolerance,
) -> str:
    """The first layer, in the order of computing, whose output differs between two models.

    Args:
        engine: one with Keras.
        scratch: where the two files are written.
        inputs: ``.npz`` of the arrays to feed.
        sides: the two models in Keras 3's words, with the open files that hold their weights.
        tolerance: how far outputs may lie apart.

    Returns:
        The layer's name; empty when all that both models have agrees, or a model states no inputs.
    """
    computed: list[Mapping[str, Array]] = []
    for index, (result, source) in enumerate(sides):
        model = exposed(result.model)
        if model is None:
            return ""
        path = scratch / f"exposed-{index}.keras"
        write_archive(path, replace(result, model=model), source)
        found = engine.predict(path, inputs=inputs)
        computed.append(dict(zip(_labels(model), load(found.outputs_path).values(), strict=True)))
    first, second = computed
    for name, array in first.items():
        if name in second and not compare(name, second[name], array, tolerance).ok:
            return name.rpartition("#")[0]
    return ""


def exposed(model: Model) -> Model | None:
    """The model with what each layer gives as an output; None for one without input layer."""
    if model.kind == "sequential":
        if not model.layers or model.layers[0].class_name != "InputLayer":
            return None
        model = _as_functional(model)
    outputs = [
        TensorRef(layer.name, index)
        for layer in ordered_layers(model)
        for index in range(len(layer.calls))
    ]
    return replace(model, outputs=outputs, compile=None)


def _as_functional(model: Model) -> Model:
    names = [layer.name for layer in model.layers]
    chained = [
        replace(layer, calls=(Call((TensorRef(before),)),))
        for before, layer in zip(names, model.layers[1:], strict=False)
    ]
    layers = (model.layers[0], *chained)
    config = {key: each for key, each in model.config.items() if key in ("trainable", "dtype")}
    return replace(
        model, kind="functional", layers=layers, inputs=TensorRef(names[0]), config=config
    )


def _labels(model: Model) -> Iterator[str]:
    for ref in model.outputs:
        yield f"{ref.layer}#{ref.call}"
