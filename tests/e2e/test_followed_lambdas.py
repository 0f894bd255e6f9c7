"""tf_keras computes sources with Lambdas without running their code."""

from __future__ import annotations

import base64
import json
import marshal
from pathlib import Path
from typing import Any

import h5py
import pytest

from converter.engines.models import load_tf_keras
from converter.errors import KfixError, UnsafeContentError
from tests.e2e.truth import assert_same
from tests.sample_store import Sample, samples

NAMES = {
    "keras-2.2.4": ("lambdas_backend", "lambdas_of_pictures", "lambdas_placed"),
    "tf-2.4.0": ("lambdas_of_tensorflow", "lambdas_of_variables", "lambdas_of_ids"),
}
KNOWN = [each for writer in NAMES for each in samples(writer) if each.name in NAMES[writer]]


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize("sample", KNOWN, ids=lambda each: each.id)
def test_it_computes_what_the_writer_did(sample: Sample) -> None:
    loaded = load_tf_keras(sample.path, None)
    assert_same(list(loaded.run(sample.inputs).values()), sample)


def stored(folder: Path, source: str, **item: Any) -> Path:
    """A file of Keras 2 with a Lambda that holds a function of this Python."""
    function = eval(compile(source, "<ipython-input-1>", "eval"))
    code = base64.b64encode(marshal.dumps(function.__code__)).decode()
    given = {"name": "x", "batch_input_shape": [None, 2], "dtype": "float32"}
    config = {"name": "it", "function": [code, None, None], "function_type": "lambda"}
    layers = [
        {"class_name": "InputLayer", "config": given, "name": "x", "inbound_nodes": []},
        {
            **{"class_name": "Lambda", "config": config, "name": "it"},
            **{"inbound_nodes": [[["x", 0, 0, {}]]], **item},
        },
    ]
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [["it", 0, 0]]}
    model = {"class_name": "Model", "config": {"name": "m", "layers": layers, **ends}}
    path = folder / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(model)
        file.attrs["keras_version"] = "2.2.4"
        file.attrs["backend"] = "tensorflow"
        file.create_group("model_weights").attrs["layer_names"] = []
        file["model_weights"].attrs["keras_version"] = "2.2.4"
    return path


@pytest.mark.parametrize(
    "source",
    [
        "lambda x: open({!r}, 'w') and x",
        "lambda x: __import__('os').mkdir({!r}) or x",
        "lambda x: tf.io.write_file({!r}, 'a') or x",
        "lambda x: tf.saved_model.load({!r})",
        "lambda x: K.tf.io.gfile.makedirs({!r}) or x",
        "lambda x: np.save({!r}, [1]) or x",
    ],
)
def test_nothing_of_a_file_runs(tmp_path: Path, source: str) -> None:
    trace = tmp_path / "trace"
    path = stored(tmp_path, source.format(str(trace)))
    with pytest.raises(KfixError):
        load_tf_keras(path, None)
    assert not trace.exists()


@pytest.mark.parametrize(
    "item",
    [
        {"module": "keras.layers"},
        {"registered_name": "Lambda"},
        {"class_name": "layers.Lambda"},
        {"class_name": "Custom>Lambda"},
    ],
)
def test_other_ways_to_the_class_are_refused(tmp_path: Path, item: dict[str, Any]) -> None:
    with pytest.raises(UnsafeContentError):
        load_tf_keras(stored(tmp_path, "lambda x: x * 2", **item), None)
