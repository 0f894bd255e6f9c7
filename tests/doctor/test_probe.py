"""The probe, run by this interpreter on folders that stand for an environment."""

from __future__ import annotations

import ast
import base64
import hashlib
import os
import sys
import time
import tomllib
from pathlib import Path

import pytest

from converter.doctor import environment, probe
from converter.doctor.bounds import KFIX_NEEDS
from converter.doctor.environment import look_at
from converter.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]


def install(site: Path, name: str, version: str, source: str, metadata: str | None = None) -> Path:
    """Puts a package into a folder as an installer does."""
    module = site / name / "__init__.py"
    module.parent.mkdir()
    module.write_text(source)
    info = site / f"{metadata or name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: {metadata or name}\nVersion: {version}\n\nwords\n")
    (info / "INSTALLER").write_text("pip\n")
    digest = base64.urlsafe_b64encode(hashlib.sha256(module.read_bytes()).digest())
    line = f"{name}/__init__.py,sha256={digest.decode().rstrip('=')},1\n"
    (info / "RECORD").write_text(line + f"{info.name}/RECORD,,\n")
    return module


@pytest.fixture
def site(tmp_path, monkeypatch) -> Path:
    """A folder of packages that this interpreter finds before its own."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    # Empty packages stand before the real ones: nothing heavy is imported.
    for name in ("tensorflow", "keras", "tf_keras"):
        install(folder, name, "9.9", "raise ImportError('a stand-in')")
    return folder


def test_versions_and_failures_are_told(site, tmp_path):
    install(site, "numpy", "1.2.3", "__version__ = '1.2.3'")
    install(site, "h5py", "2.10.0", "raise ValueError('numpy.dtype size changed')")
    found = look_at(sys.executable, tmp_path)
    assert found.python == sys.version.split()[0]
    assert found.versions["numpy"] == "1.2.3"
    assert found.versions["h5py"] == "2.10.0"
    assert found.package("h5py").installer == "pip"
    assert found.package("h5py").damaged == ()
    assert found.trial("numpy").works
    h5py = found.trial("h5py")
    assert (h5py.exit, h5py.stage) == (1, "import")
    assert h5py.error == "ValueError: numpy.dtype size changed"
    assert "Traceback" in h5py.text


def test_a_library_that_ends_its_process(site, tmp_path):
    install(site, "h5py", "3.1.0", "import os, sys; sys.stderr.write('bye'); os.abort()")
    found = look_at(sys.executable, tmp_path).trial("h5py")
    assert (found.exit, found.stage, found.text) == (-6, "import", "bye")


def test_a_library_that_hangs(site, tmp_path):
    install(site, "h5py", "3.1.0", "import time; time.sleep(60)")
    found = look_at(sys.executable, tmp_path, 1.0).trial("h5py")
    assert found.late and not found.works


def test_changed_and_foreign_files(site, tmp_path):
    module = install(site, "h5py", "3.1.0", "")
    listed = site / "h5py-3.1.0.dist-info" / "RECORD"
    listed.write_text(listed.read_text() + "h5py/h5.so,,\nh5py/a.pyc,sha256=0,1\n")
    (module.parent / "h5.so").write_bytes(b"")
    (module.parent / "left_over.so").write_bytes(b"")
    module.write_text("changed = True")
    found = look_at(sys.executable, tmp_path).package("h5py")
    assert found.damaged == ("h5py/__init__.py", "h5py/left_over.so")


def test_local_files_are_seen_and_not_run(site, tmp_path, monkeypatch):
    install(site, "h5py", "3.1.0", "raise ImportError('a stand-in')")
    here = tmp_path / "here"
    here.mkdir()
    (here / "random.py").write_text("raise SystemExit('this ran')")
    (here / "h5py").mkdir()
    (here / "h5py" / "__init__.py").write_text("raise SystemExit('this ran')")
    (here / "own.py").write_text("")
    monkeypatch.chdir(here)
    found = look_at(sys.executable, here)
    assert set(found.hidden) == {"random.py", "h5py/__init__.py"}
    assert found.trial("h5py").error == "ImportError: a stand-in"


def test_it_is_written_for_python_3_6():
    ast.parse(Path(probe.__file__).read_text(), feature_version=(3, 6))
    for _, source in probe.TRIALS:
        ast.parse(source, feature_version=(3, 6))


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.8", "3.13"])
def test_it_runs_on_other_pythons(version, tmp_path):
    from tools.frameworks import find_interpreter

    try:
        python = find_interpreter(version)
    except (SystemExit, FileNotFoundError):
        pytest.skip(f"no Python {version} here")
    assert look_at(python, tmp_path).python.startswith(version)


@pytest.mark.parametrize("python", ["nowhere/python", "/bin/sh", os.devnull])
def test_what_is_no_python_is_refused(python, tmp_path):
    if not Path(python).exists() and python != "nowhere/python":
        pytest.skip(f"no {python} here")
    with pytest.raises(UsageError) as raised:
        look_at(python, tmp_path)
    assert python in str(raised.value)


def wrapper(folder: Path, text: str) -> Path:
    """A program in the place of a Python."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_an_interpreter_that_hangs_is_killed_with_its_children(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "_START_SECONDS", 1.0)
    monkeypatch.setattr(environment, "_GRACE_SECONDS", 0.1)
    path = wrapper(tmp_path, f"sleep 1000 & echo $! > {tmp_path}/child; wait")
    begun = time.monotonic()
    with pytest.raises(UsageError, match="did not answer within 1 s"):
        look_at(str(path), tmp_path, 1.0)
    assert time.monotonic() - begun < 10
    child = int((tmp_path / "child").read_text())
    # The kill is sent, and carried out when the system comes to it.
    end = time.monotonic() + 5
    while Path(f"/proc/{child}").exists() and not is_zombie(child):
        assert time.monotonic() < end
        time.sleep(0.01)


def is_zombie(process: int) -> bool:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_an_interpreter_that_prints_for_ever_is_not_read_for_ever(tmp_path):
    begun = time.monotonic()
    with pytest.raises(UsageError, match="no Python"):
        look_at(str(wrapper(tmp_path, "exec yes kfix-probe")), tmp_path)
    assert time.monotonic() - begun < 30


def test_a_child_that_stays_behind_does_not_hold_up_the_answer(tmp_path):
    path = wrapper(tmp_path, f'sleep 1000 & exec {sys.executable} "$@"')
    assert look_at(str(path), tmp_path, 1.0).executable


def test_an_answer_that_makes_no_sense_is_refused(tmp_path):
    path = wrapper(tmp_path, f"echo '{probe.MARKER}[1, 2]'")
    with pytest.raises(UsageError, match="no Python"):
        look_at(str(path), tmp_path)


def test_what_kfix_needs_is_what_it_declares():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {"python": project["requires-python"]}
    for requirement in project["dependencies"]:
        name, sign, version = requirement.partition(">=")
        declared[name.replace("_", "-")] = sign + version
    assert declared == KFIX_NEEDS
