"""The engine for old code: names and meanings, and what it must never do with a file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import h5py
import pytest

from converter.engines.libraries import LEGACY
from converter.engines.old_engine import OldEngine
from converter.errors import MissingObjectError, UnsafeContentError
from converter.porting.dialect import Dialect
from tests.sample_store import samples

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
KERAS_2 = Dialect(False, True, tracks_variables=False, old_batch_dot=True, tensorflow1=True)


def test_old_words_mean_what_they_did(tmp_path):
    environment = {
        **os.environ,
        LEGACY: "1",
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    script = Path(__file__).with_name("old_words.py")
    done = subprocess.run(
        [sys.executable, "-B", str(script)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope="module")
def engine() -> Iterator[OldEngine]:
    with OldEngine(timeout=180) as started:
        yield started


def changed(folder: Path, change) -> tuple[Path, list[str]]:
    """A sample whose layer `attention` is made by a changed entry of the config."""
    sample = next(each for each in samples() if each.id == "keras-2.2.4/old_attention")
    path = folder / "model.h5"
    shutil.copy(sample.path, path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        change(next(x for x in config["config"]["layers"] if x["name"] == "attention"))
        file.attrs["model_config"] = json.dumps(config).encode()
    return path, sample.options["custom"]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ({"class_name": "Gone", "registered_name": "Gone"}, "not given: Gone"),
        # Without a registered name tf_keras goes by the module alone.
        ({"registered_name": None}, r"not given: evil\.\w+"),
        ({"registered_name": ["Gone"]}, r"not given: evil\.\w+"),
    ],
)
def test_modules_that_only_the_file_names_are_not_imported(engine, tmp_path, names, told):
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Gone: pass\n")

    def change(entry):
        entry.update(module="evil", **names)

    path, custom = changed(tmp_path, change)
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        with pytest.raises(MissingObjectError, match=told):
            engine.predict_old(path, custom=custom, dialect=KERAS_2)
    finally:
        os.chdir(before)
    assert not (tmp_path / "ran").exists()


def test_code_in_the_file_is_not_run(engine, tmp_path):
    def change(entry):
        entry.update(class_name="Lambda", config={"name": "attention", "function": "x"})

    path, custom = changed(tmp_path, change)
    with pytest.raises(UnsafeContentError, match="a Lambda"):
        engine.predict_old(path, custom=custom, dialect=KERAS_2)


def test_a_class_that_was_not_given_is_named(engine, tmp_path):
    path, custom = changed(tmp_path, lambda entry: entry.update(class_name="Elsewhere"))
    with pytest.raises(MissingObjectError, match="Elsewhere"):
        engine.predict_old(path, custom=custom, dialect=KERAS_2)


def test_failures_of_the_users_code_have_their_line(engine, tmp_path):
    path, _ = changed(tmp_path, lambda entry: None)
    own = tmp_path / "broken_layers.py"
    own.write_text(
        "from keras.engine.topology import Layer\n"
        "class AttentionWithContext(Layer):\n"
        "    def call(self, x, mask=None):\n"
        "        return x.no_such_word\n"
    )
    with pytest.raises(MissingObjectError, match="AttentionWithContext .*config: .*bias"):
        engine.predict_old(path, custom=[str(own)], dialect=KERAS_2)
    own = tmp_path / "other_layers.py"
    own.write_text(
        "from keras.engine.topology import Layer\n"
        "class AttentionWithContext(Layer):\n"
        "    def __init__(self, bias, **rest): super().__init__(**rest)\n"
        "    def call(self, x, mask=None):\n"
        "        return x.no_such_word\n"
    )
    with pytest.raises(MissingObjectError, match=r"other_layers\.py:5: .*no_such_word"):
        engine.predict_old(path, custom=[str(own)], dialect=KERAS_2)
