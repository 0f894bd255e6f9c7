"""What a model needs of its owner's code, and where it uses it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from converter.model.description import Json
from converter.stubbing.shapes import Seen


class Kind(StrEnum):
    """What an object of the owner's is for."""

    LAYER = "layer"
    WRAPPER = "wrapper"
    RECURRENT = "recurrent layer"
    CELL = "cell"
    ACTIVATION = "activation"
    LAMBDA = "function of a Lambda"
    INITIALIZER = "initializer"
    REGULARIZER = "regularizer"
    CONSTRAINT = "constraint"
    LOSS = "loss"
    METRIC = "metric"
    OPTIMIZER = "optimizer"
    SCHEDULE = "learning rate schedule"
    OBJECT = "object"


LAYERS = frozenset({Kind.LAYER, Kind.WRAPPER, Kind.RECURRENT, Kind.CELL})


COMPILED = frozenset({Kind.LOSS, Kind.METRIC, Kind.OPTIMIZER, Kind.SCHEDULE})
"""What a model is compiled with."""


@dataclass(frozen=True)
class Stored:
    """A weight as the file has it: its name, its shape, its dtype."""

    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Use:
    """One place where a model has the object.

    Attributes:
        file: the model's file.
        place: path of the layer, or what of the compile state it is.
        name: of the layer.
        layer_class: class of the layer that has it; its own for a layer.
        config: the arguments of a class; None for a function.
        weights: of a layer, in the order of the file.
        calls: how it is called, as far as the graph tells.
        inner: config keys under which other layers stand.
        inner_names: the names of those layers.
        wrapper: class of the layer around it, empty where there is none.
        own: names in the config that only the owner's code has.
        masked: whether a mask reaches it.
        unclear: weights of a container that may be this layer's.
        lines: of a Lambda: its function as text, for a comment.
    """

    file: str
    place: str
    name: str = ""
    layer_class: str = ""
    config: Mapping[str, Json] | None = None
    weights: tuple[Stored, ...] = ()
    calls: tuple[Seen, ...] = ()
    inner: tuple[str, ...] = ()
    inner_names: tuple[str, ...] = ()
    wrapper: str = ""
    own: frozenset[str] = frozenset()
    masked: bool = False
    unclear: tuple[Stored, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Need:
    """One object of the owner's.

    Attributes:
        kind: what it is for, where it is first used.
        name: as the file has it, without the package.
        package: it is registered in, empty where it is not.
        uses: all of them, in order.
    """

    kind: Kind
    name: str
    package: str = ""
    uses: tuple[Use, ...] = field(default=())

    @property
    def is_class(self) -> bool:
        """Whether it is made from a config; else it is a function."""
        return any(use.config is not None for use in self.uses)

    @property
    def registered(self) -> str:
        """Its name with the package."""
        return f"{self.package}>{self.name}" if self.package else self.name


def merged(needs: Iterable[Need]) -> list[Need]:
    """The same objects of several places and files put together, in order of first use.

    A name without a package is that of the only package that has it: early releases leave it out.
    """
    found = list(needs)
    packages: dict[str, set[str]] = {}
    for each in found:
        packages.setdefault(each.name, set()).update({each.package} - {""})
    together: dict[tuple[object, ...], Need] = {}
    for each in found:
        known = packages[each.name]
        package = each.package or (next(iter(known)) if len(known) == 1 else "")
        # Functions of Lambdas are called like their layers, which says nothing.
        code = each.uses[0].lines if each.kind is Kind.LAMBDA else ()
        key = (package, each.name, *code)
        other = together.get(key)
        if other is None:
            together[key] = replace(each, package=package)
        else:
            together[key] = replace(other, uses=other.uses + each.uses)
    return list(together.values())
