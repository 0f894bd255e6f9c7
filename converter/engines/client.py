"""The parent's side of an engine: starts the child, sends jobs, gets answers or typed errors."""

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
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeVar

from converter import errors
from converter.engines.results import (
    SIZES,
    Comparison,
    Endpoint,
    Export,
    InputSpec,
    Prediction,
    Rebuild,
    Tolerance,
    Verification,
    to_json,
)

# Puts this very copy of the package in front for one import only: a checkout must not meet an
# installed kfix, and the current folder (which may hold a `random.py`) must not get onto the
# child's path.
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); import converter; del sys.path[0]; "
    "from converter.engines.worker import main; main(sys.argv[2:])"
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
_LIBRARY_NOISE = re.compile(r"I0000 |WARNING: All log messages before absl")
_GRACE = 5.0
"""Seconds that a child gets to leave by itself when its work is done."""


class EngineError(errors.KfixError):
    """The child process died, took too long, or could not be started."""

    exit_code = errors.ExitCode.NOT_EXACT


class Engine:
    """One child process that runs the heavy libraries; a context manager.

    The child starts at once, so the caller can go on while it imports TensorFlow, and serves
    requests one after another until it is closed. An error of the child arrives here as the
    exception of the same name, with the child's traceback as a note. After a crash or a timeout the
    engine is gone: make another.

    Args:
        timeout: seconds that each request may take, the start included; None waits for ever.
        preload: what to import before the first request: ``keras``, ``tensorflow`` (without Keras)
            or nothing.
        scratch: folder for the arrays that travel between the processes; by default a temporary one
            that is removed on closing.
        environment: further variables for the child.
    """

    def __init__(
        self,
        *,
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
        self._count = 0
        self._answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        try:
            self._process = self._start(descriptor, preload, environment or {})
        except BaseException:
            self._remove_scratch()
            raise
        finally:
            os.close(descriptor)
        self._reader = threading.Thread(target=self._read_answers, daemon=True)
        self._reader.start()

    def _start(
        self, log: int, preload: str, environment: Mapping[str, str]
    ) -> subprocess.Popen[str]:
        root = Path(__file__).resolve().parents[2]
        arguments = [str(os.getpid()), str(self.scratch) if self._owns_scratch else "", preload]
        # A process group of its own: Ctrl-C reaches the parent only, which then ends the child and
        # all it started.
        options: dict[str, Any] = {"process_group": 0} if os.name == "posix" else {}
        return subprocess.Popen(
            [sys.executable, "-P", "-c", _START, str(root), *arguments],
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

    def __enter__(self) -> Engine:
        """The engine itself."""
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
            answer = self._answers.get(timeout=self.timeout)
        except queue.Empty:
            raise self._too_slow(job) from None
        except BaseException:
            self._end_child()
            raise
        if answer is None:
            raise self._death(job)
        return self._unpack(json.loads(answer))

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
        message = f"The engine did not finish '{job}' within {self.timeout:g} s and was stopped."
        return _noted(EngineError(message, "Give it more time with --timeout."), "", log)

    def _death(self, job: str) -> EngineError:
        self._process.wait()
        log = self.log()
        code = self._process.returncode
        message = f"The engine died while working on '{job}': {_cause(code)}."
        hint = "It probably ran out of memory." if code == -9 else "The last lines it printed: -v."
        return _noted(EngineError(message, hint), "", log)

    def _path(self, kind: str) -> str:
        self._count += 1
        return str(self.scratch / f"{self._count:03d}-{kind}.npz")

    def _test_arguments(
        self,
        inputs: Sequence[InputSpec] | Path | str | None,
        seed: int,
        batch: int,
        sizes: Sequence[int],
    ) -> dict[str, Any]:
        is_file = isinstance(inputs, str | Path)
        specs = None if isinstance(inputs, str | Path) or inputs is None else map(to_json, inputs)
        return {
            "specs": None if specs is None else list(specs),
            "arrays": str(inputs) if is_file else None,
            "inputs_path": self._path("inputs"),
            "outputs_path": self._path("outputs"),
            "seed": seed,
            "batch": batch,
            "sizes": list(sizes),
        }

    def verify_keras(
        self,
        output: Path | str,
        *,
        reference: Path | str | None = None,
        reference_kind: str = "",
        inputs: Sequence[InputSpec] | Path | str | None = None,
        custom: Sequence[str] = (),
        tolerance: Tolerance | None = None,
        build_input_shape: Sequence[int | None] | None = None,
        compile: bool = True,
        seed: int = 0,
        batch: int = 2,
        sizes: Sequence[int] = SIZES,
    ) -> Verification:
        """Loads a written file with stock Keras, as its user would, and compares its outputs.

        Args:
            output: the written ``.keras`` or ``.h5``.
            reference: the source file, or an ``.npz`` of expected outputs; None compares nothing.
            reference_kind: who reads the reference: ``tf_keras``, ``keras``, or ``arrays`` for an
                ``.npz``.
            inputs: what to feed: specs in the model's input order, an ``.npz``, or None to derive
                them from the model.
            custom: the user's modules.
            tolerance: how far the outputs may lie apart.
            build_input_shape: shape to build a Sequential with that was saved without one.
            compile: whether to load with the compile state, as ``load_model`` does by default.
            seed: seed of the test arrays.
            batch: batch size where the model leaves it open.
            sizes: tried in this order for other open axes.
        """
        data = self.request(
            "verify_keras",
            output=str(output),
            reference=None if reference is None else str(reference),
            reference_kind=reference_kind,
            custom=_absolute(custom),
            tolerance=to_json(tolerance or Tolerance()),
            build_input_shape=_shape(build_input_shape),
            compile=compile,
            test=self._test_arguments(inputs, seed, batch, sizes),
        )
        return Verification.of(data)

    def verify_inner(
        self,
        output: Path | str,
        *,
        layers: Sequence[str],
        reference: Path | str,
        reference_kind: str,
        inputs: Path | str,
        custom: Sequence[str] = (),
        tolerance: Tolerance | None = None,
        build_input_shape: Sequence[int | None] | None = None,
    ) -> tuple[Comparison, ...]:
        """Compares what inner layers give in a written file and in its source.

        Args:
            output: the written file.
            layers: the layers, by the paths of their names; those unknown to the source are left
                out.
            reference: the source file.
            reference_kind: who reads it: ``tf_keras`` or ``keras``.
            inputs: ``.npz`` of what to feed.
            custom: the user's modules.
            tolerance: how far the outputs may lie apart.
            build_input_shape: as in `verify_keras`.
        """
        data = self.request(
            "verify_inner",
            output=str(output),
            layers=list(layers),
            reference=str(reference),
            reference_kind=reference_kind,
            inputs=str(inputs),
            custom=_absolute(custom),
            tolerance=to_json(tolerance or Tolerance()),
            build_input_shape=_shape(build_input_shape),
        )
        return tuple(map(Comparison.of, data))

    def rebuild(
        self,
        source: Path | str,
        *,
        keras: Path | str | None = None,
        h5: Path | str | None = None,
        custom: Sequence[str] = (),
        compile: bool = True,
        build_input_shape: Sequence[int | None] | None = None,
        predict: bool = False,
        inputs: Sequence[InputSpec] | Path | str | None = None,
        seed: int = 0,
        batch: int = 2,
        sizes: Sequence[int] = SIZES,
    ) -> Rebuild:
        """Loads a file in Keras 3's words with the user's classes, and has Keras save it.

        Args:
            source: the file that kfix wrote.
            keras: where to write a ``.keras``.
            h5: where to write a legacy ``.h5``.
            custom: the user's modules.
            compile: try to carry the compile state over; falls back to none, and says so.
            build_input_shape: shape to build a Sequential with that was saved without one.
            predict: also run the rebuilt model, for verifying the files later.
            inputs: as in `verify_keras`.
            seed: as in `verify_keras`.
            batch: as in `verify_keras`.
            sizes: as in `verify_keras`.
        """
        data = self.request(
            "rebuild",
            source=str(source),
            keras=None if keras is None else str(keras),
            h5=None if h5 is None else str(h5),
            custom=_absolute(custom),
            compile=compile,
            build_input_shape=_shape(build_input_shape),
            test=self._test_arguments(inputs, seed, batch, sizes) if predict else None,
        )
        return Rebuild.of(data)

    def export_savedmodel(
        self,
        source: Path | str,
        destination: Path | str,
        *,
        custom: Sequence[str] = (),
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        endpoints: Sequence[Endpoint] = (),
        build_input_shape: Sequence[int | None] | None = None,
        predict: bool = False,
        inputs: Sequence[InputSpec] | Path | str | None = None,
        seed: int = 0,
        batch: int = 2,
        sizes: Sequence[int] = SIZES,
    ) -> Export:
        """Loads a file in Keras 3's words and writes a SavedModel that runs without Keras.

        Args:
            source: the ``.keras`` or ``.h5``.
            destination: the folder to write.
            custom: the user's modules.
            input_names: inputs of ``serving_default`` in the model's order; by default its input
                layers' names.
            output_names: keys of its results in the model's order; by default its output layers'
                names.
            endpoints: further signatures, or what ``serving_default`` shall be.
            build_input_shape: shape to build a Sequential with that was saved without one.
            predict: also run the signatures in Keras, for `verify_savedmodel`.
            inputs: as in `verify_keras`.
            seed: as in `verify_keras`.
            batch: as in `verify_keras`.
            sizes: as in `verify_keras`.
        """
        data = self.request(
            "export_savedmodel",
            source=str(source),
            destination=str(destination),
            custom=_absolute(custom),
            input_names=None if input_names is None else list(input_names),
            output_names=None if output_names is None else list(output_names),
            endpoints=[to_json(each) for each in endpoints],
            build_input_shape=_shape(build_input_shape),
            test=self._test_arguments(inputs, seed, batch, sizes) if predict else None,
        )
        return Export.of(data)

    def verify_savedmodel(
        self,
        path: Path | str,
        *,
        inputs: Path | str,
        reference: Path | str | None,
        signature: str = "serving_default",
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        tolerance: Tolerance | None = None,
    ) -> Verification:
        """Runs a SavedModel with TensorFlow alone and compares; needs an engine without Keras.

        Args:
            path: the SavedModel's folder.
            inputs: ``.npz`` of the arrays to feed.
            reference: ``.npz`` of the expected outputs; None compares nothing.
            signature: what is run.
            input_names: the signature's inputs in the order of the arrays; by default the
                ``.npz`` keys.
            output_names: its results in the order of the reference; by default the reference's
                keys.
            tolerance: how far the outputs may lie apart.
        """
        data = self.request(
            "verify_savedmodel",
            path=str(path),
            signature=signature,
            inputs=str(inputs),
            reference=None if reference is None else str(reference),
            input_names=None if input_names is None else list(input_names),
            output_names=None if output_names is None else list(output_names),
            tolerance=to_json(tolerance or Tolerance()),
            outputs_path=self._path("outputs"),
        )
        return Verification.of(data)

    def predict(
        self,
        source: Path | str,
        *,
        reader: str = "keras",
        inputs: Sequence[InputSpec] | Path | str | None = None,
        custom: Sequence[str] = (),
        build_input_shape: Sequence[int | None] | None = None,
        seed: int = 0,
        batch: int = 2,
        sizes: Sequence[int] = SIZES,
    ) -> Prediction:
        """Loads a file and runs it; the arrays lie in `scratch` until the engine is closed.

        Args:
            source: the file.
            reader: who loads it: ``keras`` or ``tf_keras``; both refuse files that carry code.
            inputs: as in `verify_keras`.
            custom: the user's modules.
            build_input_shape: shape to build a Sequential with that was saved without one.
            seed: as in `verify_keras`.
            batch: as in `verify_keras`.
            sizes: as in `verify_keras`.
        """
        data = self.request(
            "predict",
            source=str(source),
            reader=reader,
            custom=_absolute(custom),
            build_input_shape=_shape(build_input_shape),
            test=self._test_arguments(inputs, seed, batch, sizes),
        )
        return Prediction.of(data)


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def _shape(shape: Sequence[int | None] | None) -> list[int | None] | None:
    return None if shape is None else list(shape)


def _absolute(custom: Sequence[str]) -> list[str]:
    is_path = [item.endswith(".py") or Path(item).exists() for item in custom]
    return [
        str(Path(item).resolve()) if known else item
        for item, known in zip(custom, is_path, strict=True)
    ]


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
        error.add_note("In the engine:\n" + traceback.rstrip())
    if log:
        error.add_note("Last lines printed by the engine:\n" + log)
    return error
