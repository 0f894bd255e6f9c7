"""Keras 1's words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from converter.model.description import Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    STANDALONE,
    TF_2,
    findings,
    found,
    layer,
    only,
    upgraded,
    with_weights,
)

CODE = "KF140"
KERAS_1 = Writer((1, 2, 2), False, "tensorflow", "1.2.2")


def translated(class_name: str, **config: Any) -> dict[str, Any]:
    """The config after all rules; what Keras 3 takes of it is the later rules' matter."""
    return dict(found(upgraded(layer(class_name, **config), KERAS_1).model).config)


@pytest.mark.parametrize("writer", [STANDALONE, TF_2])
def test_later_files_are_no_finding(writer: Writer) -> None:
    assert findings(upgraded(layer("Dense", output_dim=3), writer), CODE) == []


@pytest.mark.parametrize("name", ["Masking", "RepeatVector", "Permute", "TimeDistributed"])
def test_layers_whose_words_stayed_are_no_finding(name: str) -> None:
    assert findings(upgraded(layer(name, trainable=True), KERAS_1), CODE) == []


def test_a_class_of_the_users_keeps_its_arguments() -> None:
    it = layer("MyLayer", output_dim=3, init="uniform")
    assert found(upgrade(ANYWHERE["graph"](it), KERAS_1, ["MyLayer"]).model).config == it.config


@pytest.mark.parametrize("where", ANYWHERE)
def test_everywhere(where: str) -> None:
    it = layer("Convolution2D", nb_filter=4, nb_row=3, nb_col=2, dim_ordering="tf")
    result = upgrade(ANYWHERE[where](it), KERAS_1)
    assert only(result, CODE).severity is Severity.BREAKS
    new = found(result.model)
    assert new.class_name == "Conv2D"
    assert new.config == {"filters": 4, "kernel_size": [3, 2], "data_format": "channels_last"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Convolution1D", "Conv1D"),
        ("AtrousConvolution1D", "Conv1D"),
        ("AtrousConvolution2D", "Conv2D"),
        ("Convolution3D", "Conv3D"),
        ("Deconvolution2D", "Conv2DTranspose"),
        ("SeparableConvolution2D", "SeparableConv2D"),
        ("TimeDistributedDense", "Dense"),
        ("MaxoutDense", "MaxoutDense"),
    ],
)
def test_classes(old: str, new: str) -> None:
    assert found(upgraded(layer(old), KERAS_1).model).class_name == new


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("Dense", {"output_dim": 3, "bias": False}, {"units": 3, "use_bias": False}),
        ("Embedding", {"output_dim": 3, "init": "zero"}, None),
        ("Dropout", {"p": 0.5}, {"rate": 0.5}),
        ("GaussianNoise", {"sigma": 0.1}, {"stddev": 0.1}),
        ("LSTM", {"inner_activation": "sigmoid"}, {"recurrent_activation": "sigmoid"}),
        ("LSTM", {"forget_bias_init": "one"}, {"unit_forget_bias": True}),
        ("LSTM", {"forget_bias_init": "zero"}, {"unit_forget_bias": False}),
        ("LSTM", {"dropout_W": 0.1, "dropout_U": 0.2}, {"dropout": 0.1, "recurrent_dropout": 0.2}),
        ("SimpleRNN", {"consume_less": "gpu"}, {}),
        ("UpSampling1D", {"length": 2}, {"size": 2}),
        ("ZeroPadding1D", {"padding": {"left_pad": 1}}, {"padding": [1, 0]}),
        ("ZeroPadding2D", {"padding": [1, 2]}, {"padding": [1, 2]}),
        ("ZeroPadding2D", {"padding": [1, 2, 3, 4]}, {"padding": [[1, 2], [3, 4]]}),
        ("ZeroPadding2D", {"padding": {"top_pad": 1}}, {"padding": [[1, 0], [0, 0]]}),
        ("BatchNormalization", {"mode": 0, "axis": 1}, {"axis": 1}),
        ("MaxPooling1D", {"pool_length": 3, "stride": 2}, {"pool_size": 3, "strides": 2}),
    ],
)
def test_arguments(name: str, old: dict[str, Any], new: dict[str, Any] | None) -> None:
    config = translated(name, **old)
    if new is None:
        assert config["output_dim"] == 3
        assert config["embeddings_initializer"] == "zeros"
        return
    assert not set(old) - set(new) & set(config)
    for key, value in new.items():
        assert config[key] == value


@pytest.mark.parametrize("kind", ["Convolution1D", "MaxPooling1D", "Flatten"])
def test_layers_that_had_one_order_of_axes_say_it(kind: str) -> None:
    assert translated(kind)["data_format"] == "channels_last"


def test_an_embedding_drops_no_words_today() -> None:
    assert "dropout" not in translated("Embedding", dropout=0.2)


def test_both_kernels_of_a_separable_convolution_begin_alike() -> None:
    config = translated("SeparableConvolution2D", init="he_normal", dim_ordering="tf")
    assert config["depthwise_initializer"] == config["pointwise_initializer"] == "he_normal"


def test_initializers_keep_their_scale() -> None:
    config = translated("Dense", init="uniform")["kernel_initializer"]
    assert config["class_name"] == "RandomUniform"
    assert config["config"] == {"minval": -0.05, "maxval": 0.05}


def test_regularizers_and_constraints() -> None:
    config = translated(
        "Dense",
        W_regularizer={"name": "WeightRegularizer", "l1": 0.1, "l2": 0.2},
        b_regularizer={"name": "EigenvalueRegularizer"},
        activity_regularizer={"name": "L1L2Regularizer", "l1": 0.0, "l2": 0.1},
        W_constraint={"name": "MaxNorm", "m": 2, "axis": 0},
        b_constraint={"name": "NonNeg"},
    )
    assert config["kernel_regularizer"]["class_name"] == "L1L2"
    assert config["kernel_regularizer"]["config"] == {"l1": 0.1, "l2": 0.2}
    assert config["activity_regularizer"]["config"] == {"l1": 0.0, "l2": 0.1}
    assert config["kernel_constraint"]["config"] == {"max_value": 2, "axis": 0}
    assert config["bias_constraint"]["class_name"] == "NonNeg"
    assert "bias_regularizer" not in config


@pytest.mark.parametrize(("shape", "axes"), [((4,), None), ((1, 1, 3), [1, 2]), ((5, 1), [2])])
def test_shared_axes_are_those_of_length_one(shape: tuple[int, ...], axes: Any) -> None:
    it, _ = with_weights(layer("PReLU"), alphas=np.zeros(shape, "f4"))
    assert found(upgraded(it, KERAS_1).model).config["shared_axes"] == axes
