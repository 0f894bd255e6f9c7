"""What is known of shapes without running a model."""

from __future__ import annotations

import pytest

from converter.model.description import Call, Dataset, Layer, Model, TensorRef, Weight
from converter.stubbing.shapes import calls_seen, shapes_told, shown


def weights(*shapes):
    return tuple(
        Weight("kernel", (Dataset("k", shape, "float32"),), shape, "float32") for shape in shapes
    )


def sequential(*layers, shape=(None, 9, 8, 3)):
    given = Layer("x", "InputLayer", {"batch_shape": list(shape)})
    return Model("model", "sequential", (given, *layers))


def seen(model, name="own"):
    (call,) = calls_seen(model, {})[name]
    return shown(call.inputs[0]), shown(call.output)


OWN = Layer("own", "Own")


@pytest.mark.parametrize(
    ("before", "shape", "gives"),
    [
        (
            Layer("a", "Conv2D", {"filters": 5, "kernel_size": [3, 3], "strides": [1, 1]}),
            (None, 9, 8, 3),
            "(None, 7, 6, 5)",
        ),
        (Layer("a", "MaxPooling2D", {"pool_size": [2, 2]}), (None, 9, 8, 3), "(None, 4, 4, 3)"),
        (Layer("a", "GlobalAveragePooling2D"), (None, 9, 8, 3), "(None, 3)"),
        (Layer("a", "ZeroPadding2D", {"padding": [1, 2]}), (None, 9, 8, 3), "(None, 11, 12, 3)"),
        (Layer("a", "Flatten"), (None, 9, 8, 3), "(None, 216)"),
        (Layer("a", "Flatten"), (None, None, 3), "(None, None)"),
        (Layer("a", "Reshape", {"target_shape": [-1, 6]}), (None, 4, 3), "(None, 2, 6)"),
        (Layer("a", "Permute", {"dims": [2, 1]}), (None, 4, 3), "(None, 3, 4)"),
        (Layer("a", "RepeatVector", {"n": 5}), (None, 3), "(None, 5, 3)"),
        (Layer("a", "Dense", {"units": 7}), (None, 4, 3), "(None, 4, 7)"),
        (Layer("a", "Embedding", {"output_dim": 7}), (None, 4), "(None, 4, 7)"),
        (Layer("a", "LSTM", {"units": 7}), (None, 4, 3), "(None, 7)"),
        (Layer("a", "GRU", {"units": 7, "return_sequences": True}), (None, 4, 3), "(None, 4, 7)"),
        (
            Layer("a", "Bidirectional", inner={"layer": Layer("l", "LSTM", {"units": 7})}),
            (None, 4, 3),
            "(None, 14)",
        ),
        (
            Layer("a", "TimeDistributed", inner={"layer": Layer("d", "Dense", {"units": 7})}),
            (None, 4, 3),
            "(None, 4, 7)",
        ),
        (Layer("a", "Dropout", {"rate": 0.5}), (None, 4, 3), "(None, 4, 3)"),
        (Layer("a", "Reshape", {"target_shape": "nonsense"}), (None, 4, 3), "?"),
        (Layer("a", "Conv2D", {"filters": None}), (None, 4, 4, 3), "?"),
        (Layer("a", "Other"), (None, 4, 3), "?"),
    ],
    ids=lambda value: value.class_name if isinstance(value, Layer) else "",
)
def test_what_stock_layers_give(before, shape, gives):
    assert seen(sequential(before, OWN, shape=shape))[0] == gives


@pytest.mark.parametrize(
    ("after", "takes"),
    [
        ([Layer("a", "Dense", {"units": 2}, weights((50, 2)))], "(..., 50)"),
        ([Layer("d", "Dropout"), Layer("a", "Dense", {}, weights((50, 2)))], "(..., 50)"),
        ([Layer("a", "LSTM", {}, weights((6, 8)))], "(None, None, 6)"),
        ([Layer("a", "Conv1D", {}, weights((3, 6, 8)))], "(None, None, 6)"),
        ([Layer("f", "Flatten"), Layer("a", "Dense", {}, weights((50, 2)))], "?"),
        ([], "?"),
    ],
)
def test_what_the_layers_behind_take(after, takes):
    assert seen(sequential(OWN, *after))[1] == takes


def test_merges_of_branches():
    first, second = TensorRef("a"), TensorRef("b")
    layers = (
        Layer("a", "InputLayer", {"batch_shape": [None, 4, 2]}),
        Layer("b", "InputLayer", {"batch_shape": [None, 1, 2]}),
        Layer("sum", "Add", calls=(Call(([first, second],)),)),
        Layer("both", "Concatenate", {"axis": 1}, calls=(Call(([first, second],)),)),
        Layer("own", "Own", calls=(Call(([TensorRef("sum"), TensorRef("both")],)),)),
    )
    model = Model("model", "functional", layers, [first, second], TensorRef("own"))
    (call,) = calls_seen(model, {})["own"]
    assert list(map(shown, call.inputs)) == ["(None, 4, 2)", "(None, 5, 2)"]
    assert call.listed
    assert (call.before, call.after) == (("sum", "both"), ())


def test_what_the_file_says():
    tensor = {"shape": [None, 7], "dtype": "float32", "keras_history": ["own", 0, 0]}
    node = {"args": [{"class_name": "__keras_tensor__", "config": tensor}], "kwargs": {}}
    entry = {"class_name": "Dense", "config": {}, "name": "a", "inbound_nodes": [node]}
    model = {"class_name": "Functional", "config": {"layers": [entry]}}
    assert shapes_told(model) == {"": {TensorRef("own"): (None, 7)}}
    for broken in (None, [], {"config": 3}, {"config": {"layers": [3, {"inbound_nodes": 4}]}}):
        assert all(not each for each in shapes_told(broken).values())


def test_models_in_models_end():
    """Each calls the one inside twice."""
    x, out = TensorRef("x"), TensorRef("out")
    given = Layer("x", "InputLayer", {"batch_shape": [None, 3]})
    inner = Layer("own", "Own")
    for depth in range(60):
        part = Layer("deep", inner.class_name, calls=(Call((x,)), Call((x,))), model=inner.model)
        calls = (Call(([TensorRef("deep", 0), TensorRef("deep", 1)],)),)
        model = Model(
            f"m{depth}", "functional", (given, part, Layer("out", "Add", calls=calls)), x, out
        )
        inner = Layer("deep", "Functional", model=model)
    assert calls_seen(model, {})
