"""Text about outputs: what went where, what was answered, what verification has shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from converter.api.verification import Verified
from converter.cli import render
from converter.cli.frame import Session
from converter.engines import Signature, TensorInfo
from converter.model.findings import Finding, Severity


def headline(
    source: Path, output: Path, written: bool, backup: Path | None = None
) -> Iterator[str]:
    """What became of a source; one line where the paths are short."""
    arrow = "→" if written else "would become"
    kept = f"(the original is kept as {backup.name})" if backup else ""
    return render.flowing([f"{source}", arrow, f"{output}", kept])


def remark(source: Path, text: str) -> Iterator[str]:
    """What is to be said of a source that nothing was done about."""
    return render.flowing([f"{source}:", text])


def answered(session: Session, findings: Sequence[Finding], show_diff: bool) -> Iterator[str]:
    """What was done about the findings: in short, with ``-v`` each, with ``--diff`` as exact edits.

    What is lost on the way is always told.
    """
    work = [each for each in findings if each.severity is not Severity.NOTICE or _is_form(each)]
    if work and session.verbosity <= 0:
        codes = sorted({each.code for each in work})
        count = f"{len(work)} finding{'s' if len(work) != 1 else ''}"
        yield from render.indented(f"{count} answered: {', '.join(codes)}", 2)
    shown = findings if session.verbosity > 0 else [each for each in findings if each not in work]
    yield from render.findings(shown, each=session.verbosity > 0)
    if show_diff:
        yield from render.edits(findings)


def _is_form(finding: Finding) -> bool:
    """Whether a notice is only about how a value is spelled, which an output puts right."""
    return finding.code.startswith("KF1") and finding.remedy.startswith("written")


def own_code(session: Session, notes: Sequence[str], changes: Sequence[str]) -> Iterator[str]:
    """Which engine ran the user's code, and with ``-v`` what was changed in it."""
    for note in notes:
        yield from render.indented(note, 2)
    for change in changes if session.verbosity > 0 else ():
        yield from render.indented(change)


def verification(found: Verified | None, wanted: bool) -> Iterator[str]:
    """What is known about the numbers of an output."""
    if found is None:
        if wanted:
            yield "  not verified"
        return
    if found.max_difference is None:
        text = f"loads and runs in {found.reader}; not compared: {found.note}"
        yield from render.indented(text, 2)
        return
    difference = f"greatest difference {found.max_difference:.2g}"
    yield from render.indented(
        f"verified: {found.reader} against {found.reference}, {difference}", 2
    )
    for line in render.indented(found.note, 2):
        yield render.coloured(line, "yellow")


def signatures(found: Sequence[Signature]) -> Iterator[str]:
    """What a SavedModel offers: names, dtypes and shapes of what goes in and comes out."""
    for signature in found:
        yield f"  {signature.name}"
        if signature is not found[0] and signature.inputs == found[0].inputs:
            yield from render.flowing([f"    in   as {found[0].name}"])
        else:
            yield from _tensors("in", signature.inputs)
        yield from _tensors("out", signature.outputs)
    renamed = {old: new for each in found for old, new in each.renamed.items()}
    for old, new in renamed.items():
        text = f"input '{old}' is called {new}: TensorFlow does not take its name"
        yield from render.indented(text, 2)


def _tensors(label: str, tensors: Sequence[TensorInfo]) -> Iterator[str]:
    width = max((len(each.name) for each in tensors), default=0)
    kinds = max((len(each.dtype) for each in tensors), default=0)
    for index, each in enumerate(tensors):
        start = label if index == 0 else ""
        shape = render.shape(each.shape)
        parts = [f"{start:3}  {each.name:{width}}", f" {each.dtype:{kinds}}", f" {shape}"]
        yield from render.flowing(parts, first=" " * 4, rest=" " * 10)
