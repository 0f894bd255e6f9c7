"""Functions that each Python compiled, read back: what comes out computes what was written."""

from __future__ import annotations

import ast
import builtins
import itertools
import math
import sys
from types import ModuleType
from typing import Any

import pytest

from converter.lambdas.decompiling import decompiled
from converter.lambdas.errors import Unreadable
from converter.lambdas.text import text_of
from tests.lambdas.corpora import RELEASES, SOURCES, compiled

INPUTS = (2, -3, 0.5, 0, 3.5, [1, 2, 3], [[4, 5], [6, 7, 8]], [2, [3, 4]], {"a": 4}, True, None)

REASONS = {
    "for i in range(3):\n": "it has a loop",
    "while": "it has a loop",
    "try:": "it handles exceptions",
    "with tf": "it has a with statement",
    "yield": "it is a generator",
    "x[0] = 1": "it changes an item in place",
    "x[-1] *= 2": "it changes an item in place",
    "x.a = 1": "it changes an attribute",
    "global n": "it sets or deletes a variable",
    "del x[0]": "it changes an item in place",
    "class Inner": "a class",
    "    raise ValueError(x)": "it raises an exception",
    "if x:\n        print(x)": "a branch of it calls something for its effect",
    "*, z=1": "a function inside it has defaults of keywords",
    "from . import": "it imports from its own package",
}
UNREADABLE = {
    source: reason for source in SOURCES for part, reason in REASONS.items() if part in source
}

TEXT_IN_PYTHON_2 = ("2.7", "lambda x: b'bytes'")

MODULES = (
    *("tensorflow", "tensorflow.keras", "tensorflow.keras.backend", "keras", "keras.backend"),
    "numpy",
)


class Recorder:
    """Stands for a module or a tensor: whatever is done to it is noted down."""

    def __init__(self, text: str) -> None:
        self.__dict__["text"] = text

    def __getattr__(self, name: str) -> Recorder:
        if name.startswith("__"):
            raise AttributeError(name)
        return Recorder(f"{self.text}.{name}")

    def __call__(self, *arguments: Any, **keywords: Any) -> Recorder:
        given = [_shown(each) for each in arguments]
        given += [f"{name}={_shown(keywords[name])}" for name in sorted(keywords)]
        return Recorder(f"{self.text}({', '.join(given)})")

    def __getitem__(self, index: Any) -> Recorder:
        return Recorder(f"{self.text}[{_shown(index)}]")

    def __iter__(self) -> Any:
        raise TypeError("a recorder has no items to go through")

    def __bool__(self) -> bool:
        return len(self.text) % 2 == 0

    def __len__(self) -> int:
        return 2

    def __hash__(self) -> int:
        return hash(self.text)

    def __format__(self, wanted: str) -> str:
        return f"<{self.text}:{wanted}>"

    def __repr__(self) -> str:
        return str(self.__dict__["text"])


def _operation(name: str) -> Any:
    def one(self: Recorder, *others: Any) -> Recorder:
        return Recorder(f"{name}({', '.join(map(_shown, (self, *others)))})")

    return one


for _name in (
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "lshift", "rshift"),
    *("and", "or", "xor"),
):
    setattr(Recorder, f"__{_name}__", _operation(_name))
    setattr(Recorder, f"__r{_name}__", _operation(f"r{_name}"))
for _name in ("lt", "le", "gt", "ge", "eq", "ne", "neg", "pos", "invert"):
    setattr(Recorder, f"__{_name}__", _operation(_name))


def _shown(value: Any) -> str:
    """A value as text, exactly, generators by what they give."""
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}({', '.join(map(_shown, value))})"
    if isinstance(value, (set, frozenset)):
        return f"set({sorted(map(_shown, value))})"
    if isinstance(value, dict):
        return f"dict({[(_shown(key), _shown(item)) for key, item in value.items()]})"
    if callable(value) and not isinstance(value, Recorder):
        return f"function({_called(value, Recorder('y'))})"
    if hasattr(value, "__next__"):
        return f"generator({', '.join(map(_shown, itertools.islice(value, 50)))})"
    if isinstance(value, slice):
        return f"slice({_shown((value.start, value.stop, value.step))})"
    return repr(value)


def _called(function: Any, *arguments: Any) -> str:
    """What a function gives or raises."""
    try:
        return _shown(function(*arguments))
    except Exception as error:  # whatever the function raises is what is compared
        return f"raises {type(error).__name__}"


def _function(text: str) -> Any:
    """The function of a text, among recorders for all that it may use."""
    names = {name: Recorder(name) for name in ("K", "tf", "np", "f", "g")}
    world: dict[str, Any] = {**names, "math": math, "n": 3, "m": 0, "k": 2, "print": print}
    if text.startswith("lambda"):
        return eval(text, world)
    exec(text, world)
    return world[ast.parse(text).body[0].name]  # type: ignore[attr-defined]


def _outcomes(function: Any) -> list[str]:
    """What a function does with inputs of all kinds, alone and with a second one."""
    found = []
    for value in (*INPUTS, Recorder("x"), Recorder("x1"), [Recorder("a"), Recorder("b")]):
        found.append(_called(function, value))
        found.append(_called(function, value, 3))
    return [*found, _called(function), _called(lambda: function(2, y=5))]


def _tree(text: str) -> str:
    return ast.dump(ast.parse(text))


def _without_defaults(source: str) -> str:
    """Defaults are stored beside the code; a function that was read has none."""
    tree = ast.parse(source)
    statement: Any = tree.body[0]
    arguments = statement.args if hasattr(statement, "args") else statement.value.args
    arguments.defaults = []
    arguments.kw_defaults = [None] * len(arguments.kwonlyargs)
    arguments.args = arguments.posonlyargs + arguments.args
    arguments.posonlyargs = []
    return ast.unparse(tree)


@pytest.fixture(autouse=True)
def imported_recorders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules that the functions import, which are not really there."""
    modules = {name: _module(name) for name in MODULES}
    for name, module in modules.items():
        around, _, last = name.rpartition(".")
        if around:
            setattr(modules[around], last, module)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(builtins, "print", lambda *arguments: None)


def _module(name: str) -> ModuleType:
    module = ModuleType(name)
    for inner in ("mean", "sum", "reduce_mean", "pi"):
        setattr(module, inner, Recorder(f"{name}.{inner}"))
    return module


@pytest.mark.parametrize("release", RELEASES)
def test_what_is_read_computes_what_was_written(release: str) -> None:
    wrong = []
    for source, code in compiled(release).items():
        if (release, source) == TEXT_IN_PYTHON_2 or source in UNREADABLE:
            continue
        text = text_of(decompiled(code))
        written = _without_defaults(source)
        if _tree(text) != _tree(written) and not _computes_the_same(text, written):
            wrong.append((source, text))
    assert not wrong


def _computes_the_same(text: str, written: str) -> bool:
    """Whether two functions do the same wherever the one that was written does not fail.

    A model that was saved did not fail, so that what ends in an exception may be left out.
    """
    pairs = zip(_outcomes(_function(text)), _outcomes(_function(written)), strict=True)
    sound = [pair for pair in pairs if not pair[1].startswith("raises")]
    return bool(sound) and all(one == other for one, other in sound)


@pytest.mark.parametrize("release", RELEASES)
def test_what_is_no_expression_says_why(release: str) -> None:
    codes = compiled(release)
    found = {}
    for source in UNREADABLE.keys() & codes.keys():
        with pytest.raises(Unreadable) as refused:
            decompiled(codes[source])
        found[source] = str(refused.value)
        assert 1 <= refused.value.line <= source.count("\n") + 1
    assert len(found) >= len(REASONS) - 1
    for source, reason in found.items():
        assert reason.endswith(UNREADABLE[source]), source


def test_the_line_of_what_is_no_expression() -> None:
    source = next(source for source in UNREADABLE if "x[-1] *= 2" in source)
    lines = set()
    for release in RELEASES:
        with pytest.raises(Unreadable) as refused:
            decompiled(compiled(release)[source])
        lines.add(refused.value.line)
    assert lines == {2}


def test_sources_of_every_release() -> None:
    assert {release: len(compiled(release)) for release in RELEASES} == {
        "2.7": 347,
        "3.6": 373,
        "3.7": 373,
        **dict.fromkeys(RELEASES[3:], len(SOURCES)),
    }
