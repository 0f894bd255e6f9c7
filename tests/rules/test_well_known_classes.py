"""Whose class a layer is taken for, and whose it is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from converter.layouts import archive, legacy
from converter.layouts.variables import variables_of
from converter.layouts.well_known import CLASSES, full_name
from converter.model.description import Dataset, Json, Layer, Model, Writer
from converter.model.findings import Severity
from converter.rules import (
    kapre_layers,
    kapre_spectrograms,
    self_attention_layers,
    well_known_layers,
    well_known_stock,
)
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    STANDALONE,
    TF_1,
    TF_2,
    assert_unchanged,
    findings,
    found,
    in_graph,
    in_sequential,
    layer,
    only,
    upgraded,
    with_weights,
)

CODE = "KF169"
OBJECTS = {
    f"{weight}_{kind}": None
    for weight in ("gamma", "beta")
    for kind in ("initializer", "regularizer", "constraint")
}
NORMALIZATION = {"epsilon": 1e-3, "center": True, "scale": True, **OBJECTS}
SCALE = {"gamma": np.ones(4, np.float32), "beta": np.zeros(4, np.float32)}
MOMENTS = {
    "momentum": 0.9,
    "moving_mean_initializer": "zeros",
    "moving_variance_initializer": "ones",
}


def normalization(name: str = "InstanceNormalization", **more: Json) -> Layer:
    it, _ = with_weights(layer(name, **NORMALIZATION, axis=-1, **more), **SCALE)
    return it


def assert_left_to_the_user(it: Layer, writer: Writer = STANDALONE) -> None:
    assert_unchanged(it, CODE, writer)
    assert upgraded(it, writer).blockers


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("writer", [STANDALONE, TF_1, TF_2])
def test_a_library_is_told_by_its_arguments_and_weights(where: str, writer: Writer) -> None:
    result = upgrade(ANYWHERE[where](normalization()), writer)
    finding = only(result, CODE)
    assert finding.severity is Severity.NOTICE
    assert "keras_contrib" in finding.message
    assert "--custom" in finding.remedy
    # A step of what a TimeDistributed gets here has no axis that is left to normalise.
    assert bool(result.blockers) == (where in ("time distributed", "twice wrapped"))


@pytest.mark.parametrize("more", [{"groups": 2}, {"momentum": 0.9}])
def test_other_arguments_are_the_users(more: Json) -> None:
    assert_left_to_the_user(normalization(**more))


@pytest.mark.parametrize("left_out", ["axis", "gamma_constraint"])
def test_fewer_arguments_are_the_users(left_out: str) -> None:
    assert_left_to_the_user(normalization().with_config(drop=(left_out,)))


@pytest.mark.parametrize(
    "weights",
    [
        {"gamma": np.ones(4)},
        {**SCALE, "mean": np.ones(4)},
        {"gamma": np.ones((1, 4)), "beta": np.ones((1, 4))},
        {"weight": np.ones(4), "shift": np.ones(4)},
    ],
)
def test_other_weights_are_the_users(weights: dict[str, np.ndarray]) -> None:
    it, _ = with_weights(layer("InstanceNormalization", **NORMALIZATION, axis=-1), **weights)
    assert_left_to_the_user(it)


def test_the_users_own_class_wins() -> None:
    it = normalization()
    result = upgrade(in_graph(it), STANDALONE, {"InstanceNormalization"})
    assert not findings(result, CODE)
    assert found(result.model).class_name == "InstanceNormalization"


@pytest.mark.parametrize(
    ("name", "config", "code"),
    [
        ("Scale", {"factor": 2.0}, CODE),
        ("FixedDropout", {"rate": 0.5}, CODE),
        ("PixelShuffler", {"upsampling_factor": [2, 2]}, CODE),
        ("Mish", {"beta": 1.0}, CODE),
    ],
)
def test_namesakes_with_other_arguments(name: str, config: Json, code: str) -> None:
    assert_left_to_the_user(layer(name, **config))


def test_group_normalization_is_taken_where_all_agree() -> None:
    for axis, groups in ((1, 2), (-1, 1)):
        it = normalization("GroupNormalization", groups=groups).with_config(axis=axis)
        result = upgraded(it, STANDALONE)
        assert only(result, CODE).severity is Severity.NOTICE
        assert only(result, "KF190").severity is Severity.BREAKS
        assert not result.blockers
    it = normalization("GroupNormalization", groups=2)
    assert only(upgraded(it, STANDALONE), CODE).severity is Severity.CUSTOM


def test_keras_own_group_normalization_stays() -> None:
    assert_unchanged(normalization("GroupNormalization", groups=2), CODE, TF_2)


def test_dropout_of_efficientnet() -> None:
    it = layer("FixedDropout", rate=0.5, noise_shape=[None, 1, 1, 1], seed=None)
    new = found(upgraded(it, STANDALONE).model)
    assert new.class_name == "Dropout"
    assert new.config["noise_shape"] == [None, 1, 1, 1]


@pytest.mark.parametrize("freeze", [True, False])
def test_batch_normalization_of_keras_resnet(freeze: bool) -> None:
    it = layer("BatchNormalization", **NORMALIZATION, **MOMENTS, axis=-1, freeze=freeze)
    moments = {name: np.ones(4, np.float32) for name in ("moving_mean", "moving_variance")}
    it, _ = with_weights(it, **SCALE, **moments)
    result = upgraded(it, STANDALONE)
    assert not result.blockers
    assert "freeze" not in found(result.model).config
    assert (found(result.model).config.get("trainable") is False) == freeze


def test_every_class_without_a_stock_layer_is_written() -> None:
    """What KF169 only names, another rule has to write."""
    of_kapre = {full_name(name) for name in (*kapre_layers.WRITTEN, *kapre_spectrograms.NAMES)}
    of_attention = {full_name(name) for name in self_attention_layers.WRITTEN}
    written = {*well_known_layers.WRITTEN, *well_known_stock.STOCK, *of_kapre, *of_attention}
    assert written == {full_name(name) for name in CLASSES}


# -- while weights are given to layers ----------------------------------------------------


def nested(count: int) -> tuple[Model, dict[str, list[tuple[str, Dataset]]]]:
    """A model in a model whose layer has a number of weights, by names that say nothing."""
    it = replace(normalization(), weights=())
    model = in_sequential(Layer("inner", "Sequential", model=in_sequential(it), module="keras"))
    stored = [(f"w_{index}", Dataset(f"w_{index}", (4,), "float32")) for index in range(count)]
    return model, {"inner": stored}


def test_in_a_container_the_count_of_weights_says_whose_class_it_is() -> None:
    model, groups = nested(2)
    bound, problems = legacy.bind(model, groups, implicit_masks=False)
    assert not problems
    assert [each.name for each in found(bound).weights] == ["gamma", "beta"]
    assert only(upgrade(bound, STANDALONE), CODE)
    model, groups = nested(3)
    bound, problems = legacy.bind(model, groups, implicit_masks=False)
    assert not problems
    assert [each.name for each in found(bound).weights] == ["w_0", "w_1", "w_2"]
    assert only(upgrade(bound, STANDALONE), "KF903").severity is Severity.CUSTOM


@pytest.mark.parametrize("count", [0, 1, 3])
def test_in_an_archive_too(count: int) -> None:
    it = replace(normalization(), weights=())
    path = "layers/instance_normalization/vars"
    stored = {f"{path}/{index}": Dataset("", (4,), "float32") for index in range(count)}
    bound, problems = archive.bind(in_sequential(it), stored, implicit_masks=False)
    assert not problems
    assert len(found(bound).weights) == count
    assert only(upgrade(bound, TF_2), "KF903").severity is Severity.CUSTOM
    stored = {f"{path}/{index}": Dataset("", (4,), "float32") for index in range(2)}
    bound, _ = archive.bind(in_sequential(it), stored, implicit_masks=False)
    assert only(upgrade(bound, TF_2), CODE).severity is Severity.NOTICE


def test_a_class_that_looked_like_one_without_weights() -> None:
    stored = {"layers/mish/vars/0": Dataset("", (4,), "float32")}
    bound, problems = archive.bind(in_sequential(layer("Mish")), stored, implicit_masks=False)
    assert not problems
    assert len(found(bound).weights) == 1
    assert only(upgrade(bound, TF_2), "KF903").severity is Severity.CUSTOM


def test_nothing_is_known_of_a_class_that_the_user_gives() -> None:
    assert variables_of(normalization()) is not None
    assert variables_of(replace(normalization(), module="")) is None


def test_a_copy_that_was_registered_without_a_package() -> None:
    it = replace(normalization(), class_name="Custom>InstanceNormalization")
    result = upgraded(it, TF_2)
    assert only(result, CODE).severity is Severity.NOTICE
    assert not result.blockers
    own = upgrade(in_graph(it), TF_2, {"Custom>InstanceNormalization"})
    assert not findings(own, CODE)
    assert_left_to_the_user(replace(it, class_name="Mine>InstanceNormalization"), TF_2)


@pytest.mark.parametrize("name", ["GroupNormalization", "InstanceNormalization"])
@pytest.mark.parametrize("where", ["graph", "nested graph"])
def test_what_became_of_layers_of_addons_is_not_looked_at(name: str, where: str) -> None:
    it = replace(normalization(groups=2), class_name=f"Addons>{name}")
    result = upgrade(ANYWHERE[where](it), Writer((2, 8, 0), True, "tensorflow", "2.8.0"))
    assert not findings(result, CODE)
    assert not result.blockers


def test_inside_of_wrappers_early_tensorflow_leaves_out_the_package() -> None:
    it = normalization("GroupNormalization", groups=2)
    assert_unchanged(it, CODE, TF_1)
