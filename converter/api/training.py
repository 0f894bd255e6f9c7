"""What becomes of a model's compile state and of the variables of its optimizer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from converter.api.file_checks import OPTIMIZER_STATE
from converter.containers import ModelFile
from converter.layouts.optimizers import optimizer_of, steps_in
from converter.model.description import Model
from converter.model.findings import Finding, Severity
from converter.rules import optimizer_state
from converter.rules.apply import Upgrade
from converter.rules.base import Stage
from converter.rules.registry import rules_of

_LEFT_OUT = {
    "h5": "left out, Keras 3 can't train with one from an .h5; a .keras keeps it",
    "savedmodel": "left out, a SavedModel has none",
}


def without_compile(result: Upgrade) -> Upgrade:
    """The model as if it had never been compiled; nothing is said of what it was compiled with."""
    codes = {item.rule.code for item in rules_of(Stage.COMPILE)} | {optimizer_state.RULE.code}
    findings = tuple(each for each in result.findings if each.code not in codes)
    return replace(result, model=replace(result.model, compile=None), findings=findings)


def with_readable_state(source: ModelFile, result: Upgrade) -> Upgrade:
    """The model without what training left in its optimizer, where that is damaged."""
    state = result.model.compile
    if state is None or state.variables is None:
        return result
    problem = source.unreadable(state.variables.variables)
    if not problem:
        return result
    found = Finding(
        optimizer_state.RULE.code,
        "optimizer-state",
        Severity.NOTICE,
        "",
        f"the optimizer's state can't go on: {problem}",
        optimizer_state.LEFT_OUT,
    )
    of_state = {optimizer_state.RULE.code}
    others = tuple(each for each in result.findings if each.code not in of_state)
    model = replace(result.model, compile=replace(state, variables=None))
    return replace(result, model=model, findings=(*others, found))


def steps_taken(source: ModelFile, model: Model) -> int | None:
    """The number of steps that the optimizer had taken; None where the file does not say it."""
    state = model.compile.variables if model.compile else None
    if state is None or state.iterations is None or source.unreadable([state.iterations]):
        return None
    return steps_in(source.read(state.iterations))


def told(
    findings: Iterable[Finding],
    source: ModelFile,
    result: Upgrade,
    to: str,
    custom: Sequence[str] = (),
    *,
    compile: bool = True,
) -> tuple[Finding, ...]:
    """The findings about a file, with what becomes of the optimizer's state in an output.

    Args:
        findings: of the file as a file.
        source: the file.
        result: its model in Keras 3's words.
        to: the format of the output.
        custom: the user's modules.
        compile: whether the compile state was wanted; if not, there is nothing to tell.
    """
    given = [each for each in findings if compile or each.code != OPTIMIZER_STATE]
    found = (_of_output(each, source, result, to, custom) for each in given)
    return tuple(each for each in found if each is not None)


def lost(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The same where a model is converted: what is left out is told, it is nothing to mend."""
    return tuple(
        replace(each, severity=Severity.NOTICE) if each.code == OPTIMIZER_STATE else each
        for each in findings
    )


def _of_output(
    finding: Finding, source: ModelFile, result: Upgrade, to: str, custom: Sequence[str]
) -> Finding | None:
    if finding.code != OPTIMIZER_STATE:
        return finding
    if to == "savedmodel":
        return replace(finding, message=_ARRAYS, remedy=_LEFT_OUT[to])
    if to != "keras":
        return replace(finding, remedy=_LEFT_OUT[to])
    at_rest = replace(finding, severity=Severity.NOTICE, edits=())
    state = result.model.compile
    if state is None or state.variables is None:
        # Where the state alone was left out, the rule that did it says why.
        said = any(each.code == optimizer_state.RULE.code for each in result.findings)
        return (
            None
            if said
            else replace(at_rest, message=_ARRAYS, remedy="left out with the compile state")
        )
    if custom and not source.contents.variables:
        remedy = "left out, a model with classes of the user's is put together from its weights"
        return replace(at_rest, message=_ARRAYS, remedy=remedy)
    steps = steps_taken(source, result.model)
    name = optimizer_of(state.optimizer).class_name
    at = "" if steps is None else f", step {steps:,}"
    message = f"compile state and optimizer state ({name}{at})"
    return replace(at_rest, message=message, remedy="carried over")


_ARRAYS = "variables of an optimizer"
