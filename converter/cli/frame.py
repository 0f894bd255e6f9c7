"""What every command shares: global options, where text goes, and exit codes for errors."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import StrEnum
from functools import wraps
from importlib import import_module
from typing import Annotated, Any, get_type_hints

import typer

from converter import __version__
from converter.cli import visible
from converter.errors import ExitCode, KfixError, MissingObjectError


class Format(StrEnum):
    """How results are written to stdout."""

    HUMAN = "human"
    JSON = "json"


@dataclass(frozen=True)
class Session:
    """The global options of one run.

    Attributes:
        verbosity: -1 says nothing but results and errors, 0 is normal, 1 adds tracebacks and
            details.
        format: how results are written.
        command: the command's name as typed.
    """

    verbosity: int = 0
    format: Format = Format.HUMAN
    command: str = ""

    @property
    def as_json(self) -> bool:
        """Whether stdout belongs to one JSON document."""
        return self.format is Format.JSON

    def text(self, message: str) -> None:
        """Writes a result for people; silent when the output is JSON."""
        if not self.as_json:
            from converter.cli.render import has_colours

            typer.echo(visible.lines(message, colours=has_colours()))

    def note(self, message: str) -> None:
        """Writes a remark to stderr unless ``-q``."""
        if self.verbosity >= 0:
            typer.echo(visible.lines(message, colours=False), err=True)

    def error(self, error: BaseException, where: str = "") -> ExitCode:
        """Writes one or two lines about a failure to stderr and returns its exit code.

        On a terminal they are broken as results are; elsewhere a line stays a line.
        """
        prefix = f"kfix: {where}: " if where and where not in str(error) else "kfix: "
        if isinstance(error, KfixError):
            code, lines = error.exit_code, [f"{prefix}{error}"]
            lines += [f"      {error.hint}"] if error.hint else []
        else:
            code = ExitCode.BUG
            kind = type(error).__name__
            lines = [f"{prefix}this is a bug in kfix: {kind}: {_first_line(error)}"]
            lines += [] if self.verbosity > 0 else ["      run again with -v for the traceback"]
        lines = [visible.visible(line) for line in lines]
        if isatty():
            lines = [part for line in lines for part in _broken(line)]
        if self.verbosity > 0:
            text = "".join(traceback.format_exception(error)).rstrip()
            lines.insert(0, visible.lines(text, colours=False))
        typer.echo("\n".join(lines), err=True)
        return code


def _broken(line: str) -> list[str]:
    """A line of an error at the width of the terminal; paths and names are not broken."""
    from converter.cli.render import flowing

    words = line.split(" ")
    indent = " " * 6
    return list(flowing(words, first=indent if line.startswith(indent) else "", rest=indent))


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0]


Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="More detail, and tracebacks of errors.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only results and errors.")]
FormatOption = Annotated[
    Format | None, typer.Option("--format", help="Results for people or as JSON.")
]

_GLOBAL = {"verbose": (Verbose, False), "quiet": (Quiet, False), "format_": (FormatOption, None)}


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kfix {__version__}")
        raise typer.Exit(ExitCode.OK)


def global_options(
    context: typer.Context,
    verbose: Verbose = False,
    quiet: Quiet = False,
    format_: FormatOption = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", is_eager=True, callback=_show_version
        ),
    ] = False,
) -> None:
    """Opens, repairs and converts the models that any Keras ever saved as HDF5."""
    context.obj = _session(Session(), verbose, quiet, format_)


def _session(session: Session, verbose: bool, quiet: bool, format_: Format | None) -> Session:
    verbosity = 1 if verbose else -1 if quiet else session.verbosity
    return replace(session, verbosity=verbosity, format=format_ or session.format)


def command(app: typer.Typer, name: str) -> Callable[[Callable[..., ExitCode]], None]:
    """Registers a function of a Session and its options as a command.

    The global options are accepted after the command's name too. Whatever the function raises
    becomes an exit code, so that an accident never looks like ``1``, findings.
    """

    def register(function: Callable[..., ExitCode]) -> None:
        @wraps(function)
        def run(context: typer.Context, **values: Any) -> None:
            given = {key: values.pop(key) for key in _GLOBAL}
            values = _grouped(function, values)
            session = replace(_session(context.obj or Session(), **given), command=name)
            raise typer.Exit(_guarded(function, session, values))

        _show_signature(run, function)
        app.command(name)(run)

    return register


def _guarded(
    function: Callable[..., ExitCode], session: Session, values: dict[str, Any]
) -> ExitCode:
    try:
        return function(session, **values)
    except KeyboardInterrupt:
        typer.echo("kfix: interrupted", err=True)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:
        from converter.cli.document import failed

        if not isinstance(error, KfixError):
            error = _broken_library() or error
        code = session.error(error)
        failed(session, error)
        return code


def _broken_library() -> MissingObjectError | None:
    """The error of a library that does not import, which no command but the doctor goes without."""
    for name in ("numpy", "h5py"):
        try:
            import_module(name)
        # A broken one raises what it likes.
        except Exception as error:
            message = f"{name} can't be imported: {_first_line(error)}"
            return MissingObjectError(message, "`kfix doctor` says why, and how to mend it")
    return None


def _show_signature(run: Callable[..., Any], function: Callable[..., Any]) -> None:
    """Gives Typer the signature to read: the function's own parameters and the global options."""
    signature = inspect.signature(function, eval_str=True)
    own = [
        option
        for each in signature.parameters.values()
        if each.name != "session"
        for option in _options_of(each)
    ]
    parameters = [
        inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context),
        *(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own),
        *(
            inspect.Parameter(
                key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
            )
            for key, (annotation, default) in _GLOBAL.items()
        ),
    ]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    del run.__wrapped__  # type: ignore[attr-defined]


def _options_of(parameter: inspect.Parameter) -> list[inspect.Parameter]:
    """A parameter whose type is a dataclass stands for a group: each field is an option."""
    group = parameter.annotation
    if not is_dataclass(group):
        return [parameter]
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            each.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=each.default,
            annotation=hints[each.name],
        )
        for each in fields(group)
    ]


def _grouped(function: Callable[..., ExitCode], values: dict[str, Any]) -> dict[str, Any]:
    """The values of a call with those of a group put together."""
    groups = {
        name: each.annotation
        for name, each in inspect.signature(function, eval_str=True).parameters.items()
        if is_dataclass(each.annotation) and each.annotation is not Session
    }
    for name, group in groups.items():
        assert isinstance(group, type)
        given = {each.name: values.pop(each.name) for each in fields(group)}
        values = {**values, name: group(**given)}
    return values


def isatty() -> bool:
    """Whether progress can be shown."""
    return sys.stderr.isatty()
