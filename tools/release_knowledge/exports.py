"""Which classes and functions a release makes public, and under which names.

Stand-alone Keras 1 and 2 have what their modules hold; TensorFlow and Keras 3 say it beside each
class, with ``@keras_export("keras.layers.Dense")``.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from .modules import Definition, Sources
from .releases import Release

KINDS = {
    "layers": "Layer",
    "initializers": "Initializer",
    "regularizers": "Regularizer",
    "constraints": "Constraint",
    "activations": "",
    "losses": "Loss",
    "metrics": "Metric",
    "optimizers": ("Optimizer", "OptimizerV2"),
}
"""The modules that are described, and the base classes of what is in them."""
MODULES_OF_KERAS1 = {"losses": "objectives", "initializers": "initializations"}
FUNCTIONS = frozenset(KINDS) - {"layers", "optimizers"}
"""Where functions count as well as classes."""
NOT_OBJECTS = frozenset(
    {"serialize", "deserialize", "get", "get_from_module", "get_fans", "Input"}
    | {"clone_metric", "clone_metrics", "is_categorical_crossentropy"}
)
BASED_ON_TENSORFLOW = {"metrics": "MeanIoU"}
"""Has a base that is not in the package: Keras 2.3 hands TensorFlow's metric on."""
EXPORTS = frozenset({"keras_export", "tf_export"})
COMPAT = "compat.v1."
Exported = dict[Definition, set[str]]


def exported(sources: Sources, release: Release) -> dict[str, Exported]:
    """For each kind the definitions with their public names below ``keras.KIND``.

    Layers that are not public are there with no name: files name them all the same.
    """
    alone = release.line == "keras" and release.api < 3
    found = _by_module(sources, release) if alone else _by_decorator(sources, release)
    for module in sources:
        for definition in module.definitions:
            if is_kind(definition, "layers") and not is_model(definition):
                found["layers"].setdefault(definition, set())
    return found


def is_kind(definition: Definition, kind: str) -> bool:
    """Whether a class is of a kind, or a function where functions count."""
    if definition.name in NOT_OBJECTS:
        return False
    if not definition.is_class:
        return kind in FUNCTIONS
    if definition.name == BASED_ON_TENSORFLOW.get(kind):
        return True
    names = [each.name for each in definition.mro]
    if kind == "optimizers" and "LearningRateSchedule" in names:
        return True
    return any(name.endswith(KINDS[kind]) for name in names) if KINDS[kind] else False


def is_model(definition: Definition) -> bool:
    return any(each.name in ("Model", "Network", "Container") for each in definition.mro)


def _by_module(sources: Sources, release: Release) -> dict[str, Exported]:
    """Functions that come from elsewhere are helpers, except losses among the metrics."""
    found: dict[str, Exported] = {kind: defaultdict(set) for kind in KINDS}
    renamed = MODULES_OF_KERAS1 if release.api == 1 else {}
    modules = {kind: sources.module(f"{release.root}.{renamed.get(kind, kind)}") for kind in KINDS}
    for kind, module in modules.items():
        assert module is not None, kind
        for name in module.names():
            value = module.lookup(name)
            if name.startswith("_") or not isinstance(value, Definition):
                continue
            if is_kind(value, kind) and (value.is_class or value.module in modules.values()):
                found[kind][value].add(name)
    return found


def _by_decorator(sources: Sources, release: Release) -> dict[str, Exported]:
    found: dict[str, Exported] = {kind: defaultdict(set) for kind in KINDS}
    for module in sources:
        for definition, call in _exporting(module):
            for path in _paths(call, module, release):
                kind, _, name = path.partition(".")
                if kind in KINDS and name and is_kind(definition, kind):
                    found[kind][definition].add(name)
    return found


def _exporting(module: Any) -> Iterator[tuple[Definition, ast.Call]]:
    """Decorators, and ``keras_export("…")(Class)`` below a class."""
    for definition in module.definitions:
        for node in definition.node.decorator_list:
            if _is_export(node):
                yield definition, node
    for node in module.statements:
        call = getattr(node, "value", None)
        if isinstance(call, ast.Call) and _is_export(call.func) and call.args:
            value = module.value(call.args[0])
            if isinstance(value, Definition):
                yield value, call.func


def _is_export(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in EXPORTS
    )


def _paths(call: ast.Call, module: Any, release: Release) -> Iterator[str]:
    """The names after ``keras.``; what only TensorFlow 1 exports is under ``compat.v1``."""
    names = _strings(call.args, module)
    of_v1 = [_strings([keyword.value], module) for keyword in call.keywords if keyword.arg == "v1"]
    first = of_v1[0] if of_v1 else names
    if release.line == "keras" or release.api > 1:
        yield from _below_keras(names)
        for path in _below_keras(sorted(set(first) - set(names)) if of_v1 else []):
            kind, _, name = path.partition(".")
            yield f"{kind}.{COMPAT}{name}"
    else:
        yield from _below_keras(first)


def _below_keras(names: list[str]) -> Iterator[str]:
    return (name.removeprefix("keras.") for name in names if name.startswith("keras."))


def _strings(nodes: list[ast.expr], module: Any) -> list[str]:
    found: list[str] = []
    for node in nodes:
        value = module.value(node)
        found += [value] if isinstance(value, str) else list(value)
    return found
