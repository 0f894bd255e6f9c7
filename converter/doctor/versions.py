"""Versions and the ranges of them, as packages write them: ``>=1.16,<1.19``."""

from __future__ import annotations

import re
from itertools import zip_longest

_CLAUSE = re.compile(r"(===|==|!=|~=|<=|>=|<|>)\s*([\w.*+!-]+)")

Release = tuple[int, ...]


def release(version: str) -> Release:
    """The numbers of a version: ``(2, 16, 0)`` for ``2.16.0rc1``; what follows them is left out."""
    numbers = re.match(r"\d+(\.\d+)*", version.strip().lstrip("v"))
    return tuple(int(part) for part in numbers[0].split(".")) if numbers else ()


def minor(version: str) -> str:
    """``2.16`` for ``2.16.1``."""
    return ".".join(str(part) for part in release(version)[:2])


def allows(ranges: str, version: str) -> bool:
    """Whether a version lies in a range; an empty range holds every version."""
    return all(_holds(sign, bound, version) for sign, bound in _CLAUSE.findall(ranges))


def joined(*ranges: str) -> str:
    """The range of what lies in all of them, each clause once.

    Of several lower or upper bounds the tightest stays.
    """
    clauses = dict.fromkeys(
        plain
        for text in ranges
        for sign, bound in _CLAUSE.findall(text)
        for plain in _plain(sign, bound)
    )
    kept: list[tuple[str, str]] = []
    for signs, tightest in (((">=", ">"), max), (("<", "<="), min)):
        bounds = [each for each in clauses if each[0] in signs]
        kept += [tightest(bounds, key=lambda each: release(each[1]))] if bounds else []
    kept += [each for each in clauses if each[0] not in ("<", "<=", ">", ">=")]
    return ",".join(sign + bound for sign, bound in kept)


def _plain(sign: str, bound: str) -> list[tuple[str, str]]:
    """``~=1.19.2`` in two clauses, ``>=1.19.2`` and ``<1.20``."""
    if sign != "~=":
        return [(sign, bound)]
    *kept, last = release(bound)[:-1]
    return [(">=", bound), ("<", ".".join(map(str, (*kept, last + 1))))]


def _holds(sign: str, bound: str, version: str) -> bool:
    if bound.endswith(".*"):
        prefix = release(bound[:-2])
        padded = release(version) + (0,) * len(prefix)
        return (padded[: len(prefix)] == prefix) == (sign != "!=")
    order = _compared(release(version), release(bound))
    if sign == "~=":
        return all(_holds(*plain, version) for plain in _plain(sign, bound))
    return {
        "==": order == 0,
        "===": order == 0,
        "!=": order != 0,
        "<": order < 0,
        "<=": order <= 0,
        ">": order > 0,
        ">=": order >= 0,
    }[sign]


def _compared(one: Release, other: Release) -> int:
    """Below, equal or above zero; ``2.0`` and ``2`` are equal."""
    for mine, theirs in zip_longest(one, other, fillvalue=0):
        if mine != theirs:
            return -1 if mine < theirs else 1
    return 0
