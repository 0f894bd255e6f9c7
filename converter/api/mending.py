"""From an open file to a model that may be written, or to the error that says why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from converter.api.custom import provided_names
from converter.api.lambdas import supplied
from converter.api.pipeline import parse, upgraded
from converter.api.training import with_readable_state
from converter.api.walk import layers
from converter.containers import ModelFile
from converter.errors import KfixError, MissingObjectError, NotExactError, UnsafeContentError
from converter.knowledge import keras3
from converter.lambdas.supplied import Supplied
from converter.layouts.legacy import rebuild
from converter.model.description import Json, Layer, Model
from converter.model.findings import Finding, Severity
from converter.rules.apply import Upgrade


def mended(
    source: ModelFile,
    custom: Sequence[str] = (),
    *,
    lambdas: Mapping[str, str] | None = None,
    allow_inexact: bool = False,
    timeout: float | None = None,
) -> Upgrade:
    """The model of an open file in Keras 3's words, ready to be written.

    Args:
        source: the file.
        custom: the user's files and modules.
        lambdas: functions of the user's, ``FILE.py:FUNCTION``, by the paths of Lambda layers.
        allow_inexact: let layers pass that kfix can't mend exactly.
        timeout: seconds for each request to a child process that follows such a function.

    Raises:
        UnsafeContentError: the model would load foreign code.
        NotExactError: a layer can't be mended with the same numbers, or a function followed.
        MissingObjectError: a custom object is needed and not provided.
        UsageError: a function is for no Lambda layer.
    """
    if not lambdas and not custom:
        result = upgraded(source)
    else:
        with supplied(parse(source).model, lambdas or {}, custom, timeout) as functions:
            known = _with_custom(source, custom, functions) if custom else None
            result = known or upgraded(source, lambdas=functions)
    tolerated = {Severity.REFUSED} if allow_inexact else set()
    require_mended([each for each in result.blockers if each.severity not in tolerated])
    return with_readable_state(source, result)


def require_mended(findings: Iterable[Finding]) -> None:
    """Refuses a model that something blocks.

    Raises:
        UnsafeContentError: it would load foreign code.
        NotExactError: a layer can't be mended with the same numbers.
        MissingObjectError: a custom object is needed and not provided.
    """
    standing = [each for each in findings if each.blocks]
    if standing:
        raise _refusal(standing)


def _with_custom(
    source: ModelFile, custom: Sequence[str], lambdas: Mapping[str, Supplied]
) -> Upgrade:
    """The same with the user's modules at hand: layers of their classes are marked as such."""
    parsed = parse(source).model
    names = with_packages(parsed, provided_names(custom))
    first = upgraded(source, names, lambdas)
    # A class may be made in a way that the text does not show; the engine knows in the end.
    wanted = {each.layer for each in first.findings if each.severity is Severity.CUSTOM}
    unseen = {
        name
        for placed in layers(parsed)
        if placed.path in wanted
        for name in (*_names(placed.layer), *_strings(placed.layer.config))
        if name not in _STOCK
    }
    result = upgraded(source, names | unseen, lambdas) if unseen else first
    return replace(result, model=_marked(result.model, names | unseen))


def with_packages(model: Model, given: frozenset[str]) -> frozenset[str]:
    """Names of objects, also as the model has them with the package they are registered in."""
    return given | {
        name
        for placed in layers(model)
        for name in (*_names(placed.layer), *_strings(placed.layer.config))
        if name.rpartition(">")[2] in given
    }


def _names(layer: Layer) -> Iterator[str]:
    yield layer.class_name
    if layer.registered_name:
        yield layer.registered_name


_STOCK = frozenset(keras3.LAYERS).union(*keras3.OBJECTS.values())
"""Names that mean Keras's own objects unless a module says otherwise."""


def _strings(value: Json) -> Iterator[str]:
    """All texts in a config: names of functions are among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _strings(item)


def _marked(model: Model, names: Iterable[str]) -> Model:
    """The model with the user's classes under the names by which Keras looks for custom objects."""
    own = frozenset(names)

    def mark(layer: Layer, _: str) -> Layer:
        if layer.model is not None or own.isdisjoint(_names(layer)):
            return layer
        registered = layer.registered_name or layer.class_name
        plain = layer.class_name.rpartition(">")[2]
        return replace(layer, class_name=plain, module="", registered_name=registered)

    return replace(model, layers=tuple(rebuild(each, each.name, mark) for each in model.layers))


def _refusal(blockers: Sequence[Finding]) -> KfixError:
    """One error for all that stands in the way: the worst kind decides the class."""
    kinds = (
        (Severity.UNSAFE, UnsafeContentError),
        (Severity.REFUSED, NotExactError),
        (Severity.CUSTOM, MissingObjectError),
    )
    for severity, error in kinds:
        found = [each for each in blockers if each.severity is severity]
        if found:
            first = found[0]
            where = f"layer {first.layer}: " if first.layer else ""
            message = f"{where}{first.message} ({first.code}){_more(found)}"
            return error(message, _hint(first))
    raise AssertionError("a blocking finding of no blocking severity")


def _hint(finding: Finding) -> str:
    """What to do; where only the code of the user's is missing, also what writes a part of it."""
    if not finding.remedy.endswith("with --custom."):
        return finding.remedy
    return f"{finding.remedy} `kfix stubs` writes one to fill in."


def _more(found: Sequence[Finding]) -> str:
    others = sorted({each.layer for each in found[1:] if each.layer != found[0].layer})
    if not others:
        return ""
    shown = ", ".join(others[:3])
    return f"; also {shown}" + (f" and {len(others) - 3} more" if len(others) > 3 else "")


def applied_rules(findings: Iterable[Finding]) -> list[str]:
    """The codes of the rules that changed something, for the provenance of an output."""
    return sorted({each.code for each in findings if each.edits})
