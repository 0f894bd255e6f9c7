"""Layers written for Keras 1 and 2: tf_keras runs them as they are, Keras 3 runs them carried."""

from __future__ import annotations

import runpy
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from converter import convert
from converter.api.old_code import old_modules
from converter.containers import open_model
from converter.engines import Engine
from converter.engines.old_engine import OldEngine
from converter.porting.dialect import Dialect
from tests.e2e.owners_code import InThisProcess
from tests.e2e.truth import Record, assert_same, complete, computed
from tests.sample_store import Sample, samples

pytestmark = pytest.mark.engine

AS_IT_IS = ("keras-2.2.4", "tf-1.13.1", "tf-2.15.0")
"""Writers of which each kind of code is run by tf_keras; each takes a process of its own."""


def of_old_code() -> list[Sample]:
    return [sample for sample in samples() if sample.reason == "old-code"]


def identity(sample: Sample) -> str:
    return f"{sample.id}-{sample.kind}"


@pytest.mark.parametrize("sample", of_old_code(), ids=identity)
def test_carried_code_computes_what_was_recorded(
    sample: Sample, tmp_path: Path, record_property: Record
) -> None:
    import keras

    output = tmp_path / "model.keras"
    with mock.patch("converter.engines.Engine", InThisProcess):
        done = convert(complete(sample, tmp_path), output, verify=False, **sample.options)
    (module,) = done.modules
    assert any("needs Keras" in note for note in done.notes)
    record_property("truth", (sample.writer, "keras", "same"))
    keras.backend.clear_session(free_memory=False)
    own = runpy.run_path(str(module))["custom_objects"]
    model = keras.models.load_model(output, custom_objects=own)
    assert_same(computed(model, sample.inputs), sample)


class Engines(ExitStack):
    """One process with tf_keras for each kind of code, one with TensorFlow alone."""

    def __init__(self) -> None:
        super().__init__()
        self._old: dict[tuple[str, Dialect], OldEngine] = {}
        self.plain = self.enter_context(Engine(preload="tensorflow", timeout=300))

    def old(self, sample: Sample, dialect: Dialect) -> OldEngine:
        key = (sample.options["custom"][0], dialect)
        if key not in self._old:
            self._old[key] = self.enter_context(OldEngine(timeout=300))
        return self._old[key]


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with Engines() as started:
        yield started


@pytest.mark.parametrize(
    "sample", [each for each in of_old_code() if each.writer in AS_IT_IS], ids=identity
)
def test_savedmodel_of_the_code_as_it_is(
    sample: Sample, tmp_path: Path, engines: Engines, record_property: Record
) -> None:
    """tf_keras runs the old code; TensorFlow alone then computes what the writer recorded."""
    source, custom = complete(sample, tmp_path), sample.options["custom"]
    with open_model(source) as opened:
        dialect = old_modules(custom, opened.contents.writer).dialect
    export = engines.old(sample, dialect).export_old(
        source, tmp_path / "saved", custom=custom, dialect=dialect
    )
    inputs = {f"{index:03d}": each for index, each in enumerate(sample.inputs)}
    np.savez(tmp_path / "inputs.npz", **inputs)
    found = engines.plain.verify_savedmodel(
        tmp_path / "saved",
        inputs=tmp_path / "inputs.npz",
        reference=None,
        input_names=[each.name for each in export.inputs],
        output_names=[each.name for each in export.outputs],
    )
    record_property("truth", (sample.writer, "savedmodel", "same"))
    with np.load(found.prediction.outputs_path) as outputs:
        assert_same([outputs[each.name] for each in found.prediction.outputs], sample)


LOAD = """
import sys, numpy, keras
from model_custom import custom_objects
model = keras.models.load_model("model.keras", custom_objects=custom_objects)
with numpy.load(sys.argv[1]) as record:
    numpy.testing.assert_allclose(
        numpy.asarray(model(record["input_0"])), record["output_0"], 1e-4, 1e-5
    )
assert not any(name.split(".")[0] in ("converter", "tf_keras") for name in sys.modules)
"""


def test_what_the_user_gets_is_all_that_he_needs(tmp_path: Path) -> None:
    """A whole conversion: held against tf_keras, then loaded where kfix is not."""
    sample = next(each for each in of_old_code() if each.id == "keras-2.2.4/old_pictures")
    done = convert(sample.path, tmp_path / "model.keras", **sample.options)
    assert done.modules == (tmp_path / "model_custom.py",)
    assert done.notes[0] == "keras2_layers.py needs Keras 2 (line 7: keras.engine)"
    assert done.verified is not None
    assert done.verified.reference == "tf_keras"
    (tmp_path / "load.py").write_text(LOAD)
    record = sample.path.with_name(f"{sample.name}.npz")
    subprocess.run(
        [sys.executable, "load.py", str(record)], cwd=tmp_path, check=True, capture_output=True
    )
