"""``kfix check``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from converter.cli.frame import Session
from converter.cli.many import NO_OPTIONS, Many, ManyPaths
from converter.cli.options import Given, InputShape, Target, Writer
from converter.errors import ExitCode

if TYPE_CHECKING:
    from converter.api.check import CheckReport


def check(
    session: Session,
    paths: ManyPaths = None,
    target: Target = "keras-3",
    custom: Given = None,
    writer: Writer = None,
    input_shape: InputShape = None,
    many: Many = NO_OPTIONS,
) -> ExitCode:
    """Say what would break or change in today's Keras."""
    from converter.api.told import parsed_shapes
    from converter.cli import batch

    work = batch.Work(
        verb="check",
        options={
            "target": target,
            "custom": custom or (),
            "writer": writer,
            "input_shape": parsed_shapes(input_shape or ()),
        },
        show=lambda report: _text(session, report),
    )
    return batch.over(session, paths, work, many)


def _text(session: Session, report: CheckReport) -> str:
    from converter.cli import render

    lines = [*_verdict(report), *render.indented(f"written by {render.writer(report.writer)}", 2)]
    lines += render.findings(report.findings, each=session.verbosity > 0)
    return "\n".join(lines)


def _verdict(report: CheckReport) -> Iterator[str]:
    from converter.cli.render import coloured, flowing

    count = sum(finding.severity != "notice" for finding in report.findings)
    if not count:
        fine = f"nothing to fix for {report.target}"
        for line in flowing([f"{report.path}:", fine]):
            yield line.removesuffix(fine) + (coloured(fine, "green") if fine in line else "")
        return
    findings = f"{count} finding{'s' if count != 1 else ''} for {report.target}"
    answer = "`kfix repair` answers them" if report.repairable else ""
    yield from flowing([f"{report.path}:", f"{findings}," if answer else findings, answer])
