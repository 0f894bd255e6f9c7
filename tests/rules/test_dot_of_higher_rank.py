"""Dot on tensors of rank 4 and more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import KERAS_3, STANDALONE, TF_1, TF_2, findings, found, only

CODE = "KF251"


def dot(*ranks: int | None, **config: Any) -> Model:
    names = [f"x{n}" for n in range(len(ranks))]
    shapes = [[None] * rank if rank else None for rank in ranks]
    inputs = [
        Layer(name, "InputLayer", {"batch_shape": shape})
        for name, shape in zip(names, shapes, strict=True)
    ]
    ends = [TensorRef(name) for name in names]
    it = Layer("it", "Dot", {"axes": 3, "normalize": False, **config}, calls=(Call((ends,)),))
    return Model("top", "functional", (*inputs, it), ends, TensorRef("it"))


@pytest.mark.parametrize("ranks", [(2, 2), (3, 3), (2, 3), (3, 2)])
def test_lower_ranks_stay(ranks: tuple[int, int]) -> None:
    result = upgrade(dot(*ranks, axes=1), STANDALONE)
    assert findings(result, CODE) == []
    assert found(result.model).class_name == "Dot"


@pytest.mark.parametrize("writer", [TF_2, KERAS_3], ids=lambda w: w.label)
def test_later_writers_combined_every_axis(writer: Any) -> None:
    assert findings(upgrade(dot(4, 4), writer), CODE) == []


@pytest.mark.parametrize("ranks", [(4, 3), (3, 4), (4, None), (None, None)])
def test_other_ranks_are_refused_and_left(ranks: tuple[int | None, int | None]) -> None:
    result = upgrade(dot(*ranks), STANDALONE)
    assert only(result, CODE).severity is Severity.REFUSED
    assert found(result.model).class_name == "Dot"


def test_a_release_that_can_be_two_is_refused() -> None:
    assert only(upgrade(dot(4, 4), TF_1), CODE).severity is Severity.REFUSED


def test_a_layer_called_twice_is_refused() -> None:
    model = dot(4, 4)
    it = replace(model.layers[-1], calls=model.layers[-1].calls * 2)
    result = upgrade(replace(model, layers=(*model.layers[:-1], it)), STANDALONE)
    assert only(result, CODE).severity is Severity.REFUSED


@pytest.mark.parametrize(
    ("axes", "turned"),
    [(3, [False, True]), ((3, 2), [False, False]), ((2, 3), [True, True]), (1, [True, False])],
)
def test_which_factors_are_turned(axes: Any, turned: list[bool]) -> None:
    result = upgrade(dot(4, 4, axes=axes), STANDALONE)
    assert only(result, CODE).severity is Severity.SILENT
    it = found(result.model)
    assert it.class_name == "Matmul"
    refs = [ref.layer for ref in it.calls[0].args]
    assert refs == [f"it_{n}_turned" if turn else f"x{n}" for n, turn in enumerate(turned)]
    for layer in result.model.layers:
        if layer.class_name == "Transpose":
            assert layer.config["axes"] == [0, 1, 3, 2]


def test_normalizing_comes_first() -> None:
    result = upgrade(dot(4, 4, normalize=True), STANDALONE)
    unit = found(result.model, "it_1_unit")
    assert (unit.class_name, unit.config["axis"]) == ("UnitNormalization", 3)
    assert found(result.model, "it_1_turned").calls[0].args == (TensorRef("it_1_unit"),)


@pytest.mark.parametrize(("release", "old"), [((1, 13), True), ((1, 15), True), ((2, 0), False)])
def test_a_release_that_the_user_names(release: tuple[int, int], old: bool) -> None:
    told = replace(TF_1, backend_version=release)
    result = upgrade(dot(4, 4), told)
    assert [each.severity for each in findings(result, CODE)] == [Severity.SILENT] * old
    assert found(result.model).class_name == ("Matmul" if old else "Dot")


def test_the_releases_to_name_are_told() -> None:
    assert "--writer tf-1.15 or --writer tf-2.0" in only(upgrade(dot(4, 4), TF_1), CODE).remedy
