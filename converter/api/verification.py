"""Whether a written model computes what its source computed, as the plain reader sees it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from converter.api.walk import layers
from converter.containers import Contents
from converter.containers.sniff import Kind
from converter.engines import Comparison, Tolerance, Verification
from converter.errors import VerificationError
from converter.model.description import Model
from converter.model.findings import Severity
from converter.rules import lambda_layers
from converter.rules.apply import Upgrade
from converter.rules.registry import all_rules


@dataclass(frozen=True)
class Verified:
    """What was shown about an output.

    Attributes:
        reader: who loaded it, ``keras 3.15.1``.
        reference: whose numbers it was held against: ``tf_keras``, ``keras``, ``the rebuilt
            model``; empty when there was nothing to hold it against and only loading and running
            was tried.
        max_difference: greatest absolute difference of any output value; None without a reference.
        compiled: it came back compiled.
        note: why there is no reference, or no comparison.
    """

    reader: str
    reference: str
    max_difference: float | None
    compiled: bool
    note: str = ""


def reference_of(contents: Contents, result: Upgrade) -> tuple[str, str]:
    """Which library can say what the source computes.

    Returns:
        ``tf_keras``, ``keras`` or nothing, and why nothing.
    """
    writer = contents.writer
    if contents.kind is Kind.ARCHITECTURE:
        return "", "an architecture alone has no weights to compare"
    if writer.generation >= 3:
        if any(each.code == lambda_layers.RULE.code for each in result.findings):
            return "", "the code of its Lambda layers is never run, so nothing computes the source"
        for finding in result.findings:
            if finding.severity is Severity.SILENT:
                return "", f"today's Keras misreads the source: {finding.message}"
        return "keras", ""
    if any(not each.layer.module for each in layers(result.model)):
        return "", "no library knows the custom classes of the source"
    if writer.generation == 1:
        return "", "no installable library reads files of Keras 1"
    if contents.told_shape:
        return "", "no other library builds the source, which does not say its input's shape"
    departs = tf_keras_departs(result)
    return ("", departs) if departs else ("tf_keras", "")


def tf_keras_departs(result: Upgrade) -> str:
    """Why tf_keras does not compute what the writer of a file did; empty where it does."""
    found = {each.code for each in result.findings if each.severity is not Severity.NOTICE}
    for item in all_rules():
        if item.rule.code in found and not item.rule.tf_keras_agrees:
            return f"tf_keras computes something else than the writer: {item.rule.summary}"
    return ""


HALF_PRECISION = {"bfloat16": Tolerance(1e-1, 5e-2), "float16": Tolerance(2e-2, 1e-2)}
"""How far outputs may lie apart where layers compute with 8 or 11 bits: any two releases order such
sums differently."""


def tolerance_of(model: Model) -> Tolerance:
    """How far the outputs of two programs may lie apart for a model."""
    policies = {json.dumps(each.layer.config.get("dtype")) for each in layers(model)}
    for dtype, tolerance in HALF_PRECISION.items():
        if any(dtype in policy for policy in policies):
            return tolerance
    return Tolerance()


def judged(
    found: Verification, reference: str = "", note: str = "", *, allow_inexact: bool = False
) -> Verified:
    """The verdict on what an engine has seen.

    Args:
        found: the engine's report.
        reference: what to call the reference, by default as the engine calls it.
        note: why no reference was asked for.
        allow_inexact: put up with different numbers.

    Raises:
        VerificationError: the numbers differ.
    """
    called = reference or found.reference
    if found.random:
        reason = "the model draws random numbers, so outputs can't be compared"
        return Verified(found.reader, "", None, found.compiled, reason)
    if not found.ok and not allow_inexact:
        raise _failure(found, called)
    if not found.reference:
        return Verified(found.reader, "", None, found.compiled, note or found.note)
    return Verified(found.reader, called, found.max_abs, found.compiled, _exactness(found))


def _exactness(found: Verification) -> str:
    return "" if found.ok else "the numbers differ, written with --allow-inexact"


def _failure(found: Verification, reference: str) -> VerificationError:
    if not found.reference:
        return VerificationError(
            f"{found.reader} loads the written model, but it computes NaN or infinity",
            "Nothing was written.",
        )
    worst = max(found.failures, key=_distance)
    place = f" from layer {found.first_difference} on" if found.first_difference else ""
    reason = worst.reason or f"it differs by up to {worst.max_abs:.3g}"
    return VerificationError(
        f"output {worst.name} is not what {reference} computes{place}: {reason}",
        "Nothing was written. --allow-inexact writes it all the same.",
    )


def _distance(found: Comparison) -> float:
    return found.max_abs
