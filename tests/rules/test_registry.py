"""Every rule is a documented, uniquely coded module of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import converter.rules
from converter.rules.base import Stage
from converter.rules.registry import NOT_RULES, Registered, all_rules, rules_of

SECTIONS = ("What it sees:", "Why", "What kfix changes:", "Links:")
RULES = all_rules()
each_rule = pytest.mark.parametrize("item", RULES, ids=lambda item: item.name)


def test_every_module_is_a_rule() -> None:
    folder = Path(converter.rules.__file__).parent
    modules = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert {item.name.replace("-", "_") for item in RULES} == modules - NOT_RULES


def test_codes_are_unique() -> None:
    codes = [item.rule.code for item in RULES]
    assert len(codes) == len(set(codes))


@each_rule
def test_code_is_kf_and_three_digits(item: Registered) -> None:
    assert re.fullmatch(r"KF\d{3}", item.rule.code)


@each_rule
def test_docstring_has_the_fixed_sections_in_order(item: Registered) -> None:
    title, *paragraphs = item.doc.strip().split("\n\n")
    assert title.endswith(".")
    assert len(title.splitlines()) == 1
    assert len(paragraphs) == len(SECTIONS)
    for paragraph, section in zip(paragraphs, SECTIONS, strict=True):
        assert paragraph.startswith(section)
        assert len(paragraph) > len(section) + 10


@each_rule
def test_why_names_the_reader_or_the_matter(item: Registered) -> None:
    why = item.doc.split("\n\n")[2]
    assert re.match(r"Why (Keras 3 trips|it matters): ", why)


@each_rule
def test_links_are_addresses(item: Registered) -> None:
    links = item.doc.split("Links:")[1].split()
    assert links
    assert all(link.rstrip(",").startswith("https://") for link in links)


@each_rule
def test_summary_is_one_short_line(item: Registered) -> None:
    assert 10 < len(item.rule.summary) <= 90
    assert "\n" not in item.rule.summary
    assert not item.rule.summary.endswith(".")


@each_rule
def test_a_rule_does_exactly_one_thing(item: Registered) -> None:
    """Two rules of the gate are only documented here: their findings arise on binding weights."""
    kinds = (item.rule.layer, item.rule.model, item.rule.compile)
    done_elsewhere = item.rule.code in ("KF901", "KF902")
    assert sum(kind is not None for kind in kinds) == (0 if done_elsewhere else 1)


@each_rule
def test_stage_fits_the_kind(item: Registered) -> None:
    is_compile = item.rule.stage is Stage.COMPILE
    assert is_compile == (item.rule.compile is not None)
    if item.rule.stage is Stage.GRAPH:
        assert item.rule.model is not None


@each_rule
def test_generations_are_known(item: Registered) -> None:
    assert item.rule.generations
    assert item.rule.generations <= {1, 2, 3}


def test_stages_hold_all_rules_once() -> None:
    staged = [item for stage in Stage for item in rules_of(stage)]
    assert sorted(item.name for item in staged) == sorted(item.name for item in RULES)
