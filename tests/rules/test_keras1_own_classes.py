"""Classes that Keras 1 did not have."""

import pytest

from converter.model.description import Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import ANYWHERE, STANDALONE, TF_2, findings, layer, only, upgraded

CODE = "KF100"
KERAS_1 = Writer((1, 2, 2), False, "tensorflow", "1.2.2")
LATER = ["Attention", "LayerNormalization", "DepthwiseConv2D", "Softmax"]


@pytest.mark.parametrize("name", LATER)
@pytest.mark.parametrize("writer", [STANDALONE, TF_2])
def test_later_files_are_no_finding(name: str, writer: Writer) -> None:
    assert findings(upgraded(layer(name), writer), CODE) == []


@pytest.mark.parametrize("name", ["Dense", "ThresholdedReLU", "Convolution2D", "MyLayer"])
def test_layers_of_keras_1_and_unknown_ones_are_no_finding(name: str) -> None:
    """Those that no Keras has are told by the gate."""
    assert findings(upgraded(layer(name), KERAS_1), CODE) == []


@pytest.mark.parametrize("where", ANYWHERE)
@pytest.mark.parametrize("name", LATER)
def test_a_later_name_is_the_users_own_class(name: str, where: str) -> None:
    finding = only(upgrade(ANYWHERE[where](layer(name)), KERAS_1), CODE)
    assert finding.severity is Severity.CUSTOM
    assert name in finding.message


def test_a_class_that_was_given_is_no_finding() -> None:
    result = upgrade(ANYWHERE["graph"](layer("Attention")), KERAS_1, ["Attention"])
    assert findings(result, CODE) == []
