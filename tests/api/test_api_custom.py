"""What is told about the user's modules without importing them."""

from __future__ import annotations

import pytest

from converter.api.custom import provided_names
from converter.errors import UsageError

TEXT = """
import os
from keras.layers import Dense
from mine.parts import Attention, Norm as Normed
raise SystemExit("this module must never run")

class Scale(Dense): pass
def own_loss(a, b): return a
swish2 = Scale
custom_objects = {"Other": Scale}
"""


def test_names_without_running(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(TEXT)
    assert provided_names([str(path)]) == {
        *("Scale", "own_loss", "swish2", "custom_objects", "Other", "Attention", "Normed")
    }


def test_dotted_module_without_running_its_package(tmp_path, monkeypatch):
    package = tmp_path / "package_of_user" / "deep"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("raise SystemExit")
    (package / "__init__.py").write_text("raise SystemExit")
    (package / "layers.py").write_text("class Scale: pass")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert provided_names(["package_of_user.deep.layers"]) == {"Scale"}
    assert provided_names(["package_of_user.nothing"]) == frozenset()


def test_text_that_does_not_parse(tmp_path):
    path = tmp_path / "own.py"
    path.write_text("class (:")
    assert provided_names([str(path)]) == frozenset()


def test_missing_file():
    with pytest.raises(UsageError):
        provided_names(["nowhere.py"])
