"""Tries a batch to its end: corrupt files, files that crash or hang, and a kill in the middle.

Makes a directory of small models, some of them corrupt. Workers crash or hang on some others (by a
hook in their Python, since no file at hand makes h5py do so). The first run is killed with SIGKILL,
the second one has to do the rest: each good file is there once and right, nothing else is, and the
report says so.

    python tools/batch_trial.py --count 2000
    python tools/batch_trial.py --count 2000 --dask    # two workers, one of them killed
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from models import dense_stack  # noqa: E402

HOOK = """
import os, sys, time

def accident(event, arguments):
    if event == "open" and sys.argv[:1] == ["-c"] and isinstance(arguments[0], str):
        name = os.path.basename(arguments[0])
        if name.startswith("crash"):
            os.abort()
        if name.startswith("hang"):
            time.sleep(3600)

sys.addaudithook(accident)
"""


@dataclass(frozen=True)
class Trial:
    """What is tried.

    Attributes:
        count: files in all.
        corrupt: of them cut short.
        crashing: of them taking their worker down.
        hanging: of them never coming to an end.
        timeout: seconds for each.
    """

    count: int
    corrupt: int
    crashing: int
    hanging: int
    timeout: int

    @property
    def good(self) -> int:
        """Files that have to be converted."""
        return self.count - self.corrupt - self.crashing - self.hanging


def make(folder: Path, trial: Trial) -> None:
    """The directory, in a few folders; every good model has weights of its own."""
    first = folder / "model.h5"
    folder.mkdir(parents=True)
    dense_stack(first, 2, 4)
    names = [f"crash{index}.h5" for index in range(trial.crashing)]
    names += [f"hang{index}.h5" for index in range(trial.hanging)]
    names += [f"corrupt{index}.h5" for index in range(trial.corrupt)]
    names += [f"good{index:04}.h5" for index in range(trial.good)]
    for index, name in enumerate(names):
        path = folder / str(index % 7) / name
        path.parent.mkdir(exist_ok=True)
        shutil.copy(first, path)
        if name.startswith("corrupt"):
            os.truncate(path, 700 + index)
        elif name.startswith("good"):
            with h5py.File(path, "a") as file:
                file["model_weights/dense_0/dense_0/bias:0"][:] = np.float32(index)
    first.unlink()


def command(
    source: Path, output: Path, trial: Trial, report: Path, scheduler: str = ""
) -> list[str]:
    """The one command, typed twice."""
    return [
        *(sys.executable, "-m", "converter", "-q", "convert", str(source), "--to", "keras"),
        *("--no-verify", "--output-dir", str(output), "--timeout", str(trial.timeout)),
        *("--report", str(report)),
        *(("--executor", "dask", "--scheduler", scheduler) if scheduler else ()),
    ]


def killed_in_the_middle(arguments: list[str], output: Path, trial: Trial) -> int:
    """Runs the command until a third is done, and kills it; gives how much was done."""
    process = subprocess.Popen(
        arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None:
        done = len(list(output.rglob("good*.keras")))
        if done >= trial.good // 3:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return done
        time.sleep(0.05)
    raise AssertionError("it came to its end before it could be killed")


def check(source: Path, output: Path, trial: Trial, report: Path) -> None:
    """Raises AssertionError unless the output is what it has to be."""
    expected = {path.relative_to(source).with_suffix(".keras") for path in source.rglob("good*.h5")}
    found = {path.relative_to(output) for path in output.rglob("*") if path.is_file()}
    found = {path for path in found if path.parts[0] != ".kfix"}
    assert found == expected, sorted(map(str, found ^ expected))[:10]
    for path in expected:
        assert bias_of(output / path) == stored_bias(source / path.with_suffix(".h5")), path
    data = json.loads(report.read_text())
    failed = trial.count - trial.good
    outcomes = data["outcomes"]
    assert outcomes["failed"] == failed, outcomes
    assert outcomes.get("done", 0) + outcomes.get("done before", 0) == trial.good, outcomes
    names = [each["relative"] for each in data["files"]]
    assert len(names) == len(set(names)) == trial.count
    assert all(
        Path(each["relative"]).name.startswith("good") is (each["state"] == "done")
        for each in data["files"]
    )


def stored_bias(path: Path) -> list[float]:
    """What tells a model from all others, in the source."""
    with h5py.File(path) as file:
        return file["model_weights/dense_0/dense_0/bias:0"][:].tolist()


def bias_of(path: Path) -> list[float]:
    """The same in the output, as Keras 3 keeps it."""
    with (
        zipfile.ZipFile(path) as archive,
        archive.open("model.weights.h5") as weights,
        h5py.File(weights) as file,
    ):
        return file["layers/dense/vars/1"][:].tolist()


def digests(folder: Path) -> dict[str, str]:
    """Every source's content."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.h5")
    }


def run(trial: Trial, folder: Path, *, dask: bool = False) -> tuple[int, float]:
    """The whole trial; gives how many files the first run had done, and the second's seconds."""
    source, output, report = folder / "in", folder / "out", folder / "report.json"
    hook = folder / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(HOOK)
    make(source, trial)
    before = digests(source)
    # Also for the workers of a cluster that is made from here on.
    os.environ["PYTHONPATH"] = str(hook)
    with two_workers() if dask else nullcontext() as cluster:
        scheduler = cluster.scheduler_address if cluster else ""
        arguments = command(source, output, trial, report, scheduler)
        done = killed_in_the_middle(arguments, output, trial)
        started = time.monotonic()
        second = subprocess.Popen(
            arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        if cluster:
            kill_a_worker(scheduler, output, done + trial.good // 5)
        said = second.communicate()[1]
        assert second.returncode == 8, said[-2000:]
    check(source, output, trial, report)
    assert digests(source) == before
    return done, time.monotonic() - started


def two_workers() -> AbstractContextManager[Any]:
    """A Dask cluster of this machine."""
    from distributed import LocalCluster

    return LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50)


def kill_a_worker(scheduler: str, output: Path, when: int) -> None:
    """Kills one of the cluster's workers once so many files are there."""
    from distributed import Client

    with Client(scheduler, set_as_default=False) as client:
        victim = next(iter(client.run(os.getpid).values()))
        while len(list(output.rglob("good*.keras"))) < when:
            time.sleep(0.05)
    os.kill(victim, signal.SIGKILL)


def main() -> None:
    """Runs the trial and says how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--timeout", type=int, default=10)
    parser.add_argument("--dask", action="store_true", help="on a cluster, and kill a worker")
    options = parser.parse_args()
    trial = Trial(options.count, corrupt=20, crashing=5, hanging=5, timeout=options.timeout)
    with tempfile.TemporaryDirectory() as folder:
        done, seconds = run(trial, Path(folder), dask=options.dask)
    print(f"killed after {done:,} of {trial.count:,} files; the second run took {seconds:.0f} s")
    print(f"{trial.good:,} good files are there once and right, nothing else is")


if __name__ == "__main__":
    main()
