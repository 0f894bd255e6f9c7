"""Which stored weight belongs to which variable inside a layer of the user's own.

A legacy file holds the weights of such a layer in one list, and Keras takes them by position. But
the order of the list is the writer's: Keras 2 sorted layers that are kept in a dictionary, and put
all that is not trainable last unless the flags of the layers inside said otherwise. Where two
weights have one shape, Keras 3 swaps them without a word. The names in the file tell them apart:
``block/conv2d_1/kernel:0`` is the kernel of the second Conv2D that was made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Shape = tuple[int, ...]
Label = tuple[str, int]
"""A part of a name: of an automatic name its stem and rank, of any other the text and -1."""


@dataclass(frozen=True)
class Owner:
    """A layer on the way from the outer layer to a variable.

    Attributes:
        name: its own.
        automatic: what Keras calls layers of its class by itself (``conv2d``).
    """

    name: str
    automatic: str = ""


@dataclass(frozen=True)
class Place:
    """A variable of the built layer.

    Attributes:
        owners: the layers that hold it, the outer one first.
        name: the variable's own name.
        shape: its shape.
    """

    owners: tuple[Owner, ...]
    name: str
    shape: Shape


@dataclass(frozen=True)
class Named:
    """A stored weight: its name in the file and its shape."""

    name: str
    shape: Shape


class UnclearNamesError(Exception):
    """Weights of one shape whose names do not say which is which.

    Attributes:
        stored: names in the file.
        places: names of the variables.
    """

    def __init__(self, stored: Sequence[str], places: Sequence[str]) -> None:
        super().__init__(f"{', '.join(stored)} / {', '.join(places)}")
        self.stored = tuple(stored)
        self.places = tuple(places)


class OtherShapesError(Exception):
    """The weights in the file are not those that the class creates."""


_NUMBER = re.compile(r"_(\d+)$")
_VERSION = re.compile(r"_v[12]$")


def matched(stored: Sequence[Named], places: Sequence[Place]) -> list[int]:
    """For each place the index of its weight in the file.

    Shapes have to agree. What they leave open is decided by the names: first those of the
    variables, then those of the layers that hold them; layers that Keras named itself are matched
    in the order in which they were made. Position counts only where the names rise along with it.

    Args:
        stored: the weights in the order of the file.
        places: the variables in Keras 3's order.

    Raises:
        OtherShapesError: there are others in the file than the class creates.
        UnclearNamesError: weights of one shape can't be told apart.
    """
    if sorted(each.shape for each in stored) != sorted(each.shape for each in places):
        raise OtherShapesError
    found: dict[int, int] = {}
    for score in (_scores(stored, places), _scores(stored, places, names_count=False)):
        _settle(score, found, len(stored))
    _by_rising_names(stored, places, found)
    open_places = [index for index in range(len(places)) if index not in found]
    if open_places:
        left = [index for index in range(len(stored)) if index not in found.values()]
        raise UnclearNamesError(
            [stored[index].name for index in left], [_path(places[index]) for index in open_places]
        )
    return [found[index] for index in range(len(places))]


Scores = dict[tuple[int, int], float]
"""How well a weight of the file fits a place, by place and weight; none where it can't be."""


def _scores(
    stored: Sequence[Named], places: Sequence[Place], *, names_count: bool = True
) -> Scores:
    automatic = {owner.automatic for place in places for owner in place.owners} - {""}
    scopes = _labels([_parts(each.name)[0] for each in stored], automatic)
    chains = _labels([[owner.name for owner in each.owners] for each in places], automatic)
    own_stored = _variables([_parts(each.name) for each in stored])
    own_places = _variables([([o.name for o in p.owners], p.name) for p in places])
    return {
        (row, column): _alignment(scopes[column], chains[row])
        for row, place in enumerate(places)
        for column, each in enumerate(stored)
        if place.shape == each.shape and (not names_count or own_places[row] == own_stored[column])
    }


def _settle(scores: Scores, found: dict[int, int], count: int) -> None:
    """Takes what each prefers to all others, again and again, until nothing more is clear."""
    while True:
        taken = set(found.values())
        rows = [row for row in {row for row, _ in scores} if row not in found]
        columns = [each for each in range(count) if each not in taken]
        best_of_row = {row: _best(scores, [(row, each) for each in columns]) for row in rows}
        best_of_column = {each: _best(scores, [(row, each) for row in rows]) for each in columns}
        new = {
            row: pair[1]
            for row, pair in best_of_row.items()
            if pair is not None and best_of_column[pair[1]] == pair
        }
        if not new:
            return
        found.update(new)


def _best(scores: Scores, pairs: Iterable[tuple[int, int]]) -> tuple[int, int] | None:
    """The pair that fits better than all others, if there is one."""
    ranked = sorted((pair for pair in pairs if pair in scores), key=lambda pair: -scores[pair])
    if not ranked or len(ranked) > 1 and scores[ranked[0]] == scores[ranked[1]]:
        return None
    return ranked[0]


def _by_rising_names(
    stored: Sequence[Named], places: Sequence[Place], found: dict[int, int]
) -> None:
    """What is left in the order of the file, where its names rise and fit the variables' names."""
    rows = [row for row in range(len(places)) if row not in found]
    columns = [each for each in range(len(stored)) if each not in found.values()]
    if [places[row].shape for row in rows] != [stored[each].shape for each in columns]:
        return
    keys = [_stem(_parts(stored[each].name)[1]) for each in columns]
    if [_stem(places[row].name) for row in rows] != keys or not _rise(stored, columns, keys):
        return
    found.update(zip(rows, columns, strict=True))


def _rise(stored: Sequence[Named], columns: Sequence[int], keys: Sequence[str]) -> bool:
    """Whether weights of one name are numbered in the order of the file, apart from all else."""
    for key in set(keys):
        mine = [each for each, own in zip(columns, keys, strict=True) if own == key]
        names = [stored[each].name.split(":")[0] for each in mine]
        texts = {re.sub(r"_\d+(?=/|$)", "", name) for name in names}
        numbers = [tuple(_numbered(part)[1] for part in name.split("/")) for name in names]
        if len(texts) > 1 or numbers != sorted(set(numbers)):
            return False
    return True


def _labels(names: Sequence[Sequence[str]], automatic: set[str]) -> list[list[Label]]:
    """The parts of names, automatic ones by their rank: numbers go on through a whole session."""
    numbers: dict[str, set[int]] = {}
    for each in names:
        for stem, number in map(_numbered, each):
            if stem in automatic:
                numbers.setdefault(stem, set()).add(number)
    ranks = {stem: sorted(found) for stem, found in numbers.items()}

    def label(text: str) -> Label:
        stem, number = _numbered(text)
        return (stem, ranks[stem].index(number)) if stem in ranks else (text, -1)

    return [[label(text) for text in each] for each in names]


def _variables(names: Sequence[tuple[Sequence[str], str]]) -> list[Label]:
    """The variables' own names: the stem, and which of that stem it is in its scope."""
    stems = [(tuple(scope), *_numbered(_without_owner(name, scope))) for scope, name in names]
    numbers: dict[tuple[tuple[str, ...], str], list[int]] = {}
    for scope, stem, number in stems:
        numbers.setdefault((scope, stem), []).append(number)
    return [
        (stem.lower(), sorted(numbers[scope, stem]).index(number)) for scope, stem, number in stems
    ]


def _without_owner(name: str, scope: Sequence[str]) -> str:
    """The name without its layer's, which code of Keras 1 and 2 put in front: ``dense_1_W``."""
    prefix = f"{scope[-1]}_" if scope else ""
    return name[len(prefix) :] if prefix and name.startswith(prefix) and name != prefix else name


def _alignment(scope: Sequence[Label], chain: Sequence[Label]) -> float:
    """How much two paths have in common, in order; little is taken off for what only one has."""
    rows = [[0.0] * (len(chain) + 1) for _ in range(len(scope) + 1)]
    for i, left in enumerate(scope):
        for j, right in enumerate(chain):
            # The innermost layers tell most.
            weight = 2.0 if (i, j) == (len(scope) - 1, len(chain) - 1) else 1.0
            same = weight * _likeness(left, right)
            rows[i + 1][j + 1] = max(rows[i][j] + same, rows[i][j + 1], rows[i + 1][j])
    return round(rows[-1][-1] - 0.01 * abs(len(scope) - len(chain)), 6)


def _likeness(left: Label, right: Label) -> float:
    if left == right:
        return 1.0
    return 0.25 if _stem(left[0]) == _stem(right[0]) and -1 in (left[1], right[1]) else 0.0


def _parts(name: str) -> tuple[list[str], str]:
    *scope, last = name.split(":")[0].split("/")
    return scope, last


def _numbered(name: str) -> tuple[str, int]:
    """Stem and number of a name; early TensorFlow 2 calls a class ``batch_normalization_v1``."""
    found = _NUMBER.search(name)
    stem = name[: found.start()] if found else name
    return _VERSION.sub("", stem), int(found[1]) if found else 0


def _stem(name: str) -> str:
    return _numbered(name)[0].lower()


def _path(place: Place) -> str:
    return "/".join([*(owner.name for owner in place.owners), place.name])
