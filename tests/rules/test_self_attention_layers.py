"""Attention of keras-self-attention, as far as no sample shows it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from converter.model.description import Json, Layer
from converter.model.findings import Severity
from converter.rules.apply import upgrade
from tests.rules.graphs import called, embedding, given, graph
from tests.rules.upgrading import STANDALONE, in_graph, layer, only, upgraded, with_weights

CODE = "KF188"
NONE = dict.fromkeys(
    f"{weight}_{what}"
    for weight in ("kernel", "bias")
    for what in ("initializer", "regularizer", "constraint")
)
CONFIG: dict[str, Json] = {
    **{"units": 3, "attention_width": None, "attention_type": "multiplicative"},
    **{"return_attention": False, "history_only": False, "use_additive_bias": True},
    **{"use_attention_bias": False, "attention_activation": None},
    **{"attention_regularizer_weight": 0.0, **NONE},
}
KERNEL = {"it_Mul_Wa": np.ones((4, 4), np.float32)}


def attention(**changes: Json) -> Layer:
    it, _ = with_weights(layer("SeqSelfAttention", **{**CONFIG, **changes}), **KERNEL)
    return replace(it, weights=tuple(replace(each, name="Mul_Wa") for each in it.weights))


@pytest.mark.parametrize("changes", [{"attention_width": 5}, {"history_only": True}])
def test_what_releases_computed_in_several_ways_is_refused(changes: Json) -> None:
    assert only(upgraded(attention(**changes), STANDALONE), CODE).severity is Severity.REFUSED


@pytest.mark.parametrize("masked", [True, False])
def test_a_mask_is_refused(masked: bool) -> None:
    it = replace(attention(), calls=called("Dense", "it", "embedding").calls)
    model = graph(given(), embedding(masked=masked), it, output="it")
    finding = only(upgrade(model, STANDALONE), CODE)
    assert finding.severity is (Severity.REFUSED if masked else Severity.BREAKS)


def test_another_argument_or_weight_is_the_users() -> None:
    for it in (
        attention(heads=2),
        attention(attention_type="additive"),
        attention(use_attention_bias=True),
    ):
        assert only(upgraded(it, STANDALONE), "KF903").severity is Severity.CUSTOM


def test_the_users_own_class_wins() -> None:
    result = upgrade(in_graph(attention()), STANDALONE, {"SeqSelfAttention"})
    assert not [each for each in result.findings if each.code in (CODE, "KF169")]
