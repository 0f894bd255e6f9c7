"""Classes that the writer of a file did not have yet."""

import pytest

from converter.model.description import Writer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.upgrading import ANYWHERE, STANDALONE, TF_1, TF_2, findings, layer, only, upgraded

CODE = "KF100"
KERAS_1 = Writer((1, 2, 2), False, "tensorflow", "1.2.2")
LATER = ["Attention", "LayerNormalization", "DepthwiseConv2D", "Softmax"]


@pytest.mark.parametrize("name", [*LATER, "GroupNormalization"])
def test_files_of_releases_that_have_the_class_are_no_finding(name: str) -> None:
    assert findings(upgraded(layer(name), TF_2), CODE) == []


@pytest.mark.parametrize("name", ["RNN", "DepthwiseConv2D", "Softmax", "CuDNNLSTM"])
def test_what_stand_alone_keras_2_had_is_no_finding(name: str) -> None:
    assert findings(upgraded(layer(name), STANDALONE), CODE) == []


@pytest.mark.parametrize(
    ("name", "writer"),
    [
        ("Attention", STANDALONE),
        ("LayerNormalization", STANDALONE),
        ("GroupNormalization", Writer((2, 8, 0), True, "tensorflow", "2.8.0")),
        ("MultiHeadAttention", TF_1),
    ],
)
def test_a_name_that_keras_2_took_later_is_the_users_own_class(name: str, writer: Writer) -> None:
    finding = only(upgraded(layer(name), writer), CODE)
    assert finding.severity is Severity.CUSTOM
    assert writer.label in finding.message


def test_a_file_that_does_not_name_its_release_may_have_any_class() -> None:
    unknown = Writer((2,), True, "tensorflow", "")
    assert findings(upgraded(layer("GroupNormalization"), unknown), CODE) == []


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
