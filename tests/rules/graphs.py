"""Small graphs for the tests of rules that look at whole models."""

from __future__ import annotations

from typing import Any

from converter.model.description import Call, Json, Layer, Model, TensorRef
from tests.rules.upgrading import every_layer


def given(name: str = "ids") -> Layer:
    return Layer(name, "InputLayer", {"batch_shape": [None, 6], "dtype": "int32"})


def embedding(name: str = "embedding", source: str = "ids", masked: bool = True) -> Layer:
    config = {"input_dim": 9, "output_dim": 4, "mask_zero": masked}
    return Layer(name, "Embedding", config, calls=(Call((TensorRef(source),)),))


def called(
    class_name: str, name: str, *sources: str, config: Json = None, **keywords: Any
) -> Layer:
    """A layer on the outputs of others; several tensors are one list, as for merge layers."""
    tensors = [TensorRef(source) for source in sources]
    argument = tensors[0] if len(tensors) == 1 else tensors
    return Layer(name, class_name, config or {}, calls=(Call((argument,), keywords),))


def bidirectional(name: str, source: str, inner: Json, **config: Json) -> Layer:
    inside = {
        "layer": Layer("forward", "LSTM", inner),
        "backward_layer": Layer("backward", "LSTM", {**inner, "go_backwards": True}),
    }
    config = {"merge_mode": "concat", **config}
    return Layer(name, "Bidirectional", config, calls=(Call((TensorRef(source),)),), inner=inside)


def graph(
    *layers: Layer, output: str, name: str = "top", inputs: tuple[str, ...] = ("ids",)
) -> Model:
    ends = [TensorRef(each) for each in inputs]
    return Model(name, "functional", layers, ends[0] if len(ends) == 1 else ends, TensorRef(output))


def nested(name: str, source: str, inner: Model, *, kind: str = "Functional") -> Layer:
    return Layer(name, kind, calls=(Call((TensorRef(source),)),), model=inner, module="keras")


def call(model: Model, name: str) -> Call:
    """The only call of a layer."""
    (only,) = next(each for each in every_layer(model) if each.name == name).calls
    return only


def ops(model: Model) -> list[str]:
    """Classes of the op nodes."""
    return [each.class_name for each in model.layers if each.module.startswith("keras.src.ops")]


def masked_before(name: str, *, masked: bool = True, between: str = "Dropout") -> Model:
    """A layer ``it`` that gets a mask, and an LSTM behind it."""
    return graph(
        given(),
        embedding(masked=masked),
        called(between, "between", "embedding", config={"data_format": "channels_last"}),
        called(name, "it", "between"),
        called("LSTM", "lstm", "it", config={"units": 3}),
        output="lstm",
    )
