"""SavedModels as those who serve them see them: saved_model_cli, TensorFlow, Keras, TFLite."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from converter import convert
from converter.api.convert import Conversion
from tests.sample_store import Sample, samples

pytestmark = pytest.mark.engine

QUIET = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
NAMES = {"DT_FLOAT": "float32", "DT_STRING": "string", "DT_INT64": "int64"}


@dataclass(frozen=True)
class Served:
    """A sample and the SavedModel it was converted to."""

    sample: Sample
    done: Conversion

    @property
    def folder(self) -> Path:
        return self.done.output

    def holds(self, outputs: list[np.ndarray]) -> None:
        """The outputs are what the writer recorded."""
        for new, old in zip(outputs, self.sample.outputs, strict=True):
            np.testing.assert_allclose(new, old, rtol=1e-4, atol=1e-5)


def served(folder: Path, writer: str, name: str, **options: object) -> Served:
    sample = next(each for each in samples(writer) if each.name == name)
    return Served(sample, convert(sample.path, folder, to="savedmodel", **options))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def reader(folder: Path) -> Served:
    """Reads pictures of text; laid out as TensorFlow Serving wants it."""
    inner = ["features=bidirectional", "parts=reshape,dense"]
    return served(folder / "reader" / "1", "tf-2.3.0", "crnn", signatures=inner)


@pytest.fixture(scope="module")
def words(folder: Path) -> Served:
    """Takes strings, with the vocabulary inside."""
    return served(folder / "words", "tf-2.15.0", "text_vectorization", verify=False)


def saved_model_cli(*arguments: object) -> str:
    command = [Path(sys.executable).with_name("saved_model_cli"), *arguments]
    run = subprocess.run(
        [str(each) for each in command],
        env={**os.environ, **QUIET},
        check=True,
        capture_output=True,
        text=True,
    )
    return run.stdout


def shown(text: str) -> Iterator[tuple[str, str, str, str, tuple[int | None, ...]]]:
    """Signature, side, name, dtype and shape of every tensor that ``show --all`` tells of."""
    for signature, block in re.findall(
        r"signature_def\['([^']+)'\]:\n(.*?)(?=\n\n|\Z)", text, re.DOTALL
    ):
        for side, name, dtype, shape in re.findall(
            r"(in|out)puts\['([^']+)'\] tensor_info:\s+dtype: (\S+)\s+shape: \(([^)]*)\)", block
        ):
            extents = tuple(int(each) for each in shape.split(",") if each.strip())
            yield (
                signature,
                side,
                name,
                NAMES[dtype],
                tuple(None if each < 0 else each for each in extents),
            )


def test_saved_model_cli_shows_what_the_report_says(reader: Served) -> None:
    text = saved_model_cli("show", "--dir", reader.folder, "--all")
    said = {
        (signature.name, side, each.name, each.dtype, each.shape)
        for signature in reader.done.signatures
        for side, tensors in (("in", signature.inputs), ("out", signature.outputs))
        for each in tensors
    }
    assert set(shown(text)) == said
    assert {each[0] for each in said} == {"serving_default", "features", "parts"}
    assert "tag-set: 'serve'" in text
    assert text.count("Method name is: tensorflow/serving/predict") == 3


def test_saved_model_cli_runs_every_signature(reader: Served, folder: Path) -> None:
    """On the recorded inputs, and the inner layers give what the model goes on with."""
    picture = reader.sample.inputs[0]
    np.save(folder / "picture.npy", picture)
    found = {}
    for signature in reader.done.signatures[:2]:
        (name,) = (each.name for each in signature.inputs)
        out = folder / f"out-{signature.name}"
        saved_model_cli(
            *("run", "--dir", reader.folder, "--tag_set", "serve"),
            *("--signature_def", signature.name, "--outdir", out),
            *("--inputs", f"{name}={folder / 'picture.npy'}"),
        )
        found[signature.name] = [np.load(out / f"{each.name}.npy") for each in signature.outputs]
    reader.holds(found["serving_default"])
    assert found["features"][0].shape == (len(picture), 6, 6)


ALONE = """
import json, sys
sys.modules["keras"] = sys.modules["tf_keras"] = None
import numpy as np
import tensorflow as tf

reader, words, picture, texts = sys.argv[1:]
picture = np.load(picture)
loaded = tf.saved_model.load(reader)
outputs = loaded.signatures["serving_default"](image=tf.constant(picture))
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(loaded(picture) ** 2)
gradients = tape.gradient(loss, loaded.trainable_variables)
strings = tf.saved_model.load(words)(tf.constant(json.loads(texts)))
print(json.dumps({
    "outputs": [value.numpy().tolist() for value in outputs.values()],
    "called": loaded(picture).numpy().tolist(),
    "words": strings.numpy().tolist(),
    "weights": sorted(loaded.weights),
    "gradients": sum(value is not None for value in gradients),
}))
"""


@pytest.fixture(scope="module")
def alone(reader: Served, words: Served, folder: Path) -> dict[str, object]:
    """What a process without any Keras makes of the two."""
    np.save(folder / "picture.npy", reader.sample.inputs[0])
    texts = json.dumps(words.sample.inputs[0].tolist())
    moved = folder / "moved"
    shutil.copytree(words.folder, moved)
    arguments = [reader.folder, moved, folder / "picture.npy", texts]
    run = subprocess.run(
        [sys.executable, "-c", ALONE, *map(str, arguments)],
        env={**os.environ, **QUIET},
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(run.stdout.splitlines()[-1])


def test_tensorflow_alone_gives_the_recorded_numbers(reader: Served, alone: dict) -> None:
    reader.holds([np.array(each, "f4") for each in alone["outputs"]])
    reader.holds([np.array(alone["called"], "f4")])


def test_strings_need_nothing_but_the_folder(words: Served, alone: dict) -> None:
    words.holds([np.array(alone["words"])])


def test_it_can_be_trained_on(reader: Served, alone: dict) -> None:
    assert "dense_1/kernel" in alone["weights"]
    assert alone["gradients"] == len(alone["weights"])


def test_keras_takes_it_as_a_layer(reader: Served) -> None:
    import keras

    picture = reader.sample.inputs[0]
    layer = keras.layers.TFSMLayer(reader.folder, call_endpoint="serving_default")
    (name,) = (each.name for each in reader.done.signatures[0].outputs)
    reader.holds([np.asarray(layer(picture)[name])])
    reader.holds([np.asarray(keras.layers.TFSMLayer(reader.folder)(picture))])
