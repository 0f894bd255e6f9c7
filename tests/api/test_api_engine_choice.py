"""Which engine gets the user's code, and what is said where none can have it."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest

from converter import convert, edit
from converter.api import making
from converter.api.old_code import carried_modules, old_modules, require_known_meaning
from converter.errors import (
    MissingObjectError,
    NotExactError,
    OutputError,
    UsageError,
    VerificationError,
)
from converter.model.description import Writer
from tests.sample_store import samples

KERAS_2 = Writer((2, 2, 4), backend="tensorflow")
OLD = "from keras.engine.topology import Layer\nclass AttentionWithContext(Layer): pass\n"


def old_sample():
    return next(each for each in samples() if each.id == "keras-2.2.4/old_attention")


def own(folder: Path, text: str, name: str = "mine.py") -> list[str]:
    (folder / name).write_text(text)
    return [str(folder / name)]


def test_no_such_engine(tmp_path):
    with pytest.raises(UsageError, match="cntk is no engine"):
        convert(old_sample().path, tmp_path / "a.keras", engine="cntk")


def test_tf_keras_reads_no_files_of_keras_3(tmp_path):
    sample = next(each for each in samples("keras-3.15.1") if each.kind == "keras")
    with pytest.raises(NotExactError, match="no files of Keras 3"):
        convert(sample.path, tmp_path / "a.keras", engine="tf_keras", **sample.options)


def test_the_reason_has_file_and_line(tmp_path):
    old = old_modules(own(tmp_path, f"import os\n{OLD}"), KERAS_2)
    assert old.reason == "mine.py needs Keras 2 (line 2: keras.engine.topology)"
    assert old_modules(own(tmp_path, "import keras"), KERAS_2).reason == ""


def test_code_that_cannot_be_carried_is_told_by_line(tmp_path):
    text = f"{OLD}from keras import backend as K\ndef f(x):\n    return K.get_session()\n"
    with pytest.raises(MissingObjectError, match=r"mine\.py:5: keras\.backend\.get_session") as no:
        convert(old_sample().path, tmp_path / "a.keras", custom=own(tmp_path, text))
    assert "--to savedmodel" in no.value.hint
    assert [each.name for each in tmp_path.iterdir()] == ["mine.py"]


def test_a_module_never_replaces_a_file_unasked(tmp_path):
    (tmp_path / "a_custom.py").write_text("mine")
    with pytest.raises(OutputError, match=r"a_custom\.py exists already"):
        convert(old_sample().path, tmp_path / "a.keras", custom=own(tmp_path, OLD))
    assert (tmp_path / "a_custom.py").read_text() == "mine"


def test_a_module_never_replaces_itself(tmp_path):
    given = own(tmp_path, OLD, "a_custom.py")
    with pytest.raises(OutputError, match="is the module itself, which is never changed"):
        convert(old_sample().path, tmp_path / "a.keras", custom=given, force=True)
    assert (tmp_path / "a_custom.py").read_text() == OLD


def test_a_link_that_leads_nowhere_is_a_file_too(tmp_path):
    (tmp_path / "a_custom.py").symlink_to(tmp_path / "elsewhere.py")
    with pytest.raises(OutputError, match=r"a_custom\.py exists already"):
        convert(old_sample().path, tmp_path / "a.keras", custom=own(tmp_path, OLD))
    assert not (tmp_path / "elsewhere.py").exists()


def test_modules_beside_are_carried_too(tmp_path):
    own(tmp_path, "from keras import backend as K\nhalf = K.sum\n", "helpers.py")
    given = own(tmp_path, f"from helpers import half\n{OLD}")
    code = carried_modules(old_modules(given, KERAS_2), given, "my model")
    assert sorted(code.texts) == ["my_model_helpers.py", "my_model_mine.py"]
    assert "from my_model_helpers import half" in code.texts["my_model_mine.py"]
    assert code.given == ("my_model_mine.py",)


def test_packages_are_not_carried(tmp_path):
    own(tmp_path, OLD, "__init__.py")
    old = old_modules([str(tmp_path)], KERAS_2)
    with pytest.raises(MissingObjectError, match="file by file"):
        carried_modules(old, [str(tmp_path)], "a")


def failing(*_):
    raise MissingObjectError("The custom code failed at mine.py:3: TypeError: no")


def test_keras_3_failing_on_unsuspicious_code_leads_to_tf_keras(tmp_path, monkeypatch):
    """And where that does not help either, what Keras 3 said is the answer."""
    custom = own(tmp_path, "import keras\nclass AttentionWithContext(keras.layers.Layer): pass\n")
    seen = []

    def rebuilt(job, path, expected):
        seen.append([Path(each).name for each in job.custom])
        failing()

    monkeypatch.setattr(making, "rebuilt", rebuilt)
    for engine, tried in {"auto": [["mine.py"], ["a_custom.py"]], "keras": [["mine.py"]]}.items():
        seen.clear()
        with pytest.raises(MissingObjectError, match=r"mine\.py:3"):
            convert(
                old_sample().path, tmp_path / "a.keras", custom=custom, verify=False, engine=engine
            )
        assert seen == tried


def test_keras_was_asked_for_and_the_code_is_old(tmp_path, monkeypatch):
    monkeypatch.setattr(making, "rebuilt", failing)
    with pytest.raises(MissingObjectError, match=r"mine\.py needs Keras 2 \(line 1") as no:
        convert(old_sample().path, tmp_path / "a.keras", custom=own(tmp_path, OLD), engine="keras")
    assert "--engine" in no.value.hint


def test_a_dry_run_makes_nothing(tmp_path):
    with mock.patch.object(making, "rebuilt", failing):
        done = convert(
            old_sample().path, tmp_path / "a.keras", custom=own(tmp_path, OLD), dry_run=True
        )
    assert not done.written
    assert done.modules == ()
    assert done.notes == (
        "mine.py needs Keras 2 (line 1: keras.engine.topology)",
        "the code would be carried to Keras 3: a_custom.py",
    )


@pytest.mark.parametrize(
    ("engine", "to", "text", "told"),
    [
        ("auto", "savedmodel", OLD, "tf_keras would rebuild the model with the code as it is"),
        ("keras", "savedmodel", OLD, "Keras 3 would rebuild the model"),
        ("auto", "keras", "def f(x): ...\n", "Keras 3 would rebuild the model, or tf_keras where"),
        ("tf_keras", "h5", "def f(x): ...\n", "the code would be carried to Keras 3"),
    ],
)
def test_a_dry_run_says_which_engine(tmp_path, engine, to, text, told):
    custom = own(tmp_path, text)
    with mock.patch("converter.engines.child.subprocess.Popen", failing):
        done = convert(
            old_sample().path,
            tmp_path / "a.out",
            to=to,
            custom=custom,
            engine=engine,
            dry_run=True,
        )
    assert done.notes[-1].startswith(told)


def test_a_dry_run_of_stock_layers_speaks_of_no_engine(kfix, sample):
    told = kfix("convert", sample("keras-2.2.4", "lstm"), "--to", "savedmodel", "--dry-run")
    assert told.code == 1
    assert "rebuild" not in told.out


def test_pictures_are_enlarged_in_two_ways(tmp_path):
    text = f"{OLD}import tensorflow as tf\ndef f(x):\n    return tf.image.resize(x, (2, 2))\n"
    custom = own(tmp_path, text)
    open_writer = Writer((2, 2, 4), tf_keras=True)
    with pytest.raises(NotExactError, match=r"mine\.py:5: tensorflow\.image\.resize") as no:
        require_known_meaning(old_modules(custom, open_writer))
    assert "--writer" in no.value.hint
    for known in (KERAS_2, Writer((2, 2, 4), True, backend_version=(1, 15)), Writer((2, 8), True)):
        require_known_meaning(old_modules(custom, known))


GATE = """
from tensorflow import keras
class Gate(keras.layers.Dense):
    def call(self, x):
        return keras.activations.hard_sigmoid(super().call(x))
"""


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    """A model of Keras 2 with a class whose code Keras 3 runs, and means another function by."""
    folder = tmp_path_factory.mktemp("gate")
    sample = next(each for each in samples("tf-2.8.0") if each.name == "sequential_input_shape")
    done = edit(sample.path, folder / "gate.h5", rename_classes={"Dense": "Gate"})
    return done.output, own(folder, GATE)


def test_code_that_means_something_else_on_keras_3_is_found_by_tf_keras(gate, tmp_path):
    source, code = gate
    with pytest.raises(VerificationError, match="not what tf_keras computes") as refused:
        convert(source, tmp_path / "a.keras", custom=code)
    assert "mine.py:5: hard_sigmoid is another function" in refused.value.hint
    assert list(tmp_path.iterdir()) == []


def test_such_code_is_exported_by_tf_keras(gate, tmp_path):
    source, code = gate
    done = convert(source, tmp_path / "a", to="savedmodel", custom=code)
    assert done.notes == (
        "on Keras 3 the code computes something else",
        "tf_keras rebuilt the model with the code as it is",
    )
    assert done.verified.reference == "tf_keras"


def test_such_code_is_refused_where_nothing_compares(gate, tmp_path):
    source, code = gate
    with pytest.raises(NotExactError, match="a word that means something else") as refused:
        convert(source, tmp_path / "a.keras", custom=code, verify=False)
    assert "mine.py:5: hard_sigmoid" in refused.value.hint
    convert(source, tmp_path / "a.keras", custom=code, verify=False, allow_inexact=True)
