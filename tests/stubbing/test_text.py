"""What a file says gets into source as names, comments and literals, and never as code."""

from __future__ import annotations

import ast
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.stubbing.text import (
    LONGEST_NAME,
    WIDTH,
    TooLargeError,
    broken,
    comment,
    is_name,
    literal,
    name_of,
    paragraph,
    plain,
    quoted,
)

ANY_TEXT = st.text(st.characters(codec=None), max_size=60)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "text",
    ["Scale", "été", "_own", "Attention2D", "match", "x" * LONGEST_NAME],
)
def test_names_stay(text):
    assert is_name(text)
    assert name_of(text) == text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("class", "class_"),
        ("None", "None_"),
        ("my layer", "my_layer"),
        ("2fast", "Item_2fast"),
        ("", "Item"),
        ("__init__", "_init__"),
        ("keras", "keras_"),
        ("isinstance", "isinstance_"),
        ("ﬁt", "_t"),
        ('x"""\nimport os', "x_import_os"),
    ],
)
def test_what_is_no_name_becomes_one(text, name):
    assert not is_name(text)
    assert name_of(text, otherwise="Item") == name


@given(ANY_TEXT, st.sets(st.sampled_from(["Scale", "Item", "x", "Item_2", "x_2"])))
def test_every_text_becomes_a_new_name(text, taken):
    name = name_of(text, taken, "Item")
    assert name.isidentifier()
    assert name not in taken
    assert len(name) <= LONGEST_NAME + 8
    ast.parse(f"class {name}:\n    pass")


@given(ANY_TEXT)
def test_no_text_ends_a_comment_or_a_docstring(text):
    shown = plain(text, 200)
    assert "\n" not in shown and "\\" not in shown and '"' not in shown
    assert shown.isprintable()
    source = "\n".join([*comment(f"it is {shown}"), *paragraph(f'"""It is {shown}."""')])
    (node,) = ast.parse(source).body
    assert isinstance(node, ast.Expr)
    assert isinstance(node.value, ast.Constant)


@given(ANY_TEXT)
def test_strings_come_back(text):
    assert ast.literal_eval(quoted(text)) == text
    quoted(text).encode()


def _as_python(value):
    """What a literal of a JSON value is: lists are tuples, which nobody can change."""
    if isinstance(value, list):
        return tuple(map(_as_python, value))
    return {k: _as_python(v) for k, v in value.items()} if isinstance(value, dict) else value


@given(VALUES)
def test_values_come_back(value):
    try:
        source = literal(value)
    except TooLargeError:
        return
    assert repr(eval(source, {"float": float})) == repr(_as_python(value))


def test_numbers_that_are_none():
    assert math.isnan(eval(literal(math.nan)))
    assert eval(literal([-math.inf])) == (-math.inf,)


@pytest.mark.parametrize("value", ["x" * 10_000_000, list(range(100_000)), {"k" * 500: 1}])
def test_what_fills_pages_is_not_written(value):
    with pytest.raises(TooLargeError):
        literal(value)


def test_what_is_too_deep_is_not_written():
    value: list[object] = []
    for _ in range(5000):
        value = [value]
    with pytest.raises(TooLargeError):
        literal(value)


@pytest.mark.parametrize(
    "statement",
    [
        'self.kernel = self.add_weight(name="k", shape=(self.a, 3, input_shape[-1], self.filters),'
        ' dtype="float64")',
        'def __init__(self, first=1, second=(1, 2, 3), third="a, (b", fourth=None, fifth=4):',
        'config.update({"a": self.a, "b": keras.layers.serialize(self.b), "c": self.c, "d": 0})',
    ],
)
def test_long_statements_are_broken_and_stay_the_same(statement):
    lines = broken(statement, "    ")
    assert max(map(len, lines)) <= WIDTH
    body = "\n        pass" if statement.endswith(":") else ""
    same = "class A:\n    def f():\n    " if not statement.startswith("def") else "class A:\n"
    text = same + "\n".join(f"    {line}" if "f()" in same else line for line in lines) + body
    plain_text = f"{same}    {'    ' if 'f()' in same else ''}{statement}{body}"
    text, plain_text = (t.replace("f():\n    ", "f():\n") for t in (text, plain_text))
    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(plain_text))
