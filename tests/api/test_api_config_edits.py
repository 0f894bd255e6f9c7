"""Explicit edits of a stored config."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.api.config_edits import drop_key, entries, rename_class, resolve, set_value
from converter.errors import UsageError


def layer(name, class_name="Dense", **config):
    return {"class_name": class_name, "config": {"name": name, **config}}


CONFIG = {
    "class_name": "Functional",
    "config": {
        "name": "model",
        "layers": [
            layer("dense", units=3, kernel_initializer={"class_name": "Zeros", "config": {}}),
            layer("conv.1", "Conv2D", filters=2),
            layer("wrap", "TimeDistributed", layer=layer("inside", units=4)),
            {**layer("inner", "Sequential", layers=[layer("dense", units=5)]), "name": "inner"},
        ],
    },
}


def test_entries_have_paths():
    assert [each.path for each in entries(CONFIG)] == [
        *("", "dense", "conv.1", "wrap", "wrap/inside", "inner", "inner/dense")
    ]


def test_config_as_a_bare_list():
    config = {"class_name": "Sequential", "config": [layer("dense", units=3)]}
    assert [each.path for each in entries(config)] == ["", "dense"]
    assert set_value(config, "dense.units", 4)[0]["config"][0]["config"]["units"] == 4


@pytest.mark.parametrize(
    ("address", "paths", "key"),
    [
        ("dense.units", ["dense"], "units"),
        ("inside.units", ["wrap/inside"], "units"),
        ("inner/dense.units", ["inner/dense"], "units"),
        ("conv.1.filters", ["conv.1"], "filters"),
        ("d*.units", ["dense", "inner/dense"], "units"),
        ("dense.kernel_initializer.config.seed", ["dense"], None),
        ("model.trainable", [""], "trainable"),
    ],
)
def test_addresses(address, paths, key):
    found, rest = resolve(CONFIG, address)
    assert [each.path for each in found] == paths
    assert rest == (key or "kernel_initializer.config.seed")


@pytest.mark.parametrize("address", ["dense", "nothing.units", "dense.", ".units"])
def test_addresses_that_fit_nothing(address):
    with pytest.raises(UsageError):
        resolve(CONFIG, address)


def test_value_inside_a_value():
    changed, _ = set_value(CONFIG, "dense.kernel_initializer.config.seed", 7)
    assert changed["config"]["layers"][0]["config"]["kernel_initializer"]["config"] == {"seed": 7}


def test_drop_needs_the_key():
    with pytest.raises(UsageError, match="has no unit"):
        drop_key(CONFIG, "dense.unit")


def test_rename_everywhere():
    changed, edits = rename_class(CONFIG, "Dense", "Mine")
    assert [each.layer for each in edits] == ["dense", "wrap/inside", "inner/dense"]
    assert {each.stored["class_name"] for each in entries(changed)} >= {"Mine", "Conv2D"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(value=json_values)
def test_set_then_drop_restores(value):
    before = copy.deepcopy(CONFIG)
    changed, edits = set_value(CONFIG, "conv.1.added", value)
    assert [each.edit.new for each in edits] == [value]
    restored, _ = drop_key(changed, "conv.1.added")
    assert restored == before
    assert before == CONFIG
