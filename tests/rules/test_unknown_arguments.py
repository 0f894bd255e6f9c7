"""Arguments that Keras 3's classes do not take."""

import pytest

from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    TF_2,
    findings,
    found,
    in_graph,
    layer,
    only,
    upgraded,
)

CODE = "KF904"


@pytest.mark.parametrize("writer", [TF_2, KERAS_3])
def test_known_arguments_pass(writer: object) -> None:
    it = layer("Dense", units=3, use_bias=True, activation="relu", name_of=None)
    known = it.with_config(drop=["name_of"])
    assert findings(upgraded(known, writer), CODE) == []
    assert len(findings(upgraded(it, writer), CODE)) == 1


def test_classes_that_are_not_keras_s_may_have_any() -> None:
    assert findings(upgraded(layer("Mine", anything=1)), CODE) == []


def test_classes_that_the_user_gives_may_have_any() -> None:
    result = upgrade(in_graph(layer("Dense", anything=1)), TF_2, custom=["Dense"])
    assert findings(result, CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("writer", [TF_2, KERAS_3])
def test_unknown_ones_are_refused_and_left(where: str, writer: object) -> None:
    it = layer("Dense", units=3, anything=1)
    result = upgrade(ANYWHERE[where](it), writer)
    assert only(result, CODE).severity is Severity.REFUSED
    assert "anything=1" in only(result, CODE).message
    assert found(result.model).config == it.config
