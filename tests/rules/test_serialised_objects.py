"""Initializers, regularizers and constraints in Keras 2's form."""

import pytest

from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    TF_2,
    assert_unchanged,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
)

CODE = "KF130"
GLOROT = {"class_name": "GlorotUniform", "config": {"seed": 3}}


def new(kind: str, name: str, **config: object) -> dict:
    module = f"keras.{kind}"
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


@pytest.mark.parametrize(
    ("key", "stored"),
    [
        ("kernel_initializer", "glorot_uniform"),
        ("kernel_initializer", new("initializers", "GlorotUniform", seed=3)),
        ("kernel_regularizer", None),
        ("kernel_regularizer", "l2"),
        ("bias_constraint", "non_neg"),
        ("initializer", GLOROT),
    ],
)
def test_what_keras_3_reads_stays(key: str, stored: object) -> None:
    assert_unchanged(layer("Dense", **{key: stored}), CODE)


def test_what_the_user_gives_stays() -> None:
    stored = {"class_name": "Mine", "config": {"dtype": "float32"}}
    it = layer("Dense", kernel_initializer=stored)
    result = upgrade(in_graph(it), TF_2, custom=["Mine"])
    assert findings(result, CODE) == []
    assert found(result.model).config["kernel_initializer"]["config"] == stored["config"]


def test_files_of_keras_3_are_not_touched() -> None:
    result = upgrade(in_graph(layer("Dense", kernel_initializer=GLOROT)), KERAS_3)
    assert findings(result, CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize(
    ("key", "stored", "expected"),
    [
        ("kernel_initializer", GLOROT, new("initializers", "GlorotUniform", seed=3)),
        (
            "bias_initializer",
            {"class_name": "Zeros", "config": {"dtype": "float32"}},
            new("initializers", "Zeros"),
        ),
        (
            "kernel_regularizer",
            {"class_name": "L2", "config": {"l2": {"type": "ndarray", "value": 0.5}}},
            new("regularizers", "L2", l2=0.5),
        ),
        (
            "kernel_constraint",
            {"class_name": "MaxNorm", "config": {"max_value": 2, "axis": 0}},
            new("constraints", "MaxNorm", max_value=2, axis=0),
        ),
        (
            "depthwise_initializer",
            {
                "class_name": "VarianceScaling",
                "config": {
                    "scale": 1.0,
                    "mode": "fan_in",
                    "distribution": "normal",
                    "dtype": None,
                },
            },
            new(
                "initializers",
                "VarianceScaling",
                scale=1.0,
                mode="fan_in",
                distribution="truncated_normal",
            ),
        ),
    ],
)
def test_written_in_keras_3_s_form(key: str, stored: dict, expected: dict, where: str) -> None:
    result = upgrade(ANYWHERE[where](layer("Dense", **{key: stored})), TF_2)
    assert found(result.model).config == {key: expected}
    # Keras 3 does not mind a missing module, but stumbles over arguments it does not know.
    stumbles = stored["config"] != expected["config"]
    assert only(result, CODE).severity is (Severity.BREAKS if stumbles else Severity.NOTICE)


@pytest.mark.parametrize("stored", ["my_init", {"class_name": "Gone", "config": {}}, ["list"]])
@pytest.mark.parametrize("key", ["kernel_initializer", "bias_regularizer", "kernel_constraint"])
def test_what_is_unknown_goes_with_a_notice(key: str, stored: object) -> None:
    result = upgraded(layer("Dense", units=3, **{key: stored}))
    assert found(result.model).config == {"units": 3}
    assert only(result, CODE).severity is Severity.NOTICE
