"""A module to fill in with what models need of their owner's code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from converter.api.needs import needs_of
from converter.api.outputs import Destination, stem
from converter.containers import open_model
from converter.errors import KfixError, UsageError
from converter.stubbing.module import convert_options, module_source, names_of
from converter.stubbing.needs import Need, merged
from converter.stubbing.text import name_of


@dataclass(frozen=True)
class Stub:
    """One object of the module.

    Attributes:
        name: what the file calls it, with its package.
        python_name: what it is called in the module.
        kind: what it is for.
        is_class: whether it is a class; else a function.
        places: ``model.h5: layer`` for each use.
    """

    name: str
    python_name: str
    kind: str
    is_class: bool
    places: tuple[str, ...]


@dataclass(frozen=True)
class Failure:
    """A file that could not be read, and why."""

    source: Path
    error: KfixError


@dataclass(frozen=True)
class Stubs:
    """What became of some models.

    Attributes:
        sources: the models.
        output: the module; None where nothing is needed and nothing was written.
        stubs: what it holds.
        written: whether it was written.
        options: what ``kfix convert`` has to be told.
        failures: of several models, those that could not be read.
    """

    sources: tuple[Path, ...]
    output: Path | None
    stubs: tuple[Stub, ...]
    written: bool
    options: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()


def stubs(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]],
    output: str | PathLike[str] | None = None,
    *,
    force: bool = False,
    dry_run: bool = False,
) -> Stubs:
    """Writes a module with a class or function for each custom object that models need.

    Names, constructor arguments and weights are those of the files; bodies raise
    ``NotImplementedError`` with what is known of them. What several models have in common is put
    together. Where nothing is needed, nothing is written.

    Args:
        paths: a model, or several that share their owner's code.
        output: the module's name; by default ``NAME_custom.py`` beside the model.
        force: replace a module that exists.
        dry_run: only find out what is needed.

    Raises:
        NotAModelError: it is no Keras model, or holds weights only; of several files, all of them.
        OutputError: the module exists or can't be written.
        UnsafeContentError: a file asks for more objects than anyone could fill in.
        UsageError: no such file, or no name for a module of several models.
    """
    single = isinstance(paths, (str, PathLike))
    sources = [Path(paths)] if isinstance(paths, (str, PathLike)) else list(map(Path, paths))
    if not sources:
        raise UsageError("no model was given")
    if output is None and not single and len(sources) > 1:
        raise UsageError("one module for several models needs a name", "give it with -o FILE.py")
    place = _destination(sources[0], output, force=force)
    needs, failures = _needs_of_all(sources)
    if not needs:
        return Stubs(tuple(sources), None, (), False, failures=failures)
    files = list(dict.fromkeys(use.file for need in needs for use in need.uses))
    source = module_source(needs, files, place.path.name)
    if not dry_run:
        with place.publishing() as path:
            path.write_text(source, encoding="utf-8")
    options = convert_options(needs, names_of(needs), str(place.path))
    described = tuple(_described(needs))
    written = not dry_run
    return Stubs(tuple(sources), place.path, described, written, tuple(options), failures)


def _destination(source: Path, output: str | PathLike[str] | None, *, force: bool) -> Destination:
    if output is None:
        named = name_of(f"{stem(source)}_custom", otherwise="model")
        return Destination(source.with_name(f"{named}.py"), force=force)
    path = Path(output)
    if path.suffix != ".py":
        raise UsageError(f"{path} is no name for a module", "give one that ends with .py")
    return Destination(path, force=force)


def _needs_of_all(sources: Sequence[Path]) -> tuple[list[Need], tuple[Failure, ...]]:
    """What all files need; one that can't be read does not keep the others from it.

    Raises:
        KfixError: none can be read.
    """
    needs: list[Need] = []
    failures = []
    for path in sources:
        try:
            needs += _needs(path)
        except KfixError as error:
            failures.append(Failure(path, error))
    if len(failures) == len(sources):
        raise failures[0].error
    return merged(needs), tuple(failures)


def _needs(path: Path) -> list[Need]:
    with open_model(path) as source:
        return needs_of(source)


def _described(needs: Sequence[Need]) -> list[Stub]:
    return [
        Stub(
            need.registered,
            name,
            str(need.kind),
            need.is_class,
            tuple(f"{use.file}: {use.place}" for use in need.uses),
        )
        for need, name in zip(needs, names_of(needs), strict=True)
    ]
