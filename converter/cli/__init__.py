"""The command line: parse, call the library function of the same name, render."""

import io
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs kfix with the arguments of the process (or those given) and exits with its code."""
    from converter.cli.app import build, wanted

    # A terminal of another encoding gets an escape for what it lacks, not a traceback.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    given = sys.argv[1:] if arguments is None else list(arguments)
    build(wanted(given))(given, prog_name="kfix")
