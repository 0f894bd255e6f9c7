"""docs/silent-changes.md names every rule for changes without an error, and proves its rows."""

from __future__ import annotations

import importlib
import inspect
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from converter import check
from converter.model.findings import Severity
from converter.rules.registry import Registered, all_rules
from tests.sample_store import Sample, samples

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "silent-changes.md"
WITHOUT_SAMPLE = {"KF142", "KF206"}
"""Rules whose silent case no writer that there are samples of writes, and those that refuse."""


@dataclass(frozen=True)
class Row:
    """A line of one of the tables."""

    code: str
    samples: tuple[str, ...]


def rows() -> list[Row]:
    lines = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| KF")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [Row(each[0], tuple(re.findall(r"`([^`]+)`", each[-1]))) for each in cells]


def is_silent(item: Registered) -> bool:
    """Whether a rule reports silent changes, by itself or through a function that it shares."""
    module = importlib.import_module(f"converter.rules.{item.name.replace('-', '_')}")
    said = " ".join(item.doc.split())
    return "Severity.SILENT" in inspect.getsource(module) or "without an error" in said


@cache
def by_id() -> dict[str, Sample]:
    return {sample.id: sample for sample in samples()}


def test_every_silent_rule_has_one_row() -> None:
    codes = [row.code for row in rows()]
    assert len(codes) == len(set(codes))
    assert {item.rule.code for item in all_rules() if is_silent(item)} <= set(codes)


def test_every_code_is_of_a_rule() -> None:
    named = set(re.findall(r"KF\d{3}", DOCUMENT.read_text()))
    assert named <= {item.rule.code for item in all_rules()}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.code)
def test_a_row_has_samples_in_which_the_rule_finds_it(row: Row) -> None:
    assert bool(row.samples) is (row.code not in WITHOUT_SAMPLE)
    for name in row.samples:
        found = check(by_id()[name].path).findings
        severities = {each.severity for each in found if each.code == row.code}
        assert severities & {Severity.SILENT, Severity.REFUSED}, name
