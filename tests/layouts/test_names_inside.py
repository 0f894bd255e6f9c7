"""Which stored weight belongs to which variable inside a layer of the user's own."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.layouts.names_inside import (
    Named,
    OtherShapesError,
    Owner,
    Place,
    UnclearNamesError,
    matched,
)

BLOCK = Owner("block", "block")
AUTOMATIC = {"dense", "conv2d", "batch_normalization", "calibrated", "minimal_cell", "dense_block"}


def owner(name: str) -> Owner:
    stem = name.rstrip("0123456789").removesuffix("_") if name[-1].isdigit() else name
    return Owner(name, stem if stem in AUTOMATIC else "other_class")


def place(path: str, shape: tuple[int, ...] = (4,)) -> Place:
    *layers, name = path.split("/")
    return Place((BLOCK, *map(owner, layers)), name, shape)


def order(stored: list[str], places: list[str], shape: tuple[int, ...] = (4,)) -> list[str]:
    """For each place the name of its weight; all shapes are equal."""
    found = matched([Named(each, shape) for each in stored], [place(p, shape) for p in places])
    assert sorted(found) == list(range(len(stored)))
    return [stored[index] for index in found]


def test_position_where_everything_agrees() -> None:
    stored = ["block/gain:0", "block/dense/kernel:0", "block/dense/bias:0"]
    assert order(stored, ["gain", "dense/kernel", "dense/bias"]) == stored


def test_layers_that_are_kept_in_a_dictionary() -> None:
    """Keras 2 wrote ``narrow`` before ``wide``, which was made first."""
    stored = ["block/dense_1/kernel:0", "block/dense/kernel:0"]
    assert order(stored, ["dense_5/kernel", "dense_6/kernel"]) == stored[::-1]


def test_numbers_are_ranks_not_texts() -> None:
    stored = ["block/dense_9/kernel:0", "block/dense_10/kernel:0", "block/dense_11/kernel:0"]
    assert order(stored, ["dense/kernel", "dense_1/kernel", "dense_2/kernel"]) == stored
    assert order(stored, ["dense_10/kernel", "dense_11/kernel", "dense_12/kernel"]) == stored


def test_names_that_were_given_count_as_they_are() -> None:
    stored = ["block/after/kernel:0", "block/before/kernel:0"]
    assert order(stored, ["before/kernel", "after/kernel"]) == stored[::-1]


def test_what_is_not_trainable_stands_elsewhere() -> None:
    stored = [
        *("block/gain:0", "block/batch_normalization_1/gamma:0"),
        *("block/batch_normalization_1/beta:0", "block/offset:0"),
        *(f"block/batch_normalization_1/moving_{each}:0" for each in ("mean", "variance")),
    ]
    places = ["gain", "offset", *(f"batch_normalization/{each}" for each in ("gamma", "beta"))]
    places += [f"batch_normalization/moving_{each}" for each in ("mean", "variance")]
    assert order(stored, places) == [stored[each] for each in (0, 3, 1, 2, 4, 5)]


def test_layers_of_one_name_in_different_layers() -> None:
    stored = [f"block/calibrated{n}/{part}/w:0" for n in ("", "_1") for part in ("b", "a")]
    places = [f"calibrated_{n}/{part}/w" for n in (3, 4) for part in ("a", "b")]
    assert order(stored, places) == [stored[each] for each in (1, 0, 3, 2)]


def test_own_weights_beside_those_of_a_layer_inside() -> None:
    stored = ["block/dense/kernel:0", "block/kernel:0"]
    assert order(stored, ["kernel", "dense/kernel"]) == stored[::-1]


def test_cells_that_early_releases_do_not_name() -> None:
    stored = [f"block/{way}_rnn/{name}:0" for way in ("backward", "forward") for name in "uv"]
    places = [f"{way}_rnn/minimal_cell/{name}" for way in ("forward", "backward") for name in "uv"]
    assert order(stored, places) == [stored[each] for each in (2, 3, 0, 1)]


def test_early_tensorflow_names_of_batch_normalization() -> None:
    stored = ["block/batch_normalization_v1_1/beta:0", "block/batch_normalization_v1/beta:0"]
    places = ["batch_normalization/beta", "batch_normalization_1/beta"]
    assert order(stored, places) == stored[::-1]


def test_variables_without_names_are_numbered() -> None:
    stored = ["block/Variable_1:0", "block/Variable:0"]
    assert order(stored, ["variable_7", "variable_8"]) == stored[::-1]


def test_names_with_the_layers_in_front() -> None:
    stored = ["dense_3/dense_3_b:0", "dense_3/dense_3_W:0"]
    assert order(stored, ["dense_1/dense_1_W", "dense_1/dense_1_b"]) == stored[::-1]


def test_shapes_decide_where_names_say_nothing() -> None:
    stored = [Named("x", (3, 4)), Named("y", (4,))]
    places = [place("kernel", (4,)), place("bias", (3, 4))]
    assert matched(stored, places) == [1, 0]


def test_one_that_is_left_belongs_to_the_place_that_is_left() -> None:
    stored = ["block/gain:0", "block/old_name:0"]
    assert order(stored, ["new_name", "gain"]) == stored[::-1]


def test_layers_without_names_of_their_own_in_the_order_of_their_making() -> None:
    """TensorFlow 1 numbers what is built in one scope."""
    stored = ["block/kernel:0", "block/bias:0", "block/kernel_1:0", "block/bias_1:0"]
    places = ["first/kernel", "first/bias", "second/kernel", "second/bias"]
    assert order(stored, places) == stored


@pytest.mark.parametrize(
    "stored",
    [
        ["block/W:0", "block/V:0"],
        ["block/left/kernel:0", "block/right/kernel:0"],
        ["block/kernel_1:0", "block/kernel:0"],
    ],
)
def test_never_a_guess(stored: list[str]) -> None:
    with pytest.raises(UnclearNamesError) as caught:
        order(stored, ["first/kernel", "second/kernel"])
    assert caught.value.stored == tuple(stored)
    assert caught.value.places == ("block/first/kernel", "block/second/kernel")


@pytest.mark.parametrize("shapes", [[], [(4,)], [(4,), (4,), (4,)], [(4,), (5,)]])
def test_other_weights_than_the_class_creates(shapes: list[tuple[int, ...]]) -> None:
    with pytest.raises(OtherShapesError):
        matched([Named(f"w{n}", each) for n, each in enumerate(shapes)], [place("a"), place("b")])


NAMES = st.sampled_from(["dense", "conv2d", "calibrated"])


@given(st.lists(st.lists(NAMES, min_size=1, max_size=2), min_size=1, max_size=5), st.randoms())
def test_any_order_of_a_file_is_seen_through(shape: list[list[str]], chance: random.Random) -> None:
    """Layers that Keras names itself, in another session and stored in any order."""

    def session(start: int) -> list[str]:
        count: dict[str, int] = {}
        paths = []
        for chain in shape:
            parts = []
            for stem in chain:
                number = count.setdefault(stem, start)
                count[stem] += 1
                parts.append(f"{stem}_{number}" if number else stem)
            paths += ["/".join([*parts, name]) for name in ("kernel", "bias")]
        return paths

    written = [f"block/{each}:0" for each in session(chance.randint(0, 12))]
    expected = list(written)
    chance.shuffle(written)
    assert order(written, session(chance.randint(0, 12))) == expected
