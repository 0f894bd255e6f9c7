"""``kfix rules``."""

from __future__ import annotations

from typing import Annotated

import typer

from converter.cli import document
from converter.cli.frame import Session
from converter.errors import ExitCode


def rules(
    session: Session,
    code: Annotated[
        str | None, typer.Argument(metavar="[CODE]", help="A rule's code or name.")
    ] = None,
) -> ExitCode:
    """List every rule, or explain one."""
    from converter.api.rules import explain_rule, list_rules
    from converter.cli.render import indented, table

    found = (explain_rule(code),) if code else list_rules()
    document.write(session, found)
    if code:
        rule = found[0]
        paragraphs = ["\n".join(indented(each, 0)) for each in rule.documentation.split("\n\n")]
        session.text("\n\n".join([f"{rule.code} {rule.name}", *paragraphs]))
    else:
        rows = [(rule.code, rule.name, rule.summary) for rule in found]
        session.text(table(rows, ("code", "name", "what it sees")))
    return ExitCode.OK
