"""The child process: one job a line, one answer a line, and no print gets into that channel."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, TextIO

from converter.engines import libraries
from converter.engines.explain import one_line
from converter.errors import KfixError

JOBS = {
    "verify_keras": "verify",
    "verify_inner": "verify",
    "verify_savedmodel": "savedmodel",
    "predict": "verify",
    "rebuild": "rebuild",
    "export_savedmodel": "savedmodel",
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
    requests, answers = _private_channel()
    threading.Thread(target=_watch_parent, args=(int(parent), scratch), daemon=True).start()
    if preload:
        # A failure comes back when a job needs the library, where it can be reported.
        with contextlib.suppress(KfixError):
            _PRELOADS[preload]()
    for line in requests:
        if not line.strip():
            return
        answers.write(json.dumps(_answer(line)) + "\n")
        answers.flush()
    # The pipe ended without a farewell: the parent was killed.
    shutil.rmtree(scratch or os.devnull, ignore_errors=True)


def _private_channel() -> tuple[TextIO, TextIO]:
    """Takes over stdin and stdout for the protocol; prints go to stderr, reads find nothing."""
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers


def _watch_parent(parent: int, scratch: str) -> None:
    """Leaves when the parent was killed: nobody would read the answer."""
    while os.getppid() == parent:
        time.sleep(0.5)
    if scratch:
        shutil.rmtree(scratch, ignore_errors=True)
    os._exit(1)


def _answer(line: str) -> dict[str, Any]:
    try:
        request = json.loads(line)
        job = request["job"]
        module = import_module(f"converter.engines.{JOBS[job]}")
        return {"result": getattr(module, job)(**request["arguments"])}
    except KfixError as error:
        return {"error": _describe(error, type(error).__name__, str(error), error.hint)}
    except Exception as error:
        return {"error": _describe(error, "KfixError", f"The engine failed: {one_line(error)}")}


def _describe(error: BaseException, kind: str, message: str, hint: str = "") -> dict[str, str]:
    text = "".join(traceback.format_exception(error))
    return {"type": kind, "message": message, "hint": hint, "traceback": text}
