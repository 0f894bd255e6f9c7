"""How the tests of rules run them: through ``upgrade``, in every position a layer can have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from converter.model.description import (
    Array,
    Call,
    Dataset,
    Json,
    Layer,
    Model,
    TensorRef,
    Weight,
    Writer,
)
from converter.model.findings import Finding
from converter.rules.apply import Upgrade, upgrade

TF_2 = Writer((2, 15, 0), True, "tensorflow", "2.15.0")
TF_1 = Writer((2, 2, 4), True, "tensorflow", "2.2.4-tf")
STANDALONE = Writer((2, 2, 4), False, "tensorflow", "2.2.4")
THEANO = Writer((2, 2, 4), False, "theano", "2.2.4")
KERAS_3 = Writer((3, 15, 1), False, "tensorflow", "3.15.1")


def layer(class_name: str, name: str = "it", **config: Json) -> Layer:
    return Layer(name, class_name, config)


def with_weights(it: Layer, **values: Array) -> tuple[Layer, dict[str, Array]]:
    """The layer with variables of these names, and the arrays that a reader would find."""
    from dataclasses import replace

    weights = tuple(
        Weight(name, (Dataset(name, value.shape, str(value.dtype)),), value.shape, str(value.dtype))
        for name, value in values.items()
    )
    return replace(it, weights=weights), values


def value(weight: Weight, stored: Mapping[str, Array]) -> Array:
    """What a writer would write for a weight."""
    arrays = [stored[source.path] for source in weight.sources]
    return np.asarray(weight.compute(arrays)) if weight.compute else arrays[0]


# Positions


def in_sequential(it: Layer) -> Model:
    return Model(
        "top", "sequential", (Layer("given", "InputLayer", {"batch_shape": [None, 4]}), it)
    )


def in_graph(it: Layer, *arguments: Any, **keywords: Any) -> Model:
    """Called once in a Functional model; ``arguments`` default to its input."""
    from dataclasses import replace

    given = Layer("given", "InputLayer", {"batch_shape": [None, 4]})
    call = Call(arguments or (TensorRef("given"),), keywords)
    called = replace(it, calls=(call,))
    return Model("top", "functional", (given, called), TensorRef("given"), TensorRef(it.name))


def _nested(it: Layer) -> Model:
    return in_graph(Layer("inner", "Functional", model=in_graph(it), module="keras"))


def _nested_sequential(it: Layer) -> Model:
    return in_sequential(Layer("inner", "Sequential", model=in_sequential(it), module="keras"))


def _time_distributed(it: Layer) -> Model:
    return in_sequential(Layer("wrapper", "TimeDistributed", {}, inner={"layer": it}))


def _twice_wrapped(it: Layer) -> Model:
    inner = Layer("inner", "TimeDistributed", {}, inner={"layer": it})
    return in_graph(Layer("wrapper", "TimeDistributed", {}, inner={"layer": inner}))


ANYWHERE: dict[str, Callable[[Layer], Model]] = {
    "sequential": in_sequential,
    "graph": in_graph,
    "nested graph": _nested,
    "nested sequential": _nested_sequential,
    "time distributed": _time_distributed,
    "twice wrapped": _twice_wrapped,
}
"""Where any layer can stand."""


def bidirectional(it: Layer) -> Model:
    from dataclasses import replace

    inner = {"layer": it, "backward_layer": replace(it, name=f"backward_{it.name}")}
    return in_sequential(Layer("both", "Bidirectional", {"merge_mode": "concat"}, inner=inner))


def cell(it: Layer) -> Model:
    return in_graph(Layer("rnn", "RNN", {}, inner={"cell": it}))


def stacked_cells(it: Layer) -> Model:
    stack = Layer("stack", "StackedRNNCells", {}, inner={"cells/0": it})
    return in_graph(Layer("rnn", "RNN", {}, inner={"cell": stack}))


def activation(it: Layer) -> Model:
    return in_graph(Layer("dense", "Dense", {"units": 4}, inner={"activation": it}))


def found(model: Model, name: str = "it") -> Layer:
    """The layer of this name, wherever it is."""
    for each in every_layer(model):
        if each.name == name:
            return each
    raise AssertionError(f"no layer {name} in {[each.name for each in every_layer(model)]}")


def every_layer(model: Model) -> Iterable[Layer]:
    def visit(one: Layer) -> Iterable[Layer]:
        yield one
        for child in one.inner.values():
            yield from visit(child)
        if one.model:
            yield from every_layer(one.model)

    for each in model.layers:
        yield from visit(each)


def findings(result: Upgrade, code: str) -> list[Finding]:
    return [finding for finding in result.findings if finding.code == code]


def only(result: Upgrade, code: str) -> Finding:
    hits = findings(result, code)
    assert len(hits) == 1, result.findings
    return hits[0]


def upgraded(it: Layer, writer: Writer = TF_2) -> Upgrade:
    return upgrade(in_graph(it), writer)


def assert_unchanged(it: Layer, code: str, writer: Writer = TF_2) -> None:
    """The rule has nothing to say, and the layer keeps its config."""
    result = upgraded(it, writer)
    assert findings(result, code) == []
    assert found(result.model).config == it.config
