"""Puts the commands together."""

from collections.abc import Callable

import typer

from converter.cli.check import check
from converter.cli.convert import convert
from converter.cli.diff import diff
from converter.cli.edit import edit
from converter.cli.frame import command, global_options
from converter.cli.inspect import inspect
from converter.cli.repair import repair
from converter.cli.rules import rules
from converter.cli.split import join, split
from converter.cli.strip import strip_compile, strip_optimizer
from converter.cli.verify import verify
from converter.errors import ExitCode

COMMANDS: dict[str, Callable[..., ExitCode]] = {
    "inspect": inspect,
    "check": check,
    "repair": repair,
    "convert": convert,
    "edit": edit,
    "strip-optimizer": strip_optimizer,
    "strip-compile": strip_compile,
    "split": split,
    "join": join,
    "diff": diff,
    "verify": verify,
    "rules": rules,
}

app = typer.Typer(
    no_args_is_help=True,
    # Rich help and tracebacks would be imported at every start.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.callback()(global_options)
for name, function in COMMANDS.items():
    command(app, name)(function)
