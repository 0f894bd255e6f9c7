"""Converting to a ``.keras`` archive, a ``.h5`` for today's Keras, or a SavedModel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from converter.api import targets
from converter.api.file_checks import file_findings
from converter.api.making import Job, make, make_savedmodel
from converter.api.mending import mended
from converter.api.outputs import Destination, Naming, destination
from converter.api.told import InputShapes, open_told
from converter.api.verification import Verified
from converter.api.writing import reopened
from converter.errors import UsageError
from converter.model.findings import Finding

ENDINGS = {"keras": ".keras", "h5": ".h5", "savedmodel": "_savedmodel"}
"""The formats to convert to, and how their files are called."""


@dataclass(frozen=True)
class Conversion:
    """What became of one file.

    Attributes:
        source: the file.
        output: what was written, or would be.
        format: ``keras``, ``h5`` or ``savedmodel``.
        written: False for a dry run.
        findings: what was found, and answered, on the way.
        verified: what verification has shown, None when it was turned off.
    """

    source: Path
    output: Path
    format: str
    written: bool
    findings: tuple[Finding, ...]
    verified: Verified | None = None


def convert(
    path: str | PathLike[str],
    output: str | PathLike[str] | None = None,
    *,
    to: str = "keras",
    target: str = targets.NEWEST,
    custom: Sequence[str] = (),
    writer: str | None = None,
    input_shape: InputShapes | None = None,
    verify: bool = True,
    allow_inexact: bool = False,
    force: bool = False,
    timeout: float | None = None,
    dry_run: bool = False,
) -> Conversion:
    """Converts one model with the same numbers.

    Models of stock layers are written without Keras. The user's own classes and SavedModels go
    through a child process with Keras. Afterwards, unless ``verify`` is False, a fresh process
    loads the output with plain Keras (TensorFlow alone for a SavedModel) and compares what it
    computes with the source.

    Args:
        path: the file.
        output: the output's name; by default beside the source.
        to: ``keras``, ``h5`` or ``savedmodel``.
        target: the reader to write for.
        custom: the user's Python files and modules.
        writer: who wrote the file, where it does not say it: ``keras-1.2.2-theano``, ``tf-1.15``.
        input_shape: the shape of the input without the batch, where the file does not say it;
            a mapping of names to shapes where there are several inputs.
        verify: compare the outputs.
        allow_inexact: write although the numbers are not known to be equal.
        force: replace an output that exists.
        timeout: seconds that each child process may take.
        dry_run: only find out what would be done.

    Raises:
        NotAModelError: the file is no Keras model, or holds weights only.
        NotExactError: a layer can't be converted with the same numbers.
        VerificationError: the written model computes something else; nothing is left of it.
        MissingObjectError: a custom object is needed, or could not be imported.
        UnsafeContentError: the model would load foreign code.
        OutputError: the output exists or can't be written.
        UsageError: no such file, format or target, or the file contradicts what is told about it.
    """
    targets.require_supported(target)
    place = destination(Path(path), naming(Path(path), to), _path(output), force=force)
    with open_told(Path(path), writer, input_shape) as source:
        result = mended(source, custom, allow_inexact=allow_inexact)
        found = file_findings(source.contents) + result.findings
        verified = None
        if not dry_run:
            job = Job(source, result, to, tuple(custom), verify, allow_inexact, timeout)
            verified = _write(job, place)
    return Conversion(Path(path), place.path, to, not dry_run, found, verified)


def naming(source: Path, to: str) -> Naming:
    """``model.h5`` becomes ``model.keras``, and ``model.converted.h5`` where the suffix would stay.

    Raises:
        UsageError: there is no such format.
    """
    if to not in ENDINGS:
        raise UsageError(f"{to} is no format", f"formats: {', '.join(ENDINGS)}")
    ending = ENDINGS[to]
    return Naming(ending, ".converted" if source.suffix == ending else "")


def _path(given: str | PathLike[str] | None) -> Path | None:
    return None if given is None else Path(given)


def _write(job: Job, place: Destination) -> Verified | None:
    if job.format == "savedmodel":
        with place.publishing_directory() as folder:
            return make_savedmodel(job, folder)
    with place.publishing(reopened) as path:
        return make(job, path)
