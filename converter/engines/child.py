"""A child process and its parent's side: starts it, sends jobs, gets answers or typed errors."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeVar

from converter import errors

# Puts this very copy of the package in front for one import only: a checkout must not meet an
# installed kfix, and the current folder (which may hold a `random.py`) must not get onto the
# child's path.
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); import converter; del sys.path[0]; "
    "from importlib import import_module; import_module(sys.argv[2]).main(sys.argv[3:])"
)

_ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "KERAS_BACKEND": "tensorflow",
    "MPLBACKEND": "Agg",
    "PYTHONHASHSEED": "0",
    "PYTHONIOENCODING": "utf-8",
    "PYTHONUNBUFFERED": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
_UNSET = ("TF_USE_LEGACY_KERAS", "PYTHONWARNINGS", "PYTHONSTARTUP", "TF_XLA_FLAGS")
Failure = TypeVar("Failure", bound=errors.KfixError)

_LOG_TAIL = 8192
_WITHOUT_MEMORY = frozenset({-6, -9, -11})
"""How a process ends that got no memory: SIGABRT, SIGKILL, SIGSEGV."""
_LIBRARY_NOISE = re.compile(r"I0000 |WARNING: All log messages before absl")
_GRACE = 5.0
"""Seconds that a child gets to leave by itself when its work is done."""


class EngineError(errors.KfixError):
    """The child process died, took too long, or could not be started."""

    exit_code = errors.ExitCode.NOT_EXACT


class Child:
    """One child process; a context manager.

    The child starts at once, so the caller can go on while it imports its libraries, and serves
    requests one after another until it is closed. An error of the child arrives here as the
    exception of the same name, with the child's traceback as a note. After a crash or a timeout the
    child is gone: make another.

    Args:
        main: the module whose `main` serves the jobs.
        timeout: seconds that each request may take, the start included; None waits for ever.
        preload: what to import before the first request.
        scratch: folder for the arrays that travel between the processes; by default a temporary one
            that is removed on closing.
        environment: further variables for the child.
    """

    called = "engine"
    """What messages call it."""

    def __init__(
        self,
        *,
        main: str,
        timeout: float | None = None,
        preload: str = "",
        scratch: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Starts the child."""
        self.timeout = timeout
        self._owns_scratch = scratch is None
        self.scratch = Path(tempfile.mkdtemp(prefix="kfix-")) if scratch is None else scratch
        self.scratch.mkdir(parents=True, exist_ok=True)
        descriptor, log = tempfile.mkstemp(prefix="engine-", suffix=".log", dir=self.scratch)
        self._log = Path(log)
        self._answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        try:
            self._process = self._start(descriptor, main, preload, environment or {})
        except BaseException:
            self._remove_scratch()
            raise
        finally:
            os.close(descriptor)
        self._reader = threading.Thread(target=self._read_answers, daemon=True)
        self._reader.start()

    def _start(
        self, log: int, main: str, preload: str, environment: Mapping[str, str]
    ) -> subprocess.Popen[str]:
        root = Path(__file__).resolve().parents[2]
        arguments = [str(os.getpid()), str(self.scratch) if self._owns_scratch else "", preload]
        # A process group of its own: Ctrl-C reaches the parent only, which then ends the child and
        # all it started.
        options: dict[str, Any] = {"process_group": 0} if os.name == "posix" else {}
        return subprocess.Popen(
            [sys.executable, "-P", "-c", _START, str(root), main, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=self._environment(environment),
            text=True,
            encoding="utf-8",
            **options,
        )

    def _environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key not in _UNSET}
        # The user's keras.json (float16, channels_first, another backend) must not decide what a
        # file computes.
        home = {"KERAS_HOME": str(self.scratch / "keras-home")}
        return {**kept, **_ENVIRONMENT, **home, **extra}

    def __enter__(self) -> Self:
        """The child itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Waits for the child to leave, or ends it at once on an error or Ctrl-C."""
        if kind is None:
            self.close()
        else:
            self.kill()

    @contextlib.contextmanager
    def working_in(self, scratch: Path | None) -> Iterator[None]:
        """For a while, arrays travel through another folder; None is one that is then removed."""
        usual = self.scratch
        with contextlib.ExitStack() as stack:
            if scratch is None:
                scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=usual)))
            self.scratch = scratch
            try:
                yield
            finally:
                self.scratch = usual

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._process.pid

    def close(self) -> None:
        """Lets the child leave, ends it if it does not, and removes the scratch folder."""
        with contextlib.suppress(OSError, ValueError):
            _pipe(self._process.stdin).write("\n")
            _pipe(self._process.stdin).close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        self.kill()

    def kill(self) -> None:
        """Ends the child at once, with everything it started, and removes the scratch folder."""
        self._end_child()
        self._remove_scratch()

    def _end_child(self) -> None:
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                if os.name == "posix":
                    os.killpg(self._process.pid, signal.SIGKILL)
                else:
                    self._process.kill()
        self._process.wait()
        self._reader.join()
        with contextlib.suppress(OSError):
            _pipe(self._process.stdin).close()
        _pipe(self._process.stdout).close()

    def _remove_scratch(self) -> None:
        if self._owns_scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def log(self) -> str:
        """The last lines that the child, its libraries and the user's code have printed."""
        try:
            with self._log.open("rb") as stream:
                stream.seek(max(0, self._log.stat().st_size - _LOG_TAIL))
                lines = stream.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        return "\n".join(line for line in lines if not _LIBRARY_NOISE.match(line)).strip()

    def request(self, job: str, **arguments: Any) -> Any:
        """Sends one job and waits for its answer.

        Raises:
            KfixError: of the class that the child raised.
            EngineError: the child died or ran out of time.
        """
        line = json.dumps({"job": job, "arguments": arguments}, default=str)
        try:
            pipe = _pipe(self._process.stdin)
            pipe.write(line + "\n")
            pipe.flush()
        except (OSError, ValueError):
            raise self._death(job) from None
        try:
            answer = self._wait()
        except queue.Empty:
            raise self._too_slow(job) from None
        except BaseException:
            self._end_child()
            raise
        if answer is None:
            raise self._death(job)
        return self._unpack(json.loads(answer))

    def _wait(self) -> str | None:
        """The child's next line, None when it is gone; raises ``queue.Empty`` after the timeout."""
        return self._answers.get(timeout=self.timeout)

    def _read_answers(self) -> None:
        with contextlib.suppress(ValueError, OSError):
            for line in _pipe(self._process.stdout):
                self._answers.put(line)
        self._answers.put(None)

    def _unpack(self, answer: Mapping[str, Any]) -> Any:
        if "error" not in answer:
            return answer["result"]
        details = answer["error"]
        kind: type[errors.KfixError] = getattr(errors, details["type"], errors.KfixError)
        error = kind(details["message"], details["hint"])
        raise _noted(error, details["traceback"], self.log())

    def _too_slow(self, job: str) -> EngineError:
        log = self.log()
        self._end_child()
        message = (
            f"The {self.called} did not finish '{job}' within {self.timeout:g} s and was stopped."
        )
        return _noted(EngineError(message, "Give it more time with --timeout."), "", log)

    def _death(self, job: str) -> EngineError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        self._end_child()
        log = self.log()
        code = self._process.returncode
        message = f"The {self.called} died while working on '{job}': {_cause(code)}."
        # Code in C that gets no memory mostly aborts, or writes where there is none.
        why = "It may have run out of memory. " if code in _WITHOUT_MEMORY else ""
        hint = f"{why}The last lines it printed: -v."
        return _noted(EngineError(message, hint), "", log)


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def _cause(code: int) -> str:
    if code >= 0:
        return f"it left with exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def _noted(error: Failure, traceback: str, log: str) -> Failure:
    """The error with what only -v should show: the child's traceback and its last printed lines."""
    if traceback:
        error.add_note("In the child process:\n" + traceback.rstrip())
    if log:
        error.add_note("Last lines printed by the child process:\n" + log)
    return error
