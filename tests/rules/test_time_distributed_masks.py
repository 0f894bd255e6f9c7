"""Masks that are made inside a TimeDistributed."""

import pytest

from converter.model.description import Layer, Model
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.graphs import called, embedding, given, graph
from tests.rules.upgrading import (
    KERAS_3,
    TF_2,
    findings,
    layer,
    only,
)

CODE = "KF214"
MAKERS = [
    layer("Embedding", "inside", mask_zero=True),
    layer("Masking", "inside"),
    Layer(
        "inside",
        "Sequential",
        model=Model("inside", "sequential", (layer("Masking", "m"), layer("Dropout", "d"))),
        module="keras",
    ),
]


def wrapped(inside: Layer) -> Layer:
    it = called("TimeDistributed", "it", "ids")
    return Layer("it", "TimeDistributed", calls=it.calls, inner={"layer": inside})


def model(inside: Layer, user: str = "LSTM") -> Model:
    behind = called(user, "behind", "it", config={"data_format": "channels_last"})
    return graph(given(), wrapped(inside), behind, output="behind")


@pytest.mark.parametrize(
    "inside",
    [
        layer("Embedding", "inside", mask_zero=False),
        layer("Dense", "inside"),
        layer("LSTM", "inside", units=3),
    ],
)
def test_layers_that_make_no_masks_stay(inside: Layer) -> None:
    assert findings(upgrade(model(inside), TF_2), CODE) == []


def test_a_model_that_uses_its_masks_up_inside_stays() -> None:
    inside = graph(
        given("x"),
        embedding("e", "x"),
        called("LSTM", "l", "e", config={"units": 3}),
        output="l",
        inputs=("x",),
    )
    encoder = Layer("inside", "Functional", model=inside, module="keras")
    assert findings(upgrade(model(encoder), TF_2), CODE) == []


@pytest.mark.parametrize("inside", MAKERS)
@pytest.mark.parametrize("user", ["Flatten", "Dense", "Conv1D"])
def test_masks_that_nobody_uses_do_no_harm(inside: Layer, user: str) -> None:
    assert findings(upgrade(model(inside, user), TF_2), CODE) == []


def test_files_of_keras_3_are_not_touched() -> None:
    assert findings(upgrade(model(MAKERS[0]), KERAS_3), CODE) == []


@pytest.mark.parametrize("inside", MAKERS)
@pytest.mark.parametrize("user", ["LSTM", "GRU", "GlobalAveragePooling1D"])
def test_masks_that_are_used_are_refused(inside: Layer, user: str) -> None:
    finding = only(upgrade(model(inside, user), TF_2), CODE)
    assert (finding.severity, finding.layer) == (Severity.REFUSED, "it")


@pytest.mark.parametrize("inside", MAKERS)
def test_in_a_sequential_too(inside: Layer) -> None:
    layers = (given(), Layer("it", "TimeDistributed", inner={"layer": inside}), layer("LSTM", "l"))
    assert only(upgrade(Model("top", "sequential", layers), TF_2), CODE).layer == "it"
