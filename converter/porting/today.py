"""Where a name of Keras 1, Keras 2 or TensorFlow 1 is today."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from converter.porting import addons, names
from converter.porting.dialect import Dialect
from converter.porting.words import methods

SUPPORT = {
    "activations": "keras2_activations",
    "backend": "keras2_backend",
    "conv_utils": "Keras2ConvUtils",
    "initializations": "Keras1Initializations",
}
"""Modules that words of our own stand in for."""
OUR_WORDS = frozenset({*SUPPORT.values(), "AddonsActivations", "AddonsInstanceNormalization"})

MAKES_VARIABLES = ("keras.backend.variable", "keras.initializations")
"""What gives variables that a layer then lists as its weights."""

MODULES = frozenset({"backend", "common", "tensorflow_backend", "load_backend"})
"""Names by which the backend itself is imported."""

ADVICE = {
    "get_session": "there are no sessions; call the layer itself",
    "set_session": "there are no sessions",
    "function": "call the model, or keras.ops",
    "placeholder": "use keras.Input",
    "gradients": "use tf.GradientTape",
    "learning_phase": "let call() take the argument training",
    "update": "use variable.assign(), behind `if training`",
    "update_add": "use variable.assign_add(), behind `if training`",
    "update_sub": "use variable.assign_sub(), behind `if training`",
    "moving_average_update": "use variable.assign(), behind `if training`",
    "set_learning_phase": "call the model with training=…",
}
"""What to write instead of functions that can't be carried."""

UPDATES = frozenset({"moving_average_update", "update", "update_add", "update_sub"})
"""In Keras 2 these made an operation, which ran while training; today they act at once."""
CONVOLUTIONS = frozenset({"conv1d", "conv2d", "conv3d", "deconv2d", "separable_conv2d"})


@dataclass(frozen=True)
class Place:
    """A place of today as a dotted name, or why there is none."""

    text: str
    problem: str = ""


@dataclass(frozen=True)
class Problem:
    """Something that can't be carried.

    Attributes:
        line: in the module.
        what: the old name.
        advice: what to do.
    """

    line: int
    what: str
    advice: str


def today(path: str, dialect: Dialect) -> Place:
    """Where something is, that had this full name under ``keras`` or ``tensorflow``."""
    if path == "keras":
        return Place(path)
    if path.split(".")[0] == addons.PACKAGE:
        inside = path.removeprefix(f"{addons.PACKAGE}.")
        known = addons.form(path)
        return Place(known) if known else Place("", addons.advice(inside))
    if path.startswith("keras."):
        return _keras(path.split(".")[1:], dialect)
    return _tensorflow(path)


def _tensorflow(path: str) -> Place:
    name = path.removeprefix("tensorflow.")
    if name.startswith("contrib"):
        return Place("", "tf.contrib went with TensorFlow 2 and has no exact equivalent")
    head, _, rest = name.partition(".")
    if head in names.BEFORE_TENSORFLOW_1 and not rest:
        return Place(f"tensorflow.{names.BEFORE_TENSORFLOW_1[head]}")
    return Place(path)


def _keras(parts: list[str], dialect: Dialect) -> Place:
    home, leaf = parts[0], parts[-1]
    if home == "backend":
        return _backend(parts, dialect)
    if home == "activations" and (len(parts) == 1 or leaf in methods("Keras2Activations")):
        return Place(".".join([SUPPORT[home], *parts[1:]]))
    for module in ("conv_utils", "initializations"):
        if module in parts:
            rest = parts[parts.index(module) + 1 :]
            return _ours(SUPPORT[module], rest)
    if leaf in names.MERGING:
        return Place(names.MERGING[leaf])
    if leaf in names.TOP_LEVEL:
        home = "layers" if leaf in ("Layer", "InputSpec", "Input") else "models"
        return Place(f"keras.{'' if leaf == 'Variable' else home + '.'}{leaf}")
    if home == "objectives":
        return Place(".".join(["keras", "losses", *parts[1:]]))
    if home in ("engine", "layers", "legacy", "models", "wrappers"):
        return _class(parts)
    if home == "utils":
        return _utils(parts)
    if home in names.PLAIN_HOMES or len(parts) == 1:
        return Place(".".join(["keras", *parts]))
    return _gone(parts)


def _backend(parts: list[str], dialect: Dialect) -> Place:
    inside = [part for part in parts if part not in MODULES]
    if not inside:
        return Place(SUPPORT["backend"])
    name = inside[0]
    ours = Place(".".join([SUPPORT["backend"], *inside]))
    if name in UPDATES:
        return Place("", ADVICE[name])
    if name == "normalize_data_format" or name in methods("Keras2Backend"):
        return ours
    if name in names.BACKEND:
        return ours
    return Place("", ADVICE.get(name, "it has no counterpart; write it with keras.ops"))


def _ours(support: str, rest: list[str]) -> Place:
    if rest and rest[0] not in methods(support):
        return _gone([support, *rest])
    return Place(".".join([support, *rest]))


def _class(parts: list[str]) -> Place:
    leaf = parts[-1]
    if leaf == "*" or leaf in names.layers():
        return Place(f"keras.layers.{leaf}")
    if leaf in names.MODELS:
        return Place(f"keras.models.{leaf}")
    path = ".".join(["keras", *parts])
    if names.historic(path + ".") or len(parts) == 1:
        # A module, from which only classes are taken.
        known = names.historic(path) and (leaf.islower() or leaf == "topology")
        if known:
            return Place("keras.layers")
    return Place(path) if len(parts) == 1 else _gone(parts)


def _utils(parts: list[str]) -> Place:
    leaf = parts[-1]
    if len(parts) == 1 or leaf.endswith("_utils"):
        return Place("keras.utils")
    return Place(f"keras.utils.{leaf}") if leaf in names.UTILS else _gone(parts)


def _gone(parts: list[str]) -> Place:
    return Place("", f"Keras 3 has no {parts[-1]}")


def is_expression(text: str) -> bool:
    """Whether a text is one Python expression."""
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return False
    return True
