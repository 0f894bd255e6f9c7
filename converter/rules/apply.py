"""Runs the rules over a model, stage by stage, and turns what they did into findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from converter.lambdas.supplied import Supplied
from converter.model.description import Call, Json, Layer, Model, TensorRef, Writer
from converter.model.findings import Edit, Finding, Severity
from converter.rules.base import Context, Stage
from converter.rules.registry import Registered, rules_of

GOES_WITH_IT = "left out with the compile state"


@dataclass(frozen=True)
class Upgrade:
    """A model in Keras 3's words, with everything that was found on the way.

    The model is complete only when no finding blocks.
    """

    model: Model
    findings: tuple[Finding, ...]

    @property
    def blockers(self) -> tuple[Finding, ...]:
        """The findings that keep the model from being written."""
        return tuple(finding for finding in self.findings if finding.blocks)


def upgrade(
    model: Model,
    writer: Writer,
    custom: Iterable[str] = (),
    *,
    told_shape: bool = False,
    lambdas: Mapping[str, Supplied] | None = None,
) -> Upgrade:
    """Brings a model from its writer's words and meaning to Keras 3's.

    Args:
        model: as a dialect parsed it, weights bound.
        writer: the program that wrote it.
        custom: names of classes and functions that the user's modules provide.
        told_shape: the shape of the input is the user's word.
        lambdas: functions of the user's for Lambda layers, by the paths of the layers.
    """
    findings: list[Finding] = []
    names = frozenset(custom)
    context = Context(writer, custom=names, told_shape=told_shape, lambdas=lambdas or {})
    for stage in Stage:
        if stage is Stage.COMPILE:
            model = _compile_stage(model, context, findings)
        else:
            rules = [item for item in rules_of(stage) if writer.generation in item.rule.generations]
            model = _Pass(rules, context, findings).model(model, "")
    return Upgrade(model, tuple(findings))


def _compile_stage(model: Model, context: Context, findings: list[Finding]) -> Model:
    """The model with its compile state after the rules.

    Of a state that is dropped in the end, nothing is told as if it had been kept.
    """
    first = len(findings)
    for item in rules_of(Stage.COMPILE):
        if model.compile is None or context.writer.generation not in item.rule.generations:
            continue
        if item.rule.compile is None:
            continue
        for change in item.rule.compile(model.compile, context):
            edits = _compile_edits(model, change.state)
            if change.state is None:
                findings[first:] = [
                    replace(each, remedy=GOES_WITH_IT, edits=())
                    for each in findings[first:]
                    if each.severity is not Severity.NOTICE
                ]
            findings.append(
                Finding(
                    item.rule.code,
                    item.name,
                    change.severity,
                    "",
                    change.message,
                    change.remedy,
                    edits,
                )
            )
            model = replace(model, compile=change.state)
            if change.state is None:
                break
    return model


def _compile_edits(model: Model, state: object) -> tuple[Edit, ...]:
    if model.compile is None or model.compile is state:
        return ()
    if state is None:
        return (Edit("compile", "present", None),)
    names = [field.name for field in fields(model.compile)]
    pairs = ((name, getattr(model.compile, name), getattr(state, name)) for name in names)
    return tuple(Edit(f"compile.{name}", old, new) for name, old, new in pairs if old != new)


class _Pass:
    """One walk over the whole tree with the rules of one stage."""

    def __init__(
        self, rules: Sequence[Registered], context: Context, findings: list[Finding]
    ) -> None:
        self.context = context
        self.findings = findings
        self.model_rules = [item for item in rules if item.rule.model]
        self.layer_rules = [item for item in rules if item.rule.layer]
        self.by_class: dict[str, list[Registered]] = {}

    def model(self, model: Model, path: str) -> Model:
        """The model after the rules: nested models first, then its layers, then itself."""
        if self.layer_rules or self._has_nested(model):
            model = self._layers(model, path)
        context = replace(self.context, path=path)
        for item in self.model_rules:
            assert item.rule.model is not None
            for change in item.rule.model(model, context):
                where = _join(path, change.layer)
                self._report(item, change.severity, where, change.message, change.remedy, ())
                model = change.model if change.model is not None else model
        return model

    @staticmethod
    def _has_nested(model: Model) -> bool:
        return any(layer.model or layer.inner for layer in model.layers)

    def _layers(self, model: Model, path: str) -> Model:
        layers: list[Layer] = []
        for layer in model.layers:
            chain = self._layer(layer, _join(path, layer.name))
            layers += (
                [layer] if len(chain) == 1 and chain[0] is layer else _in_graph(layer, chain, model)
            )
        return replace(model, layers=tuple(layers))

    def _layer(self, layer: Layer, path: str) -> list[Layer]:
        """What a layer becomes: usually itself; a chain where a rule splits it."""
        layer = self._children(layer, path)
        before: list[Layer] = []
        for item in self._rules_for(layer.class_name):
            if item.rule.classes and layer.class_name not in item.rule.classes:
                continue
            assert item.rule.layer is not None
            change = item.rule.layer(layer, replace(self.context, path=path))
            if change is None:
                continue
            edits = _edits(layer, change.layers)
            self._report(item, change.severity, path, change.message, change.remedy, edits)
            if change.layers:
                before += change.layers[:-1]
                layer = change.layers[-1]
        return [*before, layer]

    def _rules_for(self, class_name: str) -> list[Registered]:
        if class_name not in self.by_class:
            self.by_class[class_name] = self._select(class_name)
        return self.by_class[class_name]

    def _select(self, class_name: str) -> list[Registered]:
        """Rules that name the class, and those for every class.

        A rule that renames a class hands over to rules of the new class, so from the first hit on
        all are kept.
        """
        hit = [
            not item.rule.classes or class_name in item.rule.classes for item in self.layer_rules
        ]
        return self.layer_rules[hit.index(True) :] if True in hit else []

    def _children(self, layer: Layer, path: str) -> Layer:
        if layer.model is not None:
            model = self.model(layer.model, path)
            layer = layer if model is layer.model else _with_model(layer, model)
        if layer.inner:
            inner = {
                key: _as_one(self._layer(child, _join(path, child.name)))
                for key, child in layer.inner.items()
            }
            if any(inner[key] is not child for key, child in layer.inner.items()):
                layer = replace(layer, inner=inner)
        return layer

    def _report(
        self,
        item: Registered,
        severity: Severity,
        path: str,
        message: str,
        remedy: str,
        edits: tuple[Edit, ...],
    ) -> None:
        self.findings.append(
            Finding(item.rule.code, item.name, severity, path, message, remedy, edits)
        )


def _with_model(layer: Layer, model: Model) -> Layer:
    """A nested model with another graph, which may be of another kind."""
    same = layer.model is not None and layer.model.kind == model.kind
    return replace(layer, model=model, class_name=layer.class_name if same else model.class_name)


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path and name else path or name


def _in_graph(original: Layer, chain: list[Layer], model: Model) -> list[Layer]:
    """Puts a chain of layers where one was; the last keeps the name that others refer to."""
    if len(chain) == 1 or model.kind == "sequential":
        return chain
    first = replace(chain[0], calls=original.calls)
    linked = [first]
    for layer in chain[1:]:
        calls = tuple(
            Call((TensorRef(linked[-1].name, index),)) for index in range(len(original.calls))
        )
        linked.append(replace(layer, calls=calls))
    return linked


def _as_one(chain: list[Layer]) -> Layer:
    """A chain where one layer fits (wrapped ones, activations), as a Sequential of its name."""
    if len(chain) == 1:
        return chain[0]
    name = chain[-1].name
    layers = (*chain[:-1], replace(chain[-1], name=f"{name}_last"))
    return Layer(name, "Sequential", model=Model(name, "sequential", layers), module="keras")


def _edits(old: Layer, new: Sequence[Layer]) -> tuple[Edit, ...]:
    """The values that differ between a layer and what it became."""
    if not new:
        return ()
    last = new[-1]
    if len(new) > 1:
        return (Edit("class_name", old.class_name, " + ".join(layer.class_name for layer in new)),)
    edits = (
        []
        if old.class_name == last.class_name
        else [Edit("class_name", old.class_name, last.class_name)]
    )
    edits += _config_edits(old.config, last.config)
    pairs = zip(old.weights, last.weights, strict=False)
    edits += [
        Edit(f"weights.{new_.name}", "stored", "converted")
        for old_, new_ in pairs
        if old_.compute is not new_.compute
    ]
    return tuple(edits)


def _config_edits(old: Mapping[str, Json], new: Mapping[str, Json]) -> list[Edit]:
    if old is new:
        return []
    keys = list(old) + [key for key in new if key not in old]
    return [
        Edit(key, old.get(key), new.get(key))
        for key in keys
        if old.get(key) != new.get(key) or (key in old) != (key in new)
    ]
