"""The command line: parse, call the library function of the same name, render."""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs kfix with the arguments of the process (or those given) and exits with its code."""
    from converter.cli.app import build, wanted

    given = sys.argv[1:] if arguments is None else list(arguments)
    build(wanted(given))(given, prog_name="kfix")
