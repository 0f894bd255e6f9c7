"""``kfix verify``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from converter.cli import document, options
from converter.cli.frame import Session
from converter.errors import ExitCode
from converter.remote.paths import located

if TYPE_CHECKING:
    from converter.api.verify import VerifyReport
    from converter.engines import Comparison


def verify(
    session: Session,
    a: Annotated[Path, typer.Argument(parser=located, metavar="A", help="The reference.")],
    b: Annotated[
        Path, typer.Argument(parser=located, metavar="B", help="A model file or a SavedModel.")
    ],
    custom: options.Custom = None,
    writer: options.Writer = None,
    input_shape: options.InputShape = None,
    rtol: Annotated[float, typer.Option("--rtol", help="Relative tolerance.")] = 1e-4,
    atol: Annotated[float, typer.Option("--atol", help="Absolute tolerance.")] = 1e-5,
    timeout: options.Timeout = None,
) -> ExitCode:
    """Compare what two models compute."""
    from converter.api.told import parsed_shapes
    from converter.api.verify import verify
    from converter.remote.errand import on_copies

    found = on_copies(
        verify,
        a,
        b,
        custom=custom or (),
        writer=writer,
        input_shape=parsed_shapes(input_shape or ()),
        rtol=rtol,
        atol=atol,
        timeout=timeout,
    )
    document.write(session, [found])
    session.text("\n".join(_lines(found)))
    return ExitCode.OK if found.same else ExitCode.NOT_EXACT


def _lines(found: VerifyReport) -> Iterator[str]:
    from converter.cli import render

    verdict = "compute the same" if found.same else "differ"
    colour = "green" if found.same else "red"
    for line in render.flowing([f"{found.a}", f"and {found.b}", verdict]):
        yield render.coloured(line, colour)
    yield f"  run by {found.reader_a} and {found.reader_b}"
    rows = [
        (
            each.name,
            render.shape(each.shape),
            f"{each.max_abs:.3g}",
            f"{each.max_rel:.3g}",
            _verdict(each),
        )
        for each in found.outputs
    ]
    header = ("output", "shape", "max diff", "relative", "")
    yield render.table(rows, header, right=(2, 3))
    if found.first_difference:
        yield from render.flowing(["the first layer that differs:", found.first_difference])


def _verdict(found: Comparison) -> str:
    if found.ok:
        return "same"
    return "differs" if found.max_abs else found.reason
