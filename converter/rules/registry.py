"""Finds the rules: every module of this package that has a ``RULE`` is one."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import converter.rules
from converter.rules.base import Rule, Stage

NOT_RULES = {"base", "registry", "apply"}


@dataclass(frozen=True)
class Registered:
    """A rule with what its module adds: its name (``depthwise-groups``) and documentation."""

    name: str
    rule: Rule
    doc: str


@cache
def all_rules() -> tuple[Registered, ...]:
    """Every rule, sorted by stage and code."""
    found = sorted(_discover(), key=lambda item: (item.rule.stage, item.rule.code))
    codes = [item.rule.code for item in found]
    if len(set(codes)) != len(codes):
        raise ValueError(
            f"two rules share a code: {sorted(c for c in codes if codes.count(c) > 1)}"
        )
    return tuple(found)


@cache
def rules_of(stage: Stage) -> tuple[Registered, ...]:
    """The rules of one stage in order."""
    return tuple(item for item in all_rules() if item.rule.stage == stage)


def _discover() -> Iterator[Registered]:
    for module_info in pkgutil.iter_modules(converter.rules.__path__):
        if module_info.name not in NOT_RULES and not module_info.name.startswith("_"):
            module = import_module(f"converter.rules.{module_info.name}")
            yield Registered(module_info.name.replace("_", "-"), module.RULE, module.__doc__ or "")
