"""All that a page about one model shows, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from converter.api.distributions import Distribution, distributions
from converter.api.graph import Graph, graph_of
from converter.api.inspect import Inspection, described
from converter.api.pipeline import parse, upgraded
from converter.api.rules import RuleInfo, list_rules
from converter.api.walk import layers
from converter.containers import ModelFile, open_model
from converter.model.description import CompileState, Dataset, Json
from converter.stubbing.shapes import calls_seen, shapes_told


@dataclass(frozen=True)
class Picture:
    """One model, to be looked at.

    Attributes:
        inspection: what `inspect` says of it.
        graph: what is to be drawn; None for weights without an architecture.
        configs: what each layer was made with, by its path.
        distributions: of the values of each weight, by the path of its layer and its place there.
        compile: what ``compile()`` was told, None where it was not called.
        rules: those that found something, by their codes.
    """

    inspection: Inspection
    graph: Graph | None
    configs: Mapping[str, Mapping[str, Json]]
    distributions: Mapping[tuple[str, int], Distribution]
    compile: CompileState | None
    rules: Mapping[str, RuleInfo]


def picture(path: str | PathLike[str]) -> Picture:
    """Describes one file with its graph and the values of its weights, without Keras.

    Raises:
        NotAModelError: the file is no Keras model.
        UnsafeContentError: the file refers to other files or declares absurd sizes.
    """
    with open_model(Path(path)) as source:
        if source.contents.config is None:
            return Picture(described(source), None, {}, _of_groups(source), None, {})
        return _of_model(source)


def _of_model(source: ModelFile) -> Picture:
    result = upgraded(source)
    found = described(source, result)
    # Calls are followed in Keras 3's words, in which shapes are known.
    seen = calls_seen(result.model, shapes_told(source.contents.config))
    model = parse(source).model
    placed = list(layers(model))
    arrays = {
        (each.path, place): weight.sources
        for each in placed
        for place, weight in enumerate(each.layer.weights)
    }
    configs = {}
    for each in placed:
        inside = each.layer.model
        configs[each.path] = each.layer.config if inside is None else inside.config
    codes = {each.code for each in found.findings}
    return Picture(
        inspection=found,
        graph=graph_of(model, seen),
        configs=configs,
        distributions=_looked_at(source, arrays),
        compile=model.compile,
        rules={rule.code: rule for rule in list_rules() if rule.code in codes},
    )


def _of_groups(source: ModelFile) -> dict[tuple[str, int], Distribution]:
    """Of a file that holds weights only, grouped as `inspect` does."""
    arrays: dict[tuple[str, int], Iterable[Dataset]] = {}
    contents = source.contents
    places: dict[str, int] = {}
    for path, data in contents.variables.items():
        group = path.rpartition("/vars/")[0]
        arrays[group, places.setdefault(group, 0)] = (data,)
        places[group] += 1
    if not contents.variables:
        for layer in contents.layer_groups:
            arrays |= {(layer.name, place): (data,) for place, data in enumerate(layer.weights)}
    return _looked_at(source, arrays)


def _looked_at(
    source: ModelFile, arrays: Mapping[tuple[str, int], Iterable[Dataset]]
) -> dict[tuple[str, int], Distribution]:
    if source.source is None:
        return {}
    found = distributions(source, [tuple(each) for each in arrays.values()])
    return dict(zip(arrays, found, strict=True))
