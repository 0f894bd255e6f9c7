"""RandomHeight and RandomWidth at inference."""

import pytest

from converter.model.description import Writer
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

CODE = "KF233"
NAMES = ["RandomHeight", "RandomWidth"]


@pytest.mark.parametrize("name", ["RandomZoom", "RandomFlip", "Rescaling"])
def test_others_stay(name: str) -> None:
    assert findings(upgraded(layer(name)), CODE) == []


@pytest.mark.parametrize("name", NAMES)
def test_files_of_keras_3_are_not_touched(name: str) -> None:
    assert findings(upgrade(in_graph(layer(name)), KERAS_3), CODE) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("minor", "becomes"), [(3, "Identity"), (6, "Identity"), (8, "Rescaling")])
def test_later_releases_cast_to_floats(name: str, minor: int, becomes: str) -> None:
    result = upgraded(layer(name, factor=0.2), Writer((2, minor, 0), True))
    assert only(result, CODE).severity is Severity.BREAKS
    it = found(result.model)
    assert it.class_name == becomes
    assert "factor" not in it.config
    if becomes == "Rescaling":
        assert (it.config["scale"], it.config["offset"]) == (1.0, 0.0)


@pytest.mark.parametrize("where", ANYWHERE)
def test_it_is_written_everywhere(where: str) -> None:
    result = upgrade(ANYWHERE[where](layer("RandomHeight", factor=0.2)), TF_2)
    assert found(result.model).class_name == "Rescaling"
