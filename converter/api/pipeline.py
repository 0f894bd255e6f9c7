"""The compiler's front half: from an open file to a model in Keras 3's words with findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from converter.api.adapted import ending_in_nothing, with_learned
from converter.api.walk import layers
from converter.containers import ModelFile
from converter.containers.contents import Contents
from converter.containers.sniff import Kind
from converter.dialects import compile_state, keras1, keras2, keras3
from converter.errors import NotAModelError
from converter.lambdas.supplied import Supplied
from converter.layouts import archive, legacy, optimizer_reading, optimizers
from converter.layouts import keras1 as keras1_layouts
from converter.layouts.legacy import CountMismatchError, UnknownVariablesError
from converter.layouts.optimizer_reading import Saved
from converter.layouts.variables import LOOKUPS, variables_of, variables_of_tf_keras
from converter.model.description import Model, OptimizerState
from converter.model.findings import Finding, Severity
from converter.rules import (
    hard_sigmoid,
    lookup_vocabularies,
    low_rank_kernels,
    unknown_inner_class,
    weight_count,
)
from converter.rules.apply import Upgrade, upgrade


@dataclass(frozen=True)
class Parsed:
    """A model as its writer described it, weights bound, and what did not fit while binding."""

    model: Model
    findings: tuple[Finding, ...] = ()


def parse(source: ModelFile) -> Parsed:
    """Reads the architecture of an open file and gives every layer its weights.

    Raises:
        NotAModelError: when the file holds no architecture, or one that contradicts itself.
    """
    contents = source.contents
    if contents.config is None:
        raise NotAModelError(
            f"{contents.path.name} holds weights only, no architecture (no model_config)",
            "Convert them with --architecture ARCH.json or --builder FILE.py:FUNCTION, or join"
            " them with the architecture: kfix join ARCH.json WEIGHTS.h5 -o OUT.h5",
        )
    dialect = {1: keras1, 2: keras2}.get(contents.writer.generation, keras3)
    model = dialect.parse(contents.config)
    state = compile_state.parse_training_config(contents.training_config)
    model, problems = _bind(replace(model, compile=state), contents)
    learned = with_learned(model, source)
    stopped_at = _stopped_at(learned, contents)
    findings = [_finding(each, stopped_at) for each in problems if not _is_lookup(each)]
    findings += [_cut_short(path) for path in ending_in_nothing(model, learned)]
    return Parsed(_with_optimizer(learned, contents), tuple(findings))


def _bind(model: Model, contents: Contents) -> tuple[Model, list[Exception]]:
    by_keras3 = contents.writer.generation >= 3
    if contents.variables:
        return archive.bind(model, contents.variables, implicit_masks=by_keras3)
    groups = {
        group.name: list(zip(group.weight_names, group.weights, strict=True))
        for group in contents.layer_groups
    }
    if contents.writer.generation == 1:
        return keras1_layouts.bind(model, groups)
    by_tf_keras = contents.writer.tf_keras and not by_keras3
    release = contents.writer.version[:2]
    variables = variables_of_tf_keras(release) if by_tf_keras else variables_of
    return legacy.bind(model, groups, implicit_masks=by_keras3, variables=variables)


def _with_optimizer(model: Model, contents: Contents) -> Model:
    """Gives the compile state what training left in the optimizer."""
    if model.compile is None or model.compile.optimizer is None:
        return model
    if contents.optimizer_problem:
        damaged = OptimizerState((), problem=contents.optimizer_problem)
        return replace(model, compile=replace(model.compile, variables=damaged))
    if not contents.optimizer_weights:
        return model
    names = {
        data.path: name
        for group in contents.layer_groups
        for data, name in zip(group.weights, group.weight_names, strict=True)
    }
    archived = contents.kind is Kind.KERAS_ARCHIVE
    saved = Saved(contents.optimizer_weights, names, contents.writer, archived)
    found = optimizer_reading.read(model, optimizers.optimizer_of(model.compile.optimizer), saved)
    return replace(model, compile=replace(model.compile, variables=found))


def _cut_short(path: str) -> Finding:
    message = "its vocabulary ends in an empty word, which Keras leaves out when it reads the file"
    rule = lookup_vocabularies.RULE.code
    return Finding(rule, "lookup-vocabularies", Severity.SILENT, path, message, "kept")


def _is_lookup(problem: Exception) -> bool:
    """Whether it is a lookup layer that lacks what it learned, which a rule says better."""
    if not isinstance(problem, CountMismatchError):
        return False
    return not problem.found and problem.layer.class_name in LOOKUPS


def _stopped_at(model: Model, contents: Contents) -> str:
    """The layer where tf.keras stopped saving an .h5, which can't hold its vocabulary."""
    if contents.kind is not Kind.LEGACY_MODEL or contents.writer.generation != 2:
        return ""
    for each in layers(model):
        if each.layer.class_name in LOOKUPS and not each.layer.config.get("vocabulary"):
            return each.path
    return ""


def _finding(problem: Exception, stopped_at: str) -> Finding:
    if isinstance(problem, CountMismatchError):
        if stopped_at and not problem.found:
            remedy = (
                f"The file was never completed: TensorFlow stopped saving at {stopped_at}, whose"
                " vocabulary an .h5 can't hold. Save a .keras or SavedModel there."
            )
        else:
            remedy = (
                "It may be a custom class that bears a stock layer's name, or the file is"
                " incomplete."
            )
        return Finding(
            weight_count.RULE.code,
            "weight-count",
            Severity.REFUSED,
            problem.layer.name,
            f"{problem.layer.class_name} has {problem.found} weights in the file"
            f" but creates {problem.expected}",
            remedy,
        )
    assert isinstance(problem, UnknownVariablesError)
    return Finding(
        unknown_inner_class.RULE.code,
        "unknown-inner-class",
        Severity.CUSTOM,
        problem.path,
        f"class {problem.class_name} is not one of Keras's, so weights near it can't be told apart",
        "Give the module that defines it with --custom.",
        needs=problem.class_name,
    )


def upgraded(
    source: ModelFile,
    custom: Iterable[str] = (),
    lambdas: Mapping[str, Supplied] | None = None,
) -> Upgrade:
    """Reads an open file and brings its model to Keras 3's words and meaning.

    Args:
        source: an open file of any kind that holds an architecture.
        custom: names of classes and functions that the user's modules provide.
        lambdas: functions of the user's for Lambda layers, by the paths of the layers.

    Raises:
        NotAModelError: see ``parse``.
    """
    parsed = parse(source)
    names = frozenset(custom)
    contents = source.contents
    result = upgrade(
        parsed.model, contents.writer, names, told_shape=contents.told_shape, lambdas=lambdas
    )
    binding = tuple(_with_custom(each, names, result.findings) for each in parsed.findings)
    return replace(result, findings=binding + result.findings)


def _with_custom(finding: Finding, names: frozenset[str], others: tuple[Finding, ...]) -> Finding:
    """A container with a class of the user's keeps its weights in the order of the file.

    The engine tells them apart by their names; only a rule that has to change one can't find it. In
    a nested model it would be passed over, so only rules that leave them alone may be at work.
    """
    if finding.code != unknown_inner_class.RULE.code or finding.needs not in names:
        return finding
    container = finding.layer.split("/", 1)[0]
    inside = [each for each in others if each.layer.startswith(f"{container}/")]
    in_model = "/layers/" in finding.layer
    changed = [
        each
        for each in inside
        if each.code in CHANGES_WEIGHTS or in_model and each.code not in KEEPS_WEIGHTS
    ]
    if not changed:
        return replace(finding, severity=Severity.NOTICE, remedy="kept in the order of the file")
    message = f"{changed[0].code} has to change weights that a custom class's can't be told from"
    return replace(finding, severity=Severity.REFUSED, layer=changed[0].layer, message=message)


KEEPS_WEIGHTS = frozenset(
    {"KF101", "KF102", *(f"KF{number}" for number in range(110, 129))}
    | {"KF130", "KF131", "KF137", "KF301", "KF302", "KF303", "KF304", "KF306", "KF421"}
)
"""The rules that only put the configs of layers into other words."""

CHANGES_WEIGHTS = frozenset({hard_sigmoid.RULE.code, low_rank_kernels.RULE.code})
"""The rules that change the values of weights."""
