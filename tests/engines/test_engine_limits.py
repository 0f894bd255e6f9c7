"""A file that asks for more memory than it should need gets an error, and not the machine."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from converter.engines import Engine, limits
from converter.errors import NotExactError, UnsafeContentError, UsageError

GIB = 2**30


def dense(folder: Path, units: int, features: int) -> Path:
    """A ``.keras`` of a few hundred bytes that declares a layer, with no weights at all."""
    layers = [
        {
            "module": "keras.layers",
            "class_name": "InputLayer",
            "config": {"batch_shape": [None, features], "name": "input"},
        },
        {
            "module": "keras.layers",
            "class_name": "Dense",
            "config": {"name": "dense", "units": units},
        },
    ]
    config = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "huge", "layers": layers},
        "build_config": {"input_shape": [None, features]},
    }
    path = folder / "huge.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.writestr("model.weights.h5", b"")
    return path


def test_absurd_sizes_are_refused_and_the_child_goes_on(engine, models, tmp_path):
    with pytest.raises(UnsafeContentError, match="needs more than 8 GiB of memory") as caught:
        engine.predict(dense(tmp_path, 10**12, 100))
    assert " bytes" in str(caught.value)
    assert limits.VARIABLE in caught.value.hint
    with pytest.raises(UnsafeContentError, match="needs more than 8 GiB of memory"):
        engine.predict(dense(tmp_path, 1, 10**11))
    assert Path(engine.predict(models / "dense.keras").outputs_path).exists()


def test_the_users_own_limit(monkeypatch, models, tmp_path):
    monkeypatch.setenv(limits.VARIABLE, "200M")
    with Engine(preload="keras", timeout=180) as engine:
        with pytest.raises(NotExactError, match="is what KFIX_MEMORY allows"):
            engine.predict(dense(tmp_path, 10**5, 10**4))
        assert Path(engine.predict(models / "dense.keras").outputs_path).exists()


def test_a_limit_that_is_no_amount(monkeypatch):
    monkeypatch.setenv(limits.VARIABLE, "much")
    with pytest.raises(UsageError, match="much"):
        limits.allowance(0)


def test_large_files_may_take_more_but_never_more_than_there_is(monkeypatch):
    monkeypatch.delenv(limits.VARIABLE, raising=False)
    monkeypatch.setattr(limits, "physical", lambda: 64 * GIB)
    assert limits.allowance(1000) == 8 * GIB
    assert limits.allowance(GIB) == 20 * GIB
    assert limits.allowance(100 * GIB) == 64 * GIB
    monkeypatch.setattr(limits, "physical", lambda: 2 * GIB)
    assert limits.allowance(1000) == 2 * GIB


def test_a_small_machine_is_no_fault_of_the_file(monkeypatch):
    monkeypatch.delenv(limits.VARIABLE, raising=False)
    monkeypatch.setattr(limits, "physical", lambda: GIB)
    with pytest.raises(NotExactError, match="this machine has no more"), limits.of_memory({}):
        raise MemoryError


def test_errors_that_came_from_a_lack_of_memory_are_known():
    try:
        try:
            raise MemoryError
        except MemoryError as cause:
            raise NotExactError("Keras can't load it") from cause
    except NotExactError as error:
        assert limits.ran_out(error)
    assert limits.ran_out(RuntimeError("OOM when allocating tensor with shape[100000]"))
    assert not limits.ran_out(ValueError("shapes differ"))


def test_files_of_a_job_count_wherever_they_are_named(tmp_path, monkeypatch):
    monkeypatch.delenv(limits.VARIABLE, raising=False)
    monkeypatch.setattr(limits, "physical", lambda: 1000 * GIB)
    large, inputs = tmp_path / "large.h5", tmp_path / "in.npz"
    for path in (large, inputs):
        with path.open("wb") as stream:
            stream.truncate(GIB)
    saved = tmp_path / "saved"
    (saved / "variables").mkdir(parents=True)
    (saved / "saved_model.pb").touch()
    large.rename(saved / "variables" / "large")
    seen = []
    monkeypatch.setattr(limits, "allowance", lambda size: seen.append(size) or size)
    with limits.of_memory({"path": str(saved), "test": {"arrays": str(inputs)}, "layers": ["a"]}):
        pass
    assert seen == [2 * GIB]
