"""What the compile rules change, rule by rule, and what they drop."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from converter.dialects.compile_state import (
    parse_training_config,
    rename_outputs,
    to_compile_config,
    to_training_config,
)
from converter.model.description import CompileState, Layer, Model, TensorRef, Writer
from converter.model.findings import Severity
from converter.rules.apply import Upgrade, upgrade

KERAS_1 = Writer((1, 2, 2), False, "", "1.2.2")
KERAS_2_0 = Writer((2, 0, 6), False, "tensorflow", "2.0.6")
KERAS_2_2 = Writer((2, 2, 4), False, "tensorflow", "2.2.4")
TF_2_0 = Writer((2, 2, 4), True, "tensorflow", "2.2.4-tf")
TF_2_8 = Writer((2, 8, 0), True, "tensorflow", "2.8.0")
TF_2_15 = Writer((2, 15, 0), True, "tensorflow", "2.15.0")
KERAS_3 = Writer((3, 15, 1), False, "tensorflow", "3.15.1")
WRITERS = [KERAS_1, KERAS_2_0, KERAS_2_2, TF_2_0, TF_2_8, TF_2_15, KERAS_3]

SGD = {"class_name": "SGD", "config": {"learning_rate": 0.1}}


def run(
    config: Any, writer: Writer = TF_2_8, outputs: tuple[str, ...] = ("out",), custom: Any = ()
) -> Upgrade:
    if isinstance(config, dict):
        config = {"optimizer_config": SGD, "loss": "mean_squared_error", **config}
    layers = tuple(Layer(name, "Dense", {"units": 3}) for name in outputs)
    refs = tuple(TensorRef(name) for name in outputs)
    state = parse_training_config(config)
    return upgrade(Model("m", "functional", layers, outputs=refs, compile=state), writer, custom)


def state_of(config: Any, *args: Any, **kwargs: Any) -> CompileState:
    state = run(config, *args, **kwargs).model.compile
    assert state is not None
    return state


def optimizer_of(name: str, config: Any, writer: Writer = TF_2_8) -> dict[str, Any]:
    state = state_of({"optimizer_config": {"class_name": name, "config": config}}, writer)
    written: dict[str, Any] = to_training_config(state)["optimizer_config"]
    return written


def codes(result: Upgrade) -> set[str]:
    return {finding.code for finding in result.findings}


# Losses


@pytest.mark.parametrize(
    ("stored", "written"),
    [
        ("mse", "mean_squared_error"),
        ("KLD", "kl_divergence"),
        ("kullback_leibler_divergence", "kl_divergence"),
        ("logcosh", "log_cosh"),
        ("cosine_proximity", "cosine_similarity"),
        ({"a": "mae", "b": "hinge"}, {"a": "mean_absolute_error", "b": "hinge"}),
        (["bce", None], ["binary_crossentropy", None]),
        (
            {"class_name": "MeanSquaredError", "config": {"reduction": "auto", "fn": "mse"}},
            {"class_name": "MeanSquaredError", "config": {"reduction": "sum_over_batch_size"}},
        ),
        (
            {"class_name": "LossFunctionWrapper", "config": {"fn": "huber_loss", "delta": 2.0}},
            {"class_name": "Huber", "config": {"delta": 2.0}},
        ),
        (
            {"class_name": "CosineProximity", "config": {"reduction": None}},
            {"class_name": "CosineSimilarity", "config": {"reduction": "none"}},
        ),
    ],
)
def test_losses(stored: Any, written: Any) -> None:
    assert state_of({"loss": stored}, outputs=("a", "b")).loss == written


@pytest.mark.parametrize(
    ("loss", "writer", "word"),
    [
        ("cosine_proximity", KERAS_1, "mean"),
        ("cosine_proximity", TF_2_0, "sign"),
        ("hinge", KERAS_2_2, "labels"),
    ],
)
def test_losses_that_meant_something_else_are_noticed(loss: str, writer: Writer, word: str) -> None:
    found = [finding for finding in run({"loss": loss}, writer).findings if word in finding.message]
    assert [finding.severity for finding in found] == [Severity.NOTICE]


# Metrics


@pytest.mark.parametrize(
    ("stored", "written"),
    [
        ("mse", {"class_name": "MeanSquaredError", "config": {"name": "mse"}}),
        ("logcosh", {"class_name": "LogCoshError", "config": {"name": "logcosh"}}),
        ("acc", "acc"),
        ("binary_accuracy", "binary_accuracy"),
        (
            {"class_name": "MeanMetricWrapper", "config": {"name": "acc", "fn": "binary_accuracy"}},
            {"class_name": "BinaryAccuracy", "config": {"name": "acc"}},
        ),
        (
            {"class_name": "Precision", "config": {"thresholds": 0.95, "top_k": None}},
            {"class_name": "Precision", "config": {"thresholds": 0.95, "top_k": None}},
        ),
    ],
)
def test_metrics(stored: Any, written: Any) -> None:
    assert state_of({"metrics": [stored]}).metrics == [written]
    assert state_of({"weighted_metrics": [[stored]]}).weighted_metrics == [[written]]


@pytest.mark.parametrize("writer", [KERAS_1, KERAS_2_2, TF_2_0])
def test_accuracy_went_by_the_loss(writer: Writer) -> None:
    binary = {"class_name": "BinaryAccuracy", "config": {"name": "accuracy"}}
    config = {"loss": "binary_crossentropy", "metrics": ["accuracy"]}
    assert state_of(config, writer).metrics == [binary]
    config = {"loss": ["mse", "binary_crossentropy"], "metrics": ["accuracy"]}
    state = state_of(config, writer, outputs=("a", "b"))
    assert state.metrics == [["accuracy"], [binary]]


def test_crossentropy_metric_gets_the_class_of_the_loss() -> None:
    config = {"loss": "sparse_categorical_crossentropy", "metrics": ["ce"]}
    written = {"class_name": "SparseCategoricalCrossentropy", "config": {"name": "ce"}}
    assert state_of(config).metrics == [written]
    result = run({"loss": "mse", "metrics": ["ce", "mae"]})
    assert result.model.compile is not None
    assert [item for item in result.model.compile.metrics if item] == [
        {"class_name": "MeanAbsoluteError", "config": {"name": "mae"}}
    ]


# Outputs


def test_flat_metrics_are_for_every_output() -> None:
    state = state_of({"metrics": ["acc"]}, outputs=("a", "b"))
    assert state.metrics == [["acc"], ["acc"]]


def test_dictionaries_that_leave_outputs_out() -> None:
    config = {"loss": {"b": "mse"}, "loss_weights": {"b": 2.0}, "metrics": {"b": "acc"}}
    state = state_of(config, outputs=("a", "b"))
    assert (state.loss, state.loss_weights) == ([None, "mean_squared_error"], [1.0, 2.0])
    assert state.metrics == [[], ["acc"]]


def test_one_loss_with_a_weight_for_each_output() -> None:
    config = {"loss": "mse", "loss_weights": {"a": 1.0, "b": 3.0}}
    state = state_of(config, outputs=("a", "b"))
    assert (state.loss, state.loss_weights) == (["mean_squared_error"] * 2, [1.0, 3.0])


def test_keys_with_a_slash_become_an_order() -> None:
    config = {"loss": {"x/b": "mae", "x/a": "mse"}}
    state = state_of(config, outputs=("x/a", "x/b"))
    assert state.loss == ["mean_squared_error", "mean_absolute_error"]


def test_prefix_of_the_output_is_taken_off_metric_names() -> None:
    item = {"class_name": "MeanMetricWrapper", "config": {"name": "b_mae", "fn": "mae"}}
    state = state_of({"loss": "mse", "metrics": [[], [item]]}, outputs=("a", "b"))
    assert state.metrics[1] == [{"class_name": "MeanAbsoluteError", "config": {"name": "mae"}}]


def test_rename_outputs() -> None:
    state = CompileState(SGD, {"a": "mse", "b": "mae"}, {"a": 1.0}, {"b": ["acc"]}, ["acc"])
    new = rename_outputs(state, {"a": "x"})
    assert (new.loss, new.loss_weights) == ({"x": "mse", "b": "mae"}, {"x": 1.0})
    assert (new.metrics, new.weighted_metrics) == ({"b": ["acc"]}, ["acc"])
    huber = {"class_name": "Huber", "config": {}}
    assert rename_outputs(CompileState(loss=huber), {"config": "x"}).loss == huber


# Optimizers


def test_learning_rate_and_floats() -> None:
    config = {"lr": 1, "momentum": 0, "nesterov": False, "decay": 0.0}
    written = optimizer_of("SGD", config, KERAS_2_2)["config"]
    assert written == {"learning_rate": 1.0, "momentum": 0.0, "nesterov": False}
    assert isinstance(written["learning_rate"], float)


def test_a_number_beyond_all_floats_is_infinite() -> None:
    assert optimizer_of("SGD", {"lr": 10**400}, KERAS_2_2)["config"]["learning_rate"] == math.inf


def test_decay_becomes_a_schedule() -> None:
    written = optimizer_of("Adam", {"lr": 0.1, "decay": 0.01, "epsilon": 1e-8}, KERAS_2_0)
    schedule = written["config"]["learning_rate"]
    assert (schedule["module"], schedule["class_name"]) == (
        "keras.optimizers.schedules",
        "InverseTimeDecay",
    )
    wanted = {"initial_learning_rate": 0.1, "decay_steps": 1, "decay_rate": 0.01}
    assert wanted.items() <= schedule["config"].items()
    assert "lr" not in written["config"]


@pytest.mark.parametrize("key", ["decay", "schedule_decay"])
def test_nadam_has_no_decay_of_the_learning_rate(key: str) -> None:
    config = {"optimizer_config": {"class_name": "Nadam", "config": {"lr": 0.1, key: 0.004}}}
    result = run(config)
    assert result.model.compile is not None
    assert result.model.compile.optimizer["config"] == {"learning_rate": 0.1}
    assert "KF413" in codes(result)


def test_numpy_numbers_of_old_releases() -> None:
    rate = {"type": "ndarray", "value": 0.5}
    config = {"loss_weights": [{"type": "float32", "value": 2.0}], "metrics": None}
    written = optimizer_of("SGD", {"lr": rate}, KERAS_2_0)
    assert written["config"] == {"learning_rate": 0.5}
    assert run(config).model.compile is None


@pytest.mark.parametrize(
    ("config", "writer", "written"),
    [
        ({"clipnorm": 1.0}, KERAS_2_2, {"global_clipnorm": 1.0}),
        ({"clipnorm": 1.0}, TF_2_8, {"clipnorm": 1.0}),
        ({"clipnorm": 1, "clipvalue": 0.5}, TF_2_8, {"clipnorm": 1.0}),
        ({"clipvalue": 0.5}, KERAS_2_2, {"clipvalue": 0.5}),
        ({"clipnorm": 0.0}, KERAS_2_2, {}),
    ],
)
def test_clipping(config: Any, writer: Writer, written: Any) -> None:
    result = optimizer_of("SGD", {"learning_rate": 0.1, **config}, writer)["config"]
    assert result == {"learning_rate": 0.1, **written}


def test_epsilon_is_squared_where_it_stood_outside_of_the_root() -> None:
    config = {"learning_rate": 0.1, "epsilon": 1e-4}
    assert optimizer_of("RMSprop", config)["config"]["epsilon"] == pytest.approx(1e-8)
    assert optimizer_of("Adagrad", config)["config"]["epsilon"] == pytest.approx(1e-8)
    momentum = {**config, "momentum": 0.9}
    assert optimizer_of("RMSprop", momentum)["config"]["epsilon"] == 1e-4
    new = {**config, "use_ema": False}
    assert optimizer_of("Custom>RMSprop", new, TF_2_15)["config"]["epsilon"] == 1e-4


def test_adagrad_without_start_began_at_zero() -> None:
    written = optimizer_of("Adagrad", {"lr": 0.1, "epsilon": 1e-7}, KERAS_2_2)["config"]
    assert written["initial_accumulator_value"] == 0.0
    kept = {"learning_rate": 0.1, "initial_accumulator_value": 0.1}
    assert optimizer_of("Adagrad", kept)["config"]["initial_accumulator_value"] == 0.1


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("Custom>Adam", None),
        ("Adam", "keras.optimizers.legacy"),
        ("Adam", "keras.optimizers.experimental"),
    ],
)
def test_names_of_optimizers(name: str, module: str | None) -> None:
    stored = {"class_name": name, "config": {"is_legacy_optimizer": False, "jit_compile": True}}
    stored |= {"module": module, "registered_name": None} if module else {}
    state = state_of({"optimizer_config": stored}, TF_2_15)
    assert to_compile_config(state)["optimizer"] == {
        "module": "keras.optimizers",
        "class_name": "Adam",
        "config": {},
        "registered_name": None,
    }


@pytest.mark.parametrize(
    "config",
    [
        {"optimizer": SGD, "loss_scale": "dynamic"},
        {"optimizer": SGD, "loss_scale": {"class_name": "DynamicLossScale", "config": {}}},
        {"inner_optimizer": SGD, "dynamic": True, "initial_scale": 2.0**15},
    ],
)
def test_dynamic_loss_scale(config: Any) -> None:
    for name in ("LossScaleOptimizer", "LossScaleOptimizerV3", "Custom>LossScaleOptimizerV3"):
        written = optimizer_of(name, config)
        assert written["class_name"] == "LossScaleOptimizer"
        assert written["config"]["initial_scale"] == 2.0**15
        assert written["config"]["inner_optimizer"]["module"] == "keras.optimizers"


@pytest.mark.parametrize(
    "config",
    [
        {"optimizer": SGD, "loss_scale": 128.0},
        {
            "optimizer": SGD,
            "loss_scale": {"class_name": "FixedLossScale", "config": {"loss_scale_value": 128.0}},
        },
        {"inner_optimizer": SGD, "dynamic": False, "initial_scale": 128.0},
    ],
)
def test_fixed_loss_scale(config: Any) -> None:
    written = optimizer_of("LossScaleOptimizer", config)
    wanted = {"learning_rate": 0.1, "loss_scale_factor": 128.0}
    assert written == {"class_name": "SGD", "config": wanted}


@pytest.mark.parametrize(
    ("options", "kept"),
    [({"clipnorm": None, "use_ema": False}, True), ({"clipnorm": 1.0, "use_ema": False}, False)],
)
def test_options_of_early_keras_3_around_an_optimizer(options: Any, kept: bool) -> None:
    inner = {"module": "keras.optimizers", "registered_name": None, **SGD}
    taken = {"name": "scaled", "inner_optimizer": inner, "initial_scale": 8.0}
    stored = {"optimizer_config": {"class_name": "LossScaleOptimizer", "config": taken | options}}
    state = run(stored, KERAS_3).model.compile
    assert (state is not None and state.optimizer["config"] == taken) is kept


def test_schedules_get_a_module_and_no_null_name() -> None:
    values = {"initial_learning_rate": 1, "decay_steps": 10, "decay_rate": 0.5, "name": None}
    rate = {"class_name": "ExponentialDecay", "config": values}
    written = optimizer_of("SGD", {"learning_rate": rate})["config"]["learning_rate"]
    assert written["module"] == "keras.optimizers.schedules"
    config = {"initial_learning_rate": 1.0, "decay_steps": 10, "decay_rate": 0.5}
    assert json.dumps(written["config"]) == json.dumps(config)


# Options


def test_options_that_hold_nothing_are_left_out() -> None:
    config = {"run_eagerly": None, "steps_per_execution": None, "jit_compile": True}
    written = to_compile_config(state_of(config, TF_2_15))
    assert written["jit_compile"] is True
    assert not {"run_eagerly", "steps_per_execution"} & set(written)


@pytest.mark.parametrize(("mode", "noticed"), [(None, False), ("temporal", True), ([None], False)])
def test_sample_weight_mode(mode: Any, noticed: bool) -> None:
    result = run({"sample_weight_mode": mode}, KERAS_2_2)
    assert ("KF402" in codes(result)) is noticed
    assert result.model.compile is not None
    assert "sample_weight_mode" not in to_training_config(result.model.compile)


# What cannot be carried over


@pytest.mark.parametrize(
    "config",
    [
        {"loss": "own_loss"},
        {"loss": ["mse", {"class_name": "OwnLoss", "config": {}}]},
        {"loss": {"class_name": "Huber", "config": {"own": 1}}},
        {"loss": {"class_name": "Huber", "config": {"delta": "much"}}},
        {"loss": {"module": "os", "class_name": "Huber", "config": {}}},
        {"loss": {"module": "os", "class_name": "function", "config": "system"}},
        {"loss": 3},
        {"loss_weights": "all"},
        {"optimizer_config": None},
        {"optimizer_config": {"class_name": "TFOptimizer", "config": {}}},
        {"optimizer_config": {"class_name": "Addons>AdamW", "config": {"weight_decay": 0.1}}},
        {"optimizer_config": {"class_name": "Custom>Own", "config": {}}},
        {"optimizer_config": {"module": "own", "class_name": "Adam", "config": {}}},
        {"optimizer_config": {"class_name": "SGD", "config": {"momentum": 2.0}}},
        {"optimizer_config": {"class_name": "SGD", "config": {"lr": {"class_name": "Warmup"}}}},
        {
            "optimizer_config": {
                "class_name": "SGD",
                "config": {"learning_rate": {"class_name": "NoisyLinearCosineDecay", "config": {}}},
            }
        },
    ],
)
def test_compile_state_is_dropped_with_a_notice(config: Any) -> None:
    result = run(config)
    assert result.model.compile is None
    assert result.findings[-1].severity is Severity.NOTICE
    assert not result.blockers


@pytest.mark.parametrize(
    "metric",
    [
        "own_metric",
        {"class_name": "MeanMetricWrapper", "config": {"name": "x", "fn": "own_metric"}},
        {"class_name": "MeanRelativeError", "config": {"normalizer": 1}},
        {"class_name": "AUC", "config": {"num_thresholds": 1}},
        {"class_name": "MeanIoU", "config": {}},
        {"module": "builtins", "class_name": "function", "config": "eval"},
        {"class_name": "MeanMetricWrapper", "config": {"fn": {"module": "os", "config": "x"}}},
    ],
)
def test_metric_is_removed_alone(metric: Any) -> None:
    result = run({"metrics": [[metric, "accuracy"]]})
    assert result.model.compile is not None
    assert result.model.compile.metrics == [["accuracy"]]
    assert result.findings[-1].severity is Severity.NOTICE
    state = state_of({"metrics": [metric]})
    assert state.metrics is None


def test_metrics_of_other_outputs_stay_with_them() -> None:
    state = state_of({"metrics": ["own", "acc"]}, KERAS_3, outputs=("a", "b"))
    assert state.metrics == [[], "acc"]


def test_code_is_not_carried_over() -> None:
    code = {"class_name": "__lambda__", "config": {"code": "4wEA"}}
    for config in ({"loss": code}, {"metrics": {"a": [code]}}, {"loss": [{"x": [code]}]}):
        result = run(config)
        assert result.model.compile is None
        assert codes(result) == {"KF400"}
        assert not result.blockers


# The user's own


def test_own_objects_are_kept_where_they_are_provided() -> None:
    own = {"module": "project.losses", "class_name": "Own", "config": {"inner": {"module": "os"}}}
    own["registered_name"] = "project>Own"
    function = {"module": "project", "class_name": "function", "config": "f"}
    config = {"loss": [own, function], "metrics": ["own_metric"]}
    state = state_of(config, outputs=("a", "b"), custom=("Own", "f", "own_metric"))
    written = json.dumps(to_compile_config(state))
    assert '"f"' in written
    assert "own_metric" in written
    assert '"project>Own"' in written
    assert '"module": "project' not in written
    assert '"os"' not in written


def test_own_inner_optimizer_and_schedule() -> None:
    rate = {"module": "own", "class_name": "Warmup", "config": {}, "registered_name": "own>Warmup"}
    inner = {"class_name": "Own", "config": {"learning_rate": 0.1}}
    for config in ({"learning_rate": rate}, {"inner_optimizer": inner, "dynamic": True}):
        name = "SGD" if "learning_rate" in config else "LossScaleOptimizer"
        stored = {"optimizer_config": {"class_name": name, "config": config}}
        assert run(stored).model.compile is None
        written = json.dumps(to_compile_config(state_of(stored, custom=("Own", "Warmup"))))
        assert '"module": "own"' not in written


def test_book_keeping_beside_an_object_is_left_out() -> None:
    loss = {"class_name": "Huber", "config": {}, "compile_config": {}, "shared_object_id": 3}
    assert state_of({"loss": loss}).loss == {"class_name": "Huber", "config": {}}


def test_own_function_inside_a_wrapper() -> None:
    item = {"class_name": "MeanMetricWrapper", "config": {"name": "x", "fn": "own_metric"}}
    assert state_of({"metrics": [item]}, custom=("own_metric",)).metrics == ["own_metric"]


# Anything at all

NAMES = ["class_name", "config", "module", "registered_name", "fn", "loss", "metrics", "lr"]
NAMES += ["optimizer_config", "learning_rate", "decay", "inner_optimizer", "loss_scale", "a"]
WORDS = ["mse", "accuracy", "Adam", "SGD", "Nadam", "LossScaleOptimizer", "function", "Huber"]
WORDS += ["MeanMetricWrapper", "ExponentialDecay", "binary_crossentropy", "auto", "ce", "x/y"]
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.floats(), st.sampled_from(WORDS)
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = ["loss", "metrics", "weighted_metrics", "loss_weights", "optimizer_config", "jit_compile"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.sampled_from(KEYS), ANYTHING),
    st.sampled_from(WRITERS),
    st.sampled_from([("a",), ("a", "x/y")]),
)
def test_nothing_stored_breaks_the_rules(config: Any, writer: Writer, outputs: Any) -> None:
    result = run(config, writer, outputs)
    assert not result.blockers
    state = result.model.compile
    if state is not None:
        json.dumps([to_training_config(state), to_compile_config(state)])


@pytest.mark.parametrize("name", ["dice", "tversky", "binary_focal_crossentropy"])
def test_a_loss_under_a_name_that_a_later_keras_took_is_the_users(name: str) -> None:
    result = run({"loss": name}, KERAS_2_2)
    assert result.model.compile is None
    assert "KF418" in codes(result)
    assert state_of({"loss": name}, KERAS_2_2, custom={name}).loss == name


@pytest.mark.parametrize("name", ["recall", "f1_score", "auc"])
def test_a_metric_under_a_name_that_a_later_keras_took_is_the_users(name: str) -> None:
    result = run({"metrics": ["accuracy", name]}, KERAS_2_2)
    assert result.model.compile is not None
    assert name not in str(result.model.compile.metrics)


def test_names_that_the_writer_had_are_keras_own() -> None:
    assert state_of({"loss": "binary_focal_crossentropy"}, TF_2_15).loss
