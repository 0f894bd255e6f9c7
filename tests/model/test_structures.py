"""Nested structures of call arguments."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.structures import call_refs, calls_in_order, map_call, map_refs, refs

A, B, C = TensorRef("a"), TensorRef("b"), TensorRef("c")
REFS = st.builds(TensorRef, st.sampled_from("abc"), st.integers(0, 2), st.integers(0, 2))
STRUCTURES = st.recursive(
    REFS | st.none() | st.integers() | st.text(max_size=3),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.lists(inside, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=2), inside, max_size=3)
    ),
)


@given(STRUCTURES)
def test_mapping_to_itself_changes_nothing(structure: Any) -> None:
    assert map_refs(lambda ref: ref, structure) == structure


@given(STRUCTURES)
def test_mapping_reaches_every_tensor_and_keeps_their_order(structure: Any) -> None:
    moved = map_refs(lambda ref: TensorRef("moved", ref.call, ref.output), structure)
    expected = [TensorRef("moved", ref.call, ref.output) for ref in refs(structure)]
    assert list(refs(moved)) == expected


@given(STRUCTURES)
def test_mapping_to_nothing_leaves_no_tensor(structure: Any) -> None:
    assert list(refs(map_refs(lambda ref: None, structure))) == []


@pytest.mark.parametrize(
    ("structure", "expected"),
    [
        (A, [A]),
        ([A, [B, (C,)]], [A, B, C]),
        ({"y": A, "x": B}, [B, A]),
        ({"x": [A, {"b": B, "a": C}]}, [A, C, B]),
        ("a", []),
        (None, []),
        ([["a", 0, 0]], []),
    ],
)
def test_tensors_in_keras_s_order(structure: Any, expected: list[TensorRef]) -> None:
    assert list(refs(structure)) == expected


def test_positional_tensors_come_before_keyword_ones() -> None:
    assert list(call_refs(Call((B,), {"x": A, "mask": C}))) == [B, C, A]


def test_a_call_is_mapped_as_a_whole() -> None:
    call = Call(([A, 2],), {"mask": B, "axis": 1})
    mapped = map_call(lambda ref: C, call)
    assert mapped == Call(([C, 2],), {"mask": C, "axis": 1})


def layer(name: str, *sources: TensorRef) -> Layer:
    return Layer(name, "Dense", calls=tuple(Call((source,)) for source in sources))


def order(*layers: Layer) -> list[tuple[str, int]]:
    model = Model("m", "functional", layers)
    return [(layer.name, index) for layer, index in calls_in_order(model)]


def test_calls_come_after_what_they_need() -> None:
    assert order(layer("c", B), layer("b", A), Layer("a", "InputLayer")) == [
        ("a", 0),
        ("b", 0),
        ("c", 0),
    ]


def test_a_shared_layer_is_called_again_when_it_can_be() -> None:
    shared = layer("b", A, C)
    assert order(Layer("a", "InputLayer"), shared, layer("c", B)) == [
        ("a", 0),
        ("b", 0),
        ("c", 0),
        ("b", 1),
    ]


def test_calls_that_can_never_be_made_are_left_out() -> None:
    assert order(Layer("a", "InputLayer"), layer("b", C), layer("c", B)) == [("a", 0)]


@given(st.permutations(range(6)))
def test_the_order_of_layers_does_not_matter(places: list[int]) -> None:
    chain = [Layer("0", "InputLayer")]
    chain += [layer(str(n), TensorRef(str(n - 1))) for n in range(1, 6)]
    assert order(*[chain[place] for place in places]) == [(str(n), 0) for n in range(6)]
