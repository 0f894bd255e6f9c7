"""Weights put into a model that the user's own code builds."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter.api.custom import files_of
from converter.api.joining import require_matching
from converter.api.making import Made
from converter.api.mending import require_mended
from converter.api.old_code import old_modules
from converter.api.outputs import Destination
from converter.api.told import Shape, completed, named_writer
from converter.api.verification import Verified, judged
from converter.containers import Contents, ModelFile, open_model
from converter.containers.arrays_h5 import open_arrays
from converter.containers.sniff import Kind, sniff
from converter.errors import (
    KfixError,
    MissingObjectError,
    NotAModelError,
    NotExactError,
    UsageError,
)
from converter.layouts import weight_names
from converter.layouts.floats import widened
from converter.layouts.matching import Ambiguity, Matching, Step, Unit, Variable, is_counted, match
from converter.layouts.weight_names import StoredLayer
from converter.model.description import Array, Json, Layer, Weight, Writer
from converter.model.findings import Finding, Severity
from converter.porting.dialect import dialect_of
from converter.porting.meaning import other_meanings
from converter.porting.source import Source
from converter.rules import hard_sigmoid, theano_kernels
from converter.rules.base import Context, Rule

if TYPE_CHECKING:
    from converter.api.convert import Conversion
    from converter.engines import Endpoint, Prediction
    from converter.engines.building import BuildingEngine, Built, BuiltLayer

AUTO, TF_KERAS = "auto", "tf_keras"
"""Values of ``Order.engine``."""
HINT = "--dry-run lists all; --allow-partial leaves the rest of the model at its initial values."
OWN_NAMES = (
    "Give the builder's layers the names that the file has (name='dense_7'), then nothing has to be"
    " guessed; --dry-run lists all."
)
RESET_AFTER = "Keras 2 built GRU with reset_after=False: say so in the builder."
LAYOUT_ALONE = (3,)
"""The version of a file of which only the layout is known."""
SIGMOID_SINCE = (2, 3)
"""The Keras since which recurrent layers take sigmoid where nothing is said."""
RULES = {"theano-kernels": theano_kernels.RULE, "hard-sigmoid": hard_sigmoid.RULE}
"""Rules that know what old weights mean in a layer of today."""
GATED = ("LSTM", "GRU", "LSTMCell", "GRUCell", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")


@dataclass(frozen=True)
class Order:
    """What is to be built and made.

    Attributes:
        builder: ``FILE.py:FUNCTION`` or ``MODULE:FUNCTION``; a class of a model will do.
        arguments: what it is called with.
        format: ``keras``, ``h5`` or ``savedmodel``.
        custom: further modules of the user's.
        input_shapes: by the names of inputs, for models that do not say them.
        writer: who wrote the weights, where the file does not say it.
        endpoints: further signatures of a SavedModel.
        allow_partial: write although variables or weights are left over.
        verify: compare the output with the built model.
        allow_inexact: keep an output that differs.
        dry_run: stop before anything is written.
        engine: ``keras``, or ``tf_keras`` for code of Keras 1 and 2; ``auto`` takes tf_keras where
            the code does not run on Keras 3.
        timeout: seconds for each request to a child process.
    """

    builder: str
    arguments: Mapping[str, Json]
    format: str
    custom: tuple[str, ...] = ()
    input_shapes: Mapping[str, Shape] | None = None
    writer: str | None = None
    endpoints: tuple[Endpoint, ...] = ()
    allow_partial: bool = False
    verify: bool = True
    allow_inexact: bool = False
    dry_run: bool = False
    engine: str = AUTO
    timeout: float | None = None

    @property
    def modules(self) -> tuple[str, ...]:
        """All that a reader of the output needs: the builder's own module, too."""
        return (*self.custom, self.builder.rpartition(":")[0])


@dataclass(frozen=True)
class Filled:
    """What came of it."""

    made: Made
    matching: Matching
    findings: tuple[Finding, ...]
    modules: tuple[Path, ...] = ()
    """The user's code carried to Keras 3, which the output needs."""


def parsed_arguments(texts: Iterable[str]) -> dict[str, Json]:
    """Arguments from ``NAME=VALUE``; a value is JSON if it can be, else text.

    Raises:
        UsageError: a text has no name, or a name comes twice.
    """
    found: dict[str, Json] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"--builder-arg {text} is not NAME=VALUE", "--builder-arg classes=10")
        if name in found:
            raise UsageError(f"--builder-arg {name} is given twice")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
        except RecursionError:
            raise UsageError(f"--builder-arg {name}: its JSON is nested too deeply") from None
    return found


def built_and_filled(path: Path, order: Order, place: Destination) -> Filled:
    """Builds the model, puts the weights of a file into it, and writes it.

    Raises:
        MatchingError: weights and variables do not fit together.
        MissingObjectError: the user's code fails, or Keras could not load what it made.
        NotAModelError: the file holds no weights.
        UsageError: the builder can't be called, or builds no model.
        VerificationError: the output computes something else than the built model.
    """
    if order.engine == TF_KERAS:
        return _by_tf_keras(path, order, place, "")
    old = _old_words(order) if order.engine == AUTO else ""
    if old:
        return _by_tf_keras(path, order, place, old)
    try:
        return _by_keras(path, order, place)
    except MissingObjectError as error:
        if order.engine != AUTO or not str(error).startswith(_CODE_FAILED):
            raise
        try:
            reason = f"Keras 3 does not run the builder ({str(error).rstrip('.')})"
            return _by_tf_keras(path, order, place, reason)
        except KfixError:
            # What Keras 3 said is about the code as the user has it.
            raise error from None


_CODE_FAILED = "--builder"


def _old_words(order: Order) -> str:
    """Why the code does not run on Keras 3, as far as its text shows."""
    return old_modules(order.modules, Writer()).reason


def _by_tf_keras(path: Path, order: Order, place: Destination, reason: str) -> Filled:
    """Builds a model of Keras 2, from which a SavedModel is made, or a file that is converted."""
    from converter.engines.building import BuildingEngine

    with tempfile.TemporaryDirectory(prefix="kfix-") as folder:
        scratch = Path(folder)
        with (
            BuildingEngine.of_keras2(timeout=order.timeout, scratch=scratch) as engine,
            _weights(path, engine, order.writer) as source,
        ):
            writer = source.contents.writer
            code = old_modules(order.modules, writer)
            dialect = code.dialect if writer.version and writer.generation < 3 else None
            dialect = dialect or dialect_of(_TF_2, tuple(code.sources.values()))
            built = engine.build(
                order.builder, order.arguments, order.custom, order.input_shapes, dialect
            )
            stored = stored_layers(source)
            matching = matched(built, stored)
            if not order.allow_partial:
                require_matching(matching, _hint(matching), "model")
            weights, findings = prepared(built, stored, matching, writer, today=False)
            if not order.allow_inexact:
                require_mended(findings)
            reason = code.reason or reason
            notes = tuple(filter(None, [reason, "tf_keras built the model with the code as it is"]))
            findings = (*findings, *_left(matching))
            if order.dry_run:
                return Filled(Made((), None, notes), matching, findings)
            values = {index: _readable(source.value(each)) for index, each in weights.items()}
            if order.format == "savedmodel":
                made = _made(engine, order, values, place, scratch)
                return Filled(replace(made, notes=notes), matching, findings)
            whole = scratch / "built.h5"
            engine.fill(values, h5=whole)
        done = _converted(whole, order, place, own=built.own)
    notes = tuple(dict.fromkeys(notes + done.notes))
    made = Made((), done.verified, notes, {}, done.code_changes)
    return Filled(made, matching, findings + done.findings, done.modules)


_TF_2 = Writer((2, 15), True, "tensorflow", "2.15.0", (2, 15))
"""Who wrote layouts that name nobody, as far as the meaning of code goes."""


def _converted(whole: Path, order: Order, place: Destination, *, own: bool) -> Conversion:
    """What becomes of the model as a file of Keras 2."""
    from converter.api.convert import convert

    return convert(
        whole,
        place.path,
        to=order.format,
        custom=order.modules if own else (),
        verify=order.verify,
        allow_inexact=order.allow_inexact,
        force=place.force,
        timeout=order.timeout,
    )


def _by_keras(path: Path, order: Order, place: Destination) -> Filled:
    from converter.engines.building import BuildingEngine

    with tempfile.TemporaryDirectory(prefix="kfix-") as folder:
        scratch = Path(folder)
        with (
            BuildingEngine(timeout=order.timeout, preload="keras", scratch=scratch) as engine,
            _weights(path, engine, order.writer) as source,
        ):
            built = engine.build(order.builder, order.arguments, order.custom, order.input_shapes)
            stored = stored_layers(source)
            matching = matched(built, stored)
            if not order.allow_partial:
                require_matching(matching, _hint(matching), "model")
            weights, findings = prepared(built, stored, matching, source.contents.writer)
            if not order.allow_inexact:
                require_mended(findings)
                require_known_words(order.modules, source.contents.writer)
            if order.dry_run:
                return Filled(Made((), None), matching, findings)
            values = {index: _readable(source.value(each)) for index, each in weights.items()}
            made = _made(engine, order, values, place, scratch)
    return Filled(made, matching, (*findings, *_left(matching)))


def require_known_words(modules: Iterable[str], writer: Writer) -> None:
    """Refuses code that builds another model on Keras 3 than the one that was trained.

    Raises:
        NotExactError: naming the place.
    """
    files = [path for module in modules for path in files_of(module)]
    for source in filter(None, map(Source.read, files)):
        for word in other_meanings(source, writer, strings=False):
            raise NotExactError(
                f"{source.name}:{word.line}: {word.what} is another function in Keras 3",
                "The writer's was clip(0.2 * x + 0.5, 0, 1): say that in the code, or for a layer's"
                " gates recurrent_activation='hard_sigmoid', whose numbers kfix keeps. Or"
                " --allow-inexact.",
            )


def _readable(values: Array) -> Array:
    """The values as a dtype that NumPy can hand on: bfloat16 goes as float32."""
    return widened(values).astype("float32") if values.dtype.kind == "V" else values


@contextmanager
def _weights(path: Path, engine: BuildingEngine, writer: str | None) -> Iterator[ModelFile]:
    """The open weights, whatever they lie in."""
    found = sniff(path)
    if found.kind is Kind.OTHER_HDF5:
        source = open_arrays(path)
    elif found.kind is Kind.CHECKPOINT:
        source = open_arrays(engine.read_checkpoint(_prefix(path), engine.scratch / "weights.h5"))
    else:
        source = open_model(path)
    with source:
        if not source.contents.weights:
            raise NotAModelError(f"{path} holds no weights")
        if writer is not None:
            # The layout of Keras 3 names no writer, and tf.keras wrote it as well.
            is_open = source.contents.kind is Kind.KERAS3_WEIGHTS
            told = named_writer(writer) if is_open else completed(source.contents.writer, writer)
            source.contents = replace(source.contents, writer=told)
        yield source


def _prefix(path: Path) -> Path:
    """What TensorFlow calls a checkpoint of several files."""
    if path.name == "checkpoint" and path.is_file():
        path = path.parent
    if not path.is_dir():
        return path.with_suffix("") if path.suffix == ".index" else _of_data(path)
    found = sorted(path.glob("*.index"), key=lambda each: each.stat().st_mtime)
    if not found:
        raise NotAModelError(f"{path} is a checkpoint without its .index file", "Copy all of it.")
    if len(found) > 1:
        raise UsageError(f"{path} holds {len(found)} checkpoints", f"give one: {found[-1]}")
    return found[0].with_suffix("")


def _of_data(path: Path) -> Path:
    return path.with_name(path.name.partition(".data-")[0])


@dataclass(frozen=True)
class Stored:
    """The weights of a file by layers.

    Attributes:
        layers: with their names and roles.
        ordered: whether their order means something.
        ways: what may have given the names, see ``BuiltLayer.saved``; else they are the layers'.
    """

    layers: tuple[StoredLayer, ...]
    ordered: bool = True
    ways: tuple[str, ...] = ("",)

    @property
    def numbered(self) -> bool:
        """Whether variables have numbers below the paths of their layers."""
        return "keras" in self.ways

    @property
    def whole_paths(self) -> bool:
        """Whether the names lead all the way from the model to a layer."""
        return "" not in self.ways


def stored_layers(source: ModelFile) -> Stored:
    """The weights of an open file, by the names that its layout gives them."""
    found = _stored(source.contents)
    return replace(found, layers=tuple(weight_names.told_apart(found.layers)))


def _stored(contents: Contents) -> Stored:
    if contents.kind is Kind.OTHER_HDF5:
        found = tuple(weight_names.of_arrays(contents.variables))
        way = "checkpoint" if weight_names.is_checkpoint(contents.variables) else ""
        return Stored(found, False, (way,))
    if contents.variables:
        layers = weight_names.of_archive(contents.variables)
        return Stored(tuple(layers), False, ("keras", "tensorflow"))
    groups = [
        (group.name, list(zip(group.weight_names, group.weights, strict=True)))
        for group in contents.layer_groups
    ]
    top = [(data.path.split("/", 1)[1], data) for data in contents.top_level_weights]
    if top:
        groups.append(("", top))
    generation = contents.writer.generation
    return Stored(tuple(weight_names.of_groups(groups, generation=generation)))


def matched(built: Built, stored: Stored) -> Matching:
    """Which of the stored weights belongs to which variable.

    The layout of Keras 3 names no version, and releases differ in the paths; where two of their
    ways account for all weights, but not alike, nothing is decided.
    """
    present = [each.unit() for each in stored.layers]

    def by(way: str) -> Matching:
        return match(
            _units(built, stored, way),
            present,
            ordered=stored.ordered,
            whole_paths=stored.whole_paths,
        )

    found = [by(way) for way in stored.ways]
    whole = [each for each in found if each.complete and not each.by_order]
    if len(whole) < 2 or whole[0].pairs == whole[1].pairs:
        return (whole or found)[0]
    both = zip(whole[0].pairs, whole[1].pairs, strict=True)
    return Matching(
        pairs=tuple(one for one, other in both if one == other),
        ambiguous=tuple(
            Ambiguity(one.variable, (one.weight, other.weight))
            for one, other in zip(whole[0].pairs, whole[1].pairs, strict=True)
            if one != other
        ),
    )


def _units(built: Built, stored: Stored, way: str) -> list[Unit]:
    units = [_unit(layer, stored, way) for layer in built.layers]
    names = iter(weight_names.distinct(each.name for unit in units for each in unit.variables))
    return [
        replace(unit, variables=tuple(replace(each, name=next(names)) for each in unit.variables))
        for unit in units
    ]


def _unit(layer: BuiltLayer, stored: Stored, way: str) -> Unit:
    """A layer of the model under the names that the file would have for it."""
    names = [name for name, _ in layer.path]
    steps = [Step(name, is_counted(name, kind)) for name, kind in layer.path]
    while len(steps) > 1 and weight_names.CELL.fullmatch(steps[-1].name):
        steps.pop()
    if layer.saved.get(way):
        steps = [Step(part) for part in weight_names.saved_scope(layer.saved[way])]
    variables = tuple(
        Variable(f"{'/'.join(names)}/{name}", str(index) if stored.numbered else name, shape)
        for index, (name, shape) in enumerate(layer.variables)
    )
    return Unit(tuple(steps), variables)


def prepared(
    built: Built, stored: Stored, matching: Matching, writer: Writer, *, today: bool = True
) -> tuple[dict[int, Weight], tuple[Finding, ...]]:
    """The weights by the places of their variables, and what was changed in them.

    Args:
        built: the model.
        stored: the file.
        matching: which weight is whose.
        writer: of the file.
        today: for a model of Keras 3; one of Keras 2 takes the words as they were meant.
    """
    rules = RULES if today else {"theano-kernels": theano_kernels.RULE}
    held = {each.name: each for layer in stored.layers for each in layer.weights}
    partner = {pair.variable: held[pair.weight] for pair in matching.pairs}
    found: dict[int, Weight] = {}
    findings: list[Finding] = []
    place = 0
    for layer, unit in zip(built.layers, _units(built, stored, stored.ways[0]), strict=True):
        weights = [
            replace(partner[each.name], name=name) if each.name in partner else None
            for each, (name, _) in zip(unit.variables, layer.variables, strict=True)
        ]
        complete = [each for each in weights if each is not None]
        if layer.stock and len(complete) == len(weights) and writer.generation < 3:
            complete, told = _with_todays_meaning(layer, complete, writer, rules)
            findings += told
        elif today and layer.stock and writer.version == LAYOUT_ALONE:
            findings += _hard_sigmoid_of_somebody(layer)
        ready = iter(complete)
        for index, each in enumerate(weights):
            if each is not None:
                found[place + index] = next(ready)
        place += len(weights)
    if today and writer.generation < 3:
        findings += map(_bare_hard_sigmoid, built.bare)
    return found, tuple(findings)


def _bare_hard_sigmoid(name: str) -> Finding:
    return Finding(
        hard_sigmoid.RULE.code,
        "hard-sigmoid",
        Severity.REFUSED,
        name,
        "hard_sigmoid, which is another function in Keras 3, has no weights that could keep it",
        "Write clip(0.2 * x + 0.5, 0, 1) in the builder's code.",
    )


def _with_todays_meaning(
    layer: BuiltLayer, weights: Sequence[Weight], writer: Writer, rules: Mapping[str, Rule]
) -> tuple[list[Weight], list[Finding]]:
    """What the rules for whole models do to the weights of a layer, where they keep its config."""
    path = "/".join(name for name, _ in layer.path)
    # Keras 3 has one cell of this name for all ranks, and does not make it public.
    name = "ConvLSTM2D" if layer.class_name == "ConvLSTMCell" else layer.class_name
    neutral = Layer(layer.path[-1][0], name, dict(layer.config), tuple(weights))
    findings = list(_default_gates(layer, path, writer))
    for name, rule in rules.items():
        change = rule.layer(neutral, Context(writer, path)) if rule.layer else None
        if change is None:
            continue
        severity, remedy = change.severity, change.remedy
        if len(change.layers) == 1 and not change.layers[0].inner:
            neutral = replace(neutral, weights=change.layers[0].weights)
        else:
            severity, remedy = Severity.REFUSED, "Write it in the builder's code."
        findings.append(Finding(rule.code, name, severity, path, change.message, remedy))
    return list(neutral.weights), findings


def _hard_sigmoid_of_somebody(layer: BuiltLayer) -> Iterator[Finding]:
    if "hard_sigmoid" in layer.config.values():
        yield Finding(
            hard_sigmoid.RULE.code,
            "hard-sigmoid",
            Severity.NOTICE,
            "/".join(name for name, _ in layer.path),
            f"{layer.class_name} uses hard_sigmoid, which is another function in tf.keras, and the"
            " file does not say which of them wrote it",
            "If it was tf.keras, say it: --writer tf-2.15.",
        )


def _default_gates(layer: BuiltLayer, path: str, writer: Writer) -> Iterator[Finding]:
    gates = layer.config.get("recurrent_activation")
    if layer.class_name not in GATED or gates != "sigmoid":
        return
    convolutional = layer.class_name.startswith("ConvLSTM") and writer.generation <= 2
    if writer.version and (writer.version < SIGMOID_SINCE or convolutional):
        yield Finding(
            hard_sigmoid.RULE.code,
            "hard-sigmoid",
            Severity.NOTICE,
            path,
            f"{layer.class_name} is built with sigmoid gates, but the weights are from Keras"
            f" {writer.label or writer.generation}, whose default was hard_sigmoid",
            "If the original did not say sigmoid, build it with"
            " recurrent_activation='hard_sigmoid'; kfix then keeps its numbers.",
        )


def _left(matching: Matching) -> Iterator[Finding]:
    """What --allow-partial has let pass."""
    missing = [
        *(each.name for each in matching.missing),
        *(each.variable for each in matching.mismatched),
        *(each.variable for each in matching.ambiguous),
    ]
    for name in missing:
        yield Finding(
            "KF901",
            "weight-count",
            Severity.NOTICE,
            name,
            "has no weights in the file and was left at its initial values (--allow-partial)",
        )
    for left in matching.unmatched:
        message = f"{left.name} of the file belongs to no variable and was left out"
        yield Finding("KF901", "weight-count", Severity.NOTICE, "", message)


def _hint(matching: Matching) -> str:
    for each in matching.mismatched:
        expected, found = each.expected or (), each.found or ()
        if len(expected) == 2 and expected[0] == 2 and found == expected[1:]:
            return RESET_AFTER
    return OWN_NAMES if matching.ambiguous else HINT


def _made(
    engine: BuildingEngine,
    order: Order,
    values: Mapping[int, Array],
    place: Destination,
    scratch: Path,
) -> Made:
    if order.format == "savedmodel":
        with place.publishing_directory() as folder:
            export = engine.fill_and_export(
                values, folder, endpoints=order.endpoints, predict=order.verify
            )
            engine.close()
            verified = _signatures_hold(order, scratch, folder, export) if order.verify else None
        return Made(export.signatures, verified)
    with place.publishing() as path:
        wanted: dict[str, Any] = {order.format: path}
        done = engine.fill(values, predict=order.verify, **wanted)
        engine.close()
        verified = _reload(order, scratch, path, done.prediction) if done.prediction else None
    return Made((), verified)


BUILT = "the built model"


def _reload(order: Order, scratch: Path, path: Path, expected: Prediction) -> Verified:
    from converter.engines import Engine

    with Engine(timeout=order.timeout, preload="keras", scratch=scratch) as engine:
        found = engine.verify_keras(
            path,
            reference=expected.outputs_path,
            reference_kind="arrays",
            inputs=expected.inputs_path,
            custom=order.modules,
        )
    return judged(found, BUILT, allow_inexact=order.allow_inexact)


def _signatures_hold(order: Order, scratch: Path, folder: Path, export: Any) -> Verified:
    from converter.engines import Engine

    verdicts = []
    with Engine(timeout=order.timeout, preload="tensorflow", scratch=scratch) as engine:
        for signature, prediction in zip(export.signatures, export.predictions, strict=True):
            found = engine.verify_savedmodel(
                folder,
                signature=signature.name,
                inputs=prediction.inputs_path,
                reference=prediction.outputs_path,
            )
            verdicts.append(judged(found, BUILT, allow_inexact=order.allow_inexact))
    return max(
        verdicts, key=lambda each: -1 if each.max_difference is None else each.max_difference
    )
