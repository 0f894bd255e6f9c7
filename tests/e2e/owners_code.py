"""Models with their owners' code: served by Keras in the test process, loaded as the owner does."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from converter.engines import Engine
from converter.engines.worker import JOBS


class InThisProcess(Engine):
    """Does the jobs where it stands; the tests of the engines show that a child does the same."""

    def __init__(
        self,
        *,
        timeout: float | None = None,
        preload: str = "",
        scratch: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._owned = None if scratch else tempfile.mkdtemp(prefix="kfix-")
        self.scratch = scratch or Path(str(self._owned))
        self._count = 0

    def request(self, job: str, **arguments: Any) -> Any:
        """As the child gets and answers it: by way of JSON."""
        given = json.loads(json.dumps(arguments, default=str))
        module = importlib.import_module(f"converter.engines.{JOBS[job]}")
        with mock.patch.dict(os.environ, KERAS_HOME=str(self.scratch / "keras-home")):
            return json.loads(json.dumps(getattr(module, job)(**given)))

    def close(self) -> None:
        if self._owned:
            shutil.rmtree(self._owned)

    kill = close


def objects_of(modules: Sequence[str]) -> dict[str, Any]:
    """What an owner hands to ``load_model``: everything in his modules by its name there, and what
    they say themselves in a dictionary of custom objects."""
    objects: dict[str, Any] = {}
    for path in map(Path, modules):
        with mock.patch.object(sys, "path", [str(path.parent), *sys.path]):
            module = importlib.import_module(path.stem)
        own = {name: item for name, item in vars(module).items() if callable(item)}
        objects |= own | getattr(module, "custom_objects", {})
    return objects
