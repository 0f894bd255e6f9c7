"""A child's side of the channel to its parent: one job a line, one answer a line.

No print gets into that channel.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, TextIO

from converter.errors import KfixError

Run = Callable[[str, dict[str, Any]], Any]
"""Does one job, by its name and arguments; gives JSON values."""


def serve(run: Run, parent: int, scratch: str, first: Callable[[], None] = lambda: None) -> None:
    """Serves jobs until the parent closes the pipe.

    Args:
        run: does a job.
        parent: the parent's process id.
        scratch: the folder to remove if the parent vanishes, or empty.
        first: what to do before the first job, behind the channel.
    """
    requests, answers = _private_channel()
    threading.Thread(target=_watch_parent, args=(parent, scratch), daemon=True).start()
    first()
    for line in requests:
        if not line.strip():
            return
        answers.write(json.dumps(_answer(run, line)) + "\n")
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


def _answer(run: Run, line: str) -> dict[str, Any]:
    try:
        request = json.loads(line)
        return {"result": run(request["job"], request["arguments"])}
    except KfixError as error:
        return {"error": _describe(error, type(error).__name__, str(error), error.hint)}
    except Exception as error:
        said = (str(error).splitlines() or [""])[0]
        text = f"The child process failed: {type(error).__name__}: {said}"
        return {"error": _describe(error, "KfixError", text)}


def _describe(error: BaseException, kind: str, message: str, hint: str = "") -> dict[str, str]:
    text = "".join(traceback.format_exception(error))
    return {"type": kind, "message": message, "hint": hint, "traceback": text}
