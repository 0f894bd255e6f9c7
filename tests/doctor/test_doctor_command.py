"""``kfix doctor`` as it is typed, and the other commands where a library is broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_diagnosis import FITTING, recorded

from converter.api import doctor as library

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def looking(monkeypatch):
    """Puts an environment in the place of what the probe would find."""

    def at(found):
        monkeypatch.setattr(library, "look_at", lambda *given: found)

    return at


def test_what_fits(kfix, looking):
    looking(FITTING)
    done = kfix("doctor")
    assert done.code == 0
    assert "nothing to mend" in done.out
    assert "tensorflow  2.21.0" in done.out


def test_a_fault_and_its_pip_line(kfix, looking):
    looking(recorded("h5py-3-with-tf-2.3"))
    done = kfix("doctor", "--python", "old/bin/python")
    assert done.code == 1
    lines = done.out.splitlines()
    assert lines[-1] == '  old/bin/python -m pip install "h5py>=2.10.0,<2.11.0"'
    assert "h5py-3-reads-text" in lines
    assert "'str' object has no attribute 'decode'" in done.out
    assert "saves a small .h5, but does not load it" in done.out


@pytest.mark.parametrize("name", ["hdf5-of-another-h5py", "numpy-2-with-h5py-3.10"])
def test_it_fits_a_terminal(kfix, looking, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "80")
    looking(recorded(name))
    lines = kfix("doctor", "--python", "py").out.splitlines()
    # Links and lines to copy stay whole.
    assert [line for line in lines if len(line) > 80 and not line.startswith("  py -m pip")] == []


def test_json(kfix, looking):
    looking(recorded("no-h5py"))
    done = kfix("doctor", "--python", "py", "--format", "json")
    (result,) = done.document["results"]
    assert done.code == 1
    assert result["remedy"] == ['py -m pip install "h5py>=2.9.0"']
    assert [each["name"] for each in result["troubles"]] == ["h5py-missing"]
    assert {"name": "numpy", "version": "1.26.4"}.items() <= next(
        each.items() for each in result["environment"]["packages"] if each["name"] == "numpy"
    )


def test_an_error_alone_looks_at_no_environment(kfix, monkeypatch):
    monkeypatch.delattr(library, "look_at")
    done = kfix("doctor", "--error", "ValueError: bad marshal data (unknown type code)")
    assert done.code == 1
    assert "lambda-of-another-python" in done.out
    assert "kfix rules KF903" in done.out


def test_an_error_of_the_environment_leads_to_it(kfix):
    done = kfix("doctor", "--error", "'str' object has no attribute 'decode'")
    assert done.code == 1
    assert "kfix doctor --python PYTHON" in done.out
    assert "kfix convert model.h5 --to keras" in done.out


def test_an_error_and_an_environment(kfix, looking):
    looking(FITTING)
    done = kfix("doctor", "--python", "py", "--error", "Unknown layer: 'TFOpLambda'")
    assert done.code == 1
    assert "op-layers" in done.out
    assert "nothing to mend" in done.out


def test_an_unknown_error(kfix):
    done = kfix("doctor", "--error", "KeyError: 'image'")
    assert done.code == 0
    assert "does not know this error" in done.out


def test_a_log(kfix, tmp_path):
    log = tmp_path / "log.txt"
    log.write_text("Traceback\nValueError: Unknown layer: CustomAttention\n")
    assert "unknown-layer" in kfix("doctor", "--log", log).out
    both = kfix("doctor", "--log", log, "--error", "x")
    assert both.code == 2
    missing = kfix("doctor", "--log", tmp_path / "nowhere.txt")
    assert missing.code == 2 and "nowhere.txt" in missing.err


def test_of_a_long_log_the_end_is_read(kfix, tmp_path):
    log = tmp_path / "log.txt"
    with log.open("w") as stream:
        stream.write("ValueError: bad marshal data\n")
        stream.seek(8 << 30)
        stream.write("\nValueError: Unknown layer: CustomAttention\n")
    assert "unknown-layer" in kfix("doctor", "--log", log).out


@pytest.mark.parametrize("kind", ["fifo", "device", "folder"])
def test_a_log_that_is_no_file(kfix, tmp_path, kind):
    path = Path(os.devnull) if kind == "device" else tmp_path / kind
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    done = kfix("doctor", "--log", path)
    assert (done.code, done.out) == (2, "")
    assert "is not a regular file" in done.err and "--log -" in done.err


def test_no_such_python(kfix):
    done = kfix("doctor", "--python", "nowhere/python")
    assert done.code == 2
    assert "nowhere/python" in done.err


@pytest.mark.parametrize("library_name", ["h5py", "numpy"])
def test_other_commands_lead_here_where_a_library_is_broken(library_name, sample, tmp_path):
    path = sample("keras-2.2.4", "lstm")
    broken = tmp_path / "site" / library_name
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ValueError('numpy.dtype size changed')\n")
    environment = {**os.environ, "PYTHONPATH": f"{broken.parent}{os.pathsep}{ROOT}"}

    def run(*arguments):
        command = [sys.executable, "-m", "converter", *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, check=False, cwd=tmp_path
        )

    assert run("--help").returncode == 0
    explained = run("doctor", "--error", "bad marshal data", "--format", "json")
    assert json.loads(explained.stdout)["results"][0]["fault"]["name"] == "lambda-of-another-python"
    done = run("check", path)
    assert done.returncode == 6
    assert done.stderr.splitlines() == [
        f"kfix: {library_name} can't be imported: numpy.dtype size changed",
        "      `kfix doctor` says why, and how to mend it",
    ]
