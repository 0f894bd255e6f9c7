"""Sizes that no Keras wrote are refused by the argument's name; what any Keras wrote passes."""

from __future__ import annotations

import pytest

from converter.dialects import keras2, keras3
from converter.errors import NotAModelError

CONV = {"name": "c", "filters": 4, "kernel_size": [3, 3], "strides": [1, 1], "padding": "same"}


def model(class_name: str, config: dict, **more) -> dict:
    entry = {"class_name": class_name, "config": config, **more}
    return {"class_name": "Sequential", "config": {"name": "s", "layers": [entry]}}


NONSENSE = [
    ("Conv2D", "kernel_size", [3]),
    ("Conv2D", "kernel_size", [1] * 50),
    ("Conv2D", "kernel_size", [3, "x"]),
    ("Conv2D", "strides", {"a": 1}),
    ("Conv2D", "filters", "four"),
    ("Conv2D", "filters", float("nan")),
    ("Conv2D", "dilation_rate", [[1], [1]]),
    ("Convolution2D", "filters", float("inf")),
    ("LocallyConnected1D", "implementation", ["a"]),
    ("MaxPooling2D", "pool_size", [2]),
    ("ZeroPadding2D", "padding", [1, 2, 3]),
    ("UpSampling3D", "size", "2"),
    ("Dense", "units", True),
    ("Dense", "units", 2.5),
    ("Dense", "dtype", {"class_name": "Policy", "config": "float32"}),
    ("Dense", "dtype", 3),
    ("LSTM", "units", [5]),
    ("LSTM", "batch_input_shape", [None, {}, 3]),
    ("InputLayer", "batch_input_shape", "28"),
    ("InputLayer", "batch_shape", [None, float("nan")]),
    ("LayerNormalization", "axis", [1, {}]),
    ("Dot", "axes", [1, "x"]),
    ("StringLookup", "num_oov_indices", float("inf")),
    ("StringLookup", "idf_weights", "x"),
    ("IntegerLookup", "output_mode", {"a": 1}),
    ("RandomCrop", "height", ["a", 1]),
    ("Resizing", "width", "x"),
]


@pytest.mark.parametrize(("class_name", "key", "value"), NONSENSE)
@pytest.mark.parametrize("dialect", [keras2, keras3], ids=["keras2", "keras3"])
def test_nonsense_is_refused_by_name(dialect, class_name, key, value):
    with pytest.raises(NotAModelError, match=f"^{key} of layer 'odd' \\({class_name}\\) is "):
        dialect.parse(model(class_name, {"name": "odd", key: value}))


@pytest.mark.parametrize(
    ("class_name", "config"),
    [
        ("Conv2D", CONV),
        ("Conv2D", {**CONV, "kernel_size": 3, "strides": None, "filters": 4.0}),
        ("ZeroPadding2D", {"name": "z", "padding": [[1, 2], [3, 4]]}),
        ("ZeroPadding2D", {"name": "z", "padding": [1, 2, 3, 0]}),
        ("ZeroPadding2D", {"name": "z", "padding": {"top_pad": 1, "left_pad": 2}}),
        ("ZeroPadding1D", {"name": "z", "padding": [1, 2]}),
        ("Dense", {"name": "d", "units": 3, "dtype": {"class_name": "Policy", "config": {}}}),
        ("BatchNormalization", {"name": "b", "axis": [3]}),
        ("MyOwn2D", {"name": "m", "kernel_size": "any", "units": {}}),
    ],
)
def test_what_keras_wrote_passes(class_name, config):
    assert keras2.parse(model(class_name, config)).layers[0].class_name == class_name


FUNCTION = {"class_name": "function", "config": "relu", "module": "builtins"}
NO_LAYERS = [
    FUNCTION,
    "relu",
    5,
    [],
    {},
    {"class_name": "Dense"},
    {"class_name": "LSTM", "config": "x"},
    {"class_name": "__lambda__", "config": {"value": "x"}},
]


@pytest.mark.parametrize("value", NO_LAYERS, ids=str)
@pytest.mark.parametrize(
    ("class_name", "key"),
    [("TimeDistributed", "layer"), ("Bidirectional", "backward_layer"), ("RNN", "cell")],
)
@pytest.mark.parametrize("dialect", [keras2, keras3], ids=["keras2", "keras3"])
def test_a_wrapper_around_no_layer_is_refused(dialect, class_name, key, value):
    lstm = {"class_name": "LSTM", "config": {"name": "l", "units": 2}}
    config = {"name": "w", "layer": lstm, "cell": lstm, key: value}
    with pytest.raises(NotAModelError):
        dialect.parse(model(class_name, config))


@pytest.mark.parametrize("dialect", [keras2, keras3], ids=["keras2", "keras3"])
def test_a_bidirectional_needs_no_layer_for_the_way_back(dialect):
    lstm = {"class_name": "LSTM", "config": {"name": "l", "units": 2}}
    config = {"name": "w", "layer": lstm, "backward_layer": None}
    assert "layer" in dialect.parse(model("Bidirectional", config)).layers[0].inner


def test_the_users_own_classes_hold_there_what_they_like():
    config = {"name": "w", "layer": 5, "cell": "x"}
    assert dict(keras2.parse(model("MyWrapper", config)).layers[0].config) == {
        "layer": 5,
        "cell": "x",
    }


@pytest.mark.parametrize("dialect", [keras2, keras3], ids=["keras2", "keras3"])
def test_a_graph_has_names(dialect):
    entry = {"class_name": "InputLayer", "config": {"name": ""}, "name": "", "inbound_nodes": []}
    config = {"name": "f", "layers": [entry], "input_layers": [], "output_layers": []}
    with pytest.raises(NotAModelError):
        dialect.parse({"class_name": "Functional", "config": config})


@pytest.mark.parametrize("name", [None, "", "missing"])
@pytest.mark.parametrize("dialect", [keras2, keras3], ids=["keras2", "keras3"])
def test_a_sequence_has_names(dialect, name):
    config = {"units": 3} if name == "missing" else {"units": 3, "name": name}
    with pytest.raises(NotAModelError, match="a Dense of the model 's' has no name"):
        dialect.parse(model("Dense", config))


@pytest.mark.parametrize(
    "column",
    [
        {"class_name": {}, "config": {}},
        {"class_name": "NumericColumn", "config": [[]]},
        {"class_name": "NumericColumn"},
        {"class_name": "IndicatorColumn", "config": {"categorical_column": {"class_name": 5}}},
    ],
)
def test_columns_that_are_none_are_refused(column):
    with pytest.raises(NotAModelError, match="^feature_columns of layer 'f'"):
        keras2.parse(model("DenseFeatures", {"name": "f", "feature_columns": [column]}))


def test_columns_with_functions_pass():
    function = {"class_name": "function", "config": "scaled", "module": None}
    column = {"class_name": "NumericColumn", "config": {"key": "a", "normalizer_fn": function}}
    assert keras2.parse(model("DenseFeatures", {"name": "f", "feature_columns": [column]})).layers
