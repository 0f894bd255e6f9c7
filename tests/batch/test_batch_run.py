"""Many tasks through an executor: all of them, once each, whatever happens to some."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from converter.batch.journal import Journal
from converter.batch.run import Plan, local, run
from converter.batch.workers import Limits
from converter.containers import open_model


def outcomes(tasks, journal=None, **plan):
    given = Plan(**{"jobs": 2, **plan})
    with local(given.jobs) as executor:
        return list(run(tasks, given, executor, journal))


def test_each_file_once(models, task):
    paths = models(*(f"{index}.h5" for index in range(12)))
    found = outcomes([task(each) for each in paths])
    assert sorted(each.task.source for each in found) == sorted(paths)
    for each in found:
        assert each.row.state == "done"
        with open_model(each.result.output) as made:
            assert made.contents.writer.generation == 3


def test_accidents_cost_themselves_only(models, task, accidents):
    names = [f"{index}.h5" for index in range(8)]
    paths = models("crash.h5", "hang.h5", *names)
    found = outcomes([task(each) for each in paths], limits=Limits(timeout=4))
    states = {each.task.source.name: each.row.state for each in found}
    assert states == {"crash.h5": "failed", "hang.h5": "failed", **dict.fromkeys(names, "done")}


def test_a_later_run_does_the_rest(models, task, tmp_path):
    first, second = (task(each) for each in models("first.h5", "second.h5"))
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        outcomes([first], journal)
    with Journal(path) as journal:
        found = outcomes([first, second], journal)
    assert [(each.task, each.row.resumed) for each in found] == [(first, True), (second, False)]


def test_an_output_of_a_killed_run_is_made_anew(models, task, tmp_path):
    (made,) = (task(each) for each in models("model.h5"))
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.start(made)
    made.output.parent.mkdir()
    made.output.write_text("of the killed run")
    with Journal(path) as journal:
        (outcome,) = outcomes([made], journal)
    assert outcome.error is None
    with open_model(made.output) as model:
        assert model.contents.writer.generation == 3


def test_an_output_of_somebody_else_stays(models, task, tmp_path):
    (made,) = (task(each) for each in models("model.h5"))
    made.output.parent.mkdir()
    made.output.write_text("somebody's")
    with Journal(tmp_path / "journal.jsonl") as journal:
        (outcome,) = outcomes([made], journal)
    assert "exists already" in str(outcome.error)
    assert made.output.read_text() == "somebody's"
    with Journal(tmp_path / "journal.jsonl") as journal:
        (outcome,) = outcomes([made], journal)
    assert "exists already" in str(outcome.error)


def test_no_more_is_begun_after_too_many_failures(tmp_path, task):
    paths = [tmp_path / f"{index}.h5" for index in range(50)]
    for path in paths:
        path.write_bytes(b"junk")
    found = outcomes([task(each) for each in paths], most_failures=3)
    assert 3 <= len(found) <= 3 + 2 * 2


def test_any_executor_will_do(models, task):
    (path,) = models("model.h5")
    with ThreadPoolExecutor(1) as executor:
        (outcome,) = run([task(path)], Plan(1), executor)
    assert outcome.row.state == "done"


def test_an_interruption_ends_the_workers(models, task, accidents):
    before = {each.pid for each in psutil.Process().children(recursive=True)}
    tasks = [task(each) for each in models("good.h5", "hang.h5")]
    with pytest.raises(KeyboardInterrupt), local(2) as executor:
        for _ in run(tasks, Plan(2), executor):
            raise KeyboardInterrupt
    assert {each.pid for each in psutil.Process().children(recursive=True)} <= before
