"""The child process of an engine: which function does which job."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from converter.engines import libraries, limits
from converter.engines.channel import serve
from converter.errors import KfixError

JOBS = {
    "verify_keras": "verify",
    "verify_inner": "verify",
    "verify_savedmodel": "savedmodel",
    "predict": "verify",
    "rebuild": "rebuild",
    "export_savedmodel": "savedmodel",
    "trace_function": "tracing",
    "build_model": "build",
    "fill_model": "build",
    "read_checkpoint": "build",
    "export_old": "old_models",
    "predict_old": "old_models",
}
"""Each job is the function of that name in this module of the package."""

_PRELOADS: dict[str, Callable[[], Any]] = {
    "keras": libraries.keras,
    "tensorflow": libraries.tensorflow_alone,
}


def main(arguments: Sequence[str]) -> None:
    """Serves jobs until the parent closes the pipe.

    Args:
        arguments: the parent's process id, the scratch folder to remove if the parent vanishes (or
            empty), and what to import before the first job.
    """
    parent, scratch, preload = arguments

    def first() -> None:
        # A failure comes back when a job needs the library, where it can be reported.
        with contextlib.suppress(KfixError):
            if preload:
                _PRELOADS[preload]()

    serve(run, int(parent), scratch, first)


def run(job: str, arguments: dict[str, Any]) -> Any:
    """Does one job, in so much memory as its files may need."""
    module = import_module(f"converter.engines.{JOBS[job]}")
    with limits.of_memory(arguments):
        return getattr(module, job)(**arguments)
