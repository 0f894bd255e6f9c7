"""Layers of TensorFlow Addons, as far as no sample shows them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from converter.errors import NotExactError
from converter.layouts.addons import wrapped_name
from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    TF_2,
    assert_unchanged,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
    value,
    with_weights,
)

SCALE = {"gamma": np.ones(6, np.float32), "beta": np.zeros(6, np.float32)}


@pytest.mark.parametrize("name", ["GroupNormalization", "SpectralNormalization"])
def test_keras_own_layers_of_these_names_stay(name: str) -> None:
    for code in ("KF170", "KF173"):
        assert_unchanged(layer(name, groups=2), code)


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("groups", [2, 6])
def test_group_normalization(where: str, groups: int) -> None:
    """As many groups as channels are a group for each."""
    it, _ = with_weights(layer("Addons>GroupNormalization", groups=groups, axis=-1), **SCALE)
    result = upgrade(ANYWHERE[where](it), TF_2)
    assert only(result, "KF170").severity is Severity.BREAKS
    new = found(result.model)
    assert new.class_name == "GroupNormalization"
    assert new.config["groups"] == (2 if groups == 2 else -1)


@pytest.mark.parametrize(
    ("axis", "severity"), [(1, "BREAKS"), (-2, "REFUSED"), ([1, 2], "REFUSED")]
)
def test_instance_normalization_along_other_axes(axis: object, severity: str) -> None:
    it, _ = with_weights(layer("Addons>InstanceNormalization", axis=axis), **SCALE)
    assert only(upgraded(it), "KF170").severity is Severity[severity]


def normalized(data_init: bool, initialized: bool, **config: object) -> tuple[Layer, dict]:
    dense, kernel = with_weights(
        layer("Dense", "dense", units=3), kernel=np.arange(1, 7, dtype=np.float32).reshape(2, 3)
    )
    own = {"g": np.array([1, 2, 3], np.float32), "initialized": np.array(initialized)}
    wrapper = layer("Addons>WeightNormalization", data_init=data_init, **config)
    it, stored = with_weights(wrapper, **own)
    return replace(it, inner={"layer": dense}), {**kernel, **stored}


@pytest.mark.parametrize("where", ANYWHERE)
def test_a_normalised_kernel_has_columns_as_long_as_g(where: str) -> None:
    it, stored = normalized(data_init=True, initialized=True)
    result = upgrade(ANYWHERE[where](it), TF_2)
    assert only(result, "KF172").severity is Severity.BREAKS
    new = found(result.model)
    assert new.class_name == "Dense"
    kernel = value(new.weights[0], stored)
    np.testing.assert_allclose(np.linalg.norm(kernel, axis=0), stored["g"], rtol=1e-6)
    np.testing.assert_allclose(kernel[0] / kernel[1], [1 / 4, 2 / 5, 3 / 6], rtol=1e-6)


def test_a_wrapper_that_saw_no_data_keeps_its_kernel() -> None:
    it, stored = normalized(data_init=False, initialized=False)
    new = found(upgraded(it).model)
    np.testing.assert_array_equal(value(new.weights[0], stored), stored["kernel"])


def test_weights_that_the_first_batch_would_decide_are_not_written() -> None:
    it, stored = normalized(data_init=True, initialized=False)
    new = found(upgraded(it).model)
    with pytest.raises(NotExactError, match="first batch"):
        value(new.weights[0], stored)


@pytest.mark.parametrize("name", ["WeightNormalization", "SpectralNormalization"])
def test_frozen_wrappers_freeze_what_they_held(name: str) -> None:
    it, _ = normalized(data_init=False, initialized=True, trainable=False)
    it = replace(it, class_name=f"Addons>{name}")
    assert found(upgraded(it).model).config["trainable"] is False


@pytest.mark.parametrize("name", ["WeightNormalization", "SpectralNormalization", "NoisyDense"])
def test_without_what_they_need_they_are_refused(name: str) -> None:
    refused = [each for each in upgraded(layer(f"Addons>{name}")).findings if each.blocks]
    assert [each.severity for each in refused][:1] == [Severity.REFUSED]


def test_noise_that_the_file_holds_is_in_the_weights() -> None:
    arrays = {
        f"{part}_{of}": np.full(shape, number, np.float32)
        for part, number in (("mu", 1), ("sigma", 2), ("eps", 3))
        for of, shape in (("kernel", (2, 4)), ("bias", (4,)))
    }
    it, stored = with_weights(layer("Addons>NoisyDense", units=4, sigma=0.5), **arrays)
    new = found(upgraded(it).model)
    assert new.class_name == "Dense"
    assert "sigma" not in new.config
    assert [value(each, stored).ravel()[0] for each in new.weights] == [7, 7]


@pytest.mark.parametrize("name", ["CRF", "EmbeddingBag", "CorrelationCost", "ESN"])
def test_what_keras_has_nothing_for_is_named(name: str) -> None:
    finding = only(upgraded(layer(f"Addons>{name}")), "KF180")
    assert finding.severity is Severity.CUSTOM
    assert name in finding.message
    assert "--custom" in finding.remedy


@pytest.mark.parametrize("given", ["InstanceNormalization", "Addons>InstanceNormalization"])
def test_the_users_own_class_is_used(given: str) -> None:
    it, _ = with_weights(layer("Addons>InstanceNormalization"), **SCALE)
    result = upgrade(in_graph(it), TF_2, custom=[given])
    assert findings(result, "KF170") == []


def attention(**keywords: object) -> Model:
    arrays = {
        "query_kernel": np.arange(24, dtype=np.float32).reshape(2, 4, 3),
        "key_kernel": np.ones((2, 4, 3), np.float32),
        "value_kernel": np.ones((2, 4, 3), np.float32),
        "projection_kernel": np.ones((2, 3, 5), np.float32),
    }
    config = {"head_size": 3, "num_heads": 2, "use_projection_bias": False}
    it, _ = with_weights(layer("Addons>MultiHeadAttention", **config), **arrays)
    given = Layer("given", "InputLayer", {"batch_shape": [None, 6, 4]})
    x = TensorRef("given")
    it = replace(it, calls=(Call(([x, x],), keywords),))
    return Model("top", "functional", (given, it), x, TensorRef("it"))


def test_attention_takes_the_value_before_the_key() -> None:
    new = found(upgrade(attention(), TF_2).model)
    assert new.class_name == "MultiHeadAttention"
    assert len(new.calls[0].args) == 3
    assert [each.shape for each in new.weights][0] == (4, 2, 3)


def test_attention_with_a_mask_is_refused() -> None:
    result = upgrade(attention(mask=TensorRef("given")), TF_2)
    assert only(result, "KF179").severity is Severity.REFUSED


@pytest.mark.parametrize("units", [4, 7])
def test_maxout_of_features_that_are_not_a_multiple_is_refused(units: int) -> None:
    """The input has four features."""
    result = upgraded(layer("Addons>Maxout", num_units=units))
    assert only(result, "KF176").severity is Severity["BREAKS" if units == 4 else "REFUSED"]


@pytest.mark.parametrize(("arguments", "package"), [({}, "Addons>"), ({"more": 1}, "")])
def test_a_wrapper_that_leaves_out_the_package(arguments: dict, package: str) -> None:
    """The arguments have to be exactly those of Addons."""
    config = {"name": "it", "data_init": True, "layer": {}, **arguments}
    assert wrapped_name("WeightNormalization", config) == f"{package}WeightNormalization"
