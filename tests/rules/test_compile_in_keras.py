"""Translated compile states in the stock Keras 3: they load, train, and mean what they meant."""

from __future__ import annotations

import inspect
import io
import json
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from converter.dialects.compile_state import (
    parse_training_config,
    to_compile_config,
    to_training_config,
)
from converter.model.description import CompileState, Layer, Model, TensorRef, Writer
from converter.rules import _compile_objects as objects
from converter.rules.apply import upgrade
from converter.rules.compile_loss_objects import FUNCTION_CLASSES
from tests import sample_store

WILD = Path(__file__).resolve().parents[3] / "shared" / "wild"
CLASSES = 3
ROWS = 4

pytestmark = pytest.mark.filterwarnings("ignore")


@cache
def modules() -> tuple[Any, Any]:
    """Keras 3 and Keras 2, imported when a test needs them: both warn on the way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import keras
        import tf_keras
    return keras, tf_keras


def writer_of(label: str) -> Writer:
    number = label.split("-")[0]
    version = tuple(int(part) for part in number.split("."))
    tf_keras = label.endswith("-tf") or (2, 4) <= version < (3,)
    return Writer(version, tf_keras, "tensorflow", label)


def output_names(loss: Any) -> list[str]:
    if isinstance(loss, Mapping) and "class_name" not in loss:
        return list(loss)
    return [f"out_{i}" for i in range(len(loss) if isinstance(loss, list) else 1)]


def translated(config: Any, writer: Writer, custom: tuple[str, ...] = ()) -> CompileState | None:
    """The state as kfix writes it, for a model with as many outputs as there are losses."""
    names = output_names(config.get("loss"))
    layers = tuple(Layer(name, "Dense", {"units": CLASSES}) for name in names)
    outputs = tuple(TensorRef(name) for name in names)
    state = parse_training_config(config)
    model = Model("model", "functional", layers, outputs=outputs, compile=state)
    result = upgrade(model, writer, custom)
    assert not result.blockers
    return result.model.compile


# Stored states


def stored_states() -> Iterator[tuple[str, Writer, Any]]:
    """Every compile state of the samples and the wild files, each once."""
    seen: set[str] = set()
    paths = [sample.path for sample in sample_store.samples()]
    paths += sorted(WILD.iterdir()) if WILD.is_dir() else []
    for path in paths:
        label, config = read_state(path)
        key = json.dumps([label, config], sort_keys=True)
        if config and key not in seen:
            seen.add(key)
            yield f"{label} {path.name}", writer_of(label), config


def read_state(path: Path) -> tuple[str, Any]:
    head = path.open("rb").read(4)
    if head[:2] == b"PK":
        with zipfile.ZipFile(path) as archive:
            label = json.loads(archive.read("metadata.json")).get("keras_version", "")
            return label, json.loads(archive.read("config.json")).get("compile_config")
    if head[1:] != b"HDF":
        return "", None
    try:
        with h5py.File(path) as file:
            stored = file.attrs.get("training_config")
            label = file.attrs.get("keras_version", "1.0.0")
    except OSError:
        return "", None
    label = label.decode() if isinstance(label, bytes) else label
    return label, json.loads(stored) if stored is not None else None


# Models to put a state into


class Templates:
    """Small models saved by Keras itself, into which compile states are swapped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: dict[tuple[str, ...], tuple[bytes, bytes]] = {}

    def load(self, state: CompileState, config: Any) -> list[Any]:
        """The model from a ``.keras`` and from an ``.h5``, as the plain ``load_model`` reads it."""
        archive, hdf5 = self._template(tuple(output_names(config["loss"])))
        keras_path, h5_path = self.folder / "model.keras", self.folder / "model.h5"
        keras_path.write_bytes(with_compile_config(archive, to_compile_config(state)))
        h5_path.write_bytes(hdf5)
        with h5py.File(h5_path, "a") as file:
            file.attrs["training_config"] = json.dumps(to_training_config(state))
        load = modules()[0].models.load_model
        return [load(keras_path), load(h5_path)]

    def _template(self, names: tuple[str, ...]) -> tuple[bytes, bytes]:
        if names not in self.made:
            model = build(names)
            paths = self.folder / "template.keras", self.folder / "template.h5"
            for path in paths:
                model.save(path)
            self.made[names] = (paths[0].read_bytes(), paths[1].read_bytes())
        return self.made[names]


def build(names: tuple[str, ...]) -> Any:
    layers, models = modules()[0].layers, modules()[0].models
    inputs = layers.Input((2,))
    made = [layers.Dense(CLASSES, activation="softmax", name=name)(inputs) for name in names]
    return models.Model(inputs, made if len(made) > 1 else made[0])


def with_compile_config(archive: bytes, config: Any) -> bytes:
    new = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(new, "w") as out:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                content = json.dumps({**json.loads(content), "compile_config": config}).encode()
            out.writestr(name, content)
    return new.getvalue()


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Templates(tmp_path_factory.mktemp("models"))


def targets(losses: Any, count: int) -> Any:
    """Labels that fit each loss."""
    losses = losses if isinstance(losses, list) else [losses] * count
    one_hot = np.eye(CLASSES, dtype="float32")[np.arange(ROWS) % CLASSES]
    labels = (np.arange(ROWS) % CLASSES)[:, None]
    made = [labels if "parse" in str(loss) else one_hot for loss in losses]
    return made if count > 1 else made[0]


def train(model: Any, state: CompileState) -> dict[str, float]:
    model.run_eagerly = True
    names = model.output_names
    losses = state.loss
    if isinstance(losses, Mapping) and "class_name" not in losses:
        losses = [losses[name] for name in names]
    inputs = np.linspace(-1, 1, ROWS * 2, dtype="float32").reshape(ROWS, 2)
    labels = targets(losses, len(names))
    logs = model.train_on_batch(inputs, labels, return_dict=True)
    assert all(np.isfinite(value).all() for value in logs.values()), logs
    return dict(logs)


def parts_of(state: CompileState) -> set[str]:
    """The kind of optimizer, and the losses and metrics: what has to be tried once each."""
    optimizer = state.optimizer if isinstance(state.optimizer, Mapping) else {}
    config = optimizer.get("config") or {}
    given = sorted(key for key, value in config.items() if value is not None and key != "name")
    kind = [optimizer.get("class_name", state.optimizer), given]
    told = (state.loss, state.metrics, state.weighted_metrics)
    parts = [kind, *(item for value in told for item in objects.objects_in(value))]
    parts.append([shape(value) for value in (*told, state.loss_weights)])
    return {json.dumps(part, sort_keys=True) for part in parts}


def shape(value: Any) -> str:
    """A single thing, a list or a dictionary, of such."""
    if isinstance(value, list):
        return f"[{', '.join(sorted({shape(item) for item in value}))}]"
    return type(value).__name__


def test_every_stored_state_loads_and_trains(templates: Templates) -> None:
    dropped: list[str] = []
    done: set[str] = set()
    for label, writer, config in stored_states():
        state = translated(config, writer)
        if state is None:
            dropped.append(label)
            continue
        new = parts_of(state) - done
        if new:
            done |= new
            logs = [train(model, state) for model in templates.load(state, config)]
            assert logs[0].keys() == logs[1].keys(), label
            for name, value in logs[0].items():
                assert value == pytest.approx(logs[1][name]), (label, name)
    assert len(done) > 50
    # Keras 3.15 does not find its own Lamb when it reads it; the owner's code is not given here,
    # and the last samples hold losses of Addons that Keras has no counterpart of.
    known = ("custom", "optimizer_lamb", "own_compiled", "addons_compiled_otherwise")
    kept = [each for each in dropped if not any(name in each for name in known)]
    assert kept == []


def test_flat_metrics_and_a_missing_loss_train(templates: Templates) -> None:
    config = {"loss": {"a": "mse", "b": "mae"}, "metrics": ["mse"], "loss_weights": {"b": 2.0}}
    state = translated({**config, "optimizer_config": SGD}, TF_2_8)
    assert state is not None
    for model in templates.load(state, config):
        assert {"loss", "a_loss", "b_loss", "a_mse", "b_mse"} <= set(train(model, state))


# The tables


def arguments(cls: Any) -> set[str]:
    return set(inspect.signature(cls.__init__).parameters) - {"self", "kwargs"}


@pytest.mark.parametrize(
    ("module", "table", "common"),
    [
        ("losses", objects.LOSSES, "reduction name dtype"),
        ("metrics", objects.METRICS, "name dtype"),
        ("optimizers", objects.OPTIMIZERS, objects.BASE_OPTIMIZER),
        ("optimizers", {objects.LOSS_SCALE: objects.LOSS_SCALE_ARGUMENTS}, ""),
    ],
)
def test_tables_hold_what_keras_takes(module: str, table: Mapping[str, str], common: str) -> None:
    found = getattr(modules()[0], module)
    for name, own in table.items():
        assert arguments(getattr(found, name)) == {*own.split(), *common.split()}, name


def test_schedule_table_holds_what_keras_takes() -> None:
    schedules = modules()[0].optimizers.schedules
    for name, own in objects.SCHEDULES.items():
        assert arguments(getattr(schedules, name)) == {*own.split(), "name"}, name


def test_names_are_known_to_keras() -> None:
    keras = modules()[0]
    for name in sorted(objects.LOSS_FUNCTIONS):
        assert callable(keras.losses.get(name))
    for name in sorted(objects.METRIC_NAMES - objects.ACCURACY):
        try:
            assert keras.metrics.get(name) is not None
        except TypeError as error:
            assert "missing" in str(error), name
    for function, name in objects.METRIC_FUNCTIONS.items():
        assert hasattr(keras.metrics, name), function
    for function, name in FUNCTION_CLASSES.items():
        assert callable(keras.losses.get(function))
        assert hasattr(keras.losses, name)


# Values of losses

LOGITS = np.array([[2.0, -1.0, 0.5], [0.1, 0.2, -3.0], [-1.0, 4.0, 1.0]], "float32")
SHARES = np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)
ONE_HOT = np.eye(3, dtype="float32")
SIGNS = np.array([[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0], [1.0, 1.0, -1.0]], "float32")
LABELS = np.array([0, 2, 1])

AUTO = {"reduction": "auto"}
LOSSES: list[tuple[Any, Any, Any]] = [
    ("mse", ONE_HOT, SHARES),
    ("MAE", ONE_HOT, SHARES),
    ("mape", ONE_HOT, SHARES),
    ("msle", ONE_HOT, SHARES),
    ("kld", SHARES[::-1].copy(), SHARES),
    ("kullback_leibler_divergence", SHARES[::-1].copy(), SHARES),
    ("logcosh", ONE_HOT, LOGITS),
    ("huber_loss", ONE_HOT, LOGITS),
    ("cosine_similarity", ONE_HOT, LOGITS),
    ("poisson", ONE_HOT, SHARES),
    ("hinge", SIGNS, LOGITS),
    ("squared_hinge", ONE_HOT, LOGITS),
    ("categorical_hinge", ONE_HOT, LOGITS),
    ("binary_crossentropy", ONE_HOT, SHARES),
    ("categorical_crossentropy", ONE_HOT, SHARES),
    ("sparse_categorical_crossentropy", LABELS, SHARES),
    ({"class_name": "MeanSquaredError", "config": AUTO}, ONE_HOT, SHARES),
    ({"class_name": "MeanSquaredError", "config": {"reduction": "sum"}}, ONE_HOT, SHARES),
    ({"class_name": "MeanSquaredError", "config": {"reduction": "none"}}, ONE_HOT, SHARES),
    ({"class_name": "Huber", "config": {**AUTO, "delta": 0.3}}, ONE_HOT, LOGITS),
    ({"class_name": "LogCosh", "config": AUTO}, ONE_HOT, LOGITS),
    ({"class_name": "KLDivergence", "config": AUTO}, SHARES[::-1].copy(), SHARES),
    ({"class_name": "CosineSimilarity", "config": {**AUTO, "axis": 0}}, ONE_HOT, LOGITS),
    (
        {"class_name": "BinaryCrossentropy", "config": {**AUTO, "from_logits": True}},
        ONE_HOT,
        LOGITS,
    ),
    (
        {"class_name": "CategoricalCrossentropy", "config": {**AUTO, "label_smoothing": 0.2}},
        ONE_HOT,
        SHARES,
    ),
    (
        {"class_name": "SparseCategoricalCrossentropy", "config": {"from_logits": True}},
        LABELS,
        LOGITS,
    ),
    ({"class_name": "BinaryFocalCrossentropy", "config": {**AUTO, "gamma": 3.0}}, ONE_HOT, SHARES),
    (
        {"class_name": "CategoricalFocalCrossentropy", "config": {**AUTO, "alpha": 0.4}},
        ONE_HOT,
        SHARES,
    ),
]


@pytest.mark.parametrize(("stored", "true", "pred"), LOSSES, ids=lambda item: str(item)[:40])
def test_loss_has_the_same_value(stored: Any, true: Any, pred: Any) -> None:
    keras, tf_keras = modules()
    old = tf_keras.losses.get("huber" if stored == "huber_loss" else stored)
    state = translated({"loss": stored, "optimizer_config": SGD}, TF_2_8)
    assert state is not None
    new = keras.losses.get(to_training_config(state)["loss"])
    assert np.mean(new(true, pred)) == pytest.approx(np.mean(old(true, pred)), rel=1e-5)


def test_metrics_have_the_same_value_and_name() -> None:
    keras, tf_keras = modules()
    names = ["mse", "kld", "logcosh", "cosine_proximity", "binary_accuracy", "poisson", "huber"]
    names += ["top_k_categorical_accuracy", "kullback_leibler_divergence", "categorical_hinge"]
    state = translated({"loss": "mse", "metrics": names, "optimizer_config": SGD}, TF_2_8)
    assert state is not None
    for name, item in zip(names, to_compile_config(state)["metrics"], strict=True):
        metric = keras.metrics.get(item)
        metric.update_state(ONE_HOT, SHARES)
        function = tf_keras.metrics.get(name)
        function = function if callable(function) else tf_keras.losses.get(name)
        expected = np.mean(function(ONE_HOT, SHARES))
        assert float(metric.result()) == pytest.approx(expected, rel=1e-5), name
        assert metric.name == name


def test_cosine_of_old_releases_stays_negative() -> None:
    config = {"loss": "mse", "metrics": ["cosine_proximity"], "optimizer_config": SGD}
    state = translated(config, Writer((2, 2, 4), False, "tensorflow", "2.2.4"))
    assert state is not None
    metric = modules()[0].metrics.get(to_training_config(state)["metrics"][0])
    metric.update_state(ONE_HOT, ONE_HOT)
    assert (float(metric.result()), metric.name) == (pytest.approx(-1), "cosine_proximity")


# Steps of optimizers

TF_2_8 = Writer((2, 8, 0), True, "tensorflow", "2.8.0")
TF_2_15 = Writer((2, 15, 0), True, "tensorflow", "2.15.0")
SGD = {"class_name": "SGD", "config": {"learning_rate": 0.1}}
EXPONENTIAL = {"initial_learning_rate": 0.1, "decay_steps": 2, "decay_rate": 0.5}
PIECES = {"boundaries": [2, 5], "values": [0.1, 0.03, 0.01]}
POLYNOMIAL = {"initial_learning_rate": 1.0, "decay_steps": 4, "cycle": True}
COSINE = {"initial_learning_rate": 0.1, "decay_steps": 6, "alpha": 0.1}


def schedule(name: str, config: Any) -> Any:
    return {"learning_rate": {"class_name": name, "config": config}}


EXACT: list[tuple[str, Any]] = [
    ("SGD", {}),
    ("SGD", {"learning_rate": 1, "momentum": 0}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True, "decay": 0.3}),
    ("SGD", {"clipnorm": 0.2}),
    ("SGD", {"clipvalue": 0.1}),
    ("SGD", {"global_clipnorm": 0.2}),
    ("SGD", schedule("ExponentialDecay", EXPONENTIAL)),
    ("SGD", schedule("PiecewiseConstantDecay", PIECES)),
    ("SGD", schedule("PolynomialDecay", POLYNOMIAL)),
    ("SGD", schedule("CosineDecay", COSINE)),
    ("Adam", {}),
    ("Adam", {"decay": 0.1, "epsilon": 1e-3}),
    ("Adam", {"amsgrad": True}),
    ("Adamax", {}),
    ("Adadelta", {"learning_rate": 1.0}),
    ("RMSprop", {"momentum": 0.5}),
    ("RMSprop", {"momentum": 0.5, "centered": True}),
    ("Ftrl", {"l1_regularization_strength": 0.01, "beta": 0.1}),
]
CLOSE: list[tuple[str, Any]] = [
    ("RMSprop", {}),
    ("RMSprop", {"centered": True}),
    ("Adagrad", {}),
    ("Adagrad", {"initial_accumulator_value": 0.0, "epsilon": 1e-6}),
]
NEW: list[tuple[str, Any]] = [
    ("SGD", {"momentum": 0.9}),
    ("Adam", {"weight_decay": 0.01}),
    ("AdamW", {}),
    ("Nadam", {}),
    ("RMSprop", {"centered": True}),
    ("Adagrad", {}),
    ("Adadelta", {}),
    ("Adamax", {}),
    ("Lion", {}),
    ("Ftrl", {"l2_regularization_strength": 0.1}),
]


def steps(optimizer: Any) -> np.ndarray:
    """A variable after ten steps along gradients of many sizes."""
    import tensorflow

    start = np.array([1.0, -2.0, 0.5, 3.0], "float32")
    keras = modules()[0]
    is_new = isinstance(optimizer, keras.optimizers.Optimizer)
    variable = keras.Variable(start) if is_new else tensorflow.Variable(start)
    for step in range(10):
        sizes = np.array([1.0, 1e-3, 0.0, -20.0]) * np.cos(step)
        gradient = tensorflow.constant(sizes.astype("float32"))
        optimizer.apply_gradients([(gradient, variable)])
    return np.asarray(variable)


def both_steps(optimizer: Any, config: Any, writer: Writer) -> tuple[np.ndarray, np.ndarray]:
    # As in a file: NumPy numbers are plain ones there.
    stored = json.loads(json.dumps(config, default=float))
    state = translated({"loss": "mse", "optimizer_config": stored}, writer)
    assert state is not None
    new = modules()[0].optimizers.deserialize(to_training_config(state)["optimizer_config"])
    return steps(optimizer), steps(new)


@pytest.mark.parametrize(("name", "config"), EXACT, ids=str)
def test_ten_steps_agree_exactly(name: str, config: Any) -> None:
    legacy = modules()[1].optimizers.legacy
    optimizer = getattr(legacy, name).from_config({"learning_rate": 0.1, **config})
    stored = {"class_name": name, "config": optimizer.get_config()}
    old, new = both_steps(optimizer, stored, TF_2_8)
    np.testing.assert_allclose(new, old, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "config"), CLOSE, ids=str)
def test_ten_steps_agree_but_for_epsilon(name: str, config: Any) -> None:
    legacy = modules()[1].optimizers.legacy
    optimizer = getattr(legacy, name).from_config({"learning_rate": 0.1, **config})
    stored = {"class_name": name, "config": optimizer.get_config()}
    old, new = both_steps(optimizer, stored, TF_2_8)
    np.testing.assert_allclose(new, old, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(("name", "config"), NEW, ids=str)
def test_ten_steps_of_new_optimizers_agree(name: str, config: Any) -> None:
    optimizer = getattr(modules()[1].optimizers, name)(learning_rate=0.1, **config)
    stored = {"class_name": f"Custom>{name}", "config": optimizer.get_config()}
    old, new = both_steps(optimizer, stored, TF_2_15)
    np.testing.assert_allclose(new, old, rtol=1e-5, atol=1e-6)


def test_stand_alone_norm_is_of_all_gradients() -> None:
    writer = Writer((2, 3, 1), False, "tensorflow", "2.3.1")
    config = {"class_name": "SGD", "config": {"learning_rate": 0.1, "clipnorm": 0.2}}
    state = translated({"loss": "mse", "optimizer_config": config}, writer)
    assert state is not None
    optimizer = modules()[0].optimizers.deserialize(to_training_config(state)["optimizer_config"])
    assert (optimizer.clipnorm, optimizer.global_clipnorm) == (None, 0.2)
