"""The command reference, made from ``--help``: ``python tests/cli/reference.py > docs/cli.md``."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path

HEAD = """# Commands

<!-- Made by `python tests/cli/reference.py > docs/cli.md`; a test keeps it current. -->

Exit codes and errors are in [errors.md](errors.md).
"""


def reference() -> str:
    """The text of docs/cli.md."""
    from converter.cli.app import COMMANDS

    parts = [HEAD, _section("kfix", ["--help"])]
    parts += [_section(f"kfix {name}", [name, "--help"]) for name in COMMANDS]
    return "\n".join(parts)


def _section(title: str, arguments: list[str]) -> str:
    return f"## {title}\n\n```text\n{_help(arguments)}\n```\n"


def _help(arguments: list[str]) -> str:
    from converter.cli import main

    os.environ["COLUMNS"] = "80"
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit):
        main(arguments)
    return text.getvalue().strip()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.stdout.write(reference())
