"""HashedCrossing of more than two features."""

import pytest

from converter.model.description import TensorRef
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import KERAS_3, TF_2, findings, in_graph, layer, only

CODE = "KF145"
GIVEN = TensorRef("given")


def test_two_features_and_other_layers_pass() -> None:
    crossed = in_graph(layer("HashedCrossing", num_bins=5), [GIVEN, GIVEN])
    assert findings(upgrade(crossed, TF_2), CODE) == []
    added = in_graph(layer("Add"), [GIVEN, GIVEN, GIVEN])
    assert findings(upgrade(added, TF_2), CODE) == []


@pytest.mark.parametrize("count", [3, 4])
def test_more_are_refused(count: int) -> None:
    crossed = in_graph(layer("HashedCrossing", num_bins=5), [GIVEN] * count)
    finding = only(upgrade(crossed, TF_2), CODE)
    assert finding.severity is Severity.REFUSED
    assert str(count) in finding.message
    assert findings(upgrade(crossed, KERAS_3), CODE) == []
