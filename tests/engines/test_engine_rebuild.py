from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import h5py
import pytest

from converter.engines import Engine
from converter.engines.gate import read_config
from converter.errors import ExitCode, MissingObjectError, UsageError

OWN = Path(__file__).with_name("own_layers.py")

pytestmark = pytest.mark.engine


def test_both_files_hold_the_same_compiled_model(engine, models, tmp_path):
    files = {"keras": tmp_path / "a.keras", "h5": tmp_path / "a.h5"}
    report = engine.rebuild(models / "dense.keras", **files)
    assert sorted(tmp_path.iterdir()) == sorted(files.values())
    assert not any(path.is_symlink() for path in files.values())
    assert report.files == (str(files["keras"]), str(files["h5"]))
    assert (report.compiled, report.compile_note, report.custom_objects) == (True, "", ())
    # Writing the .h5 first would lose the optimizer of the .keras.
    compile_config = read_config(files["keras"], compile=True)["compile_config"]
    assert compile_config["optimizer"]["class_name"] == "Adam"
    for path in files.values():
        assert engine.verify_keras(
            path, reference=models / "dense.keras", reference_kind="keras"
        ).ok


def test_custom_objects_are_found_by_all_their_names(engine, models, tmp_path):
    report = engine.rebuild(
        models / "custom.keras", keras=tmp_path / "c.keras", custom=[str(OWN)], predict=True
    )
    assert report.compiled
    assert {"Scale", "Offset", "swash"} <= set(report.custom_objects)
    result = engine.verify_keras(
        tmp_path / "c.keras",
        reference=report.prediction.outputs_path,
        reference_kind="arrays",
        inputs=report.prediction.inputs_path,
        custom=[str(OWN)],
    )
    assert result.ok
    assert result.comparisons[0].scale > 0


def test_chatter_of_user_code_is_only_logged(models, tmp_path):
    (tmp_path / "noisy.py").write_text("import sys\nprint('{}')\nprint('aside', file=sys.stderr)\n")
    with Engine(timeout=120) as engine:
        assert engine.predict(models / "dense.keras", custom=[str(tmp_path / "noisy.py")]).finite
        assert "{}\naside" in engine.log()
    assert not (tmp_path / "__pycache__").exists()


def test_helpers_named_like_keras_functions_change_nothing(engine, models):
    plain = engine.verify_keras(
        models / "dense.keras",
        reference=models / "dense.keras",
        reference_kind="keras",
        custom=[str(OWN)],
    )
    assert plain.ok


def test_missing_objects_are_all_named_with_their_layers(engine, models, tmp_path):
    with pytest.raises(MissingObjectError) as caught:
        engine.rebuild(models / "named_custom.keras", keras=tmp_path / "c.keras")
    assert caught.value.exit_code is ExitCode.MISSING
    text = str(caught.value)
    assert "Gone (layer scale)" in text
    assert "lost_activation (layer dense" in text
    assert "--custom" in caught.value.hint
    assert not (tmp_path / "c.keras").exists()


def test_a_function_of_another_module_is_not_the_stock_one_of_its_name(engine, models, tmp_path):
    with pytest.raises(MissingObjectError, match=r"not given: gone\.relu"):
        engine.rebuild(models / "like_a_stock_function.keras", keras=tmp_path / "c.keras")


def test_a_constructor_that_rejects_the_config_is_named(engine, models, tmp_path):
    with pytest.raises(MissingObjectError) as caught:
        engine.rebuild(models / "custom_extra.keras", keras=tmp_path / "c.keras", custom=[str(OWN)])
    assert str(caught.value) == (
        "Scale.__init__() does not accept 'extra', which the config of layer scale holds."
    )


def test_a_lost_loss_costs_only_the_compile_state(engine, models, tmp_path):
    report = engine.rebuild(models / "lost_loss.keras", keras=tmp_path / "c.keras")
    assert not report.compiled
    assert "gone_loss" in report.compile_note
    assert (tmp_path / "c.keras").exists()


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        ("import keras\nx = 1 / 0\n", r"bad\.py:2: ZeroDivisionError: division by zero", ""),
        ("def broken(:\n", r"bad\.py:1: SyntaxError", ""),
        ("\nimport no_such_thing\n", r"bad\.py:2: ModuleNotFoundError", "'no_such_thing'"),
        ("from keras.engine.topology import Layer\n", r"bad\.py:1: ", "Keras 2"),
        ("import sys\nsys.exit('bye')\n", r"bad\.py:2: SystemExit: bye", ""),
        ("import tf_keras\nclass Old(tf_keras.layers.Layer): pass\n", "bad.Old is", "Keras 2"),
    ],
)
def test_imports_that_fail_name_file_line_and_reason(engine, models, tmp_path, code, message, hint):
    (tmp_path / "bad.py").write_text(code)
    with pytest.raises(MissingObjectError, match=message) as caught:
        engine.predict(models / "dense.keras", custom=[str(tmp_path / "bad.py")])
    assert hint in caught.value.hint
    assert "\n" not in str(caught.value)


def test_a_file_of_a_package_is_imported_as_part_of_it(engine, models, tmp_path):
    package = tmp_path / "own_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "own_helpers2.py").write_text("FACTOR = 2.0\n")
    source = OWN.read_text().replace("from own_helpers import", "from .own_helpers2 import")
    source = source.replace('"Own")', '"OwnPackage")')
    (package / "parts.py").write_text(source)
    report = engine.predict(models / "custom.keras", custom=[str(package / "parts.py")])
    assert report.finite
    assert not (package / "__pycache__").exists()


def test_a_package_is_searched_with_all_its_parts(engine, models, tmp_path):
    package = tmp_path / "own_kit"
    (package / "deep").mkdir(parents=True)
    for folder in (package, package / "deep"):
        (folder / "__init__.py").write_text("from . import nothing_of_it\n" * (folder != package))
    (package / "own_helpers3.py").write_text("FACTOR = 2.0\n")
    source = OWN.read_text().replace("from own_helpers import", "from .own_helpers3 import")
    (package / "parts.py").write_text(source.replace('"Own")', '"OwnKit")'))
    assert engine.predict(models / "custom.keras", custom=[str(package)]).finite
    (tmp_path / "beside.py").write_text("")
    assert engine.predict(
        models / "custom.keras", custom=[str(tmp_path / "beside.py"), "own_kit"]
    ).finite


def test_a_folder_that_is_no_package(engine, models, tmp_path):
    source = OWN.read_text().replace("from own_helpers import", "from own_helpers4 import")
    (tmp_path / "own_parts4.py").write_text(source.replace('"Own")', '"OwnFolder")'))
    (tmp_path / "own_helpers4.py").write_text("FACTOR = 2.0\n")
    (tmp_path / "test_program.py").write_text("raise SystemExit\n")
    assert engine.predict(models / "custom.keras", custom=[str(tmp_path)]).finite


@pytest.mark.parametrize("value", ["none/here", "none.py"])
def test_a_folder_that_does_not_exist_is_a_usage_error(engine, models, value):
    with pytest.raises(UsageError, match="there is no such file or folder"):
        engine.predict(models / "dense.keras", custom=[value])


def test_a_module_name_is_found_beside_another_given_file(engine, models, tmp_path):
    shutil.copy(OWN, tmp_path / "own_by_name.py")
    (tmp_path / "first.py").write_text("")
    given = [str(tmp_path / "first.py"), "own_by_name"]
    assert engine.predict(models / "custom.keras", custom=given).finite


def test_a_file_that_does_not_exist_is_a_usage_error(engine, models, tmp_path):
    with pytest.raises(UsageError, match="there is no such file"):
        engine.predict(models / "dense.keras", custom=[str(tmp_path / "none.py")])


def test_archives_are_whole(engine, models, tmp_path):
    engine.rebuild(models / "dense.keras", keras=tmp_path / "a.keras", h5=tmp_path / "a.h5")
    with zipfile.ZipFile(tmp_path / "a.keras") as archive:
        assert {"config.json", "metadata.json", "model.weights.h5"} <= set(archive.namelist())
    with h5py.File(tmp_path / "a.h5") as file:
        assert "model_weights" in file
