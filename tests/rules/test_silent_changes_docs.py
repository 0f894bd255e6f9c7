"""docs/silent-changes.md against the rules and the samples."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

import converter.rules
from converter import check
from converter.rules.registry import all_rules
from tests.sample_store import Sample, samples

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "silent-changes.md").read_text()
ROWS = re.findall(r"^\| (KF\d{3}) \|.*\| `([^`|]+)` \|$", TEXT, re.MULTILINE)


@cache
def samples_by_id() -> dict[str, Sample]:
    return {f"{each.writer}/{each.name}": each for each in samples()}


def test_every_code_of_the_list_exists() -> None:
    codes = {item.rule.code for item in all_rules()}
    assert set(re.findall(r"KF\d{3}", TEXT)) <= codes


def test_every_row_names_its_sample() -> None:
    assert len(ROWS) == len(re.findall(r"^\| KF", TEXT, re.MULTILINE))


def test_every_rule_that_finds_silent_changes_is_in_the_list() -> None:
    folder = Path(converter.rules.__file__).parent
    silent = {
        item.rule.code
        for item in all_rules()
        if "Severity.SILENT" in (folder / f"{item.name.replace('-', '_')}.py").read_text()
    }
    assert silent - {code for code, _ in ROWS} == set()


@pytest.mark.parametrize(("code", "name"), ROWS)
def test_the_sample_has_what_the_row_says(code: str, name: str) -> None:
    sample = samples_by_id()[name]
    assert code in {finding.code for finding in check(sample.path).findings}
