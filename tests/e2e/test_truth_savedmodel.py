"""Every architecture among the samples becomes a SavedModel that TensorFlow runs without Keras."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from converter.engines import Engine, TensorInfo
from converter.engines.ragged import separated
from converter.errors import NotExactError
from tests.e2e.truth import (
    Record,
    assert_same,
    content_of,
    converted,
    newest_of_each_architecture,
    parameters,
    plain,
)
from tests.sample_store import Sample

pytestmark = pytest.mark.engine

FAIL_IN_GRAPHS = frozenset({"addons_adaptive_pooling", "addons_adaptive_pooling_1d_3d"})
"""Keras 3.15 pools with windows of several sizes one by one only, not in a graph."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize(
        "sample", parameters(metafunc.config, newest_of_each_architecture(), "savedmodel")
    )


@pytest.fixture(scope="module")
def keras_engine() -> Iterator[Engine]:
    with Engine() as engine:
        yield engine


@pytest.fixture(scope="module")
def tensorflow_engine() -> Iterator[Engine]:
    """A process that never imports Keras."""
    with Engine(preload="tensorflow") as engine:
        yield engine


def stored(folder: Path, name: str, arrays: list[np.ndarray]) -> Path:
    """Arrays as the ``.npz`` that engines exchange, keys in the order of the model's inputs or
    outputs."""
    path = folder / f"{name}.npz"
    # An .npz has no bfloat16; the engine gives each input the type that the signature wants.
    wide = [
        each.astype("f4") if each.dtype == ml_dtypes.bfloat16 else each for each in plain(arrays)
    ]
    np.savez(path, **separated({f"{index:03d}": each for index, each in enumerate(wide)}))
    return path


def whole(inputs: Sequence[TensorInfo]) -> list[str]:
    """Names of the inputs, of which a signature may have the parts only."""
    parts = ("_row_splits", "_indices", "_dense_shape")
    return [each.name.removesuffix("_values") for each in inputs if not each.name.endswith(parts)]


@pytest.fixture(scope="module")
def outputs_of() -> dict[str, list[np.ndarray]]:
    """What SavedModels computed, by the archive they are made from and their inputs."""
    return {}


def test_savedmodel_computes_what_was_recorded(
    sample: Sample,
    tmp_path: Path,
    keras_engine: Engine,
    tensorflow_engine: Engine,
    outputs_of: dict[str, list[np.ndarray]],
    record_property: Record,
) -> None:
    archive = converted(sample, tmp_path, "keras")
    if archive is None:
        record_property("truth", (sample.writer, "savedmodel", "refused"))
        return
    if sample.name in FAIL_IN_GRAPHS:
        with pytest.raises(NotExactError, match="cannot be written as a SavedModel"):
            keras_engine.export_savedmodel(archive, tmp_path / "saved")
        record_property("truth", (sample.writer, "savedmodel", "refused"))
        return
    record_property("truth", (sample.writer, "savedmodel", "same"))
    key = content_of(archive, sample.inputs)
    if key not in outputs_of:
        outputs_of[key] = exported_and_run(
            archive, sample, tmp_path, keras_engine, tensorflow_engine
        )
    assert_same(outputs_of[key], sample)


def exported_and_run(
    archive: Path, sample: Sample, folder: Path, keras: Engine, tensorflow: Engine
) -> list[np.ndarray]:
    """The archive as a SavedModel, and what TensorFlow computes with it."""
    own = sample.options.get("custom", ())
    export = keras.export_savedmodel(archive, folder / "saved", custom=own)
    found = tensorflow.verify_savedmodel(
        folder / "saved",
        inputs=stored(folder, "inputs", sample.inputs),
        reference=None,
        input_names=whole(export.inputs),
        output_names=[each.name for each in export.outputs],
    )
    with np.load(found.prediction.outputs_path) as outputs:
        return [outputs[each.name] for each in found.prediction.outputs]
