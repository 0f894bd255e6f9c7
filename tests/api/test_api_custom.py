"""What is told about the user's modules without importing them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("try:\n    class A: pass\nexcept ImportError:\n    def b(): pass", {"A", "b"}),
        ("if x:\n    c = 1\nelse:\n    with y:\n        d, (e, f) = 1, (2, 3)", set("cdef")),
        ("get_custom_objects().update({'swish2': f, 'dice': g})", {"swish2", "dice"}),
        ("get_custom_objects().update(swish2=f)", {"swish2"}),
        ("get_custom_objects()['swish2'] = f", {"swish2"}),
        ("custom_objects = dict(swish2=f)", {"custom_objects", "swish2"}),
        ("CUSTOM: dict = {'swish2': f}", {"CUSTOM", "swish2"}),
        ("def make(smooth):\n    def loss(a, b): pass\n    return loss", {"make", "loss"}),
        ("dice = make(smooth=1)", {"dice", "smooth"}),
        ("swish2 = lambda x: x", {"swish2"}),
        ("class A:\n    def call(self): pass", {"A"}),
        ("@register('Vision')\nclass A: pass", {"A", "Vision>A"}),
        ("@k.s.register(package='Vision', name='B')\ndef a(): pass", {"a", "B", "Vision>B"}),
        ("@k.s.register()\nclass A: pass", {"A", "Custom>A"}),
        ("from . import layers\nfrom .deep.layers import A as B", {"layers", "B"}),
        ("from keras.layers import Dense\nfrom tensorflow.keras import *", set()),
        ("import os, keras\nfrom keras import backend as K", set()),
    ],
)
def test_names_of_all_kinds(tmp_path, text, names):
    path = tmp_path / "own.py"
    path.write_text(text)
    assert provided_names([str(path)]) == names


def test_stars_are_followed(tmp_path):
    (tmp_path / "kit" / "deep").mkdir(parents=True)
    (tmp_path / "own.py").write_text("from kit.deep.parts import *\nfrom kit import *")
    (tmp_path / "kit" / "__init__.py").write_text("from .deep import *")
    (tmp_path / "kit" / "deep" / "__init__.py").write_text("from ..other import *\nclass B: pass")
    (tmp_path / "kit" / "deep" / "parts.py").write_text("from .parts import *\nclass A: pass")
    (tmp_path / "kit" / "other.py").write_text("class C: pass")
    assert provided_names([str(tmp_path / "own.py")]) == {"A", "B", "C"}


@pytest.mark.parametrize("package", [True, False])
def test_folders(tmp_path, package):
    (tmp_path / "a.py").write_text("class A: pass")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.py").write_text("class B: pass")
    if package:
        (tmp_path / "__init__.py").touch()
    assert provided_names([str(tmp_path)]) == ({"A", "B"} if package else {"A"})


def test_a_package_by_its_name_with_all_its_parts(tmp_path, monkeypatch):
    (tmp_path / "kit_of_user").mkdir()
    (tmp_path / "kit_of_user" / "__init__.py").write_text("raise SystemExit")
    (tmp_path / "kit_of_user" / "parts.py").write_text("class A: pass")
    monkeypatch.chdir(tmp_path)
    assert provided_names(["kit_of_user"]) == {"A"}


STATEMENTS = {
    "class {}: pass": 0,
    "def {}(): pass": 0,
    "{} = object()": 0,
    "{}: int = 3": 0,
    "if True:\n    {} = 1": 0,
    "for {} in [1]: pass": 1,
    "try:\n    import nothing_of_this_name\nexcept ImportError:\n    {} = None": 0,
    "from functools import partial as {}": 0,
}


@given(st.lists(st.tuples(st.sampled_from(sorted(STATEMENTS)), st.sampled_from("abcdefgh"))))
def test_no_name_is_overlooked_that_the_module_has(tmp_path_factory, lines):
    """Loop variables aside: nobody names a layer so."""
    text = "\n".join(line.format(name) for line, name in lines)
    path = tmp_path_factory.getbasetemp() / "some_module.py"
    path.write_text(text)
    scope = {}
    exec(compile(text, "some_module", "exec"), scope)
    loops = {name for line, name in lines if STATEMENTS[line]}
    assert set(scope) - {"__builtins__", "__annotations__"} - loops <= provided_names([str(path)])


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
