"""The rules: what kfix knows to be different between a file's writer and today's Keras."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import cleandoc

from converter.api.file_checks import FILE_CHECKS, FileCheck
from converter.errors import UsageError
from converter.rules.registry import Registered, all_rules


@dataclass(frozen=True)
class RuleInfo:
    """One rule as it is shown.

    Attributes:
        code: stable code, ``KF101``.
        name: what the rule is called, after the problem: ``depthwise-groups``.
        summary: one line.
        stage: when it runs, in lower case.
        generations: Keras generations whose files can have the problem.
        classes: layer classes it looks at; empty for every class.
        documentation: the full text.
    """

    code: str
    name: str
    summary: str
    stage: str
    generations: tuple[int, ...]
    classes: tuple[str, ...]
    documentation: str


def list_rules() -> tuple[RuleInfo, ...]:
    """Every rule, by code; what is looked for outside the model is among them."""
    found = [_info(item) for item in all_rules()] + [_file_info(each) for each in FILE_CHECKS]
    return tuple(sorted(found, key=lambda info: info.code))


def explain_rule(code: str) -> RuleInfo:
    """The rule with this code or name.

    Raises:
        UsageError: when there is none.
    """
    for info in list_rules():
        if code.upper() == info.code or code.lower() == info.name:
            return info
    raise UsageError(f"no rule is called {code}", "`kfix rules` lists them all")


def _info(item: Registered) -> RuleInfo:
    rule = item.rule
    return RuleInfo(
        code=rule.code,
        name=item.name,
        summary=rule.summary,
        stage=rule.stage.name.lower(),
        generations=tuple(sorted(rule.generations)),
        classes=tuple(sorted(rule.classes)),
        documentation=cleandoc(item.doc),
    )


def _file_info(check: FileCheck) -> RuleInfo:
    return RuleInfo(
        code=check.code,
        name=check.name,
        summary=check.summary,
        stage="file",
        generations=(1, 2, 3),
        classes=(),
        documentation=cleandoc(check.doc),
    )
