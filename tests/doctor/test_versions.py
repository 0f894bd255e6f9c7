"""Versions and ranges, held against the library that pip itself uses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from packaging.specifiers import SpecifierSet

from converter.doctor.versions import allows, joined, minor, release

VERSIONS = some.lists(some.integers(0, 21), min_size=1, max_size=3).map(
    lambda parts: ".".join(map(str, parts))
)
CLAUSES = some.one_of(
    some.tuples(some.sampled_from(["<", "<=", ">", ">=", "==", "!="]), VERSIONS).map("".join),
    some.tuples(some.just("~="), VERSIONS.filter(lambda text: "." in text)).map("".join),
    some.tuples(some.sampled_from(["==", "!="]), VERSIONS, some.just(".*")).map("".join),
)
RANGES = some.lists(CLAUSES, max_size=3).map(",".join)


@given(RANGES, VERSIONS)
def test_allows_what_pip_allows(ranges, version):
    assert allows(ranges, version) == (version in SpecifierSet(ranges))


@given(RANGES, RANGES, VERSIONS)
def test_joined_holds_what_lies_in_both(one, other, version):
    both = allows(one, version) and allows(other, version)
    assert allows(joined(one, other), version) == both


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        (("<1.19.0,>=1.16.0", "<1.20", "<2"), ">=1.16.0,<1.19.0"),
        (("~=1.19.2", ">=1.7"), ">=1.19.2,<1.20"),
        (("==2.18.*", ""), "==2.18.*"),
        (("", ""), ""),
    ],
)
def test_joined_keeps_the_tightest(ranges, expected):
    assert joined(*ranges) == expected


def test_release_leaves_out_what_follows_the_numbers():
    assert release("2.16.0rc1") == (2, 16, 0)
    assert release("v3.4.1.post2") == (3, 4, 1)
    assert release("unknown") == ()
    assert minor("2.16.1") == "2.16"
