"""Weights and variables: what is evidence, and what is none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from converter.layouts.matching import Evidence, Step, Unit, Variable, match

SHAPES = st.sampled_from([(4, 4), (3, 4), (4, 2)])


def unit(path: str, shape: tuple[int, ...] = (4, 4), counted: bool = True) -> Unit:
    names = path.split("/")
    variables = tuple(
        Variable(f"{path}/{role}", role, extents)
        for role, extents in (("kernel", shape), ("bias", shape[-1:]))
    )
    return Unit(tuple(Step(name, counted) for name in names), variables)


def dense(first: int, shapes: list[tuple[int, ...]]) -> list[Unit]:
    numbers = range(first, first + len(shapes))
    return [unit(f"dense_{number}", shape) for number, shape in zip(numbers, shapes, strict=True)]


def taken(found) -> dict[str, str]:
    return {pair.variable: pair.weight for pair in found.pairs}


@given(st.lists(SHAPES, min_size=1, max_size=6), st.integers(1, 9), st.integers(1, 9))
def test_counted_names_that_are_shifted_go_by_order(shapes, mine, theirs):
    model, file = dense(mine, shapes), dense(theirs, shapes)
    found = match(model, file, ordered=True)
    assert found.complete
    assert taken(found) == {
        a.name: b.name
        for x, y in zip(model, file, strict=True)
        for a, b in zip(x.variables, y.variables, strict=True)
    }


@given(st.lists(SHAPES, min_size=1, max_size=6), st.randoms())
def test_names_that_were_chosen_do_not_need_an_order(shapes, random):
    model = [unit(f"part{index}", shape, False) for index, shape in enumerate(shapes)]
    file = list(model)
    random.shuffle(file)
    found = match(model, file, ordered=False)
    assert found.complete
    assert taken(found) == {each.name: each.name for one in model for each in one.variables}
    assert {pair.evidence for pair in found.pairs} == {Evidence.NAME}


@given(
    st.lists(st.tuples(st.integers(1, 6), SHAPES), max_size=6, unique_by=lambda each: each[0]),
    st.lists(st.tuples(st.integers(1, 6), SHAPES), max_size=6, unique_by=lambda each: each[0]),
    st.booleans(),
)
def test_nothing_is_lost_nor_taken_twice(mine, theirs, ordered):
    model = [unit(f"dense_{number}", shape) for number, shape in mine]
    file = [unit(f"dense_{number}", shape) for number, shape in theirs]
    found = match(model, file, ordered=ordered)
    shapes = {each.name: each.shape for one in model for each in one.variables}
    stored = {each.name: each.shape for one in file for each in one.variables}
    pairs = taken(found)
    assert len(set(pairs.values())) == len(pairs)
    assert all(shapes[variable] == stored[weight] for variable, weight in pairs.items())
    told = {each.name for each in found.missing} | {each.variable for each in found.mismatched}
    told |= {each.variable for each in found.ambiguous}
    assert told | pairs.keys() == shapes.keys()
    assert not told & pairs.keys()


def test_a_chosen_name_against_the_order_decides_nothing():
    model = [unit("a", counted=False), unit("b", counted=False)]
    found = match(model, model[::-1], ordered=True)
    assert not found.pairs
    assert [each.variable for each in found.ambiguous] == [
        "a/kernel",
        "a/bias",
        "b/kernel",
        "b/bias",
    ]


def test_numbers_that_run_backwards_decide_nothing():
    found = match(dense(1, [(4, 4)] * 2), dense(5, [(4, 4)] * 2)[::-1], ordered=True)
    assert not found.pairs
    assert len(found.ambiguous) == 4


def test_the_longer_path_wins():
    model = [unit("block/conv"), unit("block_1/conv")]
    file = [unit("net/block_1/conv"), unit("net/block/conv")]
    found = match(model, file, ordered=False)
    assert taken(found)["block/conv/kernel"] == "net/block/conv/kernel"
    assert found.complete


def test_the_only_one_of_its_shape():
    model = [unit("dense"), unit("head", (4, 2), counted=False)]
    file = [unit("dense"), unit("output", (4, 2)), unit("extra", (3, 4))]
    found = match(model, file, ordered=True)
    assert taken(found)["head/kernel"] == "output/kernel"
    assert {pair.evidence for pair in found.by_order} == {Evidence.SHAPE}
    assert [each.name for each in found.unmatched] == ["extra/kernel", "extra/bias"]


def test_one_name_and_two_shapes():
    found = match([unit("dense", (4, 4))], [unit("dense", (3, 4))], ordered=True)
    (mismatch,) = found.mismatched
    assert (mismatch.variable, mismatch.expected, mismatch.found) == (
        "dense/kernel",
        (4, 4),
        (3, 4),
    )
