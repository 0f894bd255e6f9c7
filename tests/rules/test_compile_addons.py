"""Optimizers and metrics of TensorFlow Addons."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.test_compile_translations import codes, run, state_of

CODE = "KF417"
RATES = {"learning_rate": 0.5, "weight_decay": 0.125}


def optimizer(name: str, **config: Any) -> dict[str, Any]:
    return {"optimizer_config": {"class_name": name, "config": {**RATES, **config}}}


@pytest.mark.parametrize("name", ["AdamW", "SGDW"])
def test_keras_own_optimizers_stay(name: str) -> None:
    assert CODE not in codes(run(optimizer(name)))


@pytest.mark.parametrize(("name", "new"), [("AdamW", "AdamW"), ("SGDW", "SGD")])
def test_the_decay_is_divided_by_the_learning_rate(name: str, new: str) -> None:
    config = {"decay": 0.0, "exclude_from_weight_decay": None}
    state = state_of(optimizer(f"Addons>{name}", **config))
    assert state.optimizer["class_name"] == new
    assert state.optimizer["config"] == {"learning_rate": 0.5, "weight_decay": 0.25}


@pytest.mark.parametrize(
    "config",
    [
        {"exclude_from_weight_decay": ["bias"]},
        {"learning_rate": 0.0},
        {"weight_decay": {"class_name": "ExponentialDecay", "config": {}}},
    ],
)
def test_other_decays_are_not_taken_for_keras_own(config: dict[str, Any]) -> None:
    result = run(optimizer("Addons>AdamW", **config))
    assert CODE not in codes(result)
    assert result.model.compile is None
    assert any("AdamW" in finding.message for finding in result.findings)


@pytest.mark.parametrize("name", ["LAMB", "Lookahead", "RectifiedAdam", "NovoGrad", "LazyAdam"])
def test_other_optimizers_are_named_and_dropped(name: str) -> None:
    result = run(optimizer(f"Addons>{name}"))
    assert result.model.compile is None
    assert any(name in finding.message for finding in result.findings)


def test_the_users_own_optimizer_is_used() -> None:
    assert CODE not in codes(run(optimizer("Addons>AdamW"), custom=["AdamW"]))


def metric(name: str, **config: Any) -> dict[str, Any]:
    return {"metrics": [{"class_name": f"Addons>{name}", "config": config}]}


@pytest.mark.parametrize("name", ["F1Score", "FBetaScore"])
def test_scores_count_the_classes_themselves(name: str) -> None:
    [new] = state_of(metric(name, num_classes=3, average="macro", threshold=0.5)).metrics
    assert new == {"class_name": name, "config": {"average": "macro", "threshold": 0.5}}


@pytest.mark.parametrize(
    ("old", "new"),
    [("raw_values", None), ("variance_weighted", "variance_weighted_average")],
)
def test_r_square(old: str, new: str | None) -> None:
    [score] = state_of(metric("RSquare", multioutput=old, num_regressors=1)).metrics
    assert score["class_name"] == "R2Score"
    assert score["config"] == {"class_aggregation": new, "num_regressors": 1}


def test_other_metrics_are_named_and_dropped() -> None:
    result = run(metric("CohenKappa", num_classes=3))
    assert not result.model.compile.metrics
    assert any("CohenKappa" in finding.message for finding in result.findings)


@pytest.mark.parametrize("name", ["LAMB", "RectifiedAdam", "NovoGrad"])
def test_what_is_dropped_is_not_told_as_translated(name: str) -> None:
    config = {"decay": 0.0, "lr": 0.5, "clipnorm": None}
    result = run({**optimizer(f"Addons>{name}", **config), "loss": "mse", "metrics": ["mae"]})
    assert result.model.compile is None
    told = [finding for finding in result.findings if finding.code.startswith("KF4")]
    notices = [each for each in told if each.severity == "notice"]
    assert [each.remedy.split(";")[0] for each in notices] == ["the compile state was dropped"]
    others = {each.remedy for each in told if each.severity != "notice"}
    assert others <= {"left out with the compile state"}
    assert all(each.edits == () for each in told if each.severity != "notice")
