"""Conversions that start child processes: few, because each takes seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from converter import convert, edit, repair, verify
from converter.errors import MissingObjectError, VerificationError
from tests import sample_store

pytestmark = pytest.mark.engine

OWN = """
import keras

class Scale(keras.layers.Layer):
    def __init__(self, factor=2.0, **rest):
        super().__init__(**rest)
        self.factor = factor

    def build(self, shape):
        self.gain = self.add_weight(name="gain", shape=(shape[-1],))

    def call(self, x):
        return x * self.gain * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
"""


def names(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


def test_silent_change_is_answered(sample):
    done = convert(sample("keras-2.2.4", "lstm"))
    assert done.verified.reference == "tf_keras"
    assert done.verified.max_difference < 1e-5


def test_a_library_that_departs_from_the_writer_does_not_judge(sample):
    done = convert(sample("keras-2.3.1", "tagger"))
    assert done.verified.max_difference is None
    assert "tf_keras computes something else than the writer" in done.verified.note


def test_savedmodel_runs_without_keras(sample):
    path = sample("keras-2.2.4", "crnn")
    done = convert(path, to="savedmodel")
    assert done.output == path.with_name("crnn_savedmodel")
    assert done.verified.reader.startswith("tensorflow")
    assert done.verified.max_difference < 1e-5


def test_savedmodel_gives_the_recorded_outputs(sample):
    import tensorflow as tf

    path = sample("keras-2.2.4", "crnn")
    recorded = next(each for each in sample_store.samples("keras-2.2.4") if each.name == "crnn")
    output = convert(path, to="savedmodel", verify=False).output
    serve = tf.saved_model.load(str(output)).signatures["serving_default"]
    (name,) = serve.structured_input_signature[1]
    (computed,) = serve(**{name: tf.constant(recorded.inputs[0])}).values()
    np.testing.assert_allclose(computed, recorded.outputs[0], rtol=1e-4, atol=1e-5)


def test_custom_class(sample, tmp_path):
    own = tmp_path / "own.py"
    own.write_text(OWN)
    path = sample("tf-2.8.0", "custom_layer")
    done = convert(path, custom=[str(own)])
    # tf_keras runs this code as well, and is closer to who wrote the file.
    assert done.verified.reference == "tf_keras"
    with pytest.raises(MissingObjectError):
        convert(path, tmp_path / "other.keras")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nothing_of_this_name", "cannot be imported"),
        (OWN.replace("factor=2.0, ", ""), "own.py:.*factor"),
    ],
    ids=["import", "constructor"],
)
def test_custom_class_that_fails(sample, tmp_path, text, message):
    own = tmp_path / "own.py"
    own.write_text(text.replace("self.factor = factor", "self.factor = 2.0"))
    path = sample("tf-2.8.0", "custom_layer")
    before = names(path)
    with pytest.raises(MissingObjectError, match=message):
        convert(path, custom=[str(own)])
    assert names(path) == before


def test_failed_verification_leaves_nothing(sample, monkeypatch):
    """A model written with other weights must not get its name."""
    from converter.api import making

    original = making.write_archive

    def sabotage(path, result, source):
        layers = [
            layer.with_config(activation="relu") if layer.class_name == "LSTM" else layer
            for layer in result.model.layers
        ]
        model = type(result.model)(**{**vars(result.model), "layers": tuple(layers)})
        original(path, type(result)(model, result.findings), source)

    monkeypatch.setattr(making, "write_archive", sabotage)
    path = sample("keras-2.2.4", "lstm")
    with pytest.raises(VerificationError, match="is not what tf_keras computes"):
        convert(path)
    assert names(path) == ["lstm.h5"]


def test_verified_repair(sample):
    done = repair(sample("tf-2.8.0", "functional_in_sequential"), verify=True)
    assert done.verified.max_difference < 1e-5


def test_verify_names_the_first_layer(sample):
    path = sample("keras-2.2.4", "crnn")
    other = edit(path, set_values={"dense_1.activation": "tanh"}).output
    report = verify(path, other)
    assert not report.same
    assert report.first_difference == "dense_1"
    assert verify(path, path).same


def test_verify_against_a_savedmodel(sample):
    path = sample("keras-2.2.4", "lstm")
    folder = convert(path, to="savedmodel", verify=False).output
    report = verify(path, folder)
    assert report.same
    assert (report.reader_a, report.reader_b) == ("tf_keras", "tensorflow")
