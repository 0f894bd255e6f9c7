"""The numbers of a report."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from converter.batch.row import Row
from converter.errors import OutputError, UsageError
from converter.report import writing
from converter.report.summary import by_rule, by_writer, outcomes
from tests.report.conftest import HOSTILE


def test_outcomes_come_in_their_order(rows, run):
    expected = {
        **{"done": 2, "unchanged": 1, "done before": 1},
        **{"passed over": 1, "failed": 1, "not begun": 2},
    }
    found = outcomes(rows, run.not_begun)
    assert found == expected
    assert list(found) == list(expected)


def test_writers(rows):
    found = by_writer(rows)
    assert list(found)[0] == "Keras 2.2.4"
    assert found["Keras 2.2.4"] == {"done": 2}
    assert found["unknown"] == {"failed": 1}


def test_a_rule_counts_files(rows):
    first, second = by_rule(rows)
    assert (first.code, first.files, first.worst) == ("KF110", 2, "breaks")
    assert (second.code, second.files, second.worst) == ("KF201", 1, "silent")
    assert "hard_sigmoid" in second.documentation


def test_json_has_all(rows, run):
    data = json.loads(writing.to_json(run, rows))
    assert data["schema_version"] == 1
    assert [Row.of(each) for each in data["files"]] == rows


def test_csv_has_a_line_for_each(rows, run):
    lines = list(csv.DictReader(io.StringIO(writing.to_csv(run, rows))))
    assert [line["file"] for line in lines] == [row.source for row in rows]
    assert lines[1]["findings"] == "KF110 KF201"
    assert lines[3]["outcome"] == "done before"


def test_a_cell_is_no_formula(rows, run):
    risky = [replace(rows[0], source="=cmd|' /C calc'!A0")]
    (line,) = csv.DictReader(io.StringIO(writing.to_csv(run, risky)))
    assert line["file"] == "'=cmd|' /C calc'!A0"


@pytest.mark.parametrize("name", ["r.html", "r.json", "r.csv"])
def test_a_report_replaces_the_one_before(tmp_path, rows, run, name):
    for count in (2, 6):
        writing.write(tmp_path / name, run, rows[:count])
    text = (tmp_path / name).read_text()
    assert "is empty" in text
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_no_report_of_that_kind(tmp_path, rows, run):
    with pytest.raises(UsageError, match="no kind of report"):
        writing.write(tmp_path / "r.pdf", run, rows)


def test_a_report_that_can_not_be_written(tmp_path, rows, run):
    with pytest.raises(OutputError, match="not a directory"):
        writing.write(tmp_path / "no" / "r.csv", run, rows)


def test_no_text_of_a_file_gets_into_the_page(rows, run):
    text = writing.page.to_html(run, rows)
    assert HOSTILE not in text
    assert "<img" not in text
    assert text.count("</script>") == 2
