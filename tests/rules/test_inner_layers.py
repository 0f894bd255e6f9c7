"""Layers inside layers, which are reported only."""

from dataclasses import replace

import pytest

from converter.rules.apply import upgrade
from tests.rules.upgrading import (
    ANYWHERE,
    KERAS_3,
    assert_unchanged,
    findings,
    layer,
    only,
    upgraded,
)

CODE = "KF304"


def test_layers_without_any_are_no_finding() -> None:
    assert_unchanged(layer("Dense", units=3), CODE)


def test_files_of_keras_3_are_no_finding() -> None:
    assert findings(upgrade(ANYWHERE["time distributed"](layer("Dense")), KERAS_3), CODE) == []


@pytest.mark.parametrize("key", ["layer", "cell", "cells/0", "activation"])
def test_each_holder_is_reported(key: str) -> None:
    it = replace(layer("Mine"), inner={key: layer("ReLU", "inside")})
    finding = only(upgraded(it), CODE)
    assert finding.layer == "it"
    assert "ReLU" in finding.message
