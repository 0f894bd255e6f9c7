"""Puts the commands together."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from importlib import import_module

import typer

from converter.cli.frame import command, global_options

COMMANDS = {
    "inspect": "inspect",
    "check": "check",
    "repair": "repair",
    "convert": "convert",
    "edit": "edit",
    "strip-optimizer": "strip",
    "strip-compile": "strip",
    "split": "split",
    "join": "split",
    "diff": "diff",
    "verify": "verify",
    "rules": "rules",
    "stubs": "stubs",
    "doctor": "doctor",
}
"""The module of each command; its function has the command's name."""


def wanted(arguments: Sequence[str]) -> Iterable[str]:
    """The one command that a call names, or all of them where the help or the shell asks for them.

    Typer works through the options of every command that it knows, at each start.
    """
    if any(name.endswith("_COMPLETE") for name in os.environ):
        return COMMANDS
    return [each for each in arguments if each in COMMANDS][:1] or COMMANDS


def build(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The application with these commands."""
    app = typer.Typer(
        no_args_is_help=True,
        # Rich help and tracebacks would be imported at every start.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(global_options)
    for name in names:
        module = import_module(f"converter.cli.{COMMANDS[name]}")
        command(app, name)(getattr(module, name.replace("-", "_")))
    return app
