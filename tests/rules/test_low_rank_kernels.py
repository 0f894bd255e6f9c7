"""Low-rank updates of Keras 3."""

import numpy as np
import pytest

from tests.rules.upgrading import (
    KERAS_3,
    TF_2,
    assert_unchanged,
    findings,
    found,
    layer,
    upgraded,
    value,
    with_weights,
)

CODE = "KF132"
CLASSES = {"Dense": "kernel", "EinsumDense": "kernel", "Embedding": "embeddings"}


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("rank", [{}, {"lora_rank": None}])
def test_layers_without_an_update_stay(name: str, rank: dict) -> None:
    assert_unchanged(layer(name, **rank), CODE, KERAS_3)


def test_files_of_keras_2_are_not_touched() -> None:
    assert findings(upgraded(layer("Dense", lora_rank=2), TF_2), CODE) == []


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("alpha", [None, 1.0, 4.0])
def test_the_update_is_added_and_its_factors_go(name: str, alpha: float | None) -> None:
    kernel, a, b = random(5, 4), random(5, 2), random(2, 4)
    label = CLASSES[name]
    arrays = {label: kernel, "bias": random(4), f"lora_{label}_a": a, f"lora_{label}_b": b}
    it, stored = with_weights(layer(name, lora_rank=2, lora_alpha=alpha), **arrays)
    new = found(upgraded(it, KERAS_3).model)
    assert [weight.name for weight in new.weights] == [label, "bias"]
    expected = kernel + (2.0 if alpha is None else alpha) / 2.0 * (a @ b)
    np.testing.assert_allclose(value(new.weights[0], stored), expected, rtol=1e-5, atol=1e-6)
    assert new.config == {}


def test_an_archive_has_added_it_already() -> None:
    it, stored = with_weights(layer("Dense", lora_rank=2), kernel=random(5, 4), bias=random(4))
    new = found(upgraded(it, KERAS_3).model)
    np.testing.assert_array_equal(value(new.weights[0], stored), stored["kernel"])
    assert new.config == {}
