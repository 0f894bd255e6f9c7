"""Which weight of a file belongs to which variable of a model that was built anew.

Layers are paired first, then the variables inside each pair. What counts as evidence:

- ``name``: the same layer name, variable name and shape. The more of the path agrees, the better.
- ``order``: both sides have as many layers, and the n-th has the same variables and shapes on
  either side, all along; Keras itself loads like that. Names that Keras gave by counting
  (``dense_7``) may differ, as long as they count upwards alike; names that somebody chose may not
  point elsewhere. Where the file has no order, layers of a kind are counted by their numbers.
- ``shape``: the only layer left of these variables and shapes, on both sides.

Names that say one thing and an order that says another are no evidence: both are listed, and
nothing is decided.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from converter.layouts.archive import snake_case

Shape = tuple[int, ...]


class Evidence(StrEnum):
    """Why a weight was taken for a variable's."""

    NAME = "name"
    ORDER = "order"
    SHAPE = "shape"


@dataclass(frozen=True)
class Step:
    """A part of a layer's path: its name, and whether Keras counted it up from the class name."""

    name: str
    counted: bool = False

    @property
    def stem(self) -> str:
        """The name without its number."""
        return _stem(self.name) if self.counted else self.name


@dataclass(frozen=True)
class Variable:
    """A variable of the model, or a weight of the file.

    Attributes:
        name: by which it is listed.
        role: the last part of its name: ``kernel``, ``gamma``.
        shape: of the array; None for a whole layer of which only the name is known.
    """

    name: str
    role: str
    shape: Shape | None


@dataclass(frozen=True)
class Unit:
    """A layer that has variables of its own.

    Attributes:
        path: the names of the layers around it and its own; what is counted, only a model knows.
        variables: in their order.
    """

    path: tuple[Step, ...]
    variables: tuple[Variable, ...] = ()

    @property
    def name(self) -> str:
        """The path in one."""
        return "/".join(step.name for step in self.path)

    @property
    def signature(self) -> Hashable:
        """What another unit must have to fit: the same roles and shapes, or shapes if it has none.

        Sorted, because releases differ in the order of a layer's own variables.
        """
        return tuple(sorted((_role(each.role), each.shape) for each in self.variables))

    @property
    def shapes(self) -> Hashable:
        """Its shapes alone, in order."""
        return tuple(each.shape for each in self.variables)


@dataclass(frozen=True)
class Pair:
    """A variable, its weight, and why."""

    variable: str
    weight: str
    shape: Shape | None
    evidence: Evidence


@dataclass(frozen=True)
class Mismatch:
    """A variable and a weight of the same name that have different shapes."""

    variable: str
    weight: str
    expected: Shape | None
    found: Shape | None


@dataclass(frozen=True)
class Ambiguity:
    """A variable that several weights could be for: one by name, another by order."""

    variable: str
    weights: tuple[str, ...]


@dataclass(frozen=True)
class Matching:
    """What was found out.

    Attributes:
        pairs: what belongs together.
        missing: variables that no weight is for.
        unmatched: weights that no variable is for.
        mismatched: the same name, another shape.
        ambiguous: contradicting evidence.
    """

    pairs: tuple[Pair, ...] = ()
    missing: tuple[Variable, ...] = ()
    unmatched: tuple[Variable, ...] = ()
    mismatched: tuple[Mismatch, ...] = ()
    ambiguous: tuple[Ambiguity, ...] = ()

    @property
    def complete(self) -> bool:
        """Every variable has its weight and every weight its variable."""
        return not (self.missing or self.unmatched or self.mismatched or self.ambiguous)

    @property
    def by_order(self) -> tuple[Pair, ...]:
        """The pairs that no name vouches for."""
        return tuple(pair for pair in self.pairs if pair.evidence is not Evidence.NAME)


@dataclass
class _Units:
    """Units being paired."""

    model: Sequence[Unit]
    file: Sequence[Unit]
    pairs: dict[int, tuple[int, Evidence]] = field(default_factory=dict)
    ambiguous: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def rest(self) -> tuple[list[int], list[int]]:
        taken = {index for index, _ in self.pairs.values()}
        taken |= {index for several in self.ambiguous.values() for index in several}
        done = self.pairs.keys() | self.ambiguous.keys()
        return (
            [index for index in range(len(self.model)) if index not in done],
            [index for index in range(len(self.file)) if index not in taken],
        )


def match(
    model: Sequence[Unit], file: Sequence[Unit], *, ordered: bool, whole_paths: bool = False
) -> Matching:
    """Finds the weight of each variable.

    Args:
        model: the layers of the model with variables of their own, in the order in which Keras
            saves them.
        file: those of the file; their paths may have more or fewer steps in front.
        ordered: whether the order of ``file`` means something.
        whole_paths: whether the same name is the same path from the model down.
    """
    units = _Units(model, file)
    by_name = _by_name(model, file, whole_paths)
    by_order = _by_order(model, file) if ordered else None
    if by_order is not None:
        _settle(units, by_name, by_order)
    else:
        _by_what_fits(units, by_name)
    return _details(units)


def match_layers(model: Sequence[tuple[str, str]], file: Sequence[str]) -> Matching:
    """The same for layers of which only names are known: (name, class name) and group names.

    The same names on both sides are the same layers, in whatever order: releases of Keras order
    parallel branches differently.
    """
    wanted = [Unit((_step(name, kind),), (Variable(name, "", None),)) for name, kind in model]
    stored = [Unit((Step(name),), (Variable(name, "", None),)) for name in file]
    units = _Units(wanted, stored)
    by_name = _by_name(wanted, stored)
    if len(wanted) == len(stored) != len(by_name):
        _settle(units, by_name, {index: index for index in range(len(wanted))})
    else:
        units.pairs = {index: (other, Evidence.NAME) for index, other in by_name.items()}
    return _details(units)


def _step(name: str, class_name: str) -> Step:
    return Step(name, is_counted(name, class_name))


def is_counted(name: str, class_name: str) -> bool:
    """Whether Keras gave the name: the class's, with a number behind it or none."""
    return _stem(name) == snake_case(class_name)


def _stem(name: str) -> str:
    return re.sub(r"_\d+$", "", name)


def _number(name: str) -> int:
    found = re.search(r"_(\d+)$", name)
    return int(found[1]) if found else 0


def _role(role: str) -> str:
    """A variable's name without what counts the variables of that name."""
    return re.sub(r"_\d+$", "", role)


def _by_name(
    model: Sequence[Unit], file: Sequence[Unit], whole_paths: bool = False
) -> dict[int, int]:
    """Pairs whose names agree in more steps than with any other, and whose variables fit."""
    scores: dict[int, list[tuple[int, int]]] = {}
    for index, unit in enumerate(model):
        for other, stored in enumerate(file):
            common = _common(unit, stored)
            if common and (not whole_paths or common == len(unit.path) == len(stored.path)):
                scores.setdefault(index, []).append((common, other))
    best = {index: _best(found) for index, found in scores.items()}
    chosen = Counter(other for other in best.values() if other is not None)
    return {
        index: other
        for index, other in best.items()
        if other is not None and chosen[other] == 1 and _fits(model[index], file[other])
    }


def _best(found: list[tuple[int, int]]) -> int | None:
    top = max(common for common, _ in found)
    several = [other for common, other in found if common == top]
    return several[0] if len(several) == 1 else None


def _common(unit: Unit, stored: Unit) -> int:
    """How many steps agree, counted from the last."""
    names = [step.name for step in unit.path], [step.name for step in stored.path]
    count = 0
    for mine, other in zip(reversed(names[0]), reversed(names[1]), strict=False):
        if mine != other:
            break
        count += 1
    return count


def _fits(unit: Unit, stored: Unit) -> bool:
    if unit.signature == stored.signature:
        return True
    known = {each.role for each in unit.variables} & {each.role for each in stored.variables}
    return not known and unit.shapes == stored.shapes


def _by_order(model: Sequence[Unit], file: Sequence[Unit]) -> dict[int, int] | None:
    """The n-th with the n-th, if all of them fit."""
    if len(model) != len(file) or not all(map(_fits, model, file)):
        return None
    return {index: index for index in range(len(model))}


def _settle(units: _Units, by_name: Mapping[int, int], by_order: Mapping[int, int]) -> None:
    """Holds names against the order."""
    unnamed = {index: other for index, other in by_order.items() if by_name.get(index) != other}
    doubtful = _crossing(units, unnamed)
    for index, other in by_order.items():
        named = by_name.get(index)
        if named == other:
            units.pairs[index] = (other, Evidence.NAME)
        elif index in doubtful or (named is not None and _is_chosen(units.model[index])):
            units.ambiguous[index] = tuple(sorted({other, named if named is not None else other}))
        else:
            units.pairs[index] = (other, Evidence.ORDER)


def _is_chosen(unit: Unit) -> bool:
    return not unit.path[-1].counted


def _crossing(units: _Units, by_order: Mapping[int, int]) -> set[int]:
    """Layers of a kind whose numbers go up on one side and down on the other."""
    kinds: dict[Hashable, list[int]] = {}
    for index, other in by_order.items():
        mine, stored = units.model[index], units.file[other]
        last = stored.path[-1].name
        if mine.path[-1].counted and mine.path[-1].stem == _stem(last):
            around = tuple(step.name for step in mine.path[:-1])
            around_stored = tuple(step.name for step in stored.path[:-1])
            kinds.setdefault((around, around_stored, mine.path[-1].stem), []).append(index)
    found: set[int] = set()
    for group in kinds.values():
        mine_sorted = sorted(group, key=lambda index: _number(units.model[index].path[-1].name))
        file_sorted = sorted(
            group, key=lambda index: _number(units.file[by_order[index]].path[-1].name)
        )
        found |= {a for a, b in zip(mine_sorted, file_sorted, strict=True) if a != b}
    return found


def _by_what_fits(units: _Units, by_name: Mapping[int, int]) -> None:
    """Without an order: by name, then layers of a kind by their numbers, then what fits alone."""
    shifted = _by_numbers(units)
    for index, other in by_name.items():
        number = shifted.get(index)
        if number is None or number == other or _is_chosen(units.model[index]):
            units.pairs[index] = (other, Evidence.NAME)
    taken = {other for other, _ in units.pairs.values()}
    for index, other in shifted.items():
        if index not in units.pairs and other not in taken:
            units.pairs[index] = (other, Evidence.ORDER)
            taken.add(other)
    _by_signature(units)


def _by_numbers(units: _Units) -> dict[int, int]:
    """The n-th of a kind with the n-th, where both sides have as many and all fit."""
    mine: dict[Hashable, list[int]] = {}
    stored: dict[Hashable, list[int]] = {}
    for index, unit in enumerate(units.model):
        if unit.path[-1].counted:
            mine.setdefault(_kind(unit), []).append(index)
    kinds = {key[-1] for key in mine if isinstance(key, tuple)}
    for index, unit in enumerate(units.file):
        if _stem(unit.path[-1].name) in kinds:
            stored.setdefault(_kind(unit), []).append(index)
    found: dict[int, int] = {}
    for kind, group in mine.items():
        others = stored.get(kind, [])
        group = sorted(group, key=lambda index: _number(units.model[index].path[-1].name))
        others = sorted(others, key=lambda index: _number(units.file[index].path[-1].name))
        pairs = list(zip(group, others, strict=False))
        if len(group) == len(others) and all(
            _fits(units.model[index], units.file[other]) for index, other in pairs
        ):
            found.update(pairs)
    return found


def _kind(unit: Unit) -> Hashable:
    """The layers around and the class; the model's own name says nothing."""
    return (*(step.name for step in unit.path[1:-1]), _stem(unit.path[-1].name))


def _by_signature(units: _Units) -> None:
    """What is left, where nothing else has these variables; several of them are ambiguous."""
    mine, stored = units.rest()
    wanted = _grouped(mine, lambda index: units.model[index].signature)
    present = _grouped(stored, lambda index: units.file[index].signature)
    for signature, group in wanted.items():
        others = present.get(signature, [])
        if len(group) == 1 and len(others) == 1:
            units.pairs[group[0]] = (others[0], Evidence.SHAPE)
        elif others:
            units.ambiguous.update(dict.fromkeys(group, tuple(others)))


def _grouped(indices: Iterable[int], key: Callable[[int], Hashable]) -> dict[Hashable, list[int]]:
    groups: dict[Hashable, list[int]] = {}
    for index in indices:
        groups.setdefault(key(index), []).append(index)
    return groups


def _details(units: _Units) -> Matching:
    """From layers to their variables."""
    pairs = [
        pair
        for index, (other, evidence) in sorted(units.pairs.items())
        for pair in _inside(units.model[index], units.file[other], evidence)
    ]
    ambiguous = [
        Ambiguity(variable.name, tuple(_same_place(units.file[other], place) for other in others))
        for index, others in sorted(units.ambiguous.items())
        for place, variable in enumerate(units.model[index].variables)
    ]
    mine, stored = units.rest()
    missing = [variable for index in mine for variable in units.model[index].variables]
    left = [variable for index in stored for variable in units.file[index].variables]
    mismatched = _mismatches(units, mine, stored)
    names = {each.variable for each in mismatched}, {each.weight for each in mismatched}
    return Matching(
        tuple(pairs),
        tuple(each for each in missing if each.name not in names[0]),
        tuple(each for each in left if each.name not in names[1]),
        mismatched,
        tuple(ambiguous),
    )


def _same_place(unit: Unit, place: int) -> str:
    return unit.variables[place].name if place < len(unit.variables) else unit.name


def _inside(unit: Unit, stored: Unit, evidence: Evidence) -> list[Pair]:
    """The variables of a layer: by role, in the order of each; by order where the roles differ."""
    if unit.signature == stored.signature and len(set(_roles(unit))) == len(unit.variables):
        by_role = {_role(each.role): each for each in stored.variables}
        partners = [by_role[role] for role in _roles(unit)]
    else:
        partners = list(stored.variables)
    return [
        Pair(mine.name, other.name, mine.shape, evidence)
        for mine, other in zip(unit.variables, partners, strict=True)
    ]


def _roles(unit: Unit) -> list[str]:
    return [_role(each.role) for each in unit.variables]


def _mismatches(units: _Units, mine: list[int], stored: list[int]) -> tuple[Mismatch, ...]:
    """Left-overs of one name: the same variables with other shapes."""
    found = []
    free = set(stored)
    for index in mine:
        unit = units.model[index]
        scores = [(_common(unit, units.file[other]), other) for other in sorted(free)]
        best = _best([each for each in scores if each[0]] or [(0, -1)])
        if best is None or best < 0:
            continue
        by_role = {_role(each.role): each for each in units.file[best].variables}
        pairs = [(each, by_role.get(_role(each.role))) for each in unit.variables]
        free.discard(best)
        found += [
            Mismatch(each.name, other.name, each.shape, other.shape)
            for each, other in pairs
            if other is not None and other.shape != each.shape
        ]
    return tuple(found)
