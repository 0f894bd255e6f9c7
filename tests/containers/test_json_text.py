import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.containers import json_text
from converter.errors import NotAModelError, UnsafeContentError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_ordinary_json_comes_back(value):
    assert json_text.parse(json_text.json.dumps(value), "x") == value


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("depth", [300, 100_000])
def test_nesting_bombs_are_refused(opening, closing, depth):
    with pytest.raises(UnsafeContentError, match="config is nested"):
        json_text.parse(opening * depth + "1" + closing * depth, "config")


def test_nesting_up_to_the_limit_is_fine():
    depth = json_text.MAX_DEPTH
    json_text.parse("[" * depth + "]" * depth, "x")


def test_huge_json_is_refused_unparsed(monkeypatch):
    monkeypatch.setattr(json_text, "MAX_BYTES", 10)
    with pytest.raises(UnsafeContentError, match="JSON"):
        json_text.parse("this is no JSON at all", "config")


@pytest.mark.parametrize("text", ["{", "", "nope", b"\xff\xfe\x00", "[" + "9" * 5000 + "]"])
def test_no_json_is_no_model(text):
    with pytest.raises(NotAModelError, match="config is not valid JSON"):
        json_text.parse(text, "config")
