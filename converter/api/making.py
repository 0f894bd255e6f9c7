"""Makes an output from a mended model, at file level or through an engine, and has it verified."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from converter.api.probe import build_input_shape, input_specs
from converter.api.verification import Verified, judged, reference_of, tolerance_of
from converter.api.writing import write_archive, write_h5
from converter.containers import ModelFile
from converter.rules.apply import Upgrade

if TYPE_CHECKING:
    from converter.engines import Engine, Verification


@dataclass(frozen=True)
class Job:
    """One output to be made.

    Attributes:
        source: the open file.
        result: its model in Keras 3's words.
        format: ``keras``, ``h5`` or ``savedmodel``.
        custom: the user's files and modules.
        verify: compare the output with the source.
        allow_inexact: keep an output that differs.
        timeout: seconds for each request to a child process.
    """

    source: ModelFile
    result: Upgrade
    format: str
    custom: tuple[str, ...] = ()
    verify: bool = True
    allow_inexact: bool = False
    timeout: float | None = None


def make(job: Job, path: Path) -> Verified | None:
    """Writes a ``.keras`` or ``.h5`` to ``path``.

    Raises:
        VerificationError: the file computes something else than the source.
        MissingObjectError: a custom object could not be imported, or is still missing.
        NotExactError: Keras can't rebuild the model.
    """
    if job.custom:
        return _rebuilt(job, path)
    (write_archive if job.format == "keras" else write_h5)(path, job.result, job.source)
    if not job.verify:
        return None
    with _engine(job) as engine:
        return _verdict(job, _against_source(job, engine, path))


def _rebuilt(job: Job, path: Path) -> Verified | None:
    """The user's classes: only they know their variables, so Keras loads a draft and saves it."""
    with tempfile.TemporaryDirectory(prefix="kfix-") as folder:
        scratch = Path(folder)
        draft = _draft(job, scratch)
        with _engine(job, scratch) as engine:
            built = engine.rebuild(
                draft,
                keras=path if job.format == "keras" else None,
                h5=path if job.format == "h5" else None,
                custom=job.custom,
                build_input_shape=build_input_shape(job.result.model),
                predict=job.verify,
                inputs=input_specs(job.result.model) or None,
            )
        if built.prediction is None:
            return None
        with _engine(job, scratch) as engine:
            found = engine.verify_keras(
                path,
                reference=built.prediction.outputs_path,
                reference_kind="arrays",
                inputs=built.prediction.inputs_path,
                custom=job.custom,
                tolerance=tolerance_of(job.result.model),
            )
    return judged(found, "the rebuilt model", allow_inexact=job.allow_inexact)


def make_savedmodel(job: Job, folder: Path) -> Verified | None:
    """Writes a SavedModel into ``folder``.

    Keras makes it from a draft, which is held against the source; then TensorFlow alone, in a fresh
    process, has to run it with the draft's numbers.

    Raises:
        VerificationError: a step computes something else than the one before.
        MissingObjectError: a custom object could not be imported, or is still missing.
        NotExactError: the model can't be rebuilt or traced.
    """
    with tempfile.TemporaryDirectory(prefix="kfix-") as name:
        scratch = Path(name)
        draft = _draft(job, scratch)
        with _engine(job, scratch) as engine:
            seen = _against_source(job, engine, draft) if job.verify else None
            first = _verdict(job, seen) if seen else None
            export = engine.export_savedmodel(
                draft,
                folder,
                custom=job.custom,
                build_input_shape=build_input_shape(job.result.model),
                predict=job.verify,
                inputs=seen.prediction.inputs_path if seen else None,
            )
        if first is None or export.prediction is None:
            return None
        with _engine(job, scratch, preload="tensorflow") as engine:
            found = engine.verify_savedmodel(
                folder,
                inputs=export.prediction.inputs_path,
                reference=export.prediction.outputs_path,
                tolerance=tolerance_of(job.result.model),
                input_names=[each.name for each in export.inputs],
                output_names=[each.name for each in export.outputs],
            )
    return _chained(first, judged(found, "keras", allow_inexact=job.allow_inexact))


def _draft(job: Job, scratch: Path) -> Path:
    """A file for Keras to read.

    The variables of the user's own classes are known as the source holds them: by path in an
    archive, by position in a legacy file. The draft is of the same kind.
    """
    by_position = job.custom and not job.source.contents.variables
    path = scratch / ("draft.h5" if by_position else "draft.keras")
    (write_h5 if by_position else write_archive)(path, job.result, job.source)
    return path


def _against_source(job: Job, engine: Engine, path: Path) -> Verification:
    """Has plain Keras load a written file and compares it with what the source computes."""
    contents, model = job.source.contents, job.result.model
    reference, _ = reference_of(contents, job.result)
    return engine.verify_keras(
        path,
        reference=contents.path if reference else None,
        reference_kind=reference,
        inputs=input_specs(model) or None,
        custom=job.custom,
        tolerance=tolerance_of(model),
        build_input_shape=build_input_shape(model),
    )


def _verdict(job: Job, found: Verification) -> Verified:
    _, note = reference_of(job.source.contents, job.result)
    return judged(found, note=note, allow_inexact=job.allow_inexact)


def _chained(first: Verified, last: Verified) -> Verified:
    """What two comparisons in a row say together: differences add up at worst."""
    if last.max_difference is None:
        return replace(last, note=last.note or first.note)
    if first.max_difference is None:
        return replace(last, reference="the rebuilt model", note=first.note)
    total = first.max_difference + last.max_difference
    return replace(first, reader=last.reader, compiled=False, max_difference=total)


@contextmanager
def _engine(job: Job, scratch: Path | None = None, preload: str = "keras") -> Iterator[Engine]:
    from converter.engines import Engine

    with Engine(timeout=job.timeout, preload=preload, scratch=scratch) as engine:
        yield engine
