"""hard_sigmoid: the numbers of Keras 2 out of Keras 3's function."""

from collections.abc import Callable

import numpy as np
import pytest

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    TF_2,
    bidirectional,
    cell,
    findings,
    found,
    in_graph,
    layer,
    only,
    stacked_cells,
    upgraded,
    value,
    with_weights,
)

CODE = "KF201"
HARD = "hard_sigmoid"


def keras_2(x: np.ndarray) -> np.ndarray:
    return np.clip(0.2 * x + 0.5, 0.0, 1.0)


def keras_3(x: np.ndarray) -> np.ndarray:
    return np.clip(x + 3.0, 0.0, 6.0) / 6.0


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(0, 2, shape).astype(np.float32)


def weights_of(it: Layer, stored: dict, **options: object) -> dict[str, np.ndarray]:
    new = found(upgraded(it, **options).model)
    return {weight.name: value(weight, stored) for weight in new.weights}


# What must not change


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "linear", "relu", None])
@pytest.mark.parametrize("key", ["activation", "recurrent_activation"])
def test_other_activations_stay(key: str, name: object) -> None:
    it, _ = with_weights(layer("LSTM", **{key: name}), kernel=random(3, 8))
    result = upgraded(it)
    assert findings(result, CODE) == []
    assert found(result.model).weights == it.weights


@pytest.mark.parametrize("name", ["Dense", "Activation", "LSTM", "GRU", "ConvLSTM2D"])
def test_files_of_keras_3_are_not_touched(name: str) -> None:
    it, _ = with_weights(layer(name, activation=HARD), kernel=random(3, 8))
    result = upgrade(in_graph(it), KERAS_3)
    assert findings(result, CODE) == []
    assert found(result.model).weights == it.weights


@pytest.mark.parametrize("name", ["BatchNormalization", "MultiHeadAttention", "Embedding"])
def test_on_other_layers_it_is_refused(name: str) -> None:
    assert only(upgraded(layer(name, activation=HARD)), CODE).severity is Severity.REFUSED


# What changes


@pytest.mark.parametrize("name", ["LSTM", "LSTMCell", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"])
@pytest.mark.parametrize("both", [False, True])
def test_on_the_state_of_an_lstm_it_becomes_a_model_of_stock_layers(name: str, both: bool) -> None:
    recurrent = {"recurrent_activation": HARD} if both else {}
    it, _ = with_weights(layer(name, activation=HARD, **recurrent), kernel=random(3, 8))
    result = upgraded(it)
    assert only(result, CODE).severity is Severity.SILENT
    new = found(result.model)
    activation = new.inner["activation"].model
    assert "activation" not in new.config
    assert activation is not None
    assert [each.class_name for each in activation.layers] == ["Rescaling", "ReLU"]
    # Only the gates of the recurrent activation are scaled.
    assert (new.weights[0].compute is None) != both


LINEAR = {
    **dict.fromkeys(["Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D"], "kernel"),
    **dict.fromkeys(["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"], "kernel"),
    **dict.fromkeys(["DepthwiseConv1D", "DepthwiseConv2D"], "depthwise_kernel"),
    **dict.fromkeys(["SeparableConv1D", "SeparableConv2D"], "pointwise_kernel"),
}


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize("biased", [True, False])
def test_last_kernel_and_bias_are_scaled(name: str, biased: bool) -> None:
    arrays = {LINEAR[name]: random(3, 4)} | ({"bias": random(4)} if biased else {})
    it, stored = with_weights(layer(name, activation=HARD), **arrays)
    for label, scaled in weights_of(it, stored).items():
        np.testing.assert_array_equal(scaled, (1.2 * arrays[label].astype(float)).astype("float32"))


@pytest.mark.parametrize("name", ["SeparableConv1D", "SeparableConv2D"])
def test_the_first_kernel_of_separable_convolutions_stays(name: str) -> None:
    arrays = {"depthwise_kernel": random(3, 4), "pointwise_kernel": random(4, 2)}
    it, stored = with_weights(layer(name, activation=HARD), **arrays)
    scaled = weights_of(it, stored)
    np.testing.assert_array_equal(scaled["depthwise_kernel"], arrays["depthwise_kernel"])


def test_a_dense_layer_computes_the_same() -> None:
    kernel, bias, x = random(5, 3), random(3), random(7, 5)
    it, stored = with_weights(layer("Dense", activation=HARD), kernel=kernel, bias=bias)
    scaled = weights_of(it, stored)
    before = keras_2(x @ kernel + bias)
    after = keras_3(x @ scaled["kernel"] + scaled["bias"])
    np.testing.assert_allclose(after, before, atol=1e-6)
    assert np.abs(keras_3(x @ kernel + bias) - before).max() > 0.01


GATES = {"LSTM": "iifo", "GRU": "zrh", "SimpleRNN": "h"}


def lstm_step(x, h, c, w, gate: Callable, out: Callable) -> np.ndarray:
    i, f, g, o = np.split(x @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"], 4, axis=-1)
    return gate(o) * out(gate(f) * c + gate(i) * out(g))


def gru_step(x, h, c, w, gate: Callable, out: Callable) -> np.ndarray:
    """The form with reset_after, whose bias has two rows."""
    xz, xr, xh = np.split(x @ w["kernel"] + w["bias"][0], 3, axis=-1)
    hz, hr, hh = np.split(h @ w["recurrent_kernel"] + w["bias"][1], 3, axis=-1)
    z, r = gate(xz + hz), gate(xr + hr)
    return z * h + (1 - z) * out(xh + r * hh)


def simple_step(x, h, c, w, gate: Callable, out: Callable) -> np.ndarray:
    return out(x @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"])


STEPS = [
    ("LSTM", "recurrent_activation", lstm_step, 4, (16,)),
    ("LSTMCell", "recurrent_activation", lstm_step, 4, (16,)),
    ("GRU", "recurrent_activation", gru_step, 3, (2, 12)),
    ("GRU", "activation", gru_step, 3, (2, 12)),
    ("GRUCell", "recurrent_activation", gru_step, 3, (2, 12)),
    ("SimpleRNN", "activation", simple_step, 1, (4,)),
    ("SimpleRNNCell", "activation", simple_step, 1, (4,)),
]


@pytest.mark.parametrize(("name", "key", "step", "gates", "bias"), STEPS)
def test_recurrent_layers_compute_the_same(name, key, step, gates, bias) -> None:
    arrays = {
        "kernel": random(5, 4 * gates),
        "recurrent_kernel": random(4, 4 * gates),
        "bias": random(*bias),
    }
    it, stored = with_weights(layer(name, **{key: HARD}), **arrays)
    scaled = weights_of(it, stored)
    x, h, c = random(7, 5), random(7, 4), random(7, 4)
    on_gates = key == "recurrent_activation"
    before = step(x, h, c, arrays, *((keras_2, np.tanh) if on_gates else (np.tanh, keras_2)))
    after = step(x, h, c, scaled, *((keras_3, np.tanh) if on_gates else (np.tanh, keras_3)))
    np.testing.assert_allclose(after, before, atol=2e-6)


@pytest.mark.parametrize("name", ["ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "LSTM"])
def test_the_candidate_of_an_lstm_stays(name: str) -> None:
    it, stored = with_weights(layer(name, recurrent_activation=HARD), kernel=random(3, 8))
    kernel = weights_of(it, stored)["kernel"]
    ratio = np.unique(np.round(kernel / stored["kernel"], 5), axis=0)
    np.testing.assert_allclose(ratio[0], [1.2, 1.2, 1.2, 1.2, 1, 1, 1.2, 1.2], rtol=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_dtype_stays(dtype: str) -> None:
    it, stored = with_weights(layer("Dense", activation=HARD), kernel=random(3, 4).astype(dtype))
    assert weights_of(it, stored)["kernel"].dtype == dtype


@pytest.mark.parametrize("where", ANYWHERE)
def test_a_bare_activation_becomes_rescaling_and_relu(where: str) -> None:
    result = upgrade(ANYWHERE[where](layer("Activation", activation=HARD)), TF_2)
    rescaling = found(result.model, "it_rescaling").config
    last = "it_last" if "distributed" in where or "wrapped" in where else "it"
    relu = found(result.model, last)
    assert relu.class_name == "ReLU"
    x = np.linspace(-5, 5, 101)
    limits = relu.config
    y = rescaling["scale"] * x + rescaling["offset"]
    y = np.minimum(np.where(y > limits["threshold"], y, 0.0), limits["max_value"])
    np.testing.assert_allclose(y, keras_2(x), atol=1e-12)
    assert only(result, CODE).severity is Severity.SILENT


def test_a_bare_activation_in_a_graph_stays_connected() -> None:
    model = upgraded(layer("Activation", activation=HARD)).model
    (inside,) = found(model, "it_rescaling").calls
    (last,) = found(model).calls
    assert inside.args[0].layer == "given"
    assert last.args[0].layer == "it_rescaling"


@pytest.mark.parametrize("where", [bidirectional, cell, stacked_cells])
def test_cells_and_both_directions(where: Callable) -> None:
    name = "LSTM" if where is bidirectional else "LSTMCell"
    it, stored = with_weights(layer(name, recurrent_activation=HARD), kernel=random(3, 8))
    model = upgrade(where(it), TF_2).model
    names = ["it", "backward_it"] if where is bidirectional else ["it"]
    for each in names:
        kernel = value(found(model, each).weights[0], stored)
        np.testing.assert_allclose(kernel[:, :4], 1.2 * stored["kernel"][:, :4], rtol=1e-6)
        np.testing.assert_array_equal(kernel[:, 4:6], stored["kernel"][:, 4:6])


def test_the_finding_names_the_weights() -> None:
    it, _ = with_weights(layer("Dense", activation=HARD), kernel=random(2, 2), bias=random(2))
    edits = only(upgraded(it), CODE).edits
    assert [edit.key for edit in edits] == ["weights.kernel", "weights.bias"]
