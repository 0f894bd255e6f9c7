"""The declared variables of every stock layer against what the installed Keras writes."""

from __future__ import annotations

from typing import Any

import pytest

from converter.dialects import keras3
from converter.knowledge import keras3 as knowledge
from converter.layouts import archive, legacy
from converter.layouts.variables import variables_of
from converter.model.description import Dataset, Layer, Model
from tests.layouts.classes import CASES, NOT_BUILT

pytestmark = pytest.mark.engine


def dataset(entry: list[Any]) -> Dataset:
    """Its path is the number that fills the variable, which tells variables apart in any file."""
    shape, dtype, number = entry
    return Dataset(str(number), tuple(shape), dtype)


def from_archive(case: dict[str, Any]) -> Model:
    stored = {path: dataset(entry) for path, entry in case["archive"].items()}
    model, problems = archive.bind(keras3.parse(case["config"]), stored, implicit_masks=True)
    assert problems == []
    return model


def from_legacy(case: dict[str, Any]) -> Model:
    groups = {
        layer: [(str(index), dataset(entry)) for index, entry in enumerate(weights)]
        for layer, weights in case["legacy"]
    }
    model, problems = legacy.bind(keras3.parse(case["config"]), groups, implicit_masks=True)
    assert problems == []
    return model


def numbers(model: Model) -> dict[str, list[str]]:
    """For each layer, however deep, the numbers of its own variables in order of creation."""
    found: dict[str, list[str]] = {}

    def visit(layer: Layer, path: str) -> None:
        found[path] = [weight.sources[0].path for weight in layer.weights]
        for key, child in layer.inner.items():
            visit(child, f"{path}/{key}")
        for child in layer.model.layers if layer.model else ():
            visit(child, f"{path}/{child.name}")

    for layer in model.layers:
        visit(layer, layer.name)
    return found


@pytest.fixture
def case(request: pytest.FixtureRequest, stock_layers: Any) -> Any:
    found = stock_layers["cases"][request.param]
    assert "error" not in found, found
    return found


every_case = pytest.mark.parametrize("case", CASES, indirect=True)
whole_in_archives = pytest.mark.parametrize(
    "case", [each for each in CASES if not each.endswith("lora")], indirect=True
)


def test_all_cases_are_listed(stock_layers: Any) -> None:
    assert sorted(stock_layers["cases"]) == sorted(CASES)


def test_every_public_class_has_a_case(stock_layers: Any) -> None:
    built = {case.split()[0] for case in CASES} | set(NOT_BUILT)
    cells = {name for name in stock_layers["classes"] if name.endswith("Cell")}
    assert set(stock_layers["classes"]) - cells == built & set(stock_layers["classes"])


@every_case
def test_archive_holds_the_declared_paths(case: Any) -> None:
    written = [path for path, _ in archive.variables(from_archive(case))]
    assert sorted(written) == sorted(case["archive"])


@every_case
def test_archive_variables_keep_their_shapes(case: Any) -> None:
    written = {path: list(weight.shape) for path, weight in archive.variables(from_archive(case))}
    assert written == {path: shape for path, (shape, _, _) in case["archive"].items()}


@every_case
def test_legacy_file_holds_the_declared_variables_in_order(case: Any) -> None:
    written = [
        (layer, [weight.sources[0].path for _, weight in weights])
        for layer, weights in legacy.groups(from_legacy(case))
    ]
    stored = [(layer, [str(entry[2]) for entry in entries]) for layer, entries in case["legacy"]]
    assert written == stored


@whole_in_archives
def test_both_files_give_each_layer_the_same_variables(case: Any) -> None:
    assert numbers(from_archive(case)) == numbers(from_legacy(case))


@pytest.mark.parametrize("name", sorted(set(knowledge.LAYERS)))
def test_declared_variables_have_distinct_names(name: str) -> None:
    declared = variables_of(Layer("it", knowledge.class_of(name), {})) or []
    labels = [(each.owner, each.name) for each in declared]
    assert len(set(labels)) == len(labels)


def test_a_class_that_nobody_knows_has_no_declaration() -> None:
    assert variables_of(Layer("it", "Convolution7D")) is None
