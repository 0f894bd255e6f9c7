"""What else is known of the newest Keras 3: masks, operations, and the names that it resolves."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from .exports import exported
from .modules import Definition, Module, Sources
from .releases import NEWEST
from .signatures import ANYTHING, constructor, method, parameters

OBJECTS = ("initializers", "regularizers", "constraints", "activations")


def newest(folder: Path) -> dict[str, Any]:
    """The table that kfix reads at every start."""
    sources = Sources(folder)
    layers: dict[str, Any] = {}
    definitions = exported(sources, NEWEST)["layers"]
    (base,) = (each for each, names in definitions.items() if "Layer" in names)
    for definition, names in definitions.items():
        if names and definition is not base:
            entry = _layer(definition, names, base)
            layers |= dict.fromkeys((*names, definition.name), entry)
    return {
        "keras": NEWEST.version,
        "layers": dict(sorted(layers.items())),
        "operations": _operations(sources),
        **{kind: _resolved(sources, kind) for kind in OBJECTS},
    }


def _layer(definition: Definition, names: set[str], base: Definition) -> dict[str, Any]:
    taken = list(constructor(definition))
    if ANYTHING in taken:
        taken = list(dict.fromkeys([*taken, *constructor(base)]))
    call = method(definition, "call")
    return {
        "class": definition.name,
        "public": definition.name if definition.name in names else min(names),
        "arguments": sorted(set(taken) - {ANYTHING}),
        "call": list(parameters(call)) if call else [],
        "masking": _hands_masks_on(definition, base),
    }


def _hands_masks_on(definition: Definition, base: Definition) -> bool:
    """By its constructor, or by a ``compute_mask`` of its own."""
    constructors = [found for each in definition.mro if (found := each.own("__init__"))]
    if any("self.supports_masking = True" in ast.unparse(each.node) for each in constructors):
        return True
    of_base = base.own("compute_mask")
    found = method(definition, "compute_mask")
    return found is not None and of_base is not None and found.node is not of_base.node


def _operations(sources: Sources) -> dict[str, str]:
    """The classes of op nodes and the modules they live in."""
    found = {}
    for module in sources:
        if module.name.rpartition(".")[0] == "keras.src.ops":
            for definition in module.definitions:
                bases = [each.name for each in definition.mro[1:]] if definition.is_class else []
                if "Operation" in bases:
                    found[definition.name] = module.name
    return dict(sorted(found.items()))


def _resolved(sources: Sources, kind: str) -> dict[str, list[str]]:
    """Every name that ``keras.KIND.get`` resolves, with what a class behind it takes."""
    module = sources.module(f"keras.src.{kind}")
    assert module is not None
    found: dict[str, Definition] = {}
    for node in module.statements:
        text = ast.unparse(node)
        if text.startswith("ALL_OBJECTS = {") and isinstance(node, ast.Assign):
            assert isinstance(node.value, ast.Set)
            objects = [module.value(each) for each in node.value.elts]
            found |= {each.name: each for each in objects}
        elif "to_snake_case(" in text and text.startswith("ALL_OBJECTS_DICT.update("):
            found |= {_snake_case(each.name): each for each in list(found.values())}
        elif text.startswith(("ALL_OBJECTS_DICT.update(", "ALL_OBJECTS_DICT[")):
            found |= _aliases(node, module)
    return {name: _taken(definition) for name, definition in sorted(found.items())}


def _aliases(node: ast.stmt, module: Module) -> dict[str, Definition]:
    if isinstance(node, ast.Assign):
        target = node.targets[0]
        assert isinstance(target, ast.Subscript)
        return {module.value(target.slice): module.value(node.value)}
    assert isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    (names,) = node.value.args
    assert isinstance(names, ast.Dict)
    return {
        module.value(key): module.value(value)
        for key, value in zip(names.keys, names.values, strict=True)
        if key is not None
    }


def _taken(definition: Definition) -> list[str]:
    if not definition.is_class:
        return []
    function = method(definition, "__init__")
    return list(parameters(function)) if function else []


def _snake_case(name: str) -> str:
    """As Keras's own ``to_snake_case`` does it."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
