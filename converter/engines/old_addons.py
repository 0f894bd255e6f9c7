"""``tensorflow_addons`` for the user's old modules: what of it Keras has today."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from converter.porting.addons import PACKAGE, advice, form


class _Finder(MetaPathFinder, Loader):
    """Makes the package and whatever module of it is asked for."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A spec for all of Addons."""
        if fullname != PACKAGE and not fullname.startswith(f"{PACKAGE}."):
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """An empty module, which looks its names up."""
        return _Addons(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: the names come when they are asked for."""


class _Addons(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        path = f"{self.__name__}.{name}"
        if name.islower() and self.__name__ == PACKAGE:
            return import_module(path)
        known = form(path)
        if not known:
            told = advice(path.removeprefix(f"{PACKAGE}."))
            raise AttributeError(f"TensorFlow Addons has come to its end: {told}")
        home = "keras" if known.startswith("keras.") else "converter.engines.keras2_words"
        found: Any = import_module(home)
        for part in known.removeprefix("keras.").split("."):
            found = getattr(found, part)
        return found


def install() -> None:
    """Puts the package where imports find it before any that is installed."""
    sys.meta_path.insert(0, _Finder())
