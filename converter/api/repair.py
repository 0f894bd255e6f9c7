"""Mending a file: the same kind of file that today's Keras loads with the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from converter.api import targets
from converter.api.file_checks import file_findings, right_suffix
from converter.api.making import Job, make
from converter.api.mending import mended
from converter.api.outputs import Naming, destination
from converter.api.told import InputShapes, open_told
from converter.api.training import told
from converter.api.verification import Verified
from converter.api.vocabularies import Files
from converter.api.writing import reopened
from converter.containers.sniff import Kind, sniff
from converter.errors import UsageError
from converter.model.findings import Finding, Severity


@dataclass(frozen=True)
class Repair:
    """What became of one file.

    Attributes:
        source: the file.
        output: what was written, or would be; None when there was nothing to repair.
        backup: where the source is kept when it was replaced.
        written: False for a dry run, and when there was nothing to repair.
        findings: what was found and answered.
        verified: what verification has shown, None when it was not asked for.
    """

    source: Path
    output: Path | None
    backup: Path | None
    written: bool
    findings: tuple[Finding, ...]
    verified: Verified | None = None


def repair(
    path: str | PathLike[str],
    output: str | PathLike[str] | None = None,
    *,
    target: str = targets.NEWEST,
    custom: Sequence[str] = (),
    writer: str | None = None,
    input_shape: InputShapes | None = None,
    vocabulary: Files | None = None,
    in_place: bool = False,
    backup: bool = True,
    verify: bool = False,
    allow_inexact: bool = False,
    force: bool = False,
    timeout: float | None = None,
    dry_run: bool = False,
) -> Repair:
    """Writes the model anew so that the target reader loads it with the same numbers.

    HDF5 stays HDF5 and an archive stays an archive. A file without anything to mend is left alone
    unless ``output`` asks for a copy.

    Args:
        path: the file.
        output: the output's name; by default ``NAME.repaired.h5`` beside the source.
        target: the reader to write for.
        custom: the user's Python files and modules.
        writer: who wrote the file, where it does not say it: ``keras-1.2.2-theano``, ``tf-1.15``.
        input_shape: the shape of the input without the batch, where the file does not say it;
            a mapping of names to shapes where there are several inputs.
        vocabulary: the vocabularies of lookup layers, see ``convert``; the output holds them.
        in_place: replace the source.
        backup: with ``in_place``, keep the source as ``NAME.bak``.
        verify: also load the output in a fresh process and compare what it computes.
        allow_inexact: write although the numbers are not known to be equal.
        force: replace an output, or a backup, that exists.
        timeout: seconds that each child process may take.
        dry_run: only find out what would be done.

    Raises:
        NotAModelError: the file is no Keras model, or holds weights only.
        NotExactError: a layer can't be mended with the same numbers.
        VerificationError: the repaired model computes something else; nothing is left of it.
        MissingObjectError: a custom object is needed.
        UnsafeContentError: the model would load foreign code.
        OutputError: the output exists or can't be written.
        UsageError: no such file or target, or options that contradict each other or the file.
    """
    targets.require_supported(target)
    with open_told(Path(path), writer, input_shape, vocabulary) as source:
        contents = source.contents
        result = mended(source, custom, allow_inexact=allow_inexact)
        form = "keras" if contents.kind is Kind.KERAS_ARCHIVE else "h5"
        found = told(file_findings(contents), source, result, form, custom) + result.findings
        whole = not vocabulary and all(each.severity is Severity.NOTICE for each in found)
        if output is None and whole:
            return Repair(contents.path, None, None, False, found)
        suffix = right_suffix(contents.kind, contents.path)
        _refuse_wrong_name(contents.path, suffix, in_place)
        place = destination(
            contents.path,
            naming(contents.path),
            None if output is None else Path(output),
            in_place=in_place,
            backup=backup,
            force=force,
        )
        if dry_run:
            return Repair(contents.path, place.path, place.backup_path, False, found)
        job = Job(source, result, form, tuple(custom), verify, allow_inexact, timeout)
        with place.publishing(reopened) as temporary:
            verified = make(job, temporary).verified
    return Repair(contents.path, place.path, place.backup_path, True, found, verified)


def naming(source: Path) -> Naming:
    """How the repaired form of a file is called: with the suffix that its content asks for."""
    return Naming(right_suffix(sniff(source).kind, source), ".repaired")


def _refuse_wrong_name(path: Path, suffix: str, in_place: bool) -> None:
    if in_place and path.suffix != suffix:
        raise UsageError(
            f"{path} has a suffix that Keras 3 takes for another format; --in-place would keep it",
            f"write it under a name that ends with {suffix}: -o {path.with_suffix(suffix)}",
        )
