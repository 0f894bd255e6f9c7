"""What workers do, and what becomes of a file that takes one down."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from converter import convert
from converter.batch import memory
from converter.batch.task import Task
from converter.batch.workers import Limits, end_workers, perform, stopped_workers
from converter.errors import ExitCode, NotAModelError, UsageError


@pytest.fixture(autouse=True)
def _ended():
    yield
    end_workers()


def test_a_task_travels(models, task):
    (path,) = models("model.h5")
    made = replace(task(path), kinds=("legacy-model",))
    assert Task.of(made.to_json()) == made


def test_a_file_is_converted_as_the_library_does_it(models, task, tmp_path):
    (path,) = models("model.h5")
    outcome = perform(task(path), Limits())
    assert outcome.error is None
    assert outcome.row.state == "done"
    assert outcome.row.writer == "tf.keras 2.8.0"
    assert outcome.row.size_before == path.stat().st_size
    alone = convert(path, tmp_path / "alone.keras", verify=False)
    assert outcome.result.findings == alone.findings
    assert outcome.row.size_after == outcome.result.output.stat().st_size > 0
    assert [each.code for each in outcome.row.findings] == [each.code for each in alone.findings]


def test_an_error_arrives_as_it_was_raised(tmp_path, task):
    path = tmp_path / "junk.h5"
    path.write_bytes(b"junk")
    outcome = perform(task(path), Limits())
    assert isinstance(outcome.error, NotAModelError)
    assert outcome.error.hint
    assert outcome.row.state == "failed"
    assert outcome.row.code == ExitCode.NOT_A_MODEL
    assert any("Traceback" in note for note in outcome.error.__notes__)


def test_a_file_that_is_no_model_is_passed_over(tmp_path, task):
    path = tmp_path / "junk.bin"
    path.write_bytes(b"junk")
    came_across = Task("convert", path, Path(path.name), kinds=("legacy-model",))
    assert perform(came_across, Limits()).row.state == "passed over"


def test_a_crash_costs_one_file(models, task, accidents):
    crash, good = models("crash.h5", "good.h5")
    outcome = perform(task(crash), Limits())
    assert "SIGABRT" in str(outcome.error)
    assert outcome.row.code == ExitCode.NOT_EXACT
    assert perform(task(good), Limits()).row.state == "done"


def test_a_file_that_hangs_is_given_up(models, task, accidents):
    hang, good = models("hang.h5", "good.h5")
    outcome = perform(task(hang), Limits(timeout=3))
    assert "within 3 s" in str(outcome.error)
    assert "--timeout" in outcome.row.hint
    assert perform(task(good), Limits(timeout=30)).row.state == "done"


def test_a_file_that_takes_too_much_memory_is_given_up(models, task, accidents):
    eat, good = models("eat.h5", "good.h5")
    limits = Limits(timeout=60, memory=300 * 2**20)
    started = time.monotonic()
    outcome = perform(task(eat), limits)
    assert "memory" in str(outcome.error)
    assert time.monotonic() - started < 60
    assert perform(task(good), limits).row.state == "done"


def test_what_a_lost_worker_was_writing_is_removed(models, task, accidents):
    (crash,) = models("crash.h5")
    made = task(crash)
    made.output.parent.mkdir()
    left = made.output.with_name(f".kfix-0123456789ab-{made.output.name}")
    other = made.output.with_name(".kfix-0123456789ab-other.keras")
    left.write_bytes(b"half")
    other.write_bytes(b"another's")
    perform(made, Limits())
    assert sorted(made.output.parent.iterdir()) == [other]


def test_nothing_stays_behind_a_worker_that_is_killed(models, task, accidents):
    (hang,) = models("hang.h5")
    before = {each.pid for each in psutil.Process().children(recursive=True)}
    perform(task(hang), Limits(timeout=2))
    with stopped_workers():
        pass
    assert {each.pid for each in psutil.Process().children(recursive=True)} <= before


def test_the_workers_see_what_memory_a_family_takes():
    mine = psutil.Process().memory_info().rss
    assert memory.resident(psutil.Process().pid) >= mine * 0.5


@pytest.mark.parametrize(
    ("text", "size"),
    [("500M", 500 * 2**20), ("4G", 2**32), ("4GB", 2**32), ("1.5 GiB", 3 * 2**29), ("12", 12)],
)
def test_amounts_of_memory(text, size):
    assert memory.parsed_limit(text) == size


@pytest.mark.parametrize("text", ["", "much", "-4G", "0", "4 parsecs"])
def test_no_amount_of_memory(text):
    with pytest.raises(UsageError):
        memory.parsed_limit(text)
