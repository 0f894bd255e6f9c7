"""The command line: parse, call the library function of the same name, render."""

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs kfix with the arguments of the process (or those given) and exits with its code."""
    from converter.cli.app import app

    app(arguments, prog_name="kfix")
