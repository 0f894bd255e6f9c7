"""The tables held against frameworks that are installed: the only place that runs any of them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import frameworks

from .releases import RELEASES, Release
from .signatures import REQUIRED
from .tables import Entry, Table

LOOK = r"""
import inspect, json, sys
family, kinds = sys.argv[1], json.loads(sys.argv[2])
if family == "tf":
    import tensorflow
    keras = tensorflow.keras
else:
    import importlib
    import keras
    for name in kinds.values():
        importlib.import_module("keras." + name)

def described(item):
    try:
        found = inspect.signature(item.__init__ if inspect.isclass(item) else item).parameters
    except (TypeError, ValueError):
        return {}
    shown = {}
    for name, parameter in found.items():
        if name == "self" or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        required = parameter.default is parameter.empty
        plain = isinstance(parameter.default, (str, int, float, bool, type(None)))
        shown[name] = [] if required else [parameter.default] if plain else None
    return shown

found = {}
for kind, name in kinds.items():
    module = getattr(keras, name)
    items = {each: getattr(module, each) for each in dir(module) if not each.startswith("_")}
    found[kind] = {each: described(item) for each, item in items.items() if inspect.isclass(item)}
print("FOUND" + json.dumps(found))
"""
MODULES_OF_KERAS1 = {"losses": "objectives", "initializers": "initializations"}
"""What the modules of classes were called in Keras 1."""
KINDS = ("layers", "initializers", "regularizers", "constraints", "optimizers")
"""The kinds whose classes are compared: losses and metrics were functions at first."""

OTHER_CLASSES = frozenset({"ActivityRegularizer", "InputSpec", "OptimizerMap", "zip"})
"""What stands in the modules and is not of their kind."""


def differences(writer: str, tables: Mapping[str, Table]) -> Iterator[str]:
    """What an installed framework has otherwise than the table of its release."""
    release = _release(writer)
    if release is None:
        yield f"{writer}: no table is of this release"
        return
    for kind, classes in _installed(writer, release).items():
        by_name = {
            name: entry for entry in tables[release.name][kind].values() for name in entry.names
        }
        for name, shown in classes.items():
            where = f"{writer}: {kind}.{name}"
            if name in by_name:
                yield from _of_class(where, shown, by_name[name])
            elif name not in OTHER_CLASSES:
                yield f"{where} is not in the table"


def _release(writer: str) -> Release | None:
    """The release of an environment, of TensorFlow and Keras 3 one of the same minor version."""
    family, version = writer.split("-")[:2]
    exact = f"{family}-{version}"
    minor = exact.rpartition(".")[0] + "."
    patched = family == "tf" or version.startswith("3.")
    near = [each for each in RELEASES if patched and each.name.startswith(minor)]
    return next((each for each in RELEASES if each.name == exact), near[0] if near else None)


def _installed(writer: str, release: Release) -> dict[str, dict[str, Any]]:
    renamed = MODULES_OF_KERAS1 if release.api == 1 and release.line == "keras" else {}
    kinds = {kind: renamed.get(kind, kind) for kind in KINDS}
    command = [str(frameworks.python_of(writer)), "-W", "ignore", "-c", LOOK]
    done = subprocess.run(
        [*command, release.line, json.dumps(kinds)],
        capture_output=True,
        text=True,
        env=frameworks.process_environment(writer),
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{writer}: {done.stderr[-2000:]}")
    found: dict[str, dict[str, Any]] = json.loads(done.stdout.split("FOUND", 1)[1])
    return found


def _of_class(where: str, shown: Mapping[str, Any], entry: Entry) -> Iterator[str]:
    for name, default in shown.items():
        if name not in entry.arguments:
            yield f"{where} takes {name}"
        elif default is not None:
            stored = entry.arguments[name]
            expected = [] if stored is REQUIRED else [stored]
            if expected != default and not isinstance(stored, dict):
                yield f"{where} has {name}={default}, the table {expected}"
