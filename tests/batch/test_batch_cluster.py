"""Tasks on a real cluster of this machine, with workers that are killed."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from converter.batch.cluster import cluster, luggage, perform_there
from converter.batch.journal import Journal
from converter.batch.run import Plan, run
from converter.batch.workers import Limits, end_workers
from converter.containers import open_model
from converter.errors import UsageError

distributed = pytest.importorskip("distributed", reason="Dask is not installed")
dask = pytest.importorskip("dask", reason="Dask is not installed")

OWN = """
import keras

class Scale(keras.layers.Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, shape):
        self.gain = self.add_weight(name="gain", shape=(shape[-1],))

    def call(self, inputs):
        return inputs * self.gain * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
"""


@pytest.fixture(scope="module")
def workers():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as made:
        yield made


def outcomes(workers, tasks, journal=None, **plan):
    with cluster(workers.scheduler_address) as (executor, threads):
        given = Plan(jobs=threads, repeats=True, **plan)
        return list(run(tasks, given, executor, journal))


def test_each_file_once(workers, models, task):
    tasks = [task(each) for each in models(*(f"{index}.h5" for index in range(8)))]
    found = outcomes(workers, tasks)
    assert sorted(each.task.source for each in found) == sorted(each.source for each in tasks)
    assert {each.row.state for each in found} == {"done"}


def test_a_lost_worker_costs_nothing(workers, models, task, tmp_path):
    tasks = [task(each) for each in models(*(f"{index:02}.h5" for index in range(40)))]
    with distributed.Client(workers.scheduler_address, set_as_default=False) as client:
        victim = next(iter(client.run(os.getpid).values()))
    first = threading.Event()

    def murder():
        first.wait(30)
        os.kill(victim, signal.SIGKILL)

    killer = threading.Thread(target=murder)
    killer.start()
    found = []
    with (
        cluster(workers.scheduler_address) as (executor, threads),
        Journal(tmp_path / "journal.jsonl") as journal,
    ):
        for outcome in run(tasks, Plan(threads, repeats=True), executor, journal):
            found.append(outcome)
            first.set()
    killer.join()
    assert sorted(each.task.source for each in found) == [each.source for each in tasks]
    assert {(each.row.state, each.row.message) for each in found} == {("done", "")}
    for each in found:
        with open_model(each.task.output) as made:
            assert made.contents.writer.generation == 3
    left = [each for each in tasks[0].output.parent.iterdir() if each.name.startswith(".kfix-")]
    assert left == []


def test_an_output_of_somebody_else_stays(workers, models, task):
    made = task(*models("model.h5"))
    made.output.parent.mkdir()
    made.output.write_text("somebody's")
    (outcome,) = outcomes(workers, [made])
    assert "exists already" in str(outcome.error)
    assert made.output.read_text() == "somebody's"


def test_what_the_user_names_is_sent_along(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "code.py").write_text("A = 1")
    options = {"custom": [str(own), "a.module"], "builder": f"{own / 'code.py'}:make"}
    assert set(luggage(options).packed) == {str(own), str(own / "code.py")}


def test_what_is_sent_along_is_used(tmp_path, sample, task):
    own = tmp_path / "own.py"
    own.write_text(OWN)
    made = task(sample("tf-2.8.0", "custom_layer"), custom=[str(own)])
    carried = luggage(made.options)
    own.unlink()
    outcome = perform_there(made, Limits(), carried)
    end_workers()
    assert outcome.error is None
    assert outcome.task == made


def test_a_file_that_takes_its_workers_down_is_given_up(models, task, accidents):
    # Workers that are made from here on inherit the accidents.
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
        ) as own,
    ):
        paths = models("poison.h5", *(f"{index}.h5" for index in range(6)))
        found = outcomes(own, [task(each) for each in paths])
    states = {each.task.source.name: each.row.state for each in found}
    assert states.pop("poison.h5") == "failed"
    assert set(states.values()) == {"done"}
    (error,) = (each.error for each in found if each.error)
    assert "KilledWorker" in str(error)


def test_nobody_answers():
    with pytest.raises(UsageError, match="no Dask scheduler"), cluster("tcp://127.0.0.1:9"):
        pass
