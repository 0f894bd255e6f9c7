"""The source of functions and of classes that are no layers: losses, metrics and the like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from converter.rules._compile_objects import BASE_OPTIMIZER
from converter.stubbing.arguments import arguments_of
from converter.stubbing.layers import docstring, unfilled
from converter.stubbing.needs import COMPILED, Kind, Need
from converter.stubbing.text import INDENT, comment, plain, remark


@dataclass(frozen=True)
class _Form:
    """How a class of a kind is written.

    Attributes:
        base: Keras's class.
        methods: signatures of what is to be filled in.
        taken: arguments of the base class.
        plain: whether the base class takes no arguments and has no config.
    """

    base: str
    methods: tuple[str, ...]
    taken: frozenset[str] = frozenset()
    plain: bool = False


_FORMS: Mapping[Kind, _Form] = {
    Kind.ACTIVATION: _Form("keras.layers.Layer", ("call(self, inputs)",), frozenset({"name"})),
    Kind.LOSS: _Form(
        "keras.losses.Loss",
        ("call(self, y_true, y_pred)",),
        frozenset({"name", "reduction", "dtype"}),
    ),
    Kind.METRIC: _Form(
        "keras.metrics.Metric",
        ("update_state(self, y_true, y_pred, sample_weight=None)", "result(self)"),
        frozenset({"name", "dtype"}),
    ),
    Kind.OPTIMIZER: _Form(
        "keras.optimizers.Optimizer",
        ("build(self, variables)", "update_step(self, gradient, variable, learning_rate)"),
        frozenset(BASE_OPTIMIZER.split()),
    ),
    Kind.SCHEDULE: _Form(
        "keras.optimizers.schedules.LearningRateSchedule", ("__call__(self, step)",), plain=True
    ),
    Kind.INITIALIZER: _Form(
        "keras.initializers.Initializer", ("__call__(self, shape, dtype=None)",), plain=True
    ),
    Kind.REGULARIZER: _Form("keras.regularizers.Regularizer", ("__call__(self, x)",), plain=True),
    Kind.CONSTRAINT: _Form("keras.constraints.Constraint", ("__call__(self, w)",), plain=True),
    Kind.OBJECT: _Form("", (), plain=True),
}
_SIGNATURES = {
    Kind.LOSS: "y_true, y_pred",
    Kind.METRIC: "y_true, y_pred",
    Kind.INITIALIZER: "shape, dtype=None",
    Kind.SCHEDULE: "step",
    Kind.LAMBDA: "x",
}
_NOT_FOR_OUTPUTS = {
    Kind.LOSS: "Only training needs it: convert --no-compile does without.",
    Kind.METRIC: "Only training needs it: convert --no-compile does without.",
    Kind.OPTIMIZER: "Only training needs it: convert --no-compile does without.",
    Kind.SCHEDULE: "Only training needs it: convert --no-compile does without.",
    Kind.INITIALIZER: (
        "Only new weights need it: keras.ops.zeros(shape, dtype) will do if none are made."
    ),
    Kind.REGULARIZER: "Only training needs it.",
    Kind.CONSTRAINT: "Only training needs it: returning w will do if there is none.",
}


def function(need: Need, name: str) -> list[str]:
    """A function to be filled in."""
    parameters = _SIGNATURES.get(need.kind, "x")
    lines = [f"def {name}({parameters}):", *docstring(need)]
    code = [line for use in need.uses[:1] for line in use.lines]
    lines += [part for line in code for part in comment(remark(line), INDENT)]
    return [*lines, *unfilled(_told(need, f"{name}() is still to be written."), INDENT)]


def object_class(need: Need, name: str) -> list[str]:
    """A class to be filled in."""
    form = _FORMS.get(need.kind, _FORMS[Kind.OBJECT])
    arguments = arguments_of(need.uses, form.taken)
    lines = [f"class {name}({form.base}):" if form.base else f"class {name}:", *docstring(need)]
    if arguments.items or arguments.rest:
        rate = need.kind is Kind.OPTIMIZER
        base = None if form.plain else "learning_rate, **kwargs" if rate else "**kwargs"
        lines += ["", *arguments.constructor(("learning_rate=0.001",) if rate else (), base)]
    for signature in form.methods:
        method = f"{name}.{signature.split('(', 1)[0]}()"
        told = _told(need, f"{method} is still to be written.")
        lines += ["", f"{INDENT}def {signature}:", *unfilled(told, INDENT * 2)]
    config = arguments.get_config(alone=form.plain)
    return [*lines, "", *config] if config else lines


def _told(need: Need, first: str) -> list[str]:
    known = _NOT_FOR_OUTPUTS.get(need.kind)
    if need.kind in COMPILED:
        return [first, *([known] if known else [])]
    places = ", ".join(dict.fromkeys(plain(use.place) for use in need.uses[:4]))
    more = f" and {len(need.uses) - 4} more" if len(need.uses) > 4 else ""
    return [first, f"It is the {need.kind} of {places}{more}.", *([known] if known else [])]
