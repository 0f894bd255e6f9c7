"""Reading a config of Keras 3 and writing it again loses nothing but what is named here."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.dialects import keras3
from converter.knowledge import keras3 as knowledge
from converter.layouts.graph_order import ordered_layers
from converter.model.description import Call, Layer, Model, TensorRef
from tests.dialects.samples_configs import configs

SAMPLES = configs(3)
NAMES = [name for name, _, _ in SAMPLES]
LEFT_OUT = {"build_config", "compile_config"}
"""Build states of stock layers, which calls replace, and the compile state, which is read apart."""


def canonical(value: Any) -> Any:
    """A config without what a reader does not need, in one form where Keras has several.

    Shapes and dtypes of tensors inside calls are derived by the reader; a layer in an .h5 states no
    module; a single input or output may stand in a list of one; graphs are sets of layers.
    """
    if isinstance(value, list):
        return [canonical(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "__keras_tensor__":
        return {"tensor": value["config"]["keras_history"]}
    found = {key: canonical(each) for key, each in value.items() if key not in LEFT_OUT}
    if "class_name" in found and "config" in found:
        found = canonical_object(found)
    for key in ("input_layers", "output_layers"):
        ends = found.get(key)
        if isinstance(ends, list) and len(ends) == 1 and isinstance(ends[0], list):
            found[key] = ends[0]
    if "output_layers" in found:
        found["layers"] = sorted(found["layers"], key=lambda each: each["name"])
    return found


def canonical_object(found: dict[str, Any]) -> dict[str, Any]:
    name, config = found["class_name"], found["config"]
    if isinstance(config, dict) and "layers" in config:
        found["module"], found["registered_name"] = "keras", None
    # Aliases (GroupedQueryAttention) are one class.
    found["class_name"] = knowledge.class_of(name)
    # A class that was not registered has its own name there.
    registered = found.get("registered_name")
    found["registered_name"] = registered if registered and ">" in registered else None
    if isinstance(config, dict):
        found["name"] = found.get("name") or config.pop("name", None)
        config.pop("name", None)
    return found


def without_modules(config: Any) -> Any:
    """An .h5 of Keras 3 does not say where its layers and ops live; kfix adds that."""
    if isinstance(config, list):
        return [without_modules(each) for each in config]
    if isinstance(config, dict):
        return {key: without_modules(each) for key, each in config.items() if key != "module"}
    return config


@pytest.mark.parametrize(
    ("name", "config"), [(name, config) for name, config, _ in SAMPLES], ids=NAMES
)
def test_samples_come_back_whole(name: str, config: Any) -> None:
    written, original = canonical(keras3.serialise(keras3.parse(config))), canonical(config)
    if not name.endswith("-keras"):
        written, original = without_modules(written), without_modules(original)
    assert written == original


@pytest.mark.parametrize("config", [config for _, config, _ in SAMPLES], ids=NAMES)
def test_what_was_written_is_read_as_the_same_model(config: Any) -> None:
    once = keras3.parse(config)
    again = keras3.parse(json.loads(json.dumps(keras3.serialise(once))))
    assert keras3.serialise(again) == keras3.serialise(once)
    assert [layer.name for layer in ordered_layers(again)] == [
        layer.name for layer in ordered_layers(once)
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "rate", "mode"]), inside, max_size=3)
    ),
    max_leaves=6,
)
CONFIGS = st.dictionaries(st.sampled_from(["value", "rate", "mode", "seed"]), JSON, max_size=4)


@st.composite
def graphs(draw: st.DrawFn, depth: int = 2) -> Model:
    """A random Functional model: every layer is called on what was there before it."""
    layers = [Layer("in_0", "InputLayer", {"batch_shape": [None, 4]})]
    tensors = [TensorRef("in_0")]
    for number in range(draw(st.integers(1, 6))):
        name = f"layer_{number}"
        chosen = st.sampled_from(tensors)
        one, many = Call((draw(chosen),)), Call((draw(st.lists(chosen, min_size=1, max_size=3)),))
        calls = (draw(st.sampled_from([one, many, Call((draw(chosen),), {"mask": draw(chosen)})])),)
        config = draw(CONFIGS)
        inner = {}
        model = None
        kind = draw(st.sampled_from(["Dense", "TimeDistributed", "Functional", "Add"]))
        if kind == "TimeDistributed":
            inner = {"layer": Layer("inside", "Dense", draw(CONFIGS))}
        if kind == "Functional":
            kind = "Functional" if depth else "Dense"
            model = draw(graphs(depth=depth - 1)) if depth else None
        if model is not None:
            layers.append(Layer(name, kind, model=_named(model, name), calls=calls, module="keras"))
        else:
            layers.append(Layer(name, kind, config, calls=calls, inner=inner))
        tensors.append(TensorRef(name))
    # Everything is used, so nothing is left out.
    return Model("top", "functional", tuple(layers), TensorRef("in_0"), tensors[1:])


def _named(model: Model, name: str) -> Model:
    return Model(name, model.kind, model.layers, model.inputs, model.outputs, model.config)


def in_order(model: Model) -> Any:
    """The model as data, layers in Keras's order, arguments as a reader gets them."""
    return [
        (layer.name, layer.class_name, layer.config, layer.calls, layer.inner.keys())
        + ((in_order(layer.model),) if layer.model else ())
        for layer in ordered_layers(model)
    ]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(graphs())
def test_random_graphs_come_back(model: Model) -> None:
    config = json.loads(json.dumps(keras3.serialise(model)))
    again = keras3.parse(config)
    assert in_order(again) == in_order(model)
    assert (again.inputs, again.outputs) == (model.inputs, model.outputs)


def given_input() -> Layer:
    return Layer("a", "InputLayer", {"batch_shape": [None, 4]})


def test_a_nested_functional_counts_from_one_at_the_ends_and_from_zero_inside() -> None:
    inner = Model("m", "functional", (given_input(),), TensorRef("a"), TensorRef("a"))
    nested = Layer("m", "Functional", calls=(Call((TensorRef("a"),)),), model=inner, module="keras")
    dense = Layer("d", "Dense", {}, calls=(Call((TensorRef("m"),)),))
    outputs = [TensorRef("m"), TensorRef("d")]
    top = Model("t", "functional", (given_input(), nested, dense), TensorRef("a"), outputs)
    config = keras3.serialise(top)["config"]
    assert config["output_layers"] == [["m", 1, 0], ["d", 0, 0]]
    node = next(each for each in config["layers"] if each["name"] == "d")["inbound_nodes"][0]
    assert node["args"][0]["config"]["keras_history"] == ["m", 0, 0]


def test_single_ends_may_be_written_as_lists() -> None:
    top = Model("t", "functional", (given_input(),), TensorRef("a"), TensorRef("a"))
    assert keras3.serialise(top)["config"]["input_layers"] == ["a", 0, 0]
    assert keras3.serialise(top, list_ends=True)["config"]["input_layers"] == [["a", 0, 0]]


def test_op_nodes_keep_their_module_and_get_no_name() -> None:
    op = Layer("sum", "Add", calls=(Call((TensorRef("a"), 2.0)),), module="keras.src.ops.numpy")
    top = Model("t", "functional", (given_input(), op), TensorRef("a"), TensorRef("sum"))
    entry = keras3.serialise(top)["config"]["layers"][1]
    assert (entry["module"], entry["config"], entry["name"]) == ("keras.src.ops.numpy", {}, "sum")


def test_ops_in_an_h5_of_keras_3_are_told_from_layers() -> None:
    """Its own .h5 states no modules, and calls ``x + y`` just ``Add``."""
    node = {"args": [_tensor("a"), _tensor("a")], "kwargs": {}}
    entries = [
        {"class_name": "InputLayer", "config": {"name": "a"}, "name": "a", "inbound_nodes": []},
        {"class_name": "Add", "config": {"name": "add"}, "name": "add", "inbound_nodes": [node]},
    ]
    ends = {"input_layers": [["a", 0, 0]], "output_layers": [["add", 0, 0]]}
    config = {"class_name": "Functional", "config": {"name": "m", "layers": entries, **ends}}
    modules = [layer.module for layer in keras3.parse(config).layers]
    assert modules == ["keras.layers", "keras.src.ops.numpy"]


def _tensor(name: str) -> Any:
    return {"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}}
