"""Weights and the architecture they belong to, from two files, as the contents of one model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from converter.api.pipeline import parse
from converter.api.told import InputShapes, open_told
from converter.api.vocabularies import Files
from converter.api.walk import layers
from converter.containers import Contents, ModelFile
from converter.containers.contents import LayerGroup
from converter.containers.sniff import Kind
from converter.errors import NotExactError, UsageError
from converter.layouts import keras1, legacy
from converter.layouts.graph_order import ordered_layers
from converter.layouts.matching import Matching, Mismatch, Pair, Variable, match_layers
from converter.layouts.variables import is_op, variables_of
from converter.model.description import Dataset, Json, Layer, Model, Weight, Writer

WHOLE = (Kind.LEGACY_MODEL, Kind.KERAS_ARCHIVE)
WEIGHTS_ONLY = (Kind.LEGACY_WEIGHTS, Kind.KERAS3_WEIGHTS)
LAYOUT_OF_KERAS3 = (2, 12)
"""From this release on, tf.keras may write the layout of Keras 3."""


class MatchingError(NotExactError):
    """Weights and model do not fit together; ``matching`` says which do and which don't."""

    def __init__(self, matching: Matching, hint: str, to: str = "architecture") -> None:
        super().__init__(f"the weights do not fit the {to}: {_told(matching)}", hint)
        self.matching = matching


@dataclass(frozen=True)
class Joint:
    """Weights that an architecture was put to.

    Attributes:
        file: the weights file, with contents of a complete model.
        matching: which weights are which layer's.
    """

    file: ModelFile
    matching: Matching


def open_joint(
    weights: Path,
    architecture: Path,
    writer: str | None = None,
    input_shape: InputShapes | None = None,
    vocabularies: Files | None = None,
) -> Joint:
    """Opens a weights file as the complete model that it makes with an architecture.

    Args:
        weights: what ``save_weights()`` wrote.
        architecture: what ``model.to_json()`` gave, or a complete model.
        writer: see ``open_told``.
        input_shape: see ``open_told``.
        vocabularies: see ``with_vocabularies``.

    Raises:
        NotAModelError: one of the files is not what it should be.
        NotExactError: the weights do not fit the architecture.
        UsageError: what is told contradicts the files.
    """
    with open_told(architecture, None, input_shape, vocabularies) as plan:
        described = plan.contents
    opened = open_told(weights, writer)
    try:
        if opened.contents.kind not in WEIGHTS_ONLY:
            raise UsageError(
                f"{weights} has an architecture of its own", "convert it without --architecture"
            )
        matching = complete(opened, described)
    except BaseException:
        opened.close()
        raise
    return Joint(opened, matching)


def complete(opened: ModelFile, plan: Contents) -> Matching:
    """Puts an architecture to open weights, as if their file had it.

    Raises:
        NotExactError: they are from different generations of Keras.
        UsageError: the plan holds no architecture.
    """
    opened.contents = _together(plan, opened.contents)
    matching = _matching(parse(opened).model, opened.contents)
    groups = _renamed(opened.contents.layer_groups, matching.pairs)
    opened.contents = replace(opened.contents, layer_groups=groups)
    return matching


def _together(plan: Contents, weights: Contents) -> Contents:
    if plan.config is None:
        raise UsageError(f"{plan.path} holds no architecture", "give what model.to_json() wrote")
    _require_one_generation(plan.writer, weights)
    archive = weights.kind is Kind.KERAS3_WEIGHTS
    return replace(
        weights,
        kind=Kind.KERAS_ARCHIVE if archive else Kind.LEGACY_MODEL,
        config=model_config(plan.config),
        writer=plan.writer if archive else _writer(plan.writer, weights.writer),
        told_shape=plan.told_shape,
    )


def _require_one_generation(plan: Writer, weights: Contents) -> None:
    wrote, described = weights.writer.generation, plan.generation
    if not plan.version or not weights.writer.version or wrote == described:
        return
    if weights.kind is Kind.KERAS3_WEIGHTS and plan.version >= LAYOUT_OF_KERAS3:
        return
    raise NotExactError(
        f"the weights are from Keras {wrote}, the architecture is from Keras {described}",
        "Take both from the same version, or build the model with --builder.",
    )


def _writer(plan: Writer, weights: Writer) -> Writer:
    best = weights if weights.version else plan
    return replace(best, backend=weights.backend or plan.backend)


def model_config(stored: Mapping[str, Json]) -> Json:
    """The architecture without what else a file says beside it."""
    left_out = ("keras_version", "backend", "compile_config")
    return {key: value for key, value in stored.items() if key not in left_out}


def _matching(model: Model, contents: Contents) -> Matching:
    """Which layer has which group of a legacy file; an archive was matched by its paths."""
    if contents.kind is Kind.KERAS_ARCHIVE:
        return _left_over(model, contents)
    wanted = [(each.name, each.class_name) for each in _with_variables(model, contents.writer)]
    stored = [group.name for group in contents.layer_groups if group.weights]
    return match_layers(wanted, stored)


def _left_over(model: Model, contents: Contents) -> Matching:
    used = {source.path for each in layers(model) for source in _sources(each.layer.weights)}
    left = (
        Variable(path, path.rpartition("/")[2], data.shape)
        for path, data in contents.variables.items()
        if data.path not in used
    )
    return Matching(unmatched=tuple(left))


def _sources(weights: Iterable[Weight]) -> Iterator[Dataset]:
    for weight in weights:
        yield from weight.sources


def _with_variables(model: Model, writer: Writer) -> Iterator[Layer]:
    for layer in ordered_layers(model, implicit_masks=writer.generation >= 3):
        if not is_op(layer) and _has_variables(layer, writer):
            yield layer


def _has_variables(layer: Layer, writer: Writer) -> bool:
    table = keras1.arrays_of if writer.generation == 1 else variables_of
    try:
        return bool(legacy.slots(layer, variables=table))
    except legacy.UnknownVariablesError:
        return bool(layer.weights)


def _renamed(groups: Sequence[LayerGroup], pairs: Sequence[Pair]) -> tuple[LayerGroup, ...]:
    names = {pair.weight: pair.variable for pair in pairs}
    return tuple(replace(group, name=names.get(group.name, group.name)) for group in groups)


def require_matching(matching: Matching, hint: str, to: str = "architecture") -> None:
    """Raises MatchingError unless everything has found its partner."""
    if not matching.complete:
        raise MatchingError(matching, hint, to)


def _told(matching: Matching) -> str:
    """All that does not fit, in one line."""
    parts = [
        _some([each.name for each in matching.missing], "missing"),
        _some([each.name for each in matching.unmatched], "not in the model"),
        _some([_sizes(each) for each in matching.mismatched], "of another shape"),
        _some([each.variable for each in matching.ambiguous], "ambiguous"),
    ]
    return "; ".join(filter(None, parts))


def _some(names: Sequence[str], what: str) -> str:
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{len(names)} {what} ({', '.join(names[:3])}{more})"


def _sizes(each: Mismatch) -> str:
    return f"{each.variable} {each.expected}, not {each.found}"


WIDTHS = {
    **dict.fromkeys(["Dense", "EinsumDense", "LSTM", "GRU", "SimpleRNN"], "units"),
    **dict.fromkeys(["Conv1D", "Conv2D", "Conv3D"], "filters"),
    "Embedding": "output_dim",
}
"""Where a layer in Keras 3's words says how long the last axis of its kernel is."""
GATES = {"LSTM": 4, "GRU": 3}


def mismatched(model: Model) -> Matching:
    """Weights that are not as wide as their layers say, for a model in Keras 3's words."""
    found = [each for placed in layers(model) for each in _too_wide(placed.path, placed.layer)]
    return Matching(mismatched=tuple(found))


def _too_wide(path: str, layer: Layer) -> Iterator[Mismatch]:
    width = layer.config.get(WIDTHS.get(layer.class_name, ""))
    if not isinstance(width, int):
        return
    for weight in layer.weights[:1]:
        expected = width * GATES.get(layer.class_name, 1)
        if weight.shape and weight.shape[-1] != expected:
            stored = weight.sources[0].path
            shape = (*weight.shape[:-1], expected)
            yield Mismatch(f"{path}/{weight.name}", stored, shape, weight.shape)
