"""kfix as a library: the verbs of the command line as functions that return data and never print.

Nothing heavy is imported until a function is asked for, so ``import converter`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from converter.api.check import check
    from converter.api.convert import convert
    from converter.api.diff import diff
    from converter.api.doctor import doctor
    from converter.api.edit import edit
    from converter.api.inspect import inspect
    from converter.api.repair import repair
    from converter.api.rules import explain_rule, list_rules
    from converter.api.split import join, split
    from converter.api.strip import strip_compile, strip_optimizer
    from converter.api.stubs import stubs
    from converter.api.verify import verify

__all__ = [
    "check",
    "convert",
    "diff",
    "doctor",
    "edit",
    "explain_rule",
    "inspect",
    "join",
    "list_rules",
    "repair",
    "split",
    "strip_compile",
    "strip_optimizer",
    "stubs",
    "verify",
]

_HOME = {
    "explain_rule": "rules",
    "join": "split",
    "list_rules": "rules",
    "strip_compile": "strip",
    "strip_optimizer": "strip",
}
"""Modules of ``converter.api`` that are not named after their function."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"converter.api.{_HOME.get(name, name)}"), name)
