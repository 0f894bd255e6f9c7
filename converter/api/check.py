"""What would stop or silently change a model in today's Keras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from converter.api import targets
from converter.api.custom import files_of, provided_names
from converter.api.file_checks import file_findings
from converter.api.mending import with_packages
from converter.api.pipeline import parse, upgraded
from converter.api.told import InputShapes, open_told
from converter.model.description import Writer
from converter.model.findings import Finding, Severity
from converter.remote.paths import located
from converter.remote.store import reading


@dataclass(frozen=True)
class CheckReport:
    """What was found in one file.

    Attributes:
        path: the file.
        kind: what lies on disk.
        writer: who wrote it.
        target: the reader that was asked about.
        findings: those of the file first, then the model's in the order of the rules.
        clean: nothing stops the reader or changes numbers; notices may remain.
        repairable: `repair` can answer all findings by itself.
    """

    path: Path
    kind: str
    writer: Writer
    target: str
    findings: tuple[Finding, ...]
    clean: bool
    repairable: bool


def check(
    path: str | PathLike[str],
    *,
    target: str = targets.NEWEST,
    custom: Sequence[str] = (),
    writer: str | None = None,
    input_shape: InputShapes | None = None,
) -> CheckReport:
    """Looks for everything that the target reader would stumble over, without Keras.

    Args:
        path: the file, which may be remote: ``s3://bucket/model.h5``.
        target: the reader.
        custom: the user's Python files and modules, or names of classes and functions, which the
            reader will be given. They are looked for in the text, nothing of them runs.
        writer: who wrote the file, where it does not say it: ``keras-1.2.2-theano``, ``tf-1.15``.
        input_shape: the shape of the input without the batch, where the file does not say it;
            a mapping of names to shapes where there are several inputs.

    Raises:
        NotAModelError: the file is no Keras model, or holds weights only.
        UnsafeContentError: the file refers to other files or declares absurd sizes.
        UsageError: no such file or target, or the file contradicts what is told about it.
        NotExactError: a target that kfix does not know yet.
    """
    targets.require_supported(target)
    with reading(), open_told(located(path), writer, input_shape) as source:
        contents = source.contents
        names = with_packages(parse(source).model, _given(custom)) if custom else ()
        found = file_findings(contents) + upgraded(source, names).findings
    return CheckReport(
        path=contents.path,
        kind=contents.kind.value,
        writer=contents.writer,
        target=target,
        findings=found,
        clean=all(each.severity is Severity.NOTICE for each in found),
        repairable=not any(each.blocks for each in found),
    )


def _given(custom: Sequence[str]) -> frozenset[str]:
    """What modules provide; what is no module is a name itself."""
    return provided_names(custom) | {each for each in custom if not files_of(each)}
