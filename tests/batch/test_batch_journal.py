"""What a journal lets a later run leave out, and what it does not."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from converter.batch.journal import Journal
from converter.batch.outcome import Outcome
from converter.batch.row import row_of_failure
from converter.batch.work import performed
from converter.errors import NotExactError, OutputError, UsageError


@pytest.fixture
def journal(tmp_path):
    return tmp_path / ".kfix" / "journal.jsonl"


def ended(journal, made):
    with Journal(journal) as book:
        book.start(made)
        outcome = performed(made)
        assert outcome.error is None
        book.end(outcome)
    return outcome


def is_done(journal, made):
    with Journal(journal) as book:
        return book.done(made) is not None


def test_what_is_done_is_left_out(journal, models, task):
    made = task(*models("model.h5"))
    assert not is_done(journal, made)
    outcome = ended(journal, made)
    with Journal(journal) as book:
        assert book.done(made) == replace(outcome.row, resumed=True)


def test_another_source_is_done_again(journal, models, task):
    (path,) = models("model.h5")
    made = task(path)
    ended(journal, made)
    path.write_bytes(path.read_bytes() + b"more")
    assert not is_done(journal, made)


def test_the_same_content_with_another_time_is_left_out(journal, models, task):
    (path,) = models("model.h5")
    made = task(path)
    ended(journal, made)
    os.utime(path, (1, 1))
    assert is_done(journal, made)


def test_another_content_of_the_same_size_is_done_again(journal, models, task):
    (path,) = models("model.h5")
    made = task(path)
    ended(journal, made)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, (1, 1))
    assert not is_done(journal, made)


def test_other_options_are_done_again(journal, models, task):
    (path,) = models("model.h5")
    ended(journal, task(path))
    assert not is_done(journal, task(path, compile=False))


def test_another_release_does_it_again(journal, models, task, monkeypatch):
    (path,) = models("model.h5")
    ended(journal, task(path))
    monkeypatch.setattr("converter.batch.task.__version__", "99")
    assert not is_done(journal, task(path))


@pytest.mark.parametrize("change", [lambda path: path.unlink(), lambda path: path.write_text("")])
def test_an_output_that_is_gone_or_another_is_made_again(journal, models, task, change):
    made = task(*models("model.h5"))
    outcome = ended(journal, made)
    change(outcome.result.output)
    assert not is_done(journal, made)


def test_a_failure_is_tried_again(journal, models, task):
    made = task(*models("model.h5"))
    error = NotExactError("no")
    with Journal(journal) as book:
        book.start(made)
        book.end(Outcome(made, row_of_failure(made, error, 0), error=error))
    assert not is_done(journal, made)


def test_a_killed_run_is_known_and_what_it_left_is_removed(journal, models, task):
    made = task(*models("model.h5"))
    with Journal(journal) as book:
        book.start(made)
    made.output.parent.mkdir()
    left = made.output.with_name(f".kfix-0123456789ab-{made.output.name}")
    left.write_bytes(b"half")
    with Journal(journal) as book:
        assert book.interrupted(made)
        book.start(made)
    assert not left.exists()


def test_a_torn_last_line_is_left_out(journal, models, task):
    one, two = (task(each) for each in models("one.h5", "two.h5"))
    ended(journal, one)
    whole = journal.read_text()
    ended(journal, two)
    text = journal.read_text()
    journal.write_text(text[: len(text) - 20])
    with Journal(journal) as book:
        assert book.done(one)
        assert not book.done(two)
        assert book.interrupted(two)
    assert journal.read_text().startswith(whole)
    ended(journal, two if two.output.unlink() is None else two)
    assert is_done(journal, two)


def test_a_fresh_journal_forgets(journal, models, task):
    made = task(*models("model.h5"))
    ended(journal, made)
    with Journal(journal, fresh=True) as book:
        assert not book.done(made)


def test_one_batch_at_a_time(journal):
    with Journal(journal), pytest.raises(UsageError, match="at work"):
        Journal(journal)
    with Journal(journal):
        pass


def test_another_file_is_no_journal(journal):
    journal.parent.mkdir()
    journal.write_text("a text\nof mine\n")
    with pytest.raises(UsageError, match="no journal"):
        Journal(journal)
    assert journal.read_text() == "a text\nof mine\n"


def test_lines_of_other_json_are_left_out(journal, models, task):
    made = task(*models("model.h5"))
    ended(journal, made)
    with journal.open("a") as file:
        file.write(json.dumps({"key": made.key}) + "\n" + json.dumps({"of": "later"}) + "\n")
    assert is_done(journal, made)


def test_a_journal_that_can_not_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="can't be written"):
        Journal(tmp_path / "file" / "journal.jsonl")


def test_in_place_is_done_when_the_output_stands(journal, models, task):
    (path,) = models("model.h5")
    made = replace(task(path), verb="repair", output=path, asked=None, options={"in_place": True})
    outcome = ended(journal, made)
    assert outcome.row.state == "done"
    assert is_done(journal, made)
    path.write_bytes(path.with_name("model.h5.bak").read_bytes())
    assert not is_done(journal, made)
