"""What the compile rules must leave alone."""

from __future__ import annotations

import pytest

from converter.dialects.compile_state import (
    parse_training_config,
    to_compile_config,
    to_training_config,
)
from converter.model.description import CompileState, Layer, Model, TensorRef, Writer
from converter.rules.apply import upgrade

KERAS_3 = Writer((3, 15, 1), False, "tensorflow", "3.15.1")
TF_2_15 = Writer((2, 15, 0), True, "tensorflow", "2.15.0")

ADAM = {
    "module": "keras.optimizers",
    "class_name": "Adam",
    "config": {
        "name": "adam",
        "learning_rate": 0.001,
        "weight_decay": None,
        "clipnorm": None,
        "global_clipnorm": None,
        "clipvalue": None,
        "use_ema": False,
        "ema_momentum": 0.99,
        "ema_overwrite_frequency": None,
        "loss_scale_factor": None,
        "gradient_accumulation_steps": None,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-07,
        "amsgrad": False,
    },
    "registered_name": None,
}
HUBER = {
    "module": "keras.losses",
    "class_name": "Huber",
    "config": {"name": "huber_loss", "reduction": "sum_over_batch_size", "delta": 0.5},
    "registered_name": None,
}
AUC = {
    "module": "keras.metrics",
    "class_name": "AUC",
    "config": {"name": "auc", "dtype": "float32", "num_thresholds": 200, "curve": "ROC"},
    "registered_name": None,
}
OPTIONS = {"run_eagerly": False, "steps_per_execution": 1, "jit_compile": False}
FUNCTION = {"module": "builtins", "class_name": "function", "config": "mean_absolute_error"}


def compiled(state: CompileState | None, *outputs: str) -> Model:
    names = outputs or ("out",)
    layers = tuple(Layer(name, "Dense", {"units": 3}) for name in names)
    refs = tuple(TensorRef(name) for name in names)
    return Model("model", "functional", layers, outputs=refs, compile=state)


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": "mse", "metrics": ["mae", "accuracy"]},
        {"loss": HUBER, "metrics": [AUC, "acc"]},
        {"loss": {"a": "mse", "b": HUBER}, "metrics": {"a": ["mae"], "b": [AUC]}},
        {"loss": ["mse", None], "loss_weights": [1.0, 0.5], "metrics": [["mae"], []]},
        {"loss": {**FUNCTION, "registered_name": "function"}, "metrics": None},
        {"loss": None, "metrics": ["kl_divergence", "MeanSquaredError", "hinge"]},
        {"optimizer": "adam", "loss": "crossentropy", "metrics": [], "loss_weights": None},
    ],
)
def test_keras_3_archive_is_left_alone(changes: dict[str, object]) -> None:
    config = {"optimizer": ADAM, "loss": "mse", "loss_weights": None, "metrics": None}
    config |= {"weighted_metrics": None, **OPTIONS, **changes}
    result = upgrade(compiled(parse_training_config(config), "a", "b"), KERAS_3)
    assert result.findings == ()
    assert to_compile_config(result.model.compile) == config


def test_keras_3_h5_is_left_alone() -> None:
    optimizer = {key: ADAM[key] for key in ("class_name", "config")}
    config = {"loss": "mean_squared_error", "loss_weights": None, "metrics": ["accuracy"]}
    config |= {"weighted_metrics": None, **OPTIONS, "optimizer_config": optimizer}
    result = upgrade(compiled(parse_training_config(config)), KERAS_3)
    assert result.findings == ()
    assert to_training_config(result.model.compile) == config


def test_model_that_was_not_compiled() -> None:
    for config in (None, {}, "text", []):
        assert parse_training_config(config) is None
    result = upgrade(compiled(None), Writer((2, 2, 4), False, "theano", "2.2.4"))
    assert result.findings == ()
    assert result.model.compile is None


def test_accuracy_stays_generic_where_the_writer_went_by_shape() -> None:
    state = CompileState(optimizer=ADAM, loss="binary_crossentropy", metrics=["accuracy", "acc"])
    assert upgrade(compiled(state), TF_2_15).model.compile == state


def test_complete_dictionaries_by_output_stay() -> None:
    state = CompileState(
        optimizer=ADAM,
        loss={"a": "mse", "b": "mae"},
        loss_weights={"a": 1.0, "b": 2.0},
        metrics={"a": ["mae"], "b": ["mse"]},
    )
    assert upgrade(compiled(state, "a", "b"), TF_2_15).model.compile == state
