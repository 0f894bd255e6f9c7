"""``kfix inspect``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from converter.cli.frame import Session
from converter.cli.many import NO_OPTIONS, Many, ManyPaths
from converter.cli.visible import visible
from converter.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from converter.api.functions import FunctionInfo
    from converter.api.inspect import Inspection, LayerInfo


def inspect(
    session: Session,
    paths: ManyPaths = None,
    weights: Annotated[bool, typer.Option("--weights", help="One line for each weight.")] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE.html",
            help="Write a page about one model: its graph, its weights and what was found.",
        ),
    ] = None,
    many: Many = NO_OPTIONS,
) -> ExitCode:
    """Show writer, layers, weights and compile state."""
    from converter.api.discovery import MODELS, WEIGHTS
    from converter.cli import batch

    if html is not None:
        return _page(session, many.paths(paths or ()), html, weights, many)
    work = batch.Work(
        verb="inspect",
        options={},
        show=lambda found: "\n".join(_lines(found, weights, session.verbosity > 0)),
        kinds=MODELS | WEIGHTS,
    )
    return batch.over(session, paths, work, many)


def _page(
    session: Session, paths: Sequence[str], page: Path, weights: bool, many: Many
) -> ExitCode:
    """Writes the page beside what is said of the model anyway."""
    from converter.api.discovery import MODELS, WEIGHTS, Search, discover
    from converter.api.picture import picture
    from converter.cli import document
    from converter.remote.errand import on_copies
    from converter.report import model_page

    model_page.require_name(page)
    if many.report:
        raise UsageError("--html is about one model and --report about many", "give one of them")
    search = Search(MODELS | WEIGHTS, tuple(many.include or ()), tuple(many.exclude or ()))
    sources = discover(paths, search)
    if len(sources) != 1:
        raise UsageError(
            f"--html is about one model, and there are {len(sources):,}",
            "for many: --report FILE.html",
        )
    path = sources[0].path
    if page.exists() and page.samefile(path):
        raise UsageError(f"{page} is the model itself", "call the page otherwise")
    found = on_copies(picture, path)
    model_page.write(page, found)
    session.text("\n".join(_lines(found.inspection, weights, session.verbosity > 0)))
    session.text(f"\npage → {page}")
    document.write(session, [found.inspection])
    return ExitCode.OK


_SHOWN = 2_000
"""Layers that are listed without ``-v``: more than in any model that somebody drew up."""


def _lines(found: Inspection, weights: bool, whole: bool) -> Iterator[str]:
    from converter.cli import render

    yield visible(f"{found.path}")
    for label, text in _facts(found):
        first, *rest = [*render.indented(text, 13)] or [""]
        yield f"  {label:<10} {first.lstrip()}"
        yield from rest
    listed = found.layers if whole else found.layers[:_SHOWN]
    rows = [row for layer in listed for row in _rows(layer, weights)]
    if rows:
        yield ""
        yield render.table(rows, ("layer", "class", "shapes", "params", "size"), right=(3, 4))
    if left := len(found.layers) - len(listed):
        yield f"… and {left:,} more layers: -v or --format json has all"
    if found.functions:
        yield ""
        yield "functions (read as data, never run)"
        for function in found.functions:
            yield from _function(function)
    if found.findings:
        problems = [each for each in found.findings if each.severity != "notice"]
        yield ""
        count = f"{len(problems)} finding{'s' if len(problems) != 1 else ''} for keras-3,"
        command = f"see `kfix check {found.path}`"
        fits = len(command) + 2 <= render.width()
        yield from render.flowing([count, command if fits else "see `kfix check`"])


def _facts(found: Inspection) -> Iterator[tuple[str, str]]:
    from converter.cli import render

    yield "kind", f"{render.kind(found.kind)}, {render.size(found.size)}"
    yield "writer", render.writer(found.writer)
    if found.model_class:
        yield "model", f"{found.model_class} '{found.model_name}'"
    total = f"{found.parameters:,} parameters, {render.size(found.weight_bytes)}"
    yield "weights", total
    yield "compile", _compile(found)
    if found.optimizer_arrays:
        amount = render.size(found.optimizer_bytes)
        at = "" if found.optimizer_steps is None else f"step {found.optimizer_steps:,}, "
        yield "optimizer", f"{at}{found.optimizer_arrays} arrays of state, {amount}"
    if found.custom_objects:
        yield "custom", ", ".join(found.custom_objects)
    if found.lambdas:
        yield "lambda", ", ".join(found.lambdas) + " (code in the file, never run)"


def _compile(found: Inspection) -> str:
    if found.compile is None:
        return "no compile state"
    parts = [found.compile.optimizer or "no optimizer"]
    parts += [f"loss {', '.join(found.compile.loss)}"] if found.compile.loss else []
    parts += [f"metrics {', '.join(found.compile.metrics)}"] if found.compile.metrics else []
    return "; ".join(parts)


def _rows(layer: LayerInfo, weights: bool) -> Iterator[tuple[str, str, str, str, str]]:
    from converter.cli import render

    indent = "  " * layer.depth
    name = layer.path.rpartition("/")[2] if layer.class_name else layer.path
    frozen = "" if layer.trainable else " (frozen)"
    shown = layer.input_shape is not None or not weights
    shapes = _shapes(layer) if shown else ""
    size = render.size(layer.bytes) if layer.weights else ""
    count = f"{layer.parameters:,}" if layer.weights else ""
    yield indent + render.shortened(name, 32) + frozen, layer.class_name, shapes, count, size
    if weights:
        for weight in layer.weights:
            label = f"{indent}  {render.shortened(weight.name, 32)}"
            yield label, weight.dtype, render.shape(weight.shape), "", render.size(weight.bytes)


_SHOWN_LINES, _SHOWN_CHARACTERS = 20, 400
"""Lines of one function that are shown, and of each of them."""


def _function(found: FunctionInfo) -> Iterator[str]:
    """A function of a Lambda layer: where it is, its text, and the values it has beside it."""
    from converter.cli import render

    role = "" if found.role == "function" else f", {found.role}"
    yield from render.flowing([f"{found.layer}{role}", *_origin(found)], first="  ", rest=" " * 4)
    lines = found.text.splitlines()
    for line in lines[:_SHOWN_LINES]:
        indent = len(line) - len(line.lstrip()) + 4
        parts = render.shortened(line, _SHOWN_CHARACTERS).split()
        yield from render.flowing(parts, first=" " * indent, rest=" " * (indent + 4))
    if len(lines) > _SHOWN_LINES:
        yield f"    … and {len(lines) - _SHOWN_LINES} more lines: --format json has all"
    if found.problem:
        yield from render.indented(f"can't be read: {found.problem}")
    for label, names in (("uses", found.globals), ("names in it:", found.names)):
        if names:
            yield from render.indented(f"{label} {', '.join(names)}")
    for label, values in (("where", found.closure), ("with", found.arguments)):
        for name, value in values.items():
            text = f"    {label} {name} = {render.value(value)}"
            yield visible(render.shortened(text, render.width()))


def _origin(found: FunctionInfo) -> Iterator[str]:
    if found.kind == "function":
        yield f"function {found.name!r}" + (f" of {found.module}" if found.module else "")
        yield "(the file has its name only)"
    if found.line:
        yield f"line {found.line}"
    if found.file:
        yield f"of {found.file}"


def _shapes(layer: LayerInfo) -> str:
    from converter.cli import render

    if layer.input_shape is not None:
        return render.shape(layer.input_shape)
    shown = [render.shape(weight.shape) for weight in layer.weights[:3]]
    more = [f"+{len(layer.weights) - 3}"] if len(layer.weights) > 3 else []
    return " ".join(shown + more)
