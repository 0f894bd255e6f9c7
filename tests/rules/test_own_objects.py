"""The user's own activations, initializers, regularizers and constraints in stock layers."""

import pytest

from converter.model.description import Json, Writer
from converter.rules.apply import upgrade
from tests.rules.upgrading import ANYWHERE, KERAS_3, TF_2, findings, found, in_graph, layer, only

CODE = "KF137"
FORM = {"module": "builtins", "class_name": "function", "registered_name": "function"}
MINE = {"class_name": "Mine", "config": {"rate": 0.5}}
CUSTOM = ("mine", "Mine", "Pack>mine", "Pack>Mine")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("activation", "relu"),
        ("activation", None),
        ("kernel_initializer", {"class_name": "Zeros", "config": {}}),
        ("kernel_regularizer", "other"),
        ("units", "mine"),
        ("name_of_it", MINE),
    ],
)
def test_what_is_not_the_users_stays(key: str, value: Json) -> None:
    result = upgrade(in_graph(layer("Dense", **{key: value})), TF_2, custom=CUSTOM)
    assert findings(result, CODE) == []


def test_without_the_users_modules_nothing_is_changed() -> None:
    result = upgrade(in_graph(layer("Dense", kernel_initializer=MINE)), KERAS_3)
    assert findings(result, CODE) == []
    assert found(result.model).config == {"kernel_initializer": MINE}


def test_the_config_of_the_users_own_layer_is_his() -> None:
    it = layer("Mine", activation="mine", inner_initializer=MINE)
    result = upgrade(in_graph(it), TF_2, custom=CUSTOM)
    assert findings(result, CODE) == []


PLAIN = [
    ("activation", "mine", "mine"),
    ("recurrent_activation", "Pack>mine", "Pack>mine"),
    ("kernel_initializer", "mine", "mine"),
    ("bias_constraint", "mine", "mine"),
]
OF_KERAS_3 = [
    ("activation", {**FORM, "config": "mine"}, "mine"),
    ("activation", {"class_name": "function", "config": "mine", "module": "own"}, "mine"),
    (
        "bias_initializer",
        {**FORM, "config": "mine", "registered_name": "Pack>mine"},
        "Pack>mine",
    ),
]


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize(
    ("writer", "key", "stored", "name"),
    [(TF_2, *each) for each in PLAIN] + [(KERAS_3, *each) for each in PLAIN + OF_KERAS_3],
)
def test_functions(writer: Writer, key: str, stored: Json, name: str, where: str) -> None:
    result = upgrade(ANYWHERE[where](layer("LSTM", **{key: stored})), writer, custom=CUSTOM)
    assert found(result.model).config[key] == {**FORM, "config": name}


@pytest.mark.parametrize("key", ["activation", "recurrent_initializer", "kernel_regularizer"])
@pytest.mark.parametrize(
    ("stored", "registered"),
    [
        (MINE, "Mine"),
        ({**MINE, "class_name": "Pack>Mine"}, "Pack>Mine"),
        ({**MINE, "module": "own.layers", "registered_name": "Pack>Mine"}, "Pack>Mine"),
    ],
)
def test_objects(key: str, stored: Json, registered: str) -> None:
    result = upgrade(in_graph(layer("LSTM", **{key: stored})), TF_2, custom=CUSTOM)
    assert only(result, CODE).edits
    expected = {"module": None, **MINE, "registered_name": registered}
    assert found(result.model).config[key] == expected
