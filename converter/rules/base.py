"""What a rule is: one incompatibility between a file's writer and Keras 3, declared.

A rule module holds a docstring in fixed sections (it is what ``kfix rules CODE`` prints), pure
functions, and one ``RULE``. Functions get a layer, a model or a compile state in the writer's words
and say what it has to be for Keras 3. They never touch a file and never raise for what they find: a
case that can't be mended exactly is a Change with severity REFUSED.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from converter.lambdas.supplied import Supplied
from converter.model.description import CompileState, Layer, Model, Writer
from converter.model.findings import Severity


class Stage(IntEnum):
    """When a rule runs. All layers pass a stage before the next one starts."""

    CLASSES = 1
    """Class names: what is this layer called today."""
    ARGUMENTS = 2
    """Constructor arguments: spelling, removed ones, filled defaults."""
    MEANING = 3
    """Same name, other numbers."""
    GRAPH = 4
    """Names, calls and connections, on whole models."""
    COMPILE = 5
    """Losses, metrics and the optimizer."""
    GATE = 6
    """Whatever is still not Keras 3 is refused here."""


@dataclass(frozen=True)
class Context:
    """What a rule may know besides the layer it looks at.

    Attributes:
        writer: the program that wrote the file.
        path: path of the layer or model from the top, names joined by ``/``.
        custom: names of classes and functions that the user's own modules provide.
        told_shape: the shape of the input is the user's word and may not fit the weights.
        lambdas: functions of the user's that stand in for those of Lambda layers, by the paths of
            the layers.
    """

    writer: Writer
    path: str = ""
    custom: frozenset[str] = frozenset()
    told_shape: bool = False
    lambdas: Mapping[str, Supplied] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """What a layer rule did or found.

    Attributes:
        severity: what the old state meant for Keras 3.
        message: one line, what was there and why it matters.
        layers: what the layer becomes; the last one keeps the layer's name. Several layers form a
            chain (the first takes the calls of the original). Empty when nothing is changed (a
            refusal, a notice).
        remedy: what was done, or what the user can do.
    """

    severity: Severity
    message: str
    layers: tuple[Layer, ...] = ()
    remedy: str = ""


@dataclass(frozen=True)
class ModelChange:
    """What a model rule did or found: the new model, or None where nothing is changed."""

    severity: Severity
    message: str
    model: Model | None = None
    remedy: str = ""
    layer: str = ""


@dataclass(frozen=True)
class CompileChange:
    """What a compile rule did or found; ``state`` is None when it has to be dropped."""

    severity: Severity
    message: str
    state: CompileState | None
    remedy: str = ""


LayerRule = Callable[[Layer, Context], Change | None]
ModelRule = Callable[[Model, Context], "Iterable[ModelChange]"]
CompileRule = Callable[[CompileState, Context], "Iterable[CompileChange]"]


@dataclass(frozen=True)
class Rule:
    """One incompatibility.

    Attributes:
        code: stable code, ``KF`` and three digits; the hundreds tell the family (1 classes and
            arguments, 2 meaning, 3 graph and names, 4 compile state, 5 file, 9 what is refused).
        stage: when it runs.
        summary: one line for lists.
        generations: the Keras generations whose files can have it.
        classes: layer classes it looks at (the writer's or Keras 3's names); empty for every class.
        layer: upgrade of one layer; called for every layer, also nested, wrapped and inner ones,
            inner ones first.
        model: upgrade of one model; called for nested models first.
        compile: upgrade of the compile state.
        tf_keras_agrees: whether tf_keras computes what the writer did. Where it does not, it can't
            judge a conversion.
    """

    code: str
    stage: Stage
    summary: str
    generations: frozenset[int] = frozenset({1, 2})
    classes: frozenset[str] = frozenset()
    layer: LayerRule | None = None
    model: ModelRule | None = None
    compile: CompileRule | None = None
    tf_keras_agrees: bool = True
